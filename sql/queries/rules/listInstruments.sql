with found as (
    select i as instrument, i.code, row_number() over (order by i.code) as place
    from anze.instrument i
    where true
      and i.code > :after_1 --? after_1
    order by i.code
    limit :limit::int + 1
)
select coalesce(jsonb_agg(anze.instrument_json(instrument) order by place) filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(code) filter (where place = :limit::int))::text end as next
from found
