select status, body, etag, location from anze.plan_unit_duties(:unit_id::uuid, :body::jsonb)
