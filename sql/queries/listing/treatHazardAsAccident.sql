select status, body, etag, location from anze.treat_as_accident(:body::jsonb)
