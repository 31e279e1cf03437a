with matching as not materialized (
    select f.due_order, f.record_id, f.number, f as follow_up
    from anze.follow_up f
    where f.state = :state
      and f.province = :scope_province --? scope_province
      and f.city = :scope_city --? scope_city
      and f.county = :scope_county --? scope_county
      and f.town = left(:scope_town, 9) --? scope_town
      -- One's own, unless another unit is asked for: one that answers to it is seen too.
      and f.unit_id = case when :unit_id::text is null then :scope_unit else :unit_id end::uuid --? scope_unit
      and false --? scope_none
      and (f.sector = :scope_sector or f.unit_id = :unit::uuid) --? scope_sector
      and (f.sector = any (:scope_sectors::text[]) or f.unit_id = :unit::uuid) --? scope_sectors
      and f.unit_id = :unit_id::uuid --? unit_id
      and f.kind = :kind --? kind
      and f.severity = :severity --? severity
      and starts_with(f.region_code, anze.region_prefix(:region)) --? region
      -- Where the range ends or begins in the index, beside the day on which it was done.
      and f.due_order < anze.today() --? overdue=true
      and coalesce(f.done_on, anze.today()) > f.due_order --? overdue=true
      and coalesce(f.done_on, anze.today()) <= f.due_order --? overdue=false
      and f.due_order >= case when :state = 'open' then anze.today() else '-infinity' end --? overdue=false
),
found as (
    select m.*, row_number() over () as place
    from (
        select * from matching
        where (due_order, record_id, number) > (case when :after_1::text is null then '-infinity' else :after_1 end::date,
                                                case when :after_2::text is null then repeat('0', 32) else :after_2 end::uuid,
                                                case when :after_3::text is null then '0' else :after_3 end::smallint)
        order by due_order, record_id, number
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(anze.follow_up_json(follow_up) order by place) filter (where place <= :limit::int), '[]')::text
           as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(f.due_order::text, f.record_id, f.number::text)::text
            from found f where f.place = :limit::int) end as next
     , (select count(*) from matching)::text as total --? count
from found
