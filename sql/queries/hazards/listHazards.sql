with matching as not materialized (
    select h.found_at, h.id, h as hazard
    from anze.hazard h
    where true
      and h.province = :scope_province --? scope_province
      and h.city = :scope_city --? scope_city
      and h.county = :scope_county --? scope_county
      and h.town = left(:scope_town, 9) --? scope_town
      -- One's own, unless another unit is asked for: one that answers to it is seen too.
      and h.unit_id = case when :unit_id::text is null then :scope_unit else :unit_id end::uuid --? scope_unit
      and false --? scope_none
      and (h.sector = :scope_sector or h.unit_id = :unit::uuid) --? scope_sector
      and (h.sector = any (:scope_sectors::text[]) or h.unit_id = :unit::uuid) --? scope_sectors
      and h.unit_id = :unit_id::uuid --? unit_id
      and h.severity = any (:severity::text[]) --? severity
      and h.state = any (:state::text[]) --? state
      and h.source = any (:source::text[]) --? source
      -- Whom it is told on asks by no way in which it was told.
      and (:source::text[] is null or not anze.hazard_is_told_on(h)) --? scope_unit
      and h.criterion = :criterion --? criterion
      and h.sector = :sector --? sector
      and starts_with(h.region_code, anze.region_prefix(:region)) --? region
      and h.is_open --? open=true
      and not h.is_open --? open=false
      and h.is_open and h.due_at <= statement_timestamp() --? overdue=true
      and (not h.is_open or h.due_at > statement_timestamp()) --? overdue=false
      and h.recurrences > 0 --? recurrent=true
      and h.recurrences = 0 --? recurrent=false
      and h.merged_into is null --? merged=false
      and h.merged_into is not null --? merged=true
      -- These, and where the page goes on, also say which months are read at all.
      and h.found_at >= :found_from::timestamptz --? found_from
      and h.found_at < :found_to::timestamptz --? found_to
      and h.found_at <= :after_1::timestamptz --? after_1
),
found as (
    select m.*, row_number() over () as place
    from (
        select * from matching
        where (found_at, id) < (case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz,
                                case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
        order by found_at desc, id desc
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(anze.hazard_item(hazard) order by place) filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(f.found_at::text, f.id)::text from found f where f.place = :limit::int) end as next
     , (select count(*) from matching)::text as total --? count
from found
