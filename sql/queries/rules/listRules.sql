with matching as not materialized (
    select r.* from anze.rule r
    where r.in_force @> anze.today() --? !on
    where r.in_force @> :on::date --? on
      and r.region_code is null --? !region_code
      and r.version = (anze.rule_in_force(r.code, coalesce(:on::date, anze.today()), :region_code)).version --? region_code
      and starts_with(r.code, :code) --? code
      and r.instrument = :instrument --? instrument
      and r.confidence = :confidence --? confidence
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
           'code', code, 'version', version, 'title_zh', title_zh, 'title_en', title_en, 'value', value, 'unit', unit,
           'minimum', minimum, 'maximum', maximum, 'is_whole', is_whole, 'stricter', stricter, 'region_code', region_code,
           'in_force_from', lower(in_force), 'in_force_until', upper(in_force) - 1, 'instrument', instrument,
           'article', article, 'confidence', confidence, 'origin', origin))
           order by place) filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int
            then jsonb_build_array(max(code) filter (where place = :limit::int))::text end as next
     , (select count(*) from matching)::text as total --? count
from found
