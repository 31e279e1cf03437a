select b.body::text as body, anze.etag(c.version, b.body::text) as etag
from anze.case_file c
cross join lateral (select anze.case_json(c) as body offset 0) b
where c.id = :case_id::uuid
