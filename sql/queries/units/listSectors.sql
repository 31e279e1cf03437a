with found as (
    select s.*, row_number() over (order by s.code) as place
    from anze.sector s
    where s.in_force @> anze.today()
      and s.code > :after_1 --? after_1
    order by s.code
    limit :limit::int + 1
)
select coalesce(json_agg(json_strip_nulls(json_build_object(
           'code', code, 'title_zh', title_zh, 'title_en', title_en, 'rule_set', rule_set, 'gb_t_4754', gb_t_4754))
           order by place) filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(code) filter (where place = :limit::int))::text end as next
from found
