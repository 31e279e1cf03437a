-- Level by level: the recursion works breadth first, and the limit ends it.
with recursive below(id, kind, name, accountable_to, depth) as (
    select u.id, u.kind, u.name, null::uuid, 0 from anze.unit u where u.id = :unit_id::uuid
    union all
    select c.id, c.kind, c.name, b.id, b.depth + 1
    from below b cross join lateral (
        -- offset 0: one look into the index per unit, instead of a hash of all units
        select u.id, u.kind, u.name from anze.unit u where u.accountable_to = b.id offset 0) c
    where b.depth < :depth::int
),
first as (
    select * from below limit 501
),
shown as (
    select * from first order by depth, name, id limit 500
)
select json_strip_nulls(json_build_object(
           'units', json_agg(json_build_object('id', id, 'kind', kind, 'name', name, 'accountable_to', accountable_to,
                                               'depth', depth) order by depth, name, id),
           'truncated', (select count(*) > 500 from first)))::text as body
from shown
having count(*) > 0
