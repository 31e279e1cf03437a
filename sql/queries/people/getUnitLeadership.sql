select l.body::text as body, left(md5(l.body::text), 16) as etag
from (
    select anze.unit_leadership(:unit_id::uuid,
        :on::date --? on
        anze.today() --? !on
    ) as body) l
where l.body is not null
