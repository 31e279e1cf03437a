with matching as not materialized (
    select o.*
    from anze.obligation o
    where o.is_open and o.due_at <= statement_timestamp() and o.missed_from <= statement_timestamp()
      -- of the last period that has ended: the next one is not missed yet
      and o.due_at > statement_timestamp() - interval '800 days'
      and o.missed_from + anze.period_step(o.period) > statement_timestamp()
      and o.province = :scope_province --? scope_province
      and o.city = :scope_city --? scope_city
      and o.county = :scope_county --? scope_county
      and o.town = left(:scope_town, 9) --? scope_town
      and false --? scope_none
      and o.duty = :duty --? duty
      and o.sector = :sector --? sector
      and starts_with(o.region_code, anze.region_prefix(:region)) --? region
),
following as not materialized (
    select m.unit_id, m.due_at, m.id, before.id as before_id
    from matching m
    cross join lateral (select anze.missed_before(m) as id offset 0) before
    where before.id is not null
      -- The first page goes on from before everything, so that there is one plan. CASE: see listUnits.
      and (m.due_at, m.id) < (case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz,
                              case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
),
-- Of a unit and those under it: where the next row comes first (sql/README.md, One plan for each statement).
nearest as ( --? scope_unit
    select n.unit_id, coalesce(nth_value(n.due_at, :limit::int + 1) over next, '-infinity') as last_1, --? scope_unit
           nth_value(n.id, :limit::int + 1) over next as last_2 --? scope_unit
    from ( --? scope_unit
        select u.unit_id, h.due_at, h.id --? scope_unit
        from unnest(array(select anze.units_under(:scope_unit::uuid))) u(unit_id) --? scope_unit
        cross join lateral ( --? scope_unit
            select f.due_at, f.id from following f where f.unit_id = u.unit_id --? scope_unit
            order by f.due_at desc, f.id desc limit 1) h --? scope_unit
        order by h.due_at desc, h.id desc --? scope_unit
        limit :limit::int + 1) n --? scope_unit
    window next as (order by n.due_at desc, n.id desc --? scope_unit
        rows between unbounded preceding and unbounded following) --? scope_unit
), --? scope_unit
found as (
    select t.*, row_number() over () as place
    from (
        select w.* from nearest n cross join lateral ( --? scope_unit
        -- The order and the limit on one level: the index is walked from the latest, and only as far as is shown.
        select f.* from following f
        where f.unit_id = n.unit_id and (f.due_at, f.id) >= (n.last_1, n.last_2) --? scope_unit
        order by f.due_at desc, f.id desc
        limit :limit::int + 1 --? scope_unit
        ) w order by w.due_at desc, w.id desc --? scope_unit
        limit :limit::int + 1) t
)
select coalesce(jsonb_agg(anze.obligation_item(o)
                          || jsonb_build_object('before', anze.obligation_item(b)) order by f.place)
                filter (where f.place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(g.due_at::text, g.id)::text from found g where g.place = :limit::int) end as next
from found f
join anze.obligation o on o.id = f.id
join anze.obligation b on b.id = f.before_id
