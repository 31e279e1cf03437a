select status, body, etag, location from anze.create_risk_point(:body::jsonb)
