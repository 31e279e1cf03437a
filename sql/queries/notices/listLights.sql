with matching as not materialized (
    select l.* from anze.unit_light l
    where true
      and l.province = :scope_province --? scope_province
      and l.city = :scope_city --? scope_city
      and l.county = :scope_county --? scope_county
      and l.town = left(:scope_town, 9) --? scope_town
      and l.unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
      and false --? scope_none
      and l.place = (case :colour when 'red' then 0 when 'yellow' then 1 else 2 end)::smallint --? colour
      and starts_with(l.region_code, anze.region_prefix(:region)) --? region
      and l.unit_kind = :kind --? kind
      and l.sector = :sector --? sector
),
found as (
    select m.*, row_number() over () as rank
    from (
        select * from matching
        where true
          and (place, since, unit_id) > (
              case when :after_1::text is null then '-1' else :after_1 end::smallint,
              case when :after_2::text is null then '-infinity' else :after_2 end::timestamptz,
              case when :after_3::text is null then repeat('0', 32) else :after_3 end::uuid)
        order by place, since, unit_id
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
           'unit', jsonb_build_object('id', f.unit_id, 'kind', f.unit_kind, 'name', u.name),
           'region_code', f.region_code, 'sector', f.sector, 'colour', f.colour, 'since', anze.instant(f.since),
           'judged_at', anze.instant(f.judged_at), 'reasons', f.reasons)) order by f.rank)
           filter (where f.rank <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(l.place::text, l.since::text, l.unit_id)::text
            from found l where l.rank = :limit::int) end as next
     , (select count(*) from matching)::text as total --? count
from found f
left join anze.unit u on u.id = f.unit_id
