-- Sums of hazards, for statistics; and lights look at the deadlines of every kind of case.
--
-- hazard_tally        what was found in a week, a month, a quarter, half a year, a year: one row per such span and group
-- hazard_tally_delta  differences that are not folded into it yet, written with each change of a hazard
--
-- sql/functions/hazard_tally.sql appends and folds; the statistics add both, and are exact at once.

create table anze.hazard_tally (
    begins_on date not null,
    ends_on date not null,
    region_code text collate "C" not null,
    sector text not null,
    criterion text collate "C" not null,
    late_on date not null,
    found bigint not null,
    major bigint not null,
    rectified bigint not null,
    major_rectified bigint not null,
    recurrent bigint not null,
    constraint hazard_tally_pkey primary key (begins_on, ends_on, region_code, sector, criterion, late_on),
    constraint hazard_tally_order check (ends_on > begins_on)
);
comment on table anze.hazard_tally is
    '隐患统计: sums of the hazards found in a span, but for the merged and the dismissed; "" where there is no sector or criterion';
comment on column anze.hazard_tally.ends_on is 'the first day after the span';
comment on column anze.hazard_tally.late_on is
    'before which day these do not count as late; -infinity: they are late; infinity: not within the span';
comment on column anze.hazard_tally.rectified is 'closed before the span ended';
comment on constraint hazard_tally_pkey on anze.hazard_tally is '该统计已存在。 | This sum exists already. | ';
comment on constraint hazard_tally_order on anze.hazard_tally is
    '期间的止日应晚于起日。 | A span ends after it begins. | ';
-- Those that become late by time alone, so that they are put together with what is late already.
create index hazard_tally_coming on anze.hazard_tally (late_on) where late_on > '-infinity' and late_on < 'infinity';

create table anze.hazard_tally_delta (
    found_on date not null,
    closed_on date not null,
    late_on date not null,
    region_code text collate "C" not null,
    sector text not null,
    criterion text collate "C" not null,
    found bigint not null,
    major bigint not null,
    recurrent bigint not null,
    id bigint generated always as identity (cache 100),
    constraint hazard_tally_delta_pkey primary key (id)
);
comment on table anze.hazard_tally_delta is '隐患统计增量: differences that are not folded yet';
comment on column anze.hazard_tally_delta.closed_on is 'infinity: it is not closed';
comment on column anze.hazard_tally_delta.late_on is 'the day by which it was to be put right and was not; infinity: none';
comment on constraint hazard_tally_delta_pkey on anze.hazard_tally_delta is
    '该增量已存在。 | This difference exists already. | ';
create index hazard_tally_delta_found on anze.hazard_tally_delta (found_on);

alter table anze.hazard_tally enable row level security;
alter table anze.hazard_tally force row level security;
create policy hazard_tally_seen on anze.hazard_tally for select to anze_service
    using (anze.can_see(region_code, sector, null));
create policy hazard_tally_owner on anze.hazard_tally to current_user using (true);
alter table anze.hazard_tally_delta enable row level security;
alter table anze.hazard_tally_delta force row level security;
create policy hazard_tally_delta_seen on anze.hazard_tally_delta for select to anze_service
    using (anze.can_see(region_code, sector, null));
create policy hazard_tally_delta_owner on anze.hazard_tally_delta to current_user using (true);
grant select on anze.hazard_tally, anze.hazard_tally_delta to anze_service;

-- What was found before. Nobody changes a hazard until the triggers are there too, at the end of this transaction.
lock table anze.hazard in share row exclusive mode;
insert into anze.hazard_tally (begins_on, ends_on, region_code, sector, criterion, late_on, found, major, rectified,
    major_rectified, recurrent)
select s.begins_on, s.ends_on, h.region_code, h.sector, h.criterion,
    case when h.late_on >= s.ends_on then 'infinity' when h.late_on < h.today then '-infinity' else h.late_on end,
    count(*), count(*) filter (where h.is_major), count(*) filter (where h.closed_on < s.ends_on),
    count(*) filter (where h.is_major and h.closed_on < s.ends_on), count(*) filter (where h.recurs)
from (
    select x.region_code, coalesce(x.sector, '') as sector, coalesce(x.criterion, '') as criterion, d.found_on, d.closed_on,
        d.today, coalesce(x.severity = 'major', false) as is_major, x.recurrences > 0 as recurs,
        case when d.closed_on > x.due_on then x.due_on else 'infinity' end as late_on
    from anze.hazard x
    cross join lateral (
        select (x.found_at at time zone 'Asia/Shanghai')::date as found_on,
            coalesce((x.closed_at at time zone 'Asia/Shanghai')::date, 'infinity') as closed_on,
            (now() at time zone 'Asia/Shanghai')::date as today) d
    where x.merged_into is null and x.state <> 'dismissed') h
cross join lateral (
    select b.begins_on::date as begins_on, (b.begins_on + b.step)::date as ends_on
    from (values (date_trunc('week', h.found_on::timestamp), interval '7 days'),
                 (date_trunc('month', h.found_on::timestamp), '1 month'),
                 (date_trunc('quarter', h.found_on::timestamp), '3 months'),
                 (date_trunc('year', h.found_on::timestamp)
                      + case when extract(month from h.found_on) > 6 then interval '6 months' else interval '0' end, '6 months'),
                 (date_trunc('year', h.found_on::timestamp), '1 year')) b(begins_on, step)) s
group by 1, 2, 3, 4, 5, 6;

-- The sweep takes its steps one by one, by place.
drop function if exists anze.sweep(integer);
drop function if exists anze.sweep_step(text, integer);

-- Lights --------------------------------------------------------------------------------------------------------------

alter table anze.light_rule drop constraint light_rule_measure;
alter table anze.light_rule add constraint light_rule_measure check (measure in (
    'missed', 'missed_twice', 'overdue', 'escalated', 'unacknowledged_days', 'findings_first_responsible', 'findings',
    'hazards_major_open', 'hazards_late', 'hazards_repeated', 'cases_late',
    'red_units_percent', 'yellow_units_percent', 'red_regions_percent'));
comment on constraint light_rule_measure on anze.light_rule is
    '指标不在代码表内。 | The measure is not in the code set. | /measure';

-- Whoever owes something about a case is judged by it from now on.
insert into anze.light_note (unit_id) select distinct d.owed_by from anze.deadline d where d.is_running;
