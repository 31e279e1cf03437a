-- Materialized: it is read twice below, and would be computed twice.
with shown as materialized (
    select r.version, anze.duty_record_json(r)::text as body from anze.duty_record r where r.id = :duty_record_id::uuid
)
select body, anze.etag(version, body) as etag from shown
