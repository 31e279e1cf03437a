-- Clocks of cases: started, met, paused, extended and superseded by what happens to the case. A clock that is set anew while
-- it runs supersedes what ran before, and both stay.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- From when, how long ---------------------------------------------------------------------------------------------------

-- The facts that name the moment from which a clock counts. `event`: none, it is the step itself.
create or replace function anze.case_moment_facts(counts_from text) returns text[] immutable parallel safe language sql
return case
    when counts_from like 'field:%' then array[substr(counts_from, 7)]
    when counts_from = 'accident' then array['accident_at']
    when counts_from = 'decision' then array['decided_at', 'decided_on']
    when counts_from = 'reply' then array['replied_at', 'replied_on']
    else '{}' end;

-- A day or an instant among the facts; of a day, its begin or its end.
create or replace function anze.case_fact_moment(fact text, at_end boolean) returns timestamptz
immutable parallel safe strict language sql
return case
    when length(fact) > 10 then fact::timestamptz
    when at_end then anze.end_of_day(fact::date)
    else fact::date::timestamp at time zone 'Asia/Shanghai' end;

-- NULL: the moment is not known yet.
create or replace function anze.case_moment(k anze.case_clock, facts jsonb, at timestamptz) returns timestamptz
immutable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if k.counts_from = 'event' then
        return at;
    end if;
    return (select anze.case_fact_moment(facts ->> n.name, k.direction = 'backward')
            from unnest(anze.case_moment_facts(k.counts_from)) with ordinality n(name, place)
            where facts ? n.name order by n.place limit 1);
end
$$;

-- When a clock of a case ends that is started now, and by which rule: the one that was in force at the moment from which it
-- counts, in the region. NULL: that moment, or the field that names its day, is not there. An effect that sets the day by a rule
-- says by which: the fact <field>_rule.
create or replace function anze.case_clock_end(k anze.case_clock, facts jsonb, of_region text, at timestamptz,
    out due_at timestamptz, out rule text, out rule_version integer) stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    length anze.rule;
    moment constant timestamptz := anze.case_moment(k, facts, at);
begin
    rule := coalesce(k.rule, facts ->> (k.due_field || '_rule'));
    if rule is not null then
        length := anze.rule_on(rule, anze.day_of(least(moment, at)), of_region);
        rule_version := length.version;
    end if;
    due_at := case
        when k.rule is null then anze.case_fact_moment(facts ->> k.due_field, true)
        when k.direction = 'backward' then anze.term_ahead(moment, length.value, length.unit)
        else anze.term_end(moment, length.value, length.unit) end;
end
$$;

-- Who owes it -----------------------------------------------------------------------------------------------------------

-- The safety office of a level over a region.
create or replace function anze.safety_office_of(region_code text, level integer) returns uuid stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select u.id from anze.unit u
        where u.region_code = any (anze.region_chain(safety_office_of.region_code)) and u.kind = 'safety_office' and u.is_body
            and anze.region_level(u.region_code) = safety_office_of.level
            and (u.closed_on is null or u.closed_on > anze.today())
        order by u.id limit 1);
end
$$;

-- The department of a level that supervises a sector there, of comprehensive supervision where none does, from the level
-- above where it has none; where there are no departments, the safety office.
create or replace function anze.supervising_department(region_code text, sector text, level integer) returns uuid
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select u.id from anze.unit u
        where u.region_code = any (anze.region_chain(supervising_department.region_code)) and u.is_body
            and (u.closed_on is null or u.closed_on > anze.today())
            and (u.kind = 'safety_office' or u.kind = 'department' and (u.supervision_role = 'comprehensive'
                     or supervising_department.sector = any (u.supervised_sectors)))
        order by u.kind, anze.region_level(u.region_code) >= supervising_department.level desc,
            abs(anze.region_level(u.region_code) - supervising_department.level),
            coalesce(u.supervision_role = 'comprehensive', false), u.id
        limit 1);
end
$$;

