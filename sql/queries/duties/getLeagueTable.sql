with counted as (
    select anze.league_county(c.region_code) as county, sum(c.owed) as owed, sum(c.done) as done,
        sum(c.done_late) as done_late, sum(c.excused) as excused, sum(c.missed) as missed
    from (
        select c.region_code, sum(c.owed) as owed, sum(c.done) as done, sum(c.done_late) as done_late,
            sum(c.excused) as excused, sum(c.missed) as missed
        from anze.compliance_counts(anze.named_period(:period), :as_of::timestamptz,
            case when :scope_unit::text is not null then array(select anze.units_under(:scope_unit::uuid)) end, null) c
        where true
          and false --? scope_none
          and c.clause = :clause --? clause
          and c.sector = :sector --? sector
        group by 1) c
    group by 1
    having sum(c.owed) > 0
),
-- Beside duties, of now: a past moment has duties alone. Accidents of a period are few, and have their index.
hazards as materialized (
    select h.* from anze.league_hazards(anze.named_period(:period), :sector::text) h
    where :as_of::text is null and 'hazards:read' = any (anze.scopes())
),
accidents as materialized (
    select anze.league_county(a.region_code) as county, count(*) filter (where a.grade = 1) as ordinary,
        count(*) filter (where a.grade = 2) as larger, count(*) filter (where a.grade = 3) as major,
        count(*) filter (where a.grade = 4) as exceptional
    from anze.accident a
    where :as_of::text is null and 'accidents:read' = any (anze.scopes())
      and a.state = any ('{open,final}') and not a.is_drill
      and a.occurred_at >= anze.end_of_day(lower(anze.named_period(:period)) - 1)
      and a.occurred_at < anze.end_of_day(upper(anze.named_period(:period)) - 1)
      and a.province = :scope_province --? scope_province
      and a.city = :scope_city --? scope_city
      and a.county = :scope_county --? scope_county
      and a.town = left(:scope_town, 9) --? scope_town
      and a.unit_id = :scope_unit::uuid --? scope_unit
      and false --? scope_none
      and a.sector = :sector --? sector
    group by 1
),
-- Who is compared by one clause is who owes it; else who has anything to show.
counties as (
    select c.county from counted c where c.county is not null
    union --? !clause
    select h.county from hazards h --? !clause
    union --? !clause
    select a.county from accidents a where a.county is not null --? !clause
),
ranked as (
    select n.county, anze.counts_json(coalesce(c.owed, 0), coalesce(c.done, 0), coalesce(c.done_late, 0),
            coalesce(c.excused, 0), coalesce(c.missed, 0)) as counts,
        rank() over (order by c.done / nullif(c.done + c.done_late + c.missed, 0) desc nulls last, c.missed) as rank
    from counties n left join counted c on c.county = n.county
),
shown as (
    select r.rank, r.county, jsonb_build_object('rank', r.rank, 'region_code', r.county,
            'name', coalesce(g.name, r.county))
        || r.counts
        || case when :as_of::text is null and 'hazards:read' = any (anze.scopes())
            then jsonb_build_object('hazards', coalesce(h.hazards,
                    '{"found": 0, "major": 0, "rectified": 0, "rectified_in_time": 0, "overdue": 0}'),
                'listed', coalesce(h.listed, '{"open": 0, "late": 0}')) else '{}' end
        || case when :as_of::text is null and 'accidents:read' = any (anze.scopes())
            then jsonb_build_object('accidents', jsonb_build_object('ordinary', coalesce(a.ordinary, 0),
                'larger', coalesce(a.larger, 0), 'major', coalesce(a.major, 0),
                'exceptional', coalesce(a.exceptional, 0))) else '{}' end as body
    from ranked r
    left join anze.region g on g.code = r.county
    left join hazards h on h.county = r.county
    left join accidents a on a.county = r.county
)
select (jsonb_build_object(
    'period', :period::text, 'from', lower(anze.named_period(:period)), 'until', upper(anze.named_period(:period)) - 1,
    'counties', (select coalesce(jsonb_agg(s.body order by s.rank, s.county), '[]') from shown s))
    || jsonb_strip_nulls(jsonb_build_object('as_of', anze.instant(:as_of::timestamptz))))::text as body
