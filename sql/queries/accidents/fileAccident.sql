select status, body, etag, location from anze.file_accident(:body::jsonb)
