select status, body, etag, location from anze.create_unit(:body::jsonb)
