select anze.duty_event_json(e)::text as body, e.version::text as etag,
       anze.instant(greatest(e.recorded_at, e.withdrawn_at)) as last_modified
from anze.duty_event e
where e.id = :duty_event_id::uuid
