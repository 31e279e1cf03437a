select status, body, etag, location
from anze.acknowledge_accident(:accident_id::uuid, :transmission_id::uuid, :if_match, :body::jsonb)
