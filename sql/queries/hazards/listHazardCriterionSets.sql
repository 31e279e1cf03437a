with found as (
    select s.code, s as of_set, row_number() over (order by s.code) as place
    from anze.hazard_criterion_set s
    where true
      and s.in_force @> :on::date --? on
      and s.instrument = :instrument --? instrument
      and s.code > :after_1 --? after_1
    order by s.code
    limit :limit::int + 1
)
select coalesce(jsonb_agg((anze.hazard_set_answer(code, '200')).body::jsonb order by place)
           filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(code) filter (where place = :limit::int))::text end as next
from found
