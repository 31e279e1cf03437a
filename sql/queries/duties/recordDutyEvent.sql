select status, body, etag, location from anze.record_duty_event(:body::jsonb)
