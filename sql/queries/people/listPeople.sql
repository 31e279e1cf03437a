with matching as not materialized (
    select p.id, p.unit_id, p.code, p.name, p.phone, p.qualifications, p.region_code, p.version, p.updated_at
    from anze.person p
    where true
      and p.province = :scope_province --? scope_province
      and p.city = :scope_city --? scope_city
      and p.county = :scope_county --? scope_county
      and p.town = left(:scope_town, 9) --? scope_town
      and :scope_none::text is null --? scope_none
      and (p.is_body or p.sector = :scope_sector) --? scope_sector
      and (p.is_body or p.sector = any (:scope_sectors::text[])) --? scope_sectors
      and p.unit_id = :unit_id::uuid --? unit_id
      and p.code = :code --? code
      and strpos(anze.searched_name(p.name), anze.searched_name(:name)) > 0 --? name
      and starts_with(p.region_code, anze.region_prefix(:region)) --? region
      and p.id in (select a.person_id from anze.appointment a where a.post = :post and a.held @> anze.today()) --? post
      and p.qualifications @> array[:qualification] --? qualification
),
-- Without Prefer: count=exact it is not read.
counted as (
    select count(*) as rows from matching t
    where true
      and t.unit_id = any (array(select anze.units_around(:scope_unit::uuid))) --? scope_unit
),
following as not materialized (
    select t.* from matching t
    -- The first page goes on from before everything, so that there is one plan. CASE: see listUnits.
    where (t.name, t.id) > (case when :after_1::text is null then '' else :after_1 end,
                        case when :after_2::text is null then repeat('0', 32) else :after_2 end::uuid)
),
-- Of a unit and those around it: where the next row comes first (sql/README.md, One plan for each statement).
nearest as ( --? scope_unit
    select n.unit_id, coalesce(nth_value(n.name, :limit::int + 1) over next, chr(1114111)) as last_1, --? scope_unit
           nth_value(n.id, :limit::int + 1) over next as last_2 --? scope_unit
    from ( --? scope_unit
        select u.unit_id, h.name, h.id --? scope_unit
        from unnest(array(select anze.units_around(:scope_unit::uuid))) u(unit_id) --? scope_unit
        cross join lateral ( --? scope_unit
            select f.name, f.id from following f where f.unit_id = u.unit_id --? scope_unit
            order by f.name, f.id limit 1) h --? scope_unit
        order by h.name, h.id --? scope_unit
        limit :limit::int + 1) n --? scope_unit
    window next as (order by n.name, n.id rows between unbounded preceding and unbounded following) --? scope_unit
), --? scope_unit
found as (
    select m.*, row_number() over () as place
    from (
        select w.* from nearest n cross join lateral ( --? scope_unit
        select f.* from following f
        where f.unit_id = n.unit_id and (f.name, f.id) <= (n.last_1, n.last_2) --? scope_unit
        order by f.name, f.id
        limit :limit::int + 1 --? scope_unit
        ) w order by w.name, w.id --? scope_unit
        limit :limit::int + 1) m
)
select coalesce(json_agg(json_strip_nulls(json_build_object(
           'id', f.id, 'unit', anze.unit_reference(u), 'code', f.code,
           'name', f.name, 'phone', anze.mask_phone(f.phone), 'qualifications', f.qualifications,
           'region_code', f.region_code, 'version', f.version, 'updated_at', anze.instant(f.updated_at)))
           order by f.place) filter (where f.place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(l.name, l.id)::text from found l where l.place = :limit::int) end as next
     , (select n.rows from counted n)::text as total --? count
from found f join anze.unit u on u.id = f.unit_id
