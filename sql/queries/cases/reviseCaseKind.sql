select status, body, etag, location from anze.revise_case_kind(:kind, :body::jsonb)
