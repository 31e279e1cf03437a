select status, body, etag, location from anze.propose_listing(:body::jsonb)
