with matching as not materialized (
    select o.*
    from anze.obligation o
    where true
      and o.province = :scope_province --? scope_province
      and o.city = :scope_city --? scope_city
      and o.county = :scope_county --? scope_county
      and o.town = left(:scope_town, 9) --? scope_town
      and false --? scope_none
      and o.is_open --? state=open
      and o.is_open and o.due_at > statement_timestamp() --? state=pending
      and o.is_open and o.due_at <= statement_timestamp() --? state=overdue
      and o.is_open and o.due_at <= statement_timestamp() and o.missed_from <= statement_timestamp() --? state=missed
      and o.state = 'done' --? state=done
      and o.state = 'done_late' --? state=done_late
      and o.state = 'excused' --? state=excused
      and o.state <> 'withdrawn' --? state=all
      and o.unit_id = :unit_id::uuid --? unit_id
      and o.holder_id = :person_id::uuid --? person_id
      and o.duty = :duty --? duty
      and o.clause = :clause --? clause
      and o.post = :post --? post
      and o.sector = :sector --? sector
      and starts_with(o.region_code, anze.region_prefix(:region)) --? region
      -- An expression, so that it is no condition of the index by periods: read is in the order of due times (span).
      and o.period_end + 0 > lower(anze.named_period(:period)) --? period
      and o.period_end + 0 <= upper(anze.named_period(:period)) --? period
      and o.due_at < :due_before::timestamptz --? due_before
),
-- Without Prefer: count=exact it is not read.
counted as (
    select count(*) as rows from matching t
    where true
      and t.unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
),
-- Of a period: what is due from its end until some days later, where the index is entered and left, and what has no
-- due time.
span as (
    select s.since, s.until,
           'infinity'::timestamptz as last_1, repeat('f', 32)::uuid as last_2 --? sort=due_at
           '-infinity'::timestamptz as last_1, repeat('0', 32)::uuid as last_2 --? sort=-due_at
    from (values ('-infinity'::timestamptz, 'infinity'::timestamptz)) s(since, until) --? !period
    from (values (anze.end_of_day(lower(anze.named_period(:period))), anze.due_by(:period)), --? period
                 ('infinity', 'infinity')) s(since, until) --? period
),
following as not materialized (
    select t.* from matching t
    where true
      -- The first page goes on from before everything, so that each order has one plan. CASE, because under
      -- row-level security a COALESCE counts as leaky, and the index would not be asked.
      and (t.due_at, t.id) > ( --? sort=due_at
          case when :after_1::text is null then '-infinity' else :after_1 end::timestamptz, --? sort=due_at
          case when :after_2::text is null then repeat('0', 32) else :after_2 end::uuid) --? sort=due_at
      and (t.due_at, t.id) < ( --? sort=-due_at
          case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz, --? sort=-due_at
          case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid) --? sort=-due_at
),
-- Of a unit and those under it: where the next row comes first (sql/README.md, One plan for each statement).
-- Others leave this unused.
nearest as (
    select n.since, n.until, n.unit_id, coalesce(nth_value(n.due_at, :limit::int + 1) over next, n.last_1) as last_1,
           coalesce(nth_value(n.id, :limit::int + 1) over next, n.last_2) as last_2
    from (
        select s.*, u.unit_id, h.due_at, h.id
        from span s
        cross join unnest(array(select anze.units_under(:scope_unit::uuid))) u(unit_id) --? !person_id
        cross join unnest(array( --? person_id
            select distinct o.unit_id from anze.obligation o --? person_id
            where o.holder_id = :person_id::uuid --? person_id
              and o.unit_id = any (array(select anze.units_under(:scope_unit::uuid))))) u(unit_id) --? person_id
        cross join lateral (
            select f.due_at, f.id from following f
            where f.unit_id = u.unit_id
              and f.due_at >= s.since and f.due_at <= s.until --? period
            order by f.due_at, f.id --? sort=due_at
            order by f.due_at desc, f.id desc --? sort=-due_at
            limit 1) h
        order by h.due_at, h.id --? sort=due_at
        order by h.due_at desc, h.id desc --? sort=-due_at
        limit :limit::int + 1) n
    window next as (
        order by n.due_at, n.id --? sort=due_at
        order by n.due_at desc, n.id desc --? sort=-due_at
        rows between unbounded preceding and unbounded following)
),
found as (
    select m.*, row_number() over () as place
    from (
        -- A page of each in the order of its index, and these merged.
        select w.*
        from span b --? !scope_unit
        from nearest b --? scope_unit
        cross join lateral (
        select f.* from following f
        where true
          and f.due_at >= b.since and f.due_at <= b.until --? period
          and f.unit_id = b.unit_id --? scope_unit
          and (f.due_at, f.id) <= (b.last_1, b.last_2) --? sort=due_at
          and (f.due_at, f.id) >= (b.last_1, b.last_2) --? sort=-due_at
        order by f.due_at, f.id --? sort=due_at
        order by f.due_at desc, f.id desc --? sort=-due_at
        limit :limit::int + 1) w
        order by w.due_at, w.id --? sort=due_at
        order by w.due_at desc, w.id desc --? sort=-due_at
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(anze.obligation_item(o) order by f.place) filter (where f.place <= :limit::int), '[]')::text
           as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(g.due_at::text, g.id)::text from found g where g.place = :limit::int) end as next
     , (select n.rows from counted n)::text as total --? count
from found f
join anze.obligation o on o.id = f.id
