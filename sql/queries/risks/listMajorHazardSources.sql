with matching as not materialized (
    select u.name, u.id, u as site
    from anze.unit u
    where u.site_kind = 'major_hazard_source'
      and u.province = :scope_province --? scope_province
      and u.city = :scope_city --? scope_city
      and u.county = :scope_county --? scope_county
      and u.town = left(:scope_town, 9) --? scope_town
      and u.id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
      and false --? scope_none
      and u.sector = :scope_sector --? scope_sector
      and u.sector = any (:scope_sectors::text[]) --? scope_sectors
      and starts_with(u.region_code, anze.region_prefix(:region)) --? region
      and u.sector = :sector --? sector
      and u.accountable_to = :enterprise_id::uuid --? enterprise_id
      and u.id in (select s.unit_id from anze.hazard_source s where s.grade = right(:grade, 1)::smallint) --? grade
      and (u.closed_on is null or u.closed_on > anze.today())
),
found as (
    select m.*, row_number() over () as place
    from (
        select * from matching
        -- The first page goes on from before everything, so that there is one plan. CASE: see listUnits.
        where (name, id) > (case when :after_1::text is null then '' else :after_1 end,
                            case when :after_2::text is null then repeat('0', 32) else :after_2 end::uuid)
        order by name, id
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(anze.hazard_source_json(site) order by place) filter (where place <= :limit::int), '[]')::text
           as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(l.name, l.id)::text from found l where l.place = :limit::int) end as next
     , (select count(*) from matching)::text as total --? count
from found
