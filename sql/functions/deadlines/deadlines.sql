-- Deadlines of cases: started, met and superseded by what happens to the case, never changed. A clock that is set anew
-- while it runs supersedes what ran before, and both stay.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- When a clock of a case ends that is started now, and by which rule. NULL: the field that names its day is not there. An
-- effect that sets the day by a rule says by which: the fact <field>_rule.
create or replace function anze.case_clock_end(k anze.case_clock, facts jsonb, at timestamptz,
    out due_at timestamptz, out rule text, out rule_version integer) stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    length anze.rule;
    named constant text := facts ->> k.due_field;
begin
    rule := coalesce(k.rule, facts ->> (k.due_field || '_rule'));
    if rule is not null then
        length := anze.rule_on(rule, anze.day_of(at));
        rule_version := length.version;
    end if;
    if k.rule is not null then
        due_at := anze.term_end(at, length.value,
            case when k.is_working_days and length.unit = 'day' then 'workday' else length.unit end);
    elsif length(named) = 10 then
        due_at := anze.end_of_day(named::date);
    else
        due_at := named::timestamptz;
    end if;
end
$$;

create or replace function anze.case_clock_owner(c anze.case_file, watched_by text) returns uuid
immutable parallel safe language sql
return case watched_by when 'unit' then (c).unit_id else coalesce((c).supervisor_id, (c).unit_id) end;

-- A clock comes to run. One that returns after its day has passed (a review that failed too late) is overdue at once:
-- it has run since the case was opened.
create or replace function anze.start_case_clock(c anze.case_file, k anze.case_clock, at timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    ends record;
    since timestamptz;
begin
    select * into ends from anze.case_clock_end(k, c.facts, at);
    if ends.due_at is null then
        return;
    end if;
    since := case when ends.due_at > at then at else least(c.opened_at, ends.due_at - interval '1 microsecond') end;
    update anze.deadline d set superseded_at = at where d.subject_id = c.id and d.clock = k.code and d.is_running;
    insert into anze.deadline (id, subject, subject_id, clock, title_zh, title_en, starts_at, due_at, rule, rule_version,
        owed_by, next_notice_at, region_code, sector)
    values (anze.new_id(c.region_code, at), 'case', c.id, k.code, k.title_zh, k.title_en, since, ends.due_at, ends.rule,
        ends.rule_version, anze.case_clock_owner(c, k.watched_by),
        anze.first_deadline_notice_at(ends.due_at, at), c.region_code, c.sector);
end
$$;

-- Whoever supervises a case now owes what its supervisor owes: the deadline goes on under the new name.
create or replace function anze.readdress_deadlines(c anze.case_file, at timestamptz) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    with moved as (
        update anze.deadline d set superseded_at = at
        from anze.case_clock k
        where d.subject_id = c.id and d.is_running
            and (k.kind, k.version, k.code) = (c.kind, c.kind_version, d.clock)
            and d.owed_by <> anze.case_clock_owner(c, k.watched_by)
        returning d.*, k.watched_by)
    insert into anze.deadline (id, subject, subject_id, clock, title_zh, title_en, starts_at, due_at, rule, rule_version,
        owed_by, next_notice_at, region_code, sector)
    select anze.new_id(c.region_code, at), 'case', m.subject_id, m.clock, m.title_zh, m.title_en, m.starts_at, m.due_at,
        m.rule, m.rule_version, anze.case_clock_owner(c, m.watched_by), anze.first_deadline_notice_at(m.due_at, at),
        c.region_code, c.sector
    from moved m;
end
$$;

-- Whether a state is one of those in which no clock runs.
create or replace function anze.case_state_holds(c anze.case_file, state text) returns boolean stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select exists (select from anze.case_state s
                       where (s.kind, s.version, s.code) = (c.kind, c.kind_version, state) and s.holds_clocks));
end
$$;

-- The case leaves a state that held its clocks: those that ended with the event that brought it there go on, each by its
-- old day, which may have passed meanwhile. Nobody gains time by a detour.
create or replace function anze.resume_case_clocks(c anze.case_file, held text, at timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    insert into anze.deadline (id, subject, subject_id, clock, title_zh, title_en, starts_at, due_at, rule, rule_version,
        owed_by, next_notice_at, region_code, sector)
    select distinct on (d.clock) anze.new_id(c.region_code, at), 'case', d.subject_id, d.clock, d.title_zh, d.title_en,
        d.starts_at, d.due_at, d.rule, d.rule_version, anze.case_clock_owner(c, k.watched_by),
        anze.first_deadline_notice_at(d.due_at, at), c.region_code, c.sector
    from (select e.at as moment from anze.case_event e
          where e.case_id = c.id and e.to_state = held and e.from_state is distinct from held
          order by e.number desc limit 1) entered
    join anze.deadline d on d.subject_id = c.id and entered.moment in (d.met_at, d.superseded_at)
    join anze.case_clock k on (k.kind, k.version, k.code) = (c.kind, c.kind_version, d.clock)
    order by d.clock, d.starts_at desc, d.due_at desc;
end
$$;

-- What an event does to the clocks: `stopped` and those of a state that was left are met, `started` and those of a
-- state that was entered begin; a changed field that names a clock's day sets that clock anew. The case's own due_at
-- follows. A state that holds clocks supersedes them all; when it is left they go on, and what runs then is not begun anew.
create or replace function anze.run_case_clocks(c anze.case_file, former_state text, started text[], stopped text[],
    changed text[], at timestamptz) returns anze.case_file language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    k anze.case_clock;
    is_held constant boolean := anze.case_state_holds(c, c.state);
    was_held constant boolean := not is_held and anze.case_state_holds(c, former_state);
begin
    if was_held then
        perform anze.resume_case_clocks(c, former_state, at);
    end if;
    if is_held then
        update anze.deadline d set superseded_at = at where d.subject_id = c.id and d.is_running;
    end if;
    update anze.deadline d set met_at = at
    where d.subject_id = c.id and d.is_running
        and (not c.is_open or d.clock = any (stopped) or exists (
            select from anze.case_clock l
            where (l.kind, l.version, l.code) = (c.kind, c.kind_version, d.clock)
                and former_state = any (l.states) and not c.state = any (l.states)));
    for k in
        select l.* from anze.case_clock l
        where (l.kind, l.version) = (c.kind, c.kind_version) and c.is_open and not is_held
            and not (was_held and exists (
                select from anze.deadline d where d.subject_id = c.id and d.clock = l.code and d.is_running))
            and (l.code = any (started)
                 or c.state = any (l.states) and (former_state is null or not former_state = any (l.states))
                 or l.due_field = any (changed) and (c.state = any (l.states) or exists (
                        select from anze.deadline d where d.subject_id = c.id and d.clock = l.code and d.is_running)))
        order by l.code
    loop
        perform anze.start_case_clock(c, k, at);
    end loop;
    perform anze.readdress_deadlines(c, at);
    c.due_at := coalesce(
        (select min(d.due_at) from anze.deadline d where d.subject_id = c.id and d.is_running), 'infinity');
    return c;
end
$$;

-- Clocks that were superseded stay, and so do those that were met.
create or replace function anze.deadline_stays() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'deadlines are not deleted' using errcode = 'insufficient_privilege';
end
$$;
create or replace trigger deadline_stays before delete on anze.deadline
    for each row execute function anze.deadline_stays();
create or replace trigger deadline_stays_all before truncate on anze.deadline
    for each statement execute function anze.deadline_stays();
