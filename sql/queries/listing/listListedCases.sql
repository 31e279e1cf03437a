with matching as not materialized (
    select c.opened_at, c.id, c as listed
    from anze.case_file c
    where c.kind = 'listed_supervision'
      and c.province = :scope_province --? scope_province
      and c.city = :scope_city --? scope_city
      and c.county = :scope_county --? scope_county
      and c.town = left(:scope_town, 9) --? scope_town
      -- One's own, unless another unit is asked for: one that answers to it is seen too.
      and c.unit_id = case when :unit_id::text is null then :scope_unit else :unit_id end::uuid --? scope_unit
      and false --? scope_none
      and (c.sector = :scope_sector or c.unit_id = :unit::uuid) --? scope_sector
      and (c.sector = any (:scope_sectors::text[]) or c.unit_id = :unit::uuid) --? scope_sectors
      and c.unit_id = :unit_id::uuid --? unit_id
      and c.supervisor_id = :supervisor_id::uuid --? supervisor_id
      and c.parent_id = :parent_id::uuid --? parent_id
      and c.state = :state --? state
      and c.is_open --? open=true
      and not c.is_open --? open=false
      and c.level = (select l.rank from anze.level l where l.code = :level) --? level
      and c.facts ->> 'category' = :category --? category
      and c.due_at <= statement_timestamp() --? overdue=true
      and c.due_at > statement_timestamp() --? overdue=false
      and starts_with(c.region_code, anze.region_prefix(:region)) --? region
),
found as (
    select m.*, row_number() over () as place
    from (
        select * from matching
        -- The first page goes on from before everything, so that there is one plan. CASE: see listUnits.
        where (opened_at, id) < (case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz,
                                 case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
        order by opened_at desc, id desc
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(anze.listed_case_item(listed) order by place) filter (where place <= :limit::int), '[]')::text
           as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(l.opened_at::text, l.id)::text from found l where l.place = :limit::int) end as next
     , (select count(*) from matching)::text as total --? count
from found
