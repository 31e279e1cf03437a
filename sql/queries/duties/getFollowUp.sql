-- Materialized: it is read twice below, and would be computed twice.
with shown as materialized (
    select f.version, anze.follow_up_json(f)::text as body
    from anze.follow_up f where f.record_id = :duty_record_id::uuid and f.number = :follow_up_number::smallint
)
select body, anze.etag(version, body) as etag from shown
