select status, body, etag, location from anze.merge_units(:unit_id::uuid, :if_match, :body::jsonb)
