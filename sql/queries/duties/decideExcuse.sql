select status, body, etag, location from anze.decide_excuse(:excuse_id::uuid, :if_match, :body::jsonb)
