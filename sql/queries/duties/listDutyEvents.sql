with matching as not materialized (
    select e.occurred_at, e.id, e as event
    from anze.duty_event e
    where true
      and e.province = :scope_province --? scope_province
      and e.city = :scope_city --? scope_city
      and e.county = :scope_county --? scope_county
      and e.town = left(:scope_town, 9) --? scope_town
      -- One's own, unless another unit is asked for: one that answers to it is seen too.
      and e.unit_id = case when :unit_id::text is null then :scope_unit else :unit_id end::uuid --? scope_unit
      and false --? scope_none
      and (e.sector = :scope_sector or e.unit_id = :unit::uuid) --? scope_sector
      and (e.sector = any (:scope_sectors::text[]) or e.unit_id = :unit::uuid) --? scope_sectors
      and e.unit_id = :unit_id::uuid --? unit_id
      and e.kind = :kind --? kind
      and starts_with(e.region_code, anze.region_prefix(:region)) --? region
      and e.accident_id = :accident_id::uuid --? accident_id
      and e.occurred_at >= :occurred_from::timestamptz --? occurred_from
      and e.occurred_at < :occurred_to::timestamptz --? occurred_to
),
found as (
    select m.*, row_number() over () as place
    from (
        select * from matching
        where (occurred_at, id) < (case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz,
                                   case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
        order by occurred_at desc, id desc
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(anze.duty_event_json(event) order by place) filter (where place <= :limit::int), '[]')::text
           as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(f.occurred_at::text, f.id)::text from found f where f.place = :limit::int) end as next
     , (select count(*) from matching)::text as total --? count
from found
