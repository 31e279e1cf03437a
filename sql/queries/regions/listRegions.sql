with matching as not materialized (
    select r.code, r.name, r.level, r.parent_code
    from anze.region r --? !on
    -- On a day: what the codes meant then.
    from (select s.code, s.name, g.level, s.parent_code --? on
          from anze.region_span s join anze.region g on g.code = s.code where s.in_force @> :on::date) r --? on
    where true
      and r.parent_code = :parent --? parent
      and r.code >= anze.region_prefix(:within) and r.code < anze.region_prefix(:within) || ':' --? within
      and r.level = :level --? level
      and strpos(anze.searched_name(r.name), anze.searched_name(:name)) > 0 --? name
),
found as (
    select m.*, row_number() over () as place
    from (
        select * from matching
        where true
          and code > :after_1 --? after_1
        order by code
        limit :limit::int + 1) m
)
select coalesce(json_agg(json_strip_nulls(json_build_object(
           'code', code, 'name', name, 'level', level, 'parent_code', parent_code)) order by place)
           filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(code) filter (where place = :limit::int))::text end as next
     , (select count(*) from matching)::text as total --? count
from found
