select status, body, etag, location from anze.close_unit(:unit_id::uuid, :if_match, :body::jsonb)
