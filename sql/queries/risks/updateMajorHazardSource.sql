select status, body, etag, location from anze.update_hazard_source(:unit_id::uuid, :if_match, :body::jsonb)
