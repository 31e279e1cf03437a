select status, body, etag, location from anze.update_person(:person_id::uuid, :if_match, :body::jsonb)
