select b.body::text as body, md5(b.body::text) as etag
from (
    select k.code, k.version from anze.case_kind k
    where k.code = :kind
      and k.version = :version::integer --? version
    order by k.in_force @> anze.today() desc, k.version desc
    limit 1) k
cross join lateral (select anze.case_kind_json(k.code, k.version) as body offset 0) b
