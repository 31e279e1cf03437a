select status, body, etag, location
from anze.complete_follow_up(:duty_record_id::uuid, :follow_up_number::smallint, :if_match, :body::jsonb)
