select status, body, etag, location from anze.revise_hazard_criterion(:criterion_code, :if_match, :body::jsonb)
