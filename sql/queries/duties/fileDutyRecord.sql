select status, body, etag, location from anze.file_duty_record(:body::jsonb)
