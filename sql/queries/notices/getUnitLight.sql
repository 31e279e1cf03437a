-- Materialized: it is read twice below, and would be computed twice.
with shown as materialized (
    select l.judged_at, jsonb_strip_nulls(jsonb_build_object(
        'unit', jsonb_build_object('id', l.unit_id, 'kind', l.unit_kind, 'name', u.name),
        'region_code', l.region_code, 'sector', l.sector, 'colour', l.colour, 'since', anze.instant(l.since),
        'judged_at', anze.instant(l.judged_at), 'reasons', l.reasons,
        'changes', (
            select coalesce(jsonb_agg(jsonb_build_object('changed_at', anze.instant(c.changed_at), 'colour', c.colour,
                                                         'reasons', c.reasons) order by c.changed_at desc), '[]')
            from (select * from anze.light_change x where x.unit_id = l.unit_id
                  order by x.changed_at desc limit 100) c)))::text as body
    from anze.unit_light l left join anze.unit u on u.id = l.unit_id
    where l.unit_id = :unit_id::uuid
)
select body, left(md5(body), 16) as etag, anze.instant(judged_at) as last_modified
from shown
