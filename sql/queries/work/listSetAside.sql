with matching as not materialized (
    select s.* from anze.set_aside s
    where true
      and s.step = :step --? step
),
found as (
    select m.*, row_number() over () as place
    from (
        select * from matching
        where (since, id) < (coalesce(:after_1, 'infinity')::timestamptz, coalesce(:after_2, repeat('f', 32))::uuid)
        order by since desc, id desc
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(anze.set_aside_json(s) order by f.place) filter (where f.place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(l.since::text, l.id)::text from found l where l.place = :limit::int) end as next
     , (select count(*) from matching)::text as total --? count
from found f
join anze.set_aside s on s.id = f.id
