-- Materialized: it is read twice below, and would be computed twice.
with shown as materialized (
    select p.version, p.updated_at, anze.risk_point_json(p,
        :on::date --? on
        anze.today() --? !on
        )::text as body
    from anze.risk_point p where p.id = :risk_point_id::uuid
)
-- The version alone: what it shows changes with it, and with the day that is asked for, which is in the address.
select body, version || '.' || left(md5(body), 12) as etag, anze.instant(updated_at) as last_modified
from shown
