select f.name, f.size::text as size, f.chunk_size::text as chunk_size, f.sha256 as etag,
       to_json(f.completed_at) #>> '{}' as last_modified
from anze.file f
where f.id = :file_id::uuid and f.state = 'complete'