-- What a supervisor owes of a case that nobody is named for is owed by the department that supervises there, never by
-- whom the case is about.
create or replace function anze.case_clock_owner(c anze.case_file, watched_by text) returns uuid
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce(
        case
            when watched_by = 'unit' then c.unit_id
            when watched_by = 'office' then anze.safety_office_of(c.region_code, c.level)
            when watched_by = 'upper' then anze.safety_office_of(c.region_code, c.level + 1)
            when watched_by like 'field:%' then (
                select u.id from anze.unit u where u.id::text = c.facts ->> substr(watched_by, 7))
        end, c.supervisor_id, anze.supervising_department(c.region_code, c.sector, c.level), c.unit_id);
end
$$;

-- Running ---------------------------------------------------------------------------------------------------------------

-- A clock comes to run, in the place of what ran of it. One that returns after its day has passed (a review that failed
-- too late) is overdue at once: it has run since the case was opened.
create or replace function anze.put_case_clock(c anze.case_file, k anze.case_clock, since timestamptz, due_at timestamptz,
    rule text, rule_version integer, at timestamptz) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    owner constant uuid := anze.case_clock_owner(c, k.watched_by);
    place constant text := (select u.region_code from anze.unit u where u.id = owner);
begin
    if c.event_count > 0 then -- while a case is being opened no clock of it runs
        update anze.deadline d set superseded_at = at where d.subject_id = c.id and d.clock = k.code and d.is_running;
    end if;
    insert into anze.deadline (id, subject, subject_id, clock, title_zh, title_en, starts_at, due_at, rule, rule_version,
        owed_by, next_notice_at, region_code, sector)
    values (anze.new_id(c.region_code, at), 'case', c.id, k.code, k.title_zh, k.title_en,
        case when due_at > since then since else least(c.opened_at, due_at - interval '1 microsecond') end,
        due_at, rule, rule_version, owner, anze.first_deadline_notice_at(due_at, at, place),
        c.region_code, c.sector);
end
$$;

