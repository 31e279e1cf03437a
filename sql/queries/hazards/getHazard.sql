-- Materialized: it is read twice below, and would be computed twice.
with shown as materialized (
    select h.version, h.updated_at, anze.hazard_json(h)::text as body
    from anze.hazard h
    where h.id = :hazard_id::uuid and h.found_at = anze.id_moment(:hazard_id::uuid)
)
select body, anze.etag(version, body) as etag from shown
