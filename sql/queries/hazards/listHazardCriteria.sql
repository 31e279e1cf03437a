with matching as not materialized (
    select k.code, k as criterion from anze.hazard_criterion k
    where k.in_force @> anze.today() --? !on
    where k.in_force @> :on::date --? on
      and starts_with(k.code, :code) --? code
      and coalesce(:sector = any (k.sectors), k.sectors is null) --? sector
      and k.severity = :severity --? severity
      and k.instrument = :instrument --? instrument
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
select coalesce(jsonb_agg(anze.hazard_criterion_json(criterion) order by place)
           filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(code) filter (where place = :limit::int))::text end as next
     , (select count(*) from matching)::text as total --? count
     , anze.hazard_criteria_worth(case when :on::text is null then anze.today() else :on::date end, :sector)::text as more
from found
