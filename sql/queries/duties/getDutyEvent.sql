select anze.duty_event_json(e)::text as body, '1' as etag, anze.instant(e.recorded_at) as last_modified
from anze.duty_event e
where e.id = :duty_event_id::uuid
