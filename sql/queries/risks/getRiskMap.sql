-- GeoJSON (RFC 7946): longitude before latitude. The worst first, so that a cut map lacks what is least.
--
-- What lies in a box is read by the few cells that cover it (functions/risks/map.sql), of each no more than is shown.
-- Cells of all sizes are different numbers: those of one size are found by one of the four indexes, and by the others
-- nothing. A map without a box, or with one that is wider than these cells, is read by region. For a county the
-- widest cells are no narrower than itself, for a town all but the smallest: its own order has what lies in such a
-- box; so have the points of a unit.
with asked as materialized (
    select a.prefix, case when false then null
        when true then 128 --? scope_unit
        when length(a.prefix) > 6 then 64
        when true then 64 --? scope_town
        when length(a.prefix) = 6 then 4
        when true then 4 --? scope_county
        else 1 end as widest
    from (
        select null::text as prefix --? !region
        select anze.region_prefix(:region) as prefix --? region
    ) a
),
cells as materialized (
    -- Without cells: how many digits the region has by whose index the map is read, 0: the caller's own.
    select c.cell, c.prefix, case when c.cell is null then least(coalesce(length(c.prefix), 0), 9) end as digits
    from (
        select a.prefix, null::integer[] as cell from asked a --? !bbox
        select a.prefix, anze.map_cells(:bbox::numeric[], a.widest) as cell from asked a --? bbox
    ) c
),
seen as not materialized (
    select p.* from anze.risk_point p
    where p.cell_1 > 0
      and p.province = :scope_province --? scope_province
      and p.city = :scope_city --? scope_city
      and p.county = :scope_county --? scope_county
      and p.town = left(:scope_town, 9) --? scope_town
      and p.unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
      and false --? scope_none
      and (p.sector = :scope_sector or p.unit_id = :unit::uuid) --? scope_sector
      and (p.sector = any (:scope_sectors::text[]) or p.unit_id = :unit::uuid) --? scope_sectors
      and starts_with(p.region_code, (select a.prefix from asked a)) --? region
      and p.sector = :sector --? sector
      and p.colour = any (:colour::text[]) --? colour
      -- The order begins with the rank, which is the place of the colour: where these begin and end.
      and p.rank >= (select min(c.place) from anze.risk_colour c where c.code = any (:colour::text[])) --? colour
      and p.rank <= (select max(c.place) from anze.risk_colour c where c.code = any (:colour::text[])) --? colour
      and p.lon between (:bbox::numeric[])[1] and (:bbox::numeric[])[3] --? bbox
      and p.lat between (:bbox::numeric[])[2] and (:bbox::numeric[])[4] --? bbox
),
-- The page of the cell that has most of the box, and where it ends: of the other cells nothing behind that is shown.
first as materialized ( --? bbox
    (select s.* from seen s where s.cell_1 = (select c.cell[1] from cells c) --? bbox
     order by s.rank, s.id limit :limit::int + 1) --? bbox
    union all --? bbox
    (select s.* from seen s where s.cell_4 = (select c.cell[1] from cells c) --? bbox
     order by s.rank, s.id limit :limit::int + 1) --? bbox
    union all --? bbox
    (select s.* from seen s where s.cell_16 = (select c.cell[1] from cells c) --? bbox
     order by s.rank, s.id limit :limit::int + 1) --? bbox
    union all --? bbox
    (select s.* from seen s where s.cell_64 = (select c.cell[1] from cells c) --? bbox
     order by s.rank, s.id limit :limit::int + 1) --? bbox
), --? bbox
ending as materialized ( --? bbox
    select coalesce(e.rank, 9)::smallint as rank, coalesce(e.id, 'ffffffff-ffff-ffff-ffff-ffffffffffff') as id --? bbox
    from (select) one left join ( --? bbox
        select f.rank, f.id from first f order by f.rank, f.id offset :limit::int limit 1) e on true --? bbox
), --? bbox
found as materialized (
    select m.*, row_number() over () as number
    from (
        select p.* from (
            (select s.* from seen s where (select c.digits = 0 from cells c)
             order by s.rank, s.id limit :limit::int + 1)
            union all (select s.* from seen s where (select c.digits = 2 from cells c) --? region
             and s.province = (select c.prefix from cells c) order by s.rank, s.id limit :limit::int + 1) --? region
            union all (select s.* from seen s where (select c.digits = 4 from cells c) --? region
             and s.city = (select c.prefix from cells c) order by s.rank, s.id limit :limit::int + 1) --? region
            union all (select s.* from seen s where (select c.digits = 6 from cells c) --? region
             and s.county = (select c.prefix from cells c) order by s.rank, s.id limit :limit::int + 1) --? region
            union all (select s.* from seen s where (select c.digits = 9 from cells c) --? region
             and s.town = (select left(c.prefix, 9) from cells c) --? region
             order by s.rank, s.id limit :limit::int + 1) --? region
            union all select f.* from first f --? bbox
            union all (select i.* from cells c cross join unnest(c.cell[2 : 9]) n cross join lateral ( --? bbox
                select s.* from seen s where s.cell_1 = n --? bbox
                  and (s.rank, s.id) <= ((select e.rank from ending e), (select e.id from ending e)) --? bbox
                order by s.rank, s.id limit :limit::int + 1) i) --? bbox
            union all (select i.* from cells c cross join unnest(c.cell[2 : 9]) n cross join lateral ( --? bbox
                select s.* from seen s where s.cell_4 = n --? bbox
                  and (s.rank, s.id) <= ((select e.rank from ending e), (select e.id from ending e)) --? bbox
                order by s.rank, s.id limit :limit::int + 1) i) --? bbox
            union all (select i.* from cells c cross join unnest(c.cell[2 : 9]) n cross join lateral ( --? bbox
                select s.* from seen s where s.cell_16 = n --? bbox
                  and (s.rank, s.id) <= ((select e.rank from ending e), (select e.id from ending e)) --? bbox
                order by s.rank, s.id limit :limit::int + 1) i) --? bbox
            union all (select i.* from cells c cross join unnest(c.cell[2 : 9]) n cross join lateral ( --? bbox
                select s.* from seen s where s.cell_64 = n --? bbox
                  and (s.rank, s.id) <= ((select e.rank from ending e), (select e.id from ending e)) --? bbox
                order by s.rank, s.id limit :limit::int + 1) i) --? bbox
        ) p
        order by p.rank, p.id
        limit :limit::int + 1) m
),
units as materialized (
    select u.id, u.name from anze.unit u where u.id = any (array(select distinct f.unit_id from found f))
),
features as (
    select f.number, round(f.lon, :precision::int) as lon, round(f.lat, :precision::int) as lat, f.id,
        json_strip_nulls(json_build_object('name', f.name, 'place', f.place, 'unit',
            json_build_object('id', f.unit_id, 'name', u.name), 'region_code', f.region_code, 'sector', f.sector,
            'colour', f.colour, 'assessed_on', f.assessed_on)) as properties
    from found f left join units u on u.id = f.unit_id
    where f.number <= :limit::int
),
shown as (
    select json_build_array(min(lon), min(lat), max(lon), max(lat)) as bbox, count(*) as many,
        json_agg(json_build_object('type', 'Feature', 'id', id, 'geometry',
            json_build_object('type', 'Point', 'coordinates', json_build_array(lon, lat)), 'properties', properties)
            order by number) as features
    from features
)
select case when s.many > 0 then json_build_object('type', 'FeatureCollection', 'bbox', s.bbox,
            'truncated', (select count(*) > :limit::int from found), 'features', s.features)
        else json_build_object('type', 'FeatureCollection', 'truncated', false, 'features', json_build_array())
        end as body
from shown s
