select status, body, etag, location from anze.file_hazard(:body::jsonb)
