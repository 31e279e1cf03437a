-- Sums of obligations. Writers append differences; the sweeper folds them into the base.

create or replace function anze.tally_row(o anze.obligation, sign integer) returns anze.duty_tally
immutable parallel safe language sql
return row((o).duty, (o).clause, (o).period, (o).period_end, (o).missed_from, (o).region_code, coalesce((o).sector, ''),
           (o).unit_kind, sign * ((o).state <> 'withdrawn')::int, sign * ((o).state = 'done')::int,
           sign * ((o).state = 'done_late')::int, sign * ((o).state = 'excused')::int)::anze.duty_tally;

create or replace function anze.tally_add(rows anze.duty_tally[]) returns void language sql as $$
    insert into anze.duty_tally_delta (duty, clause, period, period_end, missed_from, region_code, sector, unit_kind, owed,
        done, done_late, excused)
    select t.duty, t.clause, t.period, t.period_end, t.missed_from, t.region_code, t.sector, t.unit_kind, sum(t.owed),
        sum(t.done), sum(t.done_late), sum(t.excused)
    from unnest(rows) t
    group by 1, 2, 3, 4, 5, 6, 7, 8
    having (sum(t.owed), sum(t.done), sum(t.done_late), sum(t.excused)) <> (0, 0, 0, 0)
$$;

create or replace function anze.tally_inserted() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.tally_add(array(select anze.tally_row(a, 1) from after a));
    return null;
end
$$;
create or replace function anze.tally_updated() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.tally_add(array(
        select anze.tally_row(b, -1) from before b union all select anze.tally_row(a, 1) from after a));
    return null;
end
$$;
create or replace trigger obligation_tally_inserted after insert on anze.obligation referencing new table as after
    for each statement execute function anze.tally_inserted();
create or replace trigger obligation_tally_updated after update on anze.obligation
    referencing old table as before new table as after
    for each statement execute function anze.tally_updated();

-- Folds at most `max_rows` differences into the base; how many. One sweeper at a time.
create or replace function anze.fold_tally(max_rows integer) returns integer
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    folded integer;
begin
    if not pg_try_advisory_xact_lock(3615029, 3) then
        return 0;
    end if;
    with taken as (
        delete from anze.duty_tally_delta d
        where d.id in (select x.id from anze.duty_tally_delta x order by x.id limit max_rows)
        returning d.*),
    put as (
        insert into anze.duty_tally as base (duty, clause, period, period_end, missed_from, region_code, sector, unit_kind,
            owed, done, done_late, excused)
        select t.duty, t.clause, t.period, t.period_end, t.missed_from, t.region_code, t.sector, t.unit_kind,
            sum(t.owed), sum(t.done), sum(t.done_late), sum(t.excused)
        from taken t group by 1, 2, 3, 4, 5, 6, 7, 8
        on conflict on constraint duty_tally_pkey do update
        set owed = base.owed + excluded.owed, done = base.done + excluded.done,
            done_late = base.done_late + excluded.done_late, excused = base.excused + excluded.excused)
    select count(*) into folded from taken;
    return folded;
end
$$;
