select status, body, etag, location
from anze.correct_accident_transmission(:accident_id::uuid, :transmission_id::uuid, :if_match, :body::jsonb)
