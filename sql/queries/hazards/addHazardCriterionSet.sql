select status, body, etag, location from anze.add_hazard_criterion_set(:body::jsonb)
