select status, body, etag, location
from anze.correct_accident_report(:accident_id::uuid, :report_number::integer, :if_match, :body::jsonb)
