select status, body, etag, location
from anze.move_case_rules(:case_id::uuid, :if_match, :body::jsonb)
