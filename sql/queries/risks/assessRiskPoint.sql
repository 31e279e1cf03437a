select status, body, etag, location from anze.assess_risk_point(:risk_point_id::uuid, :if_match, :body::jsonb)
