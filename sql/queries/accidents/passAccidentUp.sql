select status, body, etag, location from anze.pass_accident_up(:accident_id::uuid, :if_match, :body::jsonb)
