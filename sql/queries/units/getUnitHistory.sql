select h.body::text as body, left(md5(h.body::text), 16) as etag
from (select anze.unit_history_json(:unit_id::uuid) as body) h
where h.body is not null
