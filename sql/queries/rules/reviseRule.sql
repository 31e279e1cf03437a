select status, body, etag, location from anze.revise_rule(:rule_code, :if_match, :body::jsonb)
