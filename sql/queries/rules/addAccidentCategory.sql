select status, body, etag, location from anze.add_accident_category(:body::jsonb)
