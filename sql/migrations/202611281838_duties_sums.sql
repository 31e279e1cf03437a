-- Sums of obligations as they were at any moment: what changed a sum stays, beside the sum.
--
-- A change has the number of its sum instead of all the columns that a sum is keyed by, and is in its index as a whole:
-- the figures of a past moment are read from the index alone, sum by sum. Sums are found by period, then region.

drop function if exists anze.tally_add(anze.duty_tally[]), anze.tally_row(anze.obligation, integer);
alter table anze.duty_tally add column id bigint generated always as identity;
alter table anze.duty_tally drop constraint duty_tally_pkey;
alter table anze.duty_tally add constraint duty_tally_pkey
    primary key (period_end, region_code, duty, sector, unit_kind, period, clause, missed_from);
alter table anze.duty_tally add constraint duty_tally_id_key unique (id);
comment on constraint duty_tally_pkey on anze.duty_tally is '该统计已存在。 | This sum exists already. | ';
comment on constraint duty_tally_id_key on anze.duty_tally is '该统计已存在。 | This sum exists already. | ';

alter table anze.duty_tally_delta add column changed_at timestamptz not null default clock_timestamp();
comment on column anze.duty_tally_delta.changed_at is 'when the obligations changed';

create table anze.duty_change (
    tally bigint not null,
    changed_at timestamptz not null,
    owed integer not null,
    done integer not null,
    done_late integer not null,
    excused integer not null,
    constraint duty_change_pkey primary key (tally, changed_at) include (owed, done, done_late, excused)
);
comment on table anze.duty_change is '履职统计沿革: by how much a sum changed, and when; what it was at a moment are the changes until then';
comment on column anze.duty_change.tally is 'duty_tally.id; sums are never deleted';
comment on constraint duty_change_pkey on anze.duty_change is '该变更已存在。 | This change exists already. | ';
alter table anze.duty_change enable row level security;
alter table anze.duty_change force row level security;
create policy duty_change_owner on anze.duty_change to current_user using (true);

-- What was before: differences are folded, and each obligation gives its changes, at the moments that are known of it.
with taken as (
    delete from anze.duty_tally_delta returning *)
insert into anze.duty_tally as base (duty, clause, period, period_end, missed_from, region_code, sector, unit_kind, owed,
    done, done_late, excused)
select t.duty, t.clause, t.period, t.period_end, t.missed_from, t.region_code, t.sector, t.unit_kind, sum(t.owed),
    sum(t.done), sum(t.done_late), sum(t.excused)
from taken t group by 1, 2, 3, 4, 5, 6, 7, 8
on conflict on constraint duty_tally_pkey do update
set owed = base.owed + excluded.owed, done = base.done + excluded.done,
    done_late = base.done_late + excluded.done_late, excused = base.excused + excluded.excused;

with known as (
    select o.id, o.missed_from, o.state, case when exists (select from anze.obligation_past p where p.obligation_id = o.id)
            then o.changed_at else o.planned_at end as since, null::timestamptz as until
    from anze.obligation o
    union all
    select p.obligation_id, p.missed_from, p.state, lower(p.was), upper(p.was) from anze.obligation_past p),
changed as (
    select k.id, k.missed_from, k.state, e.at, e.sign
    from known k cross join lateral (values (k.since, 1), (k.until, -1)) e(at, sign)
    where e.at is not null and k.state <> 'withdrawn'),
-- A past state of a sum that no longer counts anything has no row yet.
keyed as materialized (
    select o.duty, o.clause, o.period, o.period_end, c.missed_from, o.region_code, coalesce(o.sector, '') as sector,
        o.unit_kind, c.at, sum(c.sign)::integer as owed, coalesce(sum(c.sign) filter (where c.state = 'done'), 0)::integer as done,
        coalesce(sum(c.sign) filter (where c.state = 'done_late'), 0)::integer as done_late,
        coalesce(sum(c.sign) filter (where c.state = 'excused'), 0)::integer as excused
    from changed c join anze.obligation o on o.id = c.id
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9),
missing as (
    insert into anze.duty_tally (duty, clause, period, period_end, missed_from, region_code, sector, unit_kind, owed, done,
        done_late, excused)
    select distinct k.duty, k.clause, k.period, k.period_end, k.missed_from, k.region_code, k.sector, k.unit_kind, 0, 0, 0, 0
    from keyed k
    on conflict on constraint duty_tally_pkey do nothing
    returning id, duty, clause, period, period_end, missed_from, region_code, sector, unit_kind),
named as (
    select id, duty, clause, period, period_end, missed_from, region_code, sector, unit_kind from anze.duty_tally
    union all
    select * from missing)
insert into anze.duty_change (tally, changed_at, owed, done, done_late, excused)
select n.id, k.at, k.owed, k.done, k.done_late, k.excused
from keyed k join named n using (duty, clause, period, period_end, missed_from, region_code, sector, unit_kind)
where (k.owed, k.done, k.done_late, k.excused) <> (0, 0, 0, 0);

-- Summaries of the past read sums now; a unit's own figures of a period are read by the unit.
drop index anze.obligation_period_end;
create index obligation_unit_period on anze.obligation (unit_id, period_end);

drop function if exists anze.compliance_counts(daterange, timestamptz, uuid[]);

-- Settling looks for the records that name a period as well as for those of its days: few name one.
create index duty_record_for_period on anze.duty_record (unit_id, for_period) where for_period is not null;
