with counted as (
    select anze.county_of(c.region_code) as county, sum(c.owed) as owed, sum(c.done) as done, sum(c.done_late) as done_late,
        sum(c.excused) as excused, sum(c.missed) as missed
    from anze.compliance_counts(anze.named_period(:period), :as_of::timestamptz,
        case when :scope_unit::text is not null then array(select anze.units_under(:scope_unit::uuid)) end, null) c
    where anze.county_of(c.region_code) is not null
      and false --? scope_none
      and c.clause = :clause --? clause
      and c.sector = :sector --? sector
    group by 1
    having sum(c.owed) > 0
),
ranked as (
    select c.*, anze.counts_json(owed, done, done_late, excused, missed) as counts,
        rank() over (order by done / nullif(done + done_late + missed, 0) desc nulls last, missed) as rank
    from counted c
)
select (jsonb_build_object(
    'period', :period::text, 'from', lower(anze.named_period(:period)), 'until', upper(anze.named_period(:period)) - 1,
    'counties', coalesce(jsonb_agg(
        jsonb_build_object('rank', r.rank, 'region_code', r.county, 'name', coalesce(g.name, r.county)) || r.counts
        order by r.rank, r.county), '[]'))
    || jsonb_strip_nulls(jsonb_build_object('as_of', anze.instant(:as_of::timestamptz))))::text as body
from ranked r left join anze.region g on g.code = r.county
