select status, body, etag, location from anze.record_accident_notices(:accident_id::uuid, :if_match, :body::jsonb)
