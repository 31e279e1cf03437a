select anze.excuse_json(e)::text as body, e.version::text as etag,
       to_json(coalesce(e.decided_at, e.requested_at)) #>> '{}' as last_modified
from anze.excuse e
where e.id = :excuse_id::uuid
