with matching as not materialized (
    select d as duty, anze.duty_place(d) as key
    from anze.duty d
    where d.in_force @> anze.today() --? !on
    where d.in_force @> :on::date --? on
      and d.clause = :clause --? clause
      and split_part(d.clause, '.', 1)::int = :section::int --? section
      and d.nature = :nature --? nature
      and :unit_kind = any (d.unit_kinds) --? unit_kind
      and d.post = :post --? post
      and d.period = :period --? period
),
found as (
    select m.*, row_number() over (order by m.key) as place
    from (
        select * from matching
        where true
          and key > :after_1 collate "C" --? after_1
        order by key
        limit :limit::int + 1) m
)
select coalesce(jsonb_agg(anze.duty_json(duty) order by place) filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(key) filter (where place = :limit::int))::text end as next
     , (select count(*) from matching)::text as total --? count
from found
