select status, body, etag, location from anze.agree_to_appointment(:person_id::uuid, :body::jsonb)
