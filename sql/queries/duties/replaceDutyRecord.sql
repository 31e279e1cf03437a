select status, body, etag, location from anze.replace_duty_record(:duty_record_id::uuid, :if_match, :body::jsonb)
