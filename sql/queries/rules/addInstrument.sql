select status, body, etag, location from anze.add_instrument(:body::jsonb)
