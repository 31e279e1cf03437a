with matching as not materialized (
    select c.*
    from anze.case_file c
    where true
      and c.province = :scope_province --? scope_province
      and c.city = :scope_city --? scope_city
      and c.county = :scope_county --? scope_county
      and c.town = left(:scope_town, 9) --? scope_town
      and false --? scope_none
      and c.kind = :kind --? kind
      and c.state = :state --? state
      and c.is_open --? open=true
      and not c.is_open --? open=false
      and c.unit_id = :unit_id::uuid --? unit_id
      and c.supervisor_id = :supervisor_id::uuid --? supervisor_id
      and c.parent_id = :parent_id::uuid --? parent_id
      and c.level = (select l.rank from anze.level l where l.code = :level) --? level
      and c.due_at <= statement_timestamp() --? overdue=true
      and c.due_at > statement_timestamp() --? overdue=false
      and starts_with(c.region_code, anze.region_prefix(:region)) --? region
      and c.sector = :sector --? sector
),
-- A body that acts as a unit also lists what it, or one below it, supervises elsewhere; others leave this unused.
supervised as not materialized (
    select c.*
    from anze.case_file c
    where true
      and c.unit_id <> all (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
      and c.kind = :kind --? kind
      and c.state = :state --? state
      and c.is_open --? open=true
      and not c.is_open --? open=false
      and c.unit_id = :unit_id::uuid --? unit_id
      and :unit_id::uuid <> all (array(select anze.units_under(:scope_unit::uuid))) --? unit_id
      and c.supervisor_id = :supervisor_id::uuid --? supervisor_id
      and c.parent_id = :parent_id::uuid --? parent_id
      and c.level = (select l.rank from anze.level l where l.code = :level) --? level
      and c.due_at <= statement_timestamp() --? overdue=true
      and c.due_at > statement_timestamp() --? overdue=false
      and starts_with(c.region_code, anze.region_prefix(:region)) --? region
      and c.sector = :sector --? sector
),
-- The first page goes on from before everything, so that each order has one plan. CASE, because under row-level
-- security a COALESCE counts as leaky, and the index would not be asked.
following as not materialized (
    select m.id, m.opened_at, m.unit_id from matching m
    where (m.opened_at, m.id) < (case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz,
                                case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
),
following_supervised as not materialized (
    select s.id, s.opened_at, s.unit_id, s.supervisor_id from supervised s
    where (s.opened_at, s.id) < (case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz,
                                case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
),
-- Of a unit and those under it: where the next row comes first (sql/README.md, One plan for each statement).
nearest as ( --? scope_unit
    select n.unit_id, coalesce(nth_value(n.opened_at, :limit::int + 1) over next, '-infinity') as last_1, --? scope_unit
           nth_value(n.id, :limit::int + 1) over next as last_2 --? scope_unit
    from ( --? scope_unit
        select u.unit_id, h.opened_at, h.id --? scope_unit
        from unnest(array(select anze.units_under(:scope_unit::uuid))) u(unit_id) --? scope_unit
        cross join lateral ( --? scope_unit
            select f.opened_at, f.id from following f where f.unit_id = u.unit_id --? scope_unit
            order by f.opened_at desc, f.id desc limit 1) h --? scope_unit
        order by h.opened_at desc, h.id desc --? scope_unit
        limit :limit::int + 1) n --? scope_unit
    window next as (order by n.opened_at desc, n.id desc --? scope_unit
        rows between unbounded preceding and unbounded following) --? scope_unit
), --? scope_unit
nearest_supervisors as ( --? scope_unit
    select n.unit_id, coalesce(nth_value(n.opened_at, :limit::int + 1) over next, '-infinity') as last_1, --? scope_unit
           nth_value(n.id, :limit::int + 1) over next as last_2 --? scope_unit
    from ( --? scope_unit
        select u.unit_id, h.opened_at, h.id --? scope_unit
        from unnest(array(select anze.units_under(:scope_unit::uuid))) u(unit_id) --? scope_unit
        cross join lateral ( --? scope_unit
            select f.opened_at, f.id from following_supervised f --? scope_unit
            where f.supervisor_id = u.unit_id and :unit_id::text is null --? scope_unit
            order by f.opened_at desc, f.id desc limit 1) h --? scope_unit
        order by h.opened_at desc, h.id desc --? scope_unit
        limit :limit::int + 1) n --? scope_unit
    window next as (order by n.opened_at desc, n.id desc --? scope_unit
        rows between unbounded preceding and unbounded following) --? scope_unit
), --? scope_unit
page as (
    select w.id, w.opened_at --? scope_unit
    from nearest n cross join lateral --? scope_unit
    (select f.id, f.opened_at from following f
     where f.unit_id = n.unit_id and (f.opened_at, f.id) >= (n.last_1, n.last_2) --? scope_unit
     order by f.opened_at desc, f.id desc
     limit :limit::int + 1)
    w --? scope_unit
    union all --? scope_unit
    select w.id, w.opened_at --? scope_unit
    from nearest_supervisors n cross join lateral ( --? scope_unit
        select f.id, f.opened_at from following_supervised f --? scope_unit
        where f.supervisor_id = n.unit_id and :unit_id::text is null --? scope_unit
          and (f.opened_at, f.id) >= (n.last_1, n.last_2) --? scope_unit
        order by f.opened_at desc, f.id desc --? scope_unit
        limit :limit::int + 1) w --? scope_unit
    union all --? scope_unit
    -- Of one unit that is asked for: by that unit, once.
    select w.id, w.opened_at --? scope_unit
    from unnest(array_remove(array[:unit_id::uuid], null)) u(id) --? scope_unit
    cross join lateral ( --? scope_unit
        select f.id, f.opened_at from following_supervised f --? scope_unit
        where f.unit_id = u.id --? scope_unit
          and f.supervisor_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
        order by f.opened_at desc, f.id desc --? scope_unit
        limit :limit::int + 1) w --? scope_unit
),
-- Without Prefer: count=exact it is not read.
counted as (
    select count(*) as cases from matching m
    where true
      and m.unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
    union all --? scope_unit
    select count(*) from supervised s --? scope_unit
    where s.supervisor_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
),
found as (
    select p.*, row_number() over (order by p.opened_at desc, p.id desc) as place
    from page p order by p.opened_at desc, p.id desc limit :limit::int + 1
)
select coalesce(jsonb_agg(anze.case_head(c) order by f.place) filter (where f.place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(g.opened_at::text, g.id)::text from found g where g.place = :limit::int) end as next
     , (select sum(n.cases) from counted n)::text as total --? count
from found f
join anze.case_file c on c.id = f.id
