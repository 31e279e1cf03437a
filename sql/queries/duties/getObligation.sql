select anze.obligation_json(o)::text as body, anze.obligation_etag(o) as etag,
       to_json(o.changed_at) #>> '{}' as last_modified
from anze.obligation o
where o.id = :obligation_id::uuid
