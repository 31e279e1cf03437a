select status, body, etag, location from anze.end_appointment(:appointment_id::uuid, :if_match, :body::jsonb)
