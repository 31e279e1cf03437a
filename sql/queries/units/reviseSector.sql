select status, body, etag, location from anze.revise_sector(:sector_code, :if_match, :body::jsonb)
