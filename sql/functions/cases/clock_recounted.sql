-- A clock of a case when the calendar of working days changed: from the same moment, as many working days.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- How many days were worked on from the day after one to another, when these days were as they had been.
create or replace function anze.working_days_between(since date, until date, were jsonb) returns integer
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select count(*) from generate_series(since + 1, until, interval '1 day') s(day)
        where coalesce((were ->> s.day::date::text)::boolean, anze.is_working_day(s.day::date)));
end
$$;

-- When it is due by the calendar as it is now. What was added to it, by a pause or more time, is added still: as many working
-- days as there were. A day that somebody named is not counted, and stays.
create or replace function anze.case_due_recounted(c anze.case_file, k anze.case_clock, d anze.deadline, r anze.rule, were jsonb)
returns timestamptz stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    begins_on constant date := anze.day_of(coalesce(anze.case_moment(k, c.facts, d.starts_at), d.starts_at));
    last_day constant date := anze.day_of(d.due_at - interval '1 microsecond');
    former constant date := anze.working_day_after(begins_on, r.value::integer, were);
begin
    if k.direction = 'backward' then
        return (anze.case_clock_end(k, c.facts, c.region_code, d.starts_at)).due_at;
    elsif last_day = former then
        return anze.end_of_day(anze.working_day_after(begins_on, r.value::integer));
    elsif k.rule is null or last_day <= begins_on
        or anze.working_days_between(last_day - 1, last_day, were) = 0
    then
        return d.due_at;
    end if;
    return anze.end_of_day(anze.working_day_after(begins_on, anze.working_days_between(begins_on, last_day, were)));
end
$$;

create or replace function anze.case_clock_recounted(d anze.deadline, were jsonb, notice text, at timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    r constant anze.rule := (select x from anze.rule x where (x.code, x.version) = (d.rule, d.rule_version));
    c anze.case_file;
    k anze.case_clock;
    due timestamptz;
begin
    select * into c from anze.case_file x where x.id = d.subject_id for update;
    select * into k from anze.case_clock x where (x.kind, x.version, x.code) = (c.kind, c.kind_version, d.clock);
    if not c.is_open or k.code is null then
        return;
    end if;
    due := anze.case_due_recounted(c, k, d, r, were);
    if due = d.due_at then
        return;
    end if;
    if k.rule is null then -- an effect kept the day by the rule
        c.facts := c.facts || jsonb_build_object(k.due_field, anze.day_of(due - interval '1 second'));
    end if;
    update anze.deadline x set superseded_at = at, because = 'fact_corrected' where x.id = d.id and x.is_running;
    if not found then
        return;
    end if;
    perform anze.put_case_clock(c, k, d.starts_at, due, d.rule, d.rule_version, at);
    update anze.deadline x set due_before = d.due_at, calendar_notice = notice
    where x.subject_id = c.id and x.clock = d.clock and x.is_running;
    perform anze.tell_case_deadlines(c, c.state, at);
    c.due_at := coalesce(
        (select min(x.due_at) from anze.deadline x where x.subject_id = c.id and x.is_running), 'infinity');
    c.version := c.version + 1;
    c.updated_at := at;
    perform anze.store_case(c);
end
$$;
