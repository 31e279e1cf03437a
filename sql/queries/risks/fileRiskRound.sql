select status, body, etag, location from anze.file_risk_round(:body::jsonb)
