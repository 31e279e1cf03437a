with matching as not materialized (
    select e.*
    from anze.excuse e
    where true
      and e.province = :scope_province --? scope_province
      and e.city = :scope_city --? scope_city
      and e.county = :scope_county --? scope_county
      and e.town = left(:scope_town, 9) --? scope_town
      and false --? scope_none
      and e.decision is null --? decision=none
      and e.decision = 'approved' --? decision=approved
      and e.decision = 'refused' --? decision=refused
      and e.unit_id = :unit_id::uuid --? unit_id
      and e.obligation_id = :obligation_id::uuid --? obligation_id
),
-- Without Prefer: count=exact it is not read.
counted as (
    select count(*) as rows from matching t
    where true
      and t.unit_id = any (array(select anze.units_under(:scope_unit::uuid))) --? scope_unit
),
following as not materialized (
    select t.* from matching t
    -- The first page goes on from before everything, so that there is one plan. CASE: see listUnits.
    where (t.requested_at, t.id) < (case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz,
                        case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
),
-- Of a unit and those under it: where the next row comes first (sql/README.md, One plan for each statement).
nearest as ( --? scope_unit
    select n.unit_id, --? scope_unit
           coalesce(nth_value(n.requested_at, :limit::int + 1) over next, '-infinity') as last_1, --? scope_unit
           nth_value(n.id, :limit::int + 1) over next as last_2 --? scope_unit
    from ( --? scope_unit
        select u.unit_id, h.requested_at, h.id --? scope_unit
        from unnest(array(select anze.units_under(:scope_unit::uuid))) u(unit_id) --? scope_unit
        cross join lateral ( --? scope_unit
            select f.requested_at, f.id from following f where f.unit_id = u.unit_id --? scope_unit
            order by f.requested_at desc, f.id desc limit 1) h --? scope_unit
        order by h.requested_at desc, h.id desc --? scope_unit
        limit :limit::int + 1) n --? scope_unit
    window next as (order by n.requested_at desc, n.id desc --? scope_unit
        rows between unbounded preceding and unbounded following) --? scope_unit
), --? scope_unit
found as (
    select m.*, row_number() over () as place
    from (
        select w.* from nearest n cross join lateral ( --? scope_unit
        select f.* from following f
        where f.unit_id = n.unit_id and (f.requested_at, f.id) >= (n.last_1, n.last_2) --? scope_unit
        order by f.requested_at desc, f.id desc
        limit :limit::int + 1 --? scope_unit
        ) w order by w.requested_at desc, w.id desc --? scope_unit
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(anze.excuse_json(e) order by f.place) filter (where f.place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(g.requested_at::text, g.id)::text from found g where g.place = :limit::int) end as next
     , (select n.rows from counted n)::text as total --? count
from found f
join anze.excuse e on e.id = f.id
