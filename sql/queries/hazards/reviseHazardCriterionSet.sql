select status, body, etag, location from anze.revise_hazard_criterion_set(:set_code, :if_match, :body::jsonb)
