select s.body, s.etag, s.last_modified
from anze.accident a
cross join lateral anze.accident_shown(a) s
where a.id = :accident_id::uuid
