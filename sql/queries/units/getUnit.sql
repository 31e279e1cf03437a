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
        where c.accountable_to = :unit_id::uuid order by c.name, c.id limit 101) c
),
body as (
    select s.version, s.updated_at, json_strip_nulls(json_build_object(
        'id', s.id, 'kind', s.kind, 'name', s.name, 'credit_code', s.credit_code, 'region_code', s.region_code,
        'sector', s.sector, 'level', s.level, 'supervision_role', s.supervision_role,
        'supervised_sectors', s.supervised_sectors, 'accountable_to', s.accountable_to, 'risk_class', s.risk_class,
        'version', s.version, 'created_at', s.created_at, 'updated_at', s.updated_at,
        'chain', (
            select coalesce(json_agg(json_build_object('id', id, 'kind', kind, 'name', name) order by distance), '[]')
            from above),
        'children', (
            select coalesce(json_agg(json_build_object('id', id, 'kind', kind, 'name', name) order by place)
                            filter (where place <= 100), '[]')
            from below),
        'has_more_children', (select count(*) > 100 from below)))::text as body
    from shown s
)
select body, version || '-' || left(md5(body), 12) as etag, to_json(updated_at) #>> '{}' as last_modified
from body
