with matching as not materialized (
    select a.id, a.occurred_at, a.reported_at, a.due_at, a.item, a.late_from, a.late_seconds
    from anze.accident a
    where true
      and a.province = :scope_province --? scope_province
      and a.city = :scope_city --? scope_city
      and a.county = :scope_county --? scope_county
      and a.town = left(:scope_town, 9) --? scope_town
      and a.unit_id = :scope_unit::uuid --? scope_unit
      and false --? scope_none
      and a.sector = :scope_sector --? scope_sector
      and a.sector = any (:scope_sectors::text[]) --? scope_sectors
      and a.occurred_at >= :occurred_from::timestamptz --? occurred_from
      and a.occurred_at < :occurred_to::timestamptz --? occurred_to
      and a.grade in (select g.rank from anze.accident_grade g where g.code = any (:grade::text[])) --? grade
      and a.sector = :sector --? sector
      and starts_with(a.region_code, anze.region_prefix(:region)) --? region
      and a.category = :category --? category
      -- What was none, or is another, is listed apart; whoever follows changes learns of it. Both are rare and have
      -- indexes of their own, which a parameter would not find.
      and (a.state = any ('{open,final}') or :updated_since::timestamptz is not null) --? !state
      and a.state = 'open' --? state=open
      and a.state = 'final' --? state=final
      and a.state = 'withdrawn' --? state=withdrawn
      and a.state = 'joined' --? state=joined
      and a.late_from < statement_timestamp() --? late=true
      and a.late_from >= statement_timestamp() --? late=false
      and a.unit_id = :unit_id::uuid and not a.unit_is_declared --? unit_id
      and a.updated_at >= :updated_since::timestamptz --? updated_since
),
found as (
    select m.*, row_number() over () as place
    from (
        select * from matching
        where true
          -- The first page goes on from before everything, so that each order has one plan. CASE, because under
          -- row-level security a COALESCE counts as leaky, and the index would not be asked.
          and (occurred_at, id) < ( --? sort=-occurred_at
              case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz, --? sort=-occurred_at
              case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid) --? sort=-occurred_at
          and (reported_at, id) < ( --? sort=-reported_at
              case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz, --? sort=-reported_at
              case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid) --? sort=-reported_at
          and (due_at, id) > ( --? sort=due_at
              case when :after_1::text is null then '-infinity' else :after_1 end::timestamptz, --? sort=due_at
              case when :after_2::text is null then repeat('0', 32) else :after_2 end::uuid) --? sort=due_at
        order by occurred_at desc, id desc --? sort=-occurred_at
        order by reported_at desc, id desc --? sort=-reported_at
        order by due_at, id --? sort=due_at
        limit :limit::int + 1) m
)
select '[' || coalesce(string_agg(anze.accident_item(item, due_at, late_from, late_seconds), ', ' order by place)
                       filter (where place <= :limit::int), '') || ']' as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(f.occurred_at::text, f.id)::text --? sort=-occurred_at
            select jsonb_build_array(f.reported_at::text, f.id)::text --? sort=-reported_at
            select jsonb_build_array(f.due_at::text, f.id)::text --? sort=due_at
            from found f where f.place = :limit::int) end as next
     , (select count(*) from matching)::text as total --? count
from found
