select b.body::text as body, anze.etag(n.version, b.body::text) as etag,
       anze.instant(coalesce(n.acknowledged_at, n.issued_at)) as last_modified
from anze.notice n
cross join lateral (select anze.notice_json(n) as body offset 0) b
where n.id = :notice_id::uuid
