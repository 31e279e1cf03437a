select status, body, etag, location from anze.void_appointment(:appointment_id::uuid, :if_match, :body::jsonb)
