select status, body, etag, location from anze.add_calendar_notice(:body::jsonb)
