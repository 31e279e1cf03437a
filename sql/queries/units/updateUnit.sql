select status, body, etag, location from anze.update_unit(:unit_id::uuid, :if_match, :body::jsonb)
