select b.body::text as body, md5(b.body::text) as etag
from (select k.code, k.version from anze.case_kind k where k.code = :kind and k.version = :version::integer) k
cross join lateral (select anze.case_kind_json(k.code, k.version) as body offset 0) b
