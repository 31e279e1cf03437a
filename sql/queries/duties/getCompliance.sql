with counted as (
    select
        c.clause as key, --? group_by=clause
        c.duty as key, --? group_by=duty
        coalesce(anze.county_of(c.region_code), anze.city_of(c.region_code) || '00', c.region_code) as key, --? group_by=region
        coalesce(c.sector, '') as key, --? group_by=sector
        c.unit_kind as key, --? group_by=unit_kind
        c.owed, c.done, c.done_late, c.excused, c.missed
    from anze.compliance_counts(anze.named_period(:period), :as_of::timestamptz,
        case when :scope_unit::text is not null then array(select anze.units_under(:scope_unit::uuid)) end, :region) c
    where true
      and false --? scope_none
      and c.clause = :clause --? clause
      and c.duty = :duty --? duty
      and c.sector = :sector --? sector
      and c.unit_kind = :unit_kind --? unit_kind
      and c.duty in (select d.code from anze.duty d where d.post = :post) --? post
),
grouped as (
    select key, sum(owed) as owed, sum(done) as done, sum(done_late) as done_late, sum(excused) as excused,
        sum(missed) as missed
    from counted group by key having sum(owed) > 0
),
titled as (
    select g.*, t.title_zh, t.title_en
    from grouped g
    left join lateral (
        select d.title_zh, d.title_en from anze.duty d where d.clause = g.key order by d.code, d.version desc limit 1 --? group_by=clause
        select d.title_zh, d.title_en from anze.duty d where d.code = g.key order by d.version desc limit 1 --? group_by=duty
        select r.name as title_zh, r.name as title_en from anze.region r where r.code = g.key --? group_by=region
        select s.title_zh, s.title_en from anze.sector s where s.code = g.key --? group_by=sector
        select null::text as title_zh, null::text as title_en --? group_by=unit_kind
    ) t on true
)
select (jsonb_build_object(
    'period', :period::text, 'from', lower(anze.named_period(:period)), 'until', upper(anze.named_period(:period)) - 1,
    'group_by', :group_by::text,
    'total', anze.counts_json(coalesce(sum(owed), 0), coalesce(sum(done), 0), coalesce(sum(done_late), 0),
                              coalesce(sum(excused), 0), coalesce(sum(missed), 0)),
    'groups', coalesce(jsonb_agg(
        jsonb_strip_nulls(jsonb_build_object('key', key, 'title_zh', title_zh, 'title_en', title_en))
            || anze.counts_json(owed, done, done_late, excused, missed)
        order by string_to_array(case when key ~ '^[0-9]+\.[0-9]+$' then lpad(key, 6, '0') else key end, '.')), '[]'))
    || jsonb_strip_nulls(jsonb_build_object('as_of', anze.instant(:as_of::timestamptz))))::text as body
from titled
