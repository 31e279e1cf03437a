select status, body, etag, location from anze.add_accident_report(:accident_id::uuid, :body::jsonb)
