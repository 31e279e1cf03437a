select status, body, etag, location from anze.request_excuse(:obligation_id::uuid, :body::jsonb)
