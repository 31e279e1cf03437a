select status, body, etag, location from anze.join_accident(:accident_id::uuid, :if_match, :body::jsonb)
