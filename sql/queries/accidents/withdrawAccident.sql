select status, body, etag, location from anze.withdraw_accident(:accident_id::uuid, :if_match, :body::jsonb)
