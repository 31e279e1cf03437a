select status, body, etag, location from anze.create_person(:body::jsonb)
