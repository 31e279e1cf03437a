select anze.appointment_json(a)::text as body, a.version::text as etag, to_json(a.updated_at) #>> '{}' as last_modified
from anze.appointment a
where a.id = :appointment_id::uuid
