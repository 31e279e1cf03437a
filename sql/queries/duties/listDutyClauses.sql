with matching as not materialized (
    select c.*
    from anze.duty_clauses(
        anze.today() --? !on
        :on::date --? on
        ) c
    where true
      and c.section = :section::int --? section
      and c.nature = :nature --? nature
      and :kept_by = any (c.kept_by) --? kept_by
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
select coalesce(json_agg(json_build_object(
           'clause', clause, 'section', section, 'nature', nature, 'title_zh', title_zh, 'title_en', title_en,
           'actor_zh', actor_zh, 'kept_by', kept_by, 'duties', duties, 'structural_rules', structural_rules,
           'elsewhere_zh', elsewhere_zh, 'elsewhere_en', elsewhere_en)
           order by place) filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(key) filter (where place = :limit::int))::text end as next
     , (select count(*) from matching)::text as total --? count
from found
