with found as (
    select n.code, n as notice, row_number() over (order by n.code) as place
    from anze.calendar_notice n
    where true
      and n.of_year = :year::int --? year
      and n.code = :code --? code
      and n.code > :after_1 --? after_1
    order by n.code
    limit :limit::int + 1
)
select coalesce(jsonb_agg(anze.calendar_notice_json(notice) order by place) filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(code) filter (where place = :limit::int))::text end as next
from found
