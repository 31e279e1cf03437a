-- GeoJSON (RFC 7946): longitude before latitude. The worst first, so that a cut map lacks what is least.
with found as (
    select m.*, row_number() over () as number
    from (
        select p.* from anze.risk_point p
        where p.lon is not null and p.ended_on is null
          and p.province = :scope_province --? scope_province
          and p.city = :scope_city --? scope_city
          and p.county = :scope_county --? scope_county
          and p.town = left(:scope_town, 9) --? scope_town
          and p.unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
          and false --? scope_none
          and (p.sector = :scope_sector or p.unit_id = :unit::uuid) --? scope_sector
          and (p.sector = any (:scope_sectors::text[]) or p.unit_id = :unit::uuid) --? scope_sectors
          and starts_with(p.region_code, anze.region_prefix(:region)) --? region
          and p.sector = :sector --? sector
          and p.colour = any (:colour::text[]) --? colour
          and p.lon between (:bbox::numeric[])[1] and (:bbox::numeric[])[3] --? bbox
          and p.lat between (:bbox::numeric[])[2] and (:bbox::numeric[])[4] --? bbox
        order by p.rank, p.id
        limit :limit::int + 1) m
),
features as (
    select f.number, round(f.lon, :precision::int) as lon, round(f.lat, :precision::int) as lat,
        jsonb_strip_nulls(jsonb_build_object('name', f.name, 'place', f.place, 'unit', anze.unit_name_json(f.unit_id),
            'region_code', f.region_code, 'sector', f.sector, 'colour', f.colour, 'assessed_on', f.assessed_on))
            as properties, f.id
    from found f where f.number <= :limit::int
)
select jsonb_strip_nulls(jsonb_build_object('type', 'FeatureCollection',
        'bbox', case when count(*) > 0 then jsonb_build_array(min(lon), min(lat), max(lon), max(lat)) end))
    || jsonb_build_object('truncated', (select count(*) > :limit::int from found),
        'features', coalesce(jsonb_agg(jsonb_build_object('type', 'Feature', 'id', id,
            'geometry', jsonb_build_object('type', 'Point', 'coordinates', jsonb_build_array(lon, lat)),
            'properties', properties) order by number), '[]')) as body
from features
