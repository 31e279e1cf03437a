select b.body, anze.file_etag(b.body) as etag
from anze.file f cross join lateral (select anze.file_json(f)::text as body) b
where f.id = :file_id::uuid
