select status, body, etag, location from anze.merge_hazard(:hazard_id::uuid, :if_match, :body::jsonb)
