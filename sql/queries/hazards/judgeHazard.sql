select status, body, etag, location from anze.judge_hazard(:hazard_id::uuid, :if_match, :body::jsonb)
