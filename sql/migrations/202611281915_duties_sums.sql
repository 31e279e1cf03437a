-- anze: with-functions
-- Sums of obligations as they were at any moment: what changed a sum stays, beside the sum.
--
-- A change has the number of its sum instead of all the columns that a sum is keyed by, and is in its index as a whole:
-- the figures of a past moment are read from the index alone, sum by sum. Sums are found by period, then region. With the
-- functions, because those of before write rows of duty_tally as it was.

alter table anze.duty_tally add column id bigint generated always as identity;
alter table anze.duty_tally drop constraint duty_tally_pkey;
alter table anze.duty_tally add constraint duty_tally_pkey
    primary key (period_end, region_code, duty, sector, unit_kind, period, clause, missed_from);
alter table anze.duty_tally add constraint duty_tally_id_key unique (id);
comment on constraint duty_tally_pkey on anze.duty_tally is '该统计已存在。 | This sum exists already. | ';
comment on constraint duty_tally_id_key on anze.duty_tally is '该统计已存在。 | This sum exists already. | ';

create table anze.duty_change (
    tally bigint not null,
    changed_at timestamptz not null,
    owed integer not null,
    done integer not null,
    done_late integer not null,
    excused integer not null,
    constraint duty_change_pkey primary key (tally, changed_at) include (owed, done, done_late, excused)
);
comment on table anze.duty_change is
    '履职统计沿革: by how much a sum changed, and when; what it was at a moment are the changes until then';
comment on column anze.duty_change.tally is 'duty_tally.id; sums are never deleted';
comment on constraint duty_change_pkey on anze.duty_change is '该变更已存在。 | This change exists already. | ';
alter table anze.duty_change enable row level security;
alter table anze.duty_change force row level security;
create policy duty_change_owner on anze.duty_change to current_user using (true);

-- Differences of before are folded at once: their changes are told by the obligations, which are gone through next.
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
alter table anze.duty_tally_delta add column changed_at timestamptz not null default clock_timestamp();
comment on column anze.duty_tally_delta.changed_at is 'when the obligations changed';

-- How far the obligations of before were gone through, by id; what changes after this moment is written by the triggers.
create table anze.duty_change_filled (
    until timestamptz not null,
    after uuid not null,
    constraint duty_change_filled_pkey primary key (until)
);
comment on table anze.duty_change_filled is '履职统计沿革的补记进度: how far; gone when it is done';
comment on constraint duty_change_filled_pkey on anze.duty_change_filled is '该进度已存在。 | This progress exists already. | ';
alter table anze.duty_change_filled enable row level security;
alter table anze.duty_change_filled force row level security;
create policy duty_change_filled_owner on anze.duty_change_filled to current_user using (true);
insert into anze.duty_change_filled (until, after) values (clock_timestamp(), '00000000-0000-0000-0000-000000000000');
