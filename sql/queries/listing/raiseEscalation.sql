select status, body, etag, location from anze.raise_escalation(:body::jsonb)
