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
      and o.period_end > lower(anze.named_period(:period)) --? period
      and o.period_end <= upper(anze.named_period(:period)) --? period
      and o.due_at < :due_before::timestamptz --? due_before
),
-- Without Prefer: count=exact it is not read.
counted as (
    select count(*) as rows from matching t
    where true
      and t.unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
),
found as (
    select m.*, row_number() over () as place
    from (
        -- A page of each in the order of its index, and these merged: of a unit and those under it; and of a period what
        -- is due from its end until some days later, where the index is entered and left, and what has no due time.
        select w.*
        from (values ('-infinity'::timestamptz, 'infinity'::timestamptz)) b(since, until) --? !period
        from (values (anze.end_of_day(lower(anze.named_period(:period))), anze.due_by(:period)), --? period
                     ('infinity', 'infinity')) b(since, until) --? period
        cross join unnest(array(select anze.units_under(:scope_unit::uuid))) u(unit_id) --? scope_unit
        cross join lateral (
        select t.* from matching t
        where t.due_at >= b.since and t.due_at <= b.until
          and t.unit_id = u.unit_id --? scope_unit
          -- The first page goes on from before everything, so that each order has one plan. CASE, because under
          -- row-level security a COALESCE counts as leaky, and the index would not be asked.
          and (due_at, id) > ( --? sort=due_at
              case when :after_1::text is null then '-infinity' else :after_1 end::timestamptz, --? sort=due_at
              case when :after_2::text is null then repeat('0', 32) else :after_2 end::uuid) --? sort=due_at
          and (due_at, id) < ( --? sort=-due_at
              case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz, --? sort=-due_at
              case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid) --? sort=-due_at
        order by due_at, id --? sort=due_at
        order by due_at desc, id desc --? sort=-due_at
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
