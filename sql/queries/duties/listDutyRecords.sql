with matching as not materialized (
    select r.on_day, r.id, r as record
    from anze.duty_record r
    where true
      and r.province = :scope_province --? scope_province
      and r.city = :scope_city --? scope_city
      and r.county = :scope_county --? scope_county
      and r.town = left(:scope_town, 9) --? scope_town
      -- One's own, unless another unit is asked for: one that answers to it is seen too.
      and r.unit_id = case when :unit_id::text is null then :scope_unit else :unit_id end::uuid --? scope_unit
      and false --? scope_none
      and (r.sector = :scope_sector or r.unit_id = :unit::uuid) --? scope_sector
      and (r.sector = any (:scope_sectors::text[]) or r.unit_id = :unit::uuid) --? scope_sectors
      and r.unit_id = :unit_id::uuid --? unit_id
      and r.person_id = :person_id::uuid --? person_id
      and r.kind = :kind --? kind
      and r.sector = :sector --? sector
      and starts_with(r.region_code, anze.region_prefix(:region)) --? region
      and r.on_day >= :on_from::date --? on_from
      and r.on_day <= :on_until::date --? on_until
      and r.event_id = :event_id::uuid --? event_id
      and r.retracted_at is null --? retracted=false
      and r.retracted_at is not null --? retracted=true
),
found as (
    select m.*, row_number() over () as place
    from (
        select * from matching
        where (on_day, id) < (case when :after_1::text is null then 'infinity' else :after_1 end::date,
                              case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
        order by on_day desc, id desc
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(anze.duty_record_item(record) order by place) filter (where place <= :limit::int), '[]')::text
           as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(f.on_day, f.id)::text from found f where f.place = :limit::int) end as next
     , (select count(*) from matching)::text as total --? count
from found
