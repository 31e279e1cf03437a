with recursive shown as (
    select u.* from anze.unit u where u.id = :unit_id::uuid
),
above(id, kind, name, superior, distance) as (
    select u.id, u.kind, u.name, u.accountable_to, 1
    from shown s join anze.unit u on u.id = s.accountable_to
    union all
    select u.id, u.kind, u.name, u.accountable_to, a.distance + 1
    from above a join anze.unit u on u.id = a.superior
    where a.distance < 32
),
below as (
    select c.id, c.kind, c.name, row_number() over () as place
    from (
        select c.id, c.kind, c.name from anze.unit c
        where c.accountable_to = :unit_id::uuid and (c.closed_on is null or c.closed_on > anze.today())
        order by c.name, c.id limit 101) c
),
body as (
    select u.version, u.updated_at, (anze.unit_json(u) || jsonb_build_object(
        'chain', (
            select coalesce(jsonb_agg(jsonb_build_object('id', id, 'kind', kind, 'name', name) order by distance), '[]')
            from above),
        'children', (
            select coalesce(jsonb_agg(jsonb_build_object('id', id, 'kind', kind, 'name', name) order by place)
                            filter (where place <= 100), '[]')
            from below),
        'has_more_children', (select count(*) > 100 from below)))::text as body
    from anze.unit u where u.id = :unit_id::uuid
)
select body, version || '.' || left(md5(body), 12) as etag, to_json(updated_at) #>> '{}' as last_modified
from body
