-- Materialized: it is read twice below, and would be computed twice.
with shown as materialized (
    select anze.hazard_source_json(u) as body
    from anze.unit u where u.id = :unit_id::uuid and u.site_kind = 'major_hazard_source'
)
select body::text, (body ->> 'version') || '.' || left(md5(body::text), 12) as etag from shown
