select status, body, etag, location from anze.retract_duty_record(:duty_record_id::uuid, :if_match, :body::jsonb)
