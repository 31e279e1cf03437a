select status, body, etag, location from anze.withdraw_duty_event(:duty_event_id::uuid, :if_match, :body::jsonb)
