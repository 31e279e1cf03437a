with found as (
    select k.*, row_number() over (order by k.code) as place
    from anze.duty_event_kind k
    where true
      and k.code > :after_1 --? after_1
    order by k.code
    limit :limit::int + 1
)
select coalesce(json_agg(json_build_object('code', code, 'title_zh', title_zh, 'title_en', title_en,
           'is_automatic', is_automatic) order by place) filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(code) filter (where place = :limit::int))::text end as next
from found
