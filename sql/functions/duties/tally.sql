-- Sums of obligations. Writers append differences; the sweeper folds them into the base, and keeps each as a change of its
-- sum, so that a sum is known as it was at any moment.

-- The differences of one statement are one change of each sum, at the moment of the last of its rows.
create or replace function anze.tally_inserted() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    insert into anze.duty_tally_delta (duty, clause, period, period_end, missed_from, region_code, sector, unit_kind,
        owed, done, done_late, excused, changed_at)
    select o.duty, o.clause, o.period, o.period_end, o.missed_from, o.region_code, coalesce(o.sector, ''), o.unit_kind,
        count(*), count(*) filter (where o.state = 'done'), count(*) filter (where o.state = 'done_late'),
        count(*) filter (where o.state = 'excused'), max(o.planned_at)
    from after o
    where o.state <> 'withdrawn'
    group by 1, 2, 3, 4, 5, 6, 7, 8;
    return null;
end
$$;
create or replace function anze.tally_updated() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    insert into anze.duty_tally_delta (duty, clause, period, period_end, missed_from, region_code, sector, unit_kind,
        owed, done, done_late, excused, changed_at)
    select d.*
    from (
        select o.duty, o.clause, o.period, o.period_end, o.missed_from, o.region_code, coalesce(o.sector, '') as sector,
            o.unit_kind, coalesce(sum(o.sign) filter (where o.state <> 'withdrawn'), 0) as owed,
            coalesce(sum(o.sign) filter (where o.state = 'done'), 0) as done,
            coalesce(sum(o.sign) filter (where o.state = 'done_late'), 0) as done_late,
            coalesce(sum(o.sign) filter (where o.state = 'excused'), 0) as excused, m.at
        from (select b.*, -1 as sign from before b union all select a.*, 1 from after a) o
        cross join (select max(a.changed_at) as at from after a) m
        group by 1, 2, 3, 4, 5, 6, 7, 8, m.at) d
    where (d.owed, d.done, d.done_late, d.excused) <> (0, 0, 0, 0);
    return null;
end
$$;
create or replace trigger obligation_tally_inserted after insert on anze.obligation referencing new table as after
    for each statement execute function anze.tally_inserted();
create or replace trigger obligation_tally_updated after update on anze.obligation
    referencing old table as before new table as after
    for each statement execute function anze.tally_updated();

create or replace function anze.fold_tally(max_rows integer) returns integer security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return anze.fold('fold_tally', 'duty_tally_delta', 3, max_rows);
end
$$;

create or replace function anze.fold_tally_of(ids bigint[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    with taken as (
        delete from anze.duty_tally_delta d where d.id = any (ids) returning d.*),
    put as (
        insert into anze.duty_tally as base (duty, clause, period, period_end, missed_from, region_code, sector, unit_kind,
            owed, done, done_late, excused)
        select t.duty, t.clause, t.period, t.period_end, t.missed_from, t.region_code, t.sector, t.unit_kind,
            sum(t.owed), sum(t.done), sum(t.done_late), sum(t.excused)
        from taken t group by 1, 2, 3, 4, 5, 6, 7, 8
        on conflict on constraint duty_tally_pkey do update
        set owed = base.owed + excluded.owed, done = base.done + excluded.done,
            done_late = base.done_late + excluded.done_late, excused = base.excused + excluded.excused
        returning base.*)
    insert into anze.duty_change as c (tally, changed_at, owed, done, done_late, excused)
    select p.id, t.changed_at, sum(t.owed), sum(t.done), sum(t.done_late), sum(t.excused)
    from taken t
    join put p using (duty, clause, period, period_end, missed_from, region_code, sector, unit_kind)
    group by p.id, t.changed_at
    on conflict on constraint duty_change_pkey do update
    set owed = c.owed + excluded.owed, done = c.done + excluded.done, done_late = c.done_late + excluded.done_late,
        excused = c.excused + excluded.excused;
end
$$;
