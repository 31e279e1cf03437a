with found as (
    select s as sector, s.code, row_number() over (order by s.code) as place
    from anze.sector s
    where (upper(s.in_force) is null or upper(s.in_force) > anze.today()) -- those to come too
      and s.code > :after_1 --? after_1
    order by s.code
    limit :limit::int + 1
)
select coalesce(jsonb_agg(anze.sector_json(sector) order by place) filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(code) filter (where place = :limit::int))::text end as next
from found
