with found as (
    select c as category, c.code, row_number() over (order by c.code) as place
    from anze.accident_category c
    where c.in_force @> anze.today() --? !on
    where c.in_force @> :on::date --? on
      and c.code > :after_1 --? after_1
    order by c.code
    limit :limit::int + 1
)
select coalesce(jsonb_agg(anze.accident_category_json(category) order by place) filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(code) filter (where place = :limit::int))::text end as next
from found
