-- Three kinds of deadlines, each read from the index of its scope in the order of its due times, and merged. Who may
-- not read accidents or duties gets none of theirs.
with cases as not materialized (
    select d.id as id, d.due_at
    from anze.deadline d
    where d.is_running
      and false --? kind=accident
      and false --? kind=duty
      and d.province = :scope_province --? scope_province
      and d.city = :scope_city --? scope_city
      and d.county = :scope_county --? scope_county
      and d.town = left(:scope_town, 9) --? scope_town
      and d.owed_by = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
      and false --? scope_none
      and d.due_at <= statement_timestamp() --? overdue=true
      and d.due_at > statement_timestamp() --? overdue=false
      and d.owed_by = :unit_id::uuid --? unit_id
      and d.due_at < :due_before::timestamptz --? due_before
      and starts_with(d.region_code, anze.region_prefix(:region)) --? region
      and d.sector = :sector --? sector
),
accidents as not materialized (
    select c.reference as id, c.due_at
    from anze.accident_clock c
    where c.is_running
      and 'accidents:read' = any (anze.scopes())
      and false --? kind=case
      and false --? kind=duty
      and c.province = :scope_province --? scope_province
      and c.city = :scope_city --? scope_city
      and c.county = :scope_county --? scope_county
      and c.town = left(:scope_town, 9) --? scope_town
      and c.unit_id = :scope_unit::uuid --? scope_unit
      and false --? scope_none
      and c.due_at <= statement_timestamp() --? overdue=true
      and c.due_at > statement_timestamp() --? overdue=false
      and c.unit_id = :unit_id::uuid --? unit_id
      and c.due_at < :due_before::timestamptz --? due_before
      and starts_with(c.region_code, anze.region_prefix(:region)) --? region
      and c.sector = :sector --? sector
),
duties as not materialized (
    select o.id as id, o.due_at
    from anze.obligation o
    where o.is_open
      and 'duties:read' = any (anze.scopes())
      and false --? kind=case
      and false --? kind=accident
      and o.province = :scope_province --? scope_province
      and o.city = :scope_city --? scope_city
      and o.county = :scope_county --? scope_county
      and o.town = left(:scope_town, 9) --? scope_town
      and o.unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
      and false --? scope_none
      and o.due_at <= statement_timestamp() --? overdue=true
      and o.due_at > statement_timestamp() --? overdue=false
      and o.unit_id = :unit_id::uuid --? unit_id
      and o.due_at < :due_before::timestamptz --? due_before
      and starts_with(o.region_code, anze.region_prefix(:region)) --? region
      and o.sector = :sector --? sector
),
page as (
    -- The first page goes on from before everything, so that each order has one plan. CASE, because under row-level
    -- security a COALESCE counts as leaky, and the index would not be asked.
    (select 'case' as kind, m.id, m.due_at from cases m
     where (m.due_at, m.id) > (case when :after_1::text is null then '-infinity' else :after_1 end::timestamptz,
                               case when :after_2::text is null then repeat('0', 32) else :after_2 end::uuid)
     order by m.due_at, m.id
     limit :limit::int + 1)
    union all
    (select 'accident' as kind, m.id, m.due_at from accidents m
     where (m.due_at, m.id) > (case when :after_1::text is null then '-infinity' else :after_1 end::timestamptz,
                               case when :after_2::text is null then repeat('0', 32) else :after_2 end::uuid)
     order by m.due_at, m.id
     limit :limit::int + 1)
    union all
    (select 'duty' as kind, m.id, m.due_at from duties m
     where (m.due_at, m.id) > (case when :after_1::text is null then '-infinity' else :after_1 end::timestamptz,
                               case when :after_2::text is null then repeat('0', 32) else :after_2 end::uuid)
     order by m.due_at, m.id
     limit :limit::int + 1)
),
found as (
    select p.*, row_number() over (order by p.due_at, p.id) as place
    from page p order by p.due_at, p.id limit :limit::int + 1
)
select coalesce(jsonb_agg(anze.deadline_item(f.kind, f.id) order by f.place) filter (where f.place <= :limit::int),
                '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(g.due_at::text, g.id)::text from found g where g.place = :limit::int) end as next
     , ((select count(*) from cases) + (select count(*) from accidents) + (select count(*) from duties))::text as total --? count
from found f
