select status, body, etag, location from anze.split_unit(:unit_id::uuid, :if_match, :body::jsonb)
