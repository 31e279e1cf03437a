with found as (
    select r.*, row_number() over (order by r.code) as place
    from anze.structural_rule r
    where r.in_force @> anze.today() --? !on
    where r.in_force @> :on::date --? on
      and r.clause = :clause --? clause
      and :unit_kind = any (r.unit_kinds) --? unit_kind
      and r.code > :after_1 --? after_1
    order by r.code
    limit :limit::int + 1
)
select coalesce(json_agg(json_strip_nulls(json_build_object(
           'code', code, 'clause', clause, 'title_zh', title_zh, 'title_en', title_en, 'unit_kinds', unit_kinds,
           'levels', levels, 'sectors', sectors, 'site_kinds', site_kinds,
           'high_risk_only', case when high_risk_only then true end, 'supervision_role', supervision_role,
           'check_kind', check_kind, 'posts', posts, 'other_posts', other_posts,
           'other_supervision_role', other_supervision_role, 'qualifications', qualifications,
           'all_qualifications', case when all_qualifications then true end, 'record_kinds', record_kinds,
           'must_be_published', case when must_be_published then true end,
           'accepts_acting', case when posts <> '{}' then accepts_acting end,
           'minimum_rule', case when check_kind not in ('also_holds', 'portfolios') then minimum_rule end,
           'maximum_rule', maximum_rule, 'in_force_from', lower(in_force), 'in_force_until', upper(in_force) - 1,
           'instrument', instrument, 'article', article, 'confidence', confidence))
           order by place) filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(code) filter (where place = :limit::int))::text end as next
from found
