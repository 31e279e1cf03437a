with matching as not materialized (
    select f.id, f.unit_id, f.rule, f.since, f.ended_on, f.found_at, f.detail
    from anze.structural_finding f
    where true
      and f.province = :scope_province --? scope_province
      and f.city = :scope_city --? scope_city
      and f.county = :scope_county --? scope_county
      and f.town = left(:scope_town, 9) --? scope_town
      and false --? scope_none
      and (f.sector = :scope_sector or f.unit_id = anze.unit()) --? scope_sector
      and (f.sector = any (:scope_sectors::text[]) or f.unit_id = anze.unit()) --? scope_sectors
      and f.ended_on is null --? state=open
      and f.ended_on is not null --? state=ended
      and f.rule = :rule --? rule
      and f.rule in (select r.code from anze.structural_rule r where r.clause = :clause) --? clause
      and f.unit_id = :unit_id::uuid --? unit_id
      and starts_with(f.region_code, anze.region_prefix(:region)) --? region
),
-- Without Prefer: count=exact it is not read.
counted as (
    select count(*) as rows from matching t
    where true
      and t.unit_id = any (array(select anze.units_around(:scope_unit::uuid))) --? scope_unit
),
following as not materialized (
    select t.* from matching t
    -- The first page goes on from before everything, so that there is one plan. CASE: see listUnits.
    where (t.since, t.id) < (case when :after_1::text is null then 'infinity' else :after_1 end::date,
                        case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid)
),
-- Of a unit and those around it: where the next row comes first (sql/README.md, One plan for each statement).
nearest as ( --? scope_unit
    select n.unit_id, coalesce(nth_value(n.since, :limit::int + 1) over next, '-infinity') as last_1, --? scope_unit
           nth_value(n.id, :limit::int + 1) over next as last_2 --? scope_unit
    from ( --? scope_unit
        select u.unit_id, h.since, h.id --? scope_unit
        from unnest(array(select anze.units_around(:scope_unit::uuid))) u(unit_id) --? scope_unit
        cross join lateral ( --? scope_unit
            select f.since, f.id from following f where f.unit_id = u.unit_id --? scope_unit
            order by f.since desc, f.id desc limit 1) h --? scope_unit
        order by h.since desc, h.id desc --? scope_unit
        limit :limit::int + 1) n --? scope_unit
    window next as (order by n.since desc, n.id desc --? scope_unit
        rows between unbounded preceding and unbounded following) --? scope_unit
), --? scope_unit
found as (
    select m.*, row_number() over () as place
    from (
        select w.* from nearest n cross join lateral ( --? scope_unit
        select f.* from following f
        where f.unit_id = n.unit_id and (f.since, f.id) >= (n.last_1, n.last_2) --? scope_unit
        order by f.since desc, f.id desc
        limit :limit::int + 1 --? scope_unit
        ) w order by w.since desc, w.id desc --? scope_unit
        limit :limit::int + 1) m
)
select coalesce(json_agg(json_strip_nulls(json_build_object(
           'id', f.id,
           'unit', json_build_object('id', u.id, 'kind', u.kind, 'name', u.name, 'region_code', u.region_code),
           'rule', f.rule, 'clause', r.clause, 'title_zh', r.title_zh, 'title_en', r.title_en, 'since', f.since,
           'ended_on', f.ended_on, 'found_at', anze.instant(f.found_at), 'counts', f.detail -> 'counts')) order by f.place)
           filter (where f.place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(l.since, l.id)::text
            from found l where l.place = :limit::int) end as next
     , (select n.rows from counted n)::text as total --? count
from found f
join anze.structural_rule r on r.code = f.rule
join anze.unit u on u.id = f.unit_id
