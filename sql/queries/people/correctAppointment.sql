select status, body, etag, location from anze.correct_appointment(:appointment_id::uuid, :if_match, :body::jsonb)