create or replace function anze.start_case_clock(c anze.case_file, k anze.case_clock, at timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    ends record;
begin
    ends := anze.case_clock_end(k, c.facts, c.region_code, at);
    if ends.due_at is not null then
        perform anze.put_case_clock(c, k, at, ends.due_at, ends.rule, ends.rule_version, at);
    end if;
end
$$;

-- A deadline goes on by another day, under whoever owes it now.
create or replace function anze.renew_case_clock(c anze.case_file, k anze.case_clock, d anze.deadline, since timestamptz,
    due_at timestamptz, at timestamptz) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.put_case_clock(c, k, since, due_at, d.rule, d.rule_version, at);
end
$$;

-- Whoever supervises a case now owes what its supervisor owes: the deadline goes on under the new name.
create or replace function anze.readdress_deadlines(c anze.case_file, at timestamptz) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.renew_case_clock(c, k, d, d.starts_at, d.due_at, at)
    from anze.deadline d join anze.case_clock k on (k.kind, k.version, k.code) = (c.kind, c.kind_version, d.clock)
    where d.subject_id = c.id and d.is_running and d.owed_by <> anze.case_clock_owner(c, k.watched_by);
end
$$;

-- Held ------------------------------------------------------------------------------------------------------------------

-- Whether a state is one of those in which no clock runs.
create or replace function anze.case_state_holds(c anze.case_file, state text) returns boolean stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return exists (select from anze.case_state s
                   where (s.kind, s.version, s.code) = (c.kind, c.kind_version, state) and s.holds_clocks);
end
$$;

-- The case leaves a state that held its clocks: those that ended with the event that brought it there go on, each by its
-- old day, which may have passed meanwhile. Nobody gains time by a detour.
create or replace function anze.resume_case_clocks(c anze.case_file, held text, at timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.renew_case_clock(c, k, d, d.starts_at, (anze.case_deadline_dated(c, k, d)).due_at, at)
    from (
        select distinct on (x.clock) x as stopped
        from (select e.at as moment from anze.case_event e
              where e.case_id = c.id and e.to_state = held and e.from_state is distinct from held
              order by e.number desc limit 1) entered
        join anze.deadline x on x.subject_id = c.id and entered.moment in (x.met_at, x.superseded_at)
        order by x.clock, x.starts_at desc, x.due_at desc) s
    cross join lateral (select (s.stopped).*) d
    join anze.case_clock k on (k.kind, k.version, k.code) = (c.kind, c.kind_version, d.clock);
end
$$;

-- Paused ----------------------------------------------------------------------------------------------------------------

-- When what was left of a term when it was paused is over, if it goes on now: hours and minutes as they were left, days
-- (working days, where the rule counts those) as many as were left. What was late then is late by as much.
create or replace function anze.case_rest_end(d anze.deadline, at timestamptz) returns timestamptz stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    unit constant text := (select r.unit from anze.rule r where r.code = d.rule limit 1); -- of all its versions
    last_day constant date := anze.day_of(d.due_at - interval '1 microsecond');
    paused_on constant date := anze.day_of(d.superseded_at);
begin
    if d.due_at <= d.superseded_at or unit in ('minute', 'hour') then
        return at + (d.due_at - d.superseded_at);
    elsif unit = 'workday' then
        return anze.end_of_day(anze.working_day_after(anze.day_of(at), (
            select count(*)::integer from generate_series(paused_on + 1, last_day, interval '1 day') s(day)
            where anze.is_working_day(s.day::date))));
    end if;
    return anze.end_of_day(anze.day_of(at) + (last_day - paused_on));
end
$$;

-- What of a clock was paused and has not run since: superseded by the event with which the case came into such a state.
create or replace function anze.paused_deadline(c anze.case_file, k anze.case_clock) returns anze.deadline
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    d anze.deadline;
begin
    select x.* into d from anze.deadline x
    where x.subject_id = c.id and x.clock = k.code
    order by coalesce(x.superseded_at, x.met_at, 'infinity') desc, x.starts_at desc limit 1;
    return case when exists (
        select from anze.case_event e
        where e.case_id = c.id and e.at = d.superseded_at and e.to_state = any (k.pauses_in)) then d end;
end
$$;

-- The case leaves the states in which a clock pauses: what was left of it goes on. The fact that names its day follows, so
-- that both say the same. What was not paused (it had not begun) is left to begin.
create or replace function anze.continue_paused_clocks(inout c anze.case_file, former_state text, at timestamptz,
    out continued text[]) language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    k anze.case_clock;
    d anze.deadline;
    due_at timestamptz;
begin
    continued := '{}';
    for k in
        select l.* from anze.case_clock l
        where (l.kind, l.version) = (c.kind, c.kind_version) and former_state = any (l.pauses_in)
            and not c.state = any (l.pauses_in) and (l.states = '{}' or c.state = any (l.states))
        order by l.code
    loop
        d := anze.case_deadline_dated(c, k, anze.paused_deadline(c, k));
        continue when d.id is null;
        due_at := anze.case_rest_end(d, at);
        if length(c.facts ->> k.due_field) = 10 then
            c.facts := c.facts || jsonb_build_object(k.due_field, anze.day_of(due_at - interval '1 microsecond'));
        end if;
        perform anze.renew_case_clock(c, k, d, at, due_at, at);
        continued := continued || k.code;
    end loop;
end
$$;

-- Extended --------------------------------------------------------------------------------------------------------------

create or replace function anze.case_running(c anze.case_file, clock text) returns anze.deadline stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    running anze.deadline;
begin
    select d.* into running from anze.deadline d
    where d.subject_id = c.id and d.clock = case_running.clock and d.is_running;
    return running;
end
$$;

-- How often a clock of a case was extended, by whatever action extends it.
create or replace function anze.case_extensions(c anze.case_file, clock text) returns bigint stable language sql
set search_path = pg_catalog, pg_temp as $$
    select count(*) from anze.case_event e
    join anze.case_action a on (a.kind, a.version) = (c.kind, c.kind_version) and a.code = e.action
    where e.case_id = c.id and case_extensions.clock = any (a.extends)
$$;

-- Until when a clock that runs may be extended, by its rule.
create or replace function anze.case_extension_end(k anze.case_clock, d anze.deadline) returns timestamptz
stable language sql
set search_path = pg_catalog, pg_temp as $$
    select coalesce(d.due_at + anze.term_interval(r.value, r.unit),
        anze.term_end(d.due_at - interval '1 microsecond', r.value, r.unit))
    from anze.rule_on(k.extension ->> 'by', anze.today(), d.region_code) r
$$;

-- Why an action cannot extend its clocks now: one does not run, or was extended as often as its rule allows.
create or replace function anze.case_extension_refusal(c anze.case_file, a anze.case_action) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    k anze.case_clock;
    refusal jsonb;
begin
    for k in
        select l.* from anze.case_clock l
        where (l.kind, l.version) = (c.kind, c.kind_version) and l.code = any (a.extends) order by l.code
    loop
        refusal := coalesce(
            anze.refusal_where((anze.case_running(c, k.code)).id is null, '该时限未在计时，不能延长。',
                'The clock does not run: there is nothing to extend.'),
            anze.refusal_where(
                anze.case_extensions(c, k.code) >= anze.rule_value(k.extension ->> 'times', anze.today(), c.region_code),
                '该时限已延长过，不能再次延长。', 'It was extended as often as it may be.'));
        exit when refusal is not null;
    end loop;
    return refusal;
end
$$;

-- Whether the caller is one of those who may extend, where a clock names them.
create or replace function anze.case_may_extend(c anze.case_file, standing text[], a anze.case_action) returns boolean
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return not exists (
        select from anze.case_clock k
        where (k.kind, k.version) = (c.kind, c.kind_version) and k.code = any (a.extends) and k.extension ? 'takers'
            and not anze.case_takers_allow(k.extension -> 'takers', standing));
end
$$;

-- The day that an extension names is later than the one that runs, by no more than the rule says.
create or replace function anze.case_extension_faults(c anze.case_file, a anze.case_action, given jsonb) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce((
        select jsonb_agg(anze.fault('/fields/' || k.due_field, f.rule, f.zh, f.en))
        from anze.case_clock k
        join anze.deadline d on d.subject_id = c.id and d.clock = k.code and d.is_running
        cross join lateral (select anze.case_fact_moment(given ->> k.due_field, true) as wanted,
                                anze.case_extension_end(k, d) as furthest) e
        cross join lateral (values
            (e.wanted <= d.due_at, 'not-later', '延长后的期限应晚于现期限。', 'Later than the day that was set.'),
            (e.wanted > e.furthest, 'too-long',
                format('期限最迟延至 %s。', anze.day_of(e.furthest - interval '1 microsecond')),
                format('It is extended to %s at the latest.', anze.day_of(e.furthest - interval '1 microsecond')))
        ) f(holds, rule, zh, en)
        where (k.kind, k.version) = (c.kind, c.kind_version) and k.code = any (a.extends) and f.holds), '[]');
end
$$;

-- A clock that a rule measures is extended by its rule. One that a field names follows the field.
create or replace function anze.extend_case_clocks(c anze.case_file, extended text[], at timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.renew_case_clock(c, k, d, d.starts_at, anze.case_extension_end(k, d), at)
    from anze.case_clock k join anze.deadline d on d.subject_id = c.id and d.clock = k.code and d.is_running
    where (k.kind, k.version) = (c.kind, c.kind_version) and k.code = any (extended) and k.rule is not null;
end
$$;

-- What an event does -------------------------------------------------------------------------------------------------------

-- What a step ends. Met is what was done: `stopped` clocks, and those of a state that was left. What the step overtakes,
-- what pauses in the state that was entered or is held there, and what still runs when the case ends was not done: it is
-- superseded, late where its day had passed.
create or replace function anze.end_case_clocks(c anze.case_file, former_state text, a anze.case_action, is_held boolean,
    at timestamptz) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.deadline d set met_at = at
    where d.subject_id = c.id and d.is_running and not is_held and not d.clock = any (a.overtakes)
        and (d.clock = any (a.stops) or exists (
            select from anze.case_clock l
            where (l.kind, l.version, l.code) = (c.kind, c.kind_version, d.clock)
                and former_state = any (l.states) and not c.state = any (l.states) and not c.state = any (l.pauses_in)));
    update anze.deadline d set superseded_at = at
    where d.subject_id = c.id and d.is_running
        and (is_held or not c.is_open or d.clock = any (a.overtakes) or exists (
            select from anze.case_clock l
            where (l.kind, l.version, l.code) = (c.kind, c.kind_version, d.clock) and c.state = any (l.pauses_in)));
end
$$;

-- Which clocks a step begins: `started` ones, those of a state that was entered, and those whose day or moment was changed
-- while they run or should.
create or replace function anze.case_clocks_beginning(c anze.case_file, former_state text, started text[],
    changed text[]) returns setof anze.case_clock stable rows 5 language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return query
    select l.* from anze.case_clock l
    where (l.kind, l.version) = (c.kind, c.kind_version)
        and (l.code = any (started)
             or c.state = any (l.states) and (former_state is null or not former_state = any (l.states))
             or (l.due_field = any (changed) or anze.case_moment_facts(l.counts_from) && changed)
                and (c.state = any (l.states) or exists (
                    select from anze.deadline d where d.subject_id = c.id and d.clock = l.code and d.is_running)))
    order by l.code;
end
$$;

-- While a case is withheld from its unit, the unit is told nothing of it, nor by its light; once it is not, what runs is told
-- from then on.
create or replace function anze.tell_case_deadlines(c anze.case_file, former_state text, at timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if not c.withheld_from_unit and not exists (
        select from anze.case_state s
        where (s.kind, s.version, s.code) = (c.kind, c.kind_version, former_state) and s.withheld_from <> '{}')
    then
        return;
    end if;
    update anze.deadline d
    set next_notice_at = case when c.withheld_from_unit then 'infinity'
                              else anze.first_deadline_notice_at(d.due_at, at, c.region_code) end
    where d.subject_id = c.id and d.is_running and d.owed_by = c.unit_id;
    insert into anze.light_note (unit_id) values (c.unit_id);
end
$$;

-- What an event does to the clocks. The case's own due_at follows. A state that holds clocks supersedes them all; when it
-- is left they go on, and what runs then is not begun anew. What was paused goes on where it stood, unless it is started.
create or replace function anze.run_case_clocks(c anze.case_file, former_state text, a anze.case_action, changed text[],
    at timestamptz) returns anze.case_file language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    k anze.case_clock;
    is_held constant boolean := anze.case_state_holds(c, c.state);
    was_held constant boolean := not is_held and anze.case_state_holds(c, former_state);
    paused record;
begin
    if was_held then
        perform anze.resume_case_clocks(c, former_state, at);
    end if;
    perform anze.end_case_clocks(c, former_state, a, is_held, at);
    if c.is_open and not is_held then
        perform anze.extend_case_clocks(c, a.extends, at);
        select * into paused from anze.continue_paused_clocks(c, former_state, at);
        c := paused.c;
        for k in select * from anze.case_clocks_beginning(c, former_state, a.starts, changed) loop
            continue when c.state = any (k.pauses_in)
                or k.code = any (paused.continued) and not k.code = any (a.starts)
                or was_held and (anze.case_running(c, k.code)).id is not null;
            perform anze.start_case_clock(c, k, at);
        end loop;
    end if;
    perform anze.readdress_deadlines(c, at);
    perform anze.tell_case_deadlines(c, former_state, at);
    c.due_at := coalesce(
        (select min(d.due_at) from anze.deadline d where d.subject_id = c.id and d.is_running), 'infinity');
    return c;
end
$$;

-- The clocks of a case that is being opened: none runs yet that could end, be held, go on or be owed by another.
create or replace function anze.begin_case_clocks(c anze.case_file, at timestamptz) returns anze.case_file language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if c.is_open and not anze.case_state_holds(c, c.state) then
        perform anze.start_case_clock(c, k, at) from anze.case_clocks_beginning(c, null, '{}', '{}') k
        where not c.state = any (k.pauses_in);
        perform anze.tell_case_deadlines(c, null, at);
    end if;
    c.due_at := coalesce(
        (select min(d.due_at) from anze.deadline d where d.subject_id = c.id and d.is_running), 'infinity');
    return c;
end
$$;
