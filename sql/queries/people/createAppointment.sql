select status, body, etag, location from anze.create_appointment(:body::jsonb)
