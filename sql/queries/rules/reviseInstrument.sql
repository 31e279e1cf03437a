select status, body, etag, location from anze.revise_instrument(:instrument_code, :if_match, :body::jsonb)
