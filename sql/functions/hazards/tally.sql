-- Sums of hazards. Writers append differences; the sweeper folds them into the base. The statistics add both.
--
-- A difference is what a hazard counts as, by the days that decide it; the base has a row for each span that can be
-- asked for (anze.named_period), so that the figures of a year are as few rows as those of a week.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The spans of which a day is one: its ISO week, month, quarter, half-year and year; the first day, and the first day after.
create or replace function anze.hazard_spans(day date) returns table (begins_on date, ends_on date)
immutable parallel safe strict rows 5 language sql as $$
    select s.begins_on::date, (s.begins_on + s.step)::date
    from (values (date_trunc('week', day::timestamp), interval '7 days'),
                 (date_trunc('month', day::timestamp), '1 month'),
                 (date_trunc('quarter', day::timestamp), '3 months'),
                 (date_trunc('year', day::timestamp)
                      + case when extract(month from day) > 6 then interval '6 months' else interval '0' end, '6 months'),
                 (date_trunc('year', day::timestamp), '1 year')) s(begins_on, step)
$$;

-- From which day on a hazard is late: its last day 时限 passed and it was not closed by then. NULL: never.
create or replace function anze.hazard_late_on(due_on date, closed_at timestamptz) returns date
immutable parallel safe language sql
as $$ select case when closed_at is null or anze.day_of(closed_at) > due_on then due_on end $$;

-- What a hazard counts as. What was merged or was no hazard counts as nothing.
create or replace function anze.hazard_tally_row(h anze.hazard, sign integer) returns anze.hazard_tally_delta
immutable parallel safe language sql as $$
select row(anze.day_of((h).found_at), coalesce(anze.day_of((h).closed_at), 'infinity'),
           coalesce(anze.hazard_late_on((h).due_on, (h).closed_at), 'infinity'), (h).region_code,
           coalesce((h).sector, ''), coalesce((h).criterion, ''),
           sign * ((h).merged_into is null and (h).state <> 'dismissed')::int,
           sign * ((h).merged_into is null and (h).state <> 'dismissed' and coalesce((h).severity = 'major', false))::int,
           sign * ((h).merged_into is null and (h).state <> 'dismissed' and (h).recurrences > 0)::int,
           null)::anze.hazard_tally_delta
$$;

create or replace function anze.hazard_tally_add(rows anze.hazard_tally_delta[]) returns void language plpgsql as $$
begin
    insert into anze.hazard_tally_delta (found_on, closed_on, late_on, region_code, sector, criterion, found, major, recurrent)
    select t.found_on, t.closed_on, t.late_on, t.region_code, t.sector, t.criterion, sum(t.found), sum(t.major),
        sum(t.recurrent)
    from unnest(rows) t
    group by 1, 2, 3, 4, 5, 6
    having (sum(t.found), sum(t.major), sum(t.recurrent)) <> (0, 0, 0);
end
$$;

create or replace function anze.hazard_tally_inserted() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.hazard_tally_add(array(select anze.hazard_tally_row(a, 1) from after_rows a));
    return null;
end
$$;
create or replace function anze.hazard_tally_updated() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.hazard_tally_add(array(
        select anze.hazard_tally_row(b, -1) from before_rows b union all select anze.hazard_tally_row(a, 1) from after_rows a));
    return null;
end
$$;
create or replace trigger tally_inserted after insert on anze.hazard referencing new table as after_rows
    for each statement execute function anze.hazard_tally_inserted();
create or replace trigger tally_updated after update on anze.hazard
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.hazard_tally_updated();

-- Folds at most `max_rows` differences into the base, and puts together what became late by time alone; how many.
create or replace function anze.fold_hazards(max_rows integer) returns integer security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return anze.fold('fold_hazards', 'hazard_tally_delta', 5, max_rows) + anze.fold_late_hazards(max_rows);
end
$$;

