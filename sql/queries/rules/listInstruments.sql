with found as (
    select i.*, row_number() over (order by i.code) as place
    from anze.instrument i
    where true
      and i.code > :after_1 --? after_1
    order by i.code
    limit :limit::int + 1
)
select coalesce(json_agg(json_strip_nulls(json_build_object(
           'code', code, 'title', title, 'number', number, 'issued_by', issued_by,
           'in_force_from', lower(in_force), 'in_force_until', upper(in_force) - 1, 'superseded_by', superseded_by))
           order by place) filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(code) filter (where place = :limit::int))::text end as next
from found
