select status, body, etag, location from anze.add_sector(:body::jsonb)
