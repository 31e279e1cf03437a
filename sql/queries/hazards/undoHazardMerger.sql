select status, body, etag, location from anze.undo_hazard_merger(:hazard_id::uuid, :if_match, :body::jsonb)
