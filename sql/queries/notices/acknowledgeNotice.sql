select status, body, etag, location
from anze.acknowledge_notice(:notice_id::uuid, :if_match, :body::jsonb)
