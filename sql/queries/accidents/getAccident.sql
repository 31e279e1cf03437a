select anze.accident_json(a.document, a.due_at, a.late_from, a.late_seconds, a.clock_documents, a.clock_dues) as body,
       anze.accident_etag(a.version, a.clock_dues) as etag,
       anze.accident_modified(a.updated_at, a.clock_dues) as last_modified
from anze.accident a
where a.id = :accident_id::uuid
