select status, body, etag, location from anze.revise_accident_category(:category_code, :if_match, :body::jsonb)
