-- Materialized: it is read twice below, and would be computed twice.
with shown as materialized (
    select r.version, r.updated_at, json_strip_nulls(json_build_object(
        'code', r.code, 'name', r.name, 'level', r.level, 'prefix', r.prefix, 'parent_code', r.parent_code,
        'version', r.version, 'updated_at', anze.instant(r.updated_at),
        'ancestors', (
            select coalesce(json_agg(json_build_object('code', a.code, 'name', a.name, 'level', a.level)
                                     order by length(a.prefix)), '[]')
            from anze.region a where a.code = any (anze.region_chain(r.code)) and a.code <> r.code),
        'children', (
            select coalesce(json_agg(json_build_object('code', c.code, 'name', c.name, 'level', c.level)
                                     order by c.code), '[]')
            from anze.region c where c.parent_code = r.code and c.in_force @> anze.today()),
        'periods', (
            select json_agg(json_strip_nulls(json_build_object('name', s.name, 'parent_code', s.parent_code,
                                'from', lower(s.in_force), 'until', upper(s.in_force))) order by s.in_force)
            from anze.region_span s where s.code = r.code)))::text as body
    from anze.region r
    where r.code = :region_code
)
select body, version || '-' || left(md5(body), 12) as etag, to_json(updated_at) #>> '{}' as last_modified
from shown
