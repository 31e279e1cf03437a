select status, body, etag, location from anze.revise_duty(:duty_code, :if_match, :body::jsonb)