create or replace function anze.fold_hazards_of(ids bigint[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    today constant date := anze.today();
    parts anze.hazard_tally[];
begin
    with taken as (
        delete from anze.hazard_tally_delta d where d.id = any (ids) returning d.*)
    select array_agg(row(s.begins_on, s.ends_on, t.region_code, t.sector, t.criterion,
        case when t.late_on >= s.ends_on then 'infinity' when t.late_on < today then '-infinity' else t.late_on end,
        t.found, t.major, case when t.closed_on < s.ends_on then t.found else 0 end,
        case when t.closed_on < s.ends_on then t.major else 0 end, t.recurrent)::anze.hazard_tally)
    into parts
    from taken t cross join lateral anze.hazard_spans(t.found_on) s;
    perform anze.hazard_tally_put(parts);
end
$$;

-- Sums of what became late by time alone are put to those of what is late. By whoever folds, and nobody else.
create or replace function anze.fold_late_hazards(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    parts anze.hazard_tally[];
begin
    if not pg_try_advisory_xact_lock(3615029, 5) then
        return 0;
    end if;
    with became_late as (
        delete from anze.hazard_tally b
        where (b.begins_on, b.ends_on, b.region_code, b.sector, b.criterion, b.late_on) in (
            select x.begins_on, x.ends_on, x.region_code, x.sector, x.criterion, x.late_on from anze.hazard_tally x
            where x.late_on > '-infinity' and x.late_on < 'infinity' and x.late_on < anze.today() limit max_rows)
        returning b.*)
    select array_agg(row(l.begins_on, l.ends_on, l.region_code, l.sector, l.criterion, '-infinity', l.found, l.major,
        l.rectified, l.major_rectified, l.recurrent)::anze.hazard_tally)
    into parts
    from became_late l;
    perform anze.hazard_tally_put(parts);
    return coalesce(cardinality(parts), 0);
end
$$;

-- Adds sums to the base. Rows that come to nothing go.
create or replace function anze.hazard_tally_put(parts anze.hazard_tally[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    nothing anze.hazard_tally[];
begin
    with put as (
        insert into anze.hazard_tally as base (begins_on, ends_on, region_code, sector, criterion, late_on, found, major,
            rectified, major_rectified, recurrent)
        select p.begins_on, p.ends_on, p.region_code, p.sector, p.criterion, p.late_on, sum(p.found), sum(p.major),
            sum(p.rectified), sum(p.major_rectified), sum(p.recurrent)
        from unnest(parts) p group by 1, 2, 3, 4, 5, 6
        on conflict on constraint hazard_tally_pkey do update
        set found = base.found + excluded.found, major = base.major + excluded.major,
            rectified = base.rectified + excluded.rectified,
            major_rectified = base.major_rectified + excluded.major_rectified,
            recurrent = base.recurrent + excluded.recurrent
        returning base.*)
    select array_agg(p::anze.hazard_tally) filter (
        where (p.found, p.major, p.rectified, p.major_rectified, p.recurrent) = (0, 0, 0, 0, 0))
    into nothing from put p;
    delete from anze.hazard_tally b using unnest(nothing) n
    where (b.begins_on, b.ends_on, b.region_code, b.sector, b.criterion, b.late_on)
        = (n.begins_on, n.ends_on, n.region_code, n.sector, n.criterion, n.late_on);
end
$$;

-- By when the table of a period is reported, by the rule of the day after it: on a day of the month that follows a quarter,
-- or of January after a year. NULL: of other periods no table is.
create or replace function anze.hazard_statistics_due(begins_on date, ends_on date, of_region text,
    out due_on date, out basis jsonb) stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    table_of constant text := case (begins_on + interval '3 months')::date when ends_on then 'QUARTER' else
        case (begins_on + interval '1 year')::date when ends_on then 'YEAR' end end;
    r constant anze.rule := anze.rule_in_force('HAZ.STAT.' || table_of, ends_on, of_region);
begin
    if r.code is not null then
        -- A month that has no such day ends it.
        due_on := least(ends_on + r.value::integer, (ends_on + interval '1 month')::date) - 1;
        basis := anze.rule_basis(r.code, r.version, ends_on);
    end if;
end
$$;

-- What a unit's own table of a period says, from its hazards: as listHazardStatistics counts those of a unit.
create or replace function anze.hazard_record_figures(unit uuid, begins_on date, ends_on date) returns jsonb
stable security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    until constant timestamptz := least(anze.month_begins(ends_on::timestamp), now());
begin
    return (
        select jsonb_build_object('found', count(*), 'rectified', count(*) filter (where h.closed_at < until),
            'major', count(*) filter (where h.severity = 'major'),
            'major_rectified', count(*) filter (where h.severity = 'major' and h.closed_at < until))
        from anze.hazard h
        where h.unit_id = hazard_record_figures.unit and h.found_at >= anze.month_begins(begins_on::timestamp)
            and h.found_at < until and h.merged_into is null and h.state <> 'dismissed');
end
$$;
