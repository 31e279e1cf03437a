select status, body, etag, location
from anze.take_case_action(:case_id::uuid, :if_match, :body::jsonb)
