-- From reports to figures, grade, clocks and recipients. Each of these works on one accident whose row is locked (or not
-- written yet), changes the rows that hang on it, and gives back the row with what follows; accidents/store.sql writes it.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Whether casualties that a report tells count for the grade: those that came about within the time for supplements do,
-- whenever they are told. Where nothing is said of when, they came about at the moment of which the report speaks; but of
-- an accident that became known only afterwards, what comes to light happened with it.
create or replace function anze.accident_casualties_count(a anze.accident, came_about_at timestamptz, as_of timestamptz)
returns boolean immutable parallel safe language plpgsql as $$
begin
    return case when came_about_at is null and a.reported_at >= a.supplement_ends_at then true
                else coalesce(came_about_at, as_of) < a.supplement_ends_at end;
end
$$;

-- The state of the figures: for each the newest word on it, by the moment that it speaks of. A correction speaks for
-- the report that it corrects. `counting` leaves out casualties that came about after the time for supplements; the first
-- report is in it always, and so is a loss, which is fixed when it is fixed.
create or replace function anze.accident_figures(a anze.accident, counting boolean default false) returns jsonb
stable language plpgsql as $$
#variable_conflict use_column
begin
    return (
        with spoken as (
            select distinct on (r.root) r.root, r.as_of,
                r.root = 1 or anze.accident_casualties_count(a, r.came_about_at, r.as_of) as counts
            from anze.accident_report r where r.accident_id = a.id order by r.root, r.number desc)
        select coalesce(jsonb_object_agg(f.key, f.value), '{}') from (
            select distinct on (f.key) f.key, f.value
            from anze.accident_report r
            join spoken s on s.root = r.root
            cross join lateral jsonb_each(r.figures) f
            where r.accident_id = a.id and (not counting or s.counts or f.key = 'direct_loss_cny')
            order by f.key, s.as_of desc, s.root desc, r.number desc) f);
end
$$;

-- How many of those who were missing when the time for supplements ended count with the dead: not who was found alive since.
create or replace function anze.accident_missing_of(all_figures jsonb, within jsonb) returns numeric
immutable parallel safe language plpgsql as $$
declare
    missing constant numeric := within ->> 'missing';
begin
    return greatest(0, least(missing, coalesce((all_figures ->> 'deaths')::numeric, 0)
        + coalesce((all_figures ->> 'missing')::numeric, missing) - coalesce((within ->> 'deaths')::numeric, 0)));
end
$$;

-- The accident with these figures as of a moment; its grade is by those that came about within the time for supplements.
-- `because` is what decided it. Who is still missing when the rule of statistics says so counts with the dead: until then
-- the accident says when it is to be counted anew.
create or replace function anze.accident_graded(inout a anze.accident, all_figures jsonb, within jsonb, at timestamptz,
    out because jsonb) stable language plpgsql as $$
declare
    day constant date := anze.day_of(a.occurred_at);
    found_grade record;
    missing record;
    counted numeric := 0;
begin
    a.recount_at := 'infinity';
    if (within ->> 'missing')::numeric > 0 then
        missing := anze.accident_missing_count(a);
        if missing.since <= at then
            counted := anze.accident_missing_of(all_figures, within);
        else
            a.recount_at := missing.since;
        end if;
    end if;
    a.deaths := all_figures ->> 'deaths';
    a.missing := all_figures ->> 'missing';
    a.trapped := all_figures ->> 'trapped';
    a.serious_injuries := all_figures ->> 'serious_injuries';
    a.minor_injuries := all_figures ->> 'minor_injuries';
    a.evacuated := all_figures ->> 'evacuated';
    a.at_risk := all_figures ->> 'at_risk';
    a.direct_loss_cny := all_figures ->> 'direct_loss_cny';
    a.endangering := anze.accident_dangers_of(day, a.region_code, all_figures, a.facts -> 'endangered');
    found_grade := anze.accident_grade_of(day, within, counted);
    a.grade := found_grade.grade;
    a.grade_is_lower_bound := found_grade.is_lower_bound;
    because := found_grade.because;
    if counted > 0 and because ->> 'dimension' = 'deaths' then
        because := because || jsonb_build_object('missing_counted', counted,
            'missing_basis', anze.rule_basis((missing.basis).code, (missing.basis).version));
    end if;
end
$$;

-- A grave one is told to who must know of it: the sweeper does that (accidents/alert.sql).
create or replace function anze.accident_keep_grade(a anze.accident, number integer, report integer, because jsonb,
    at timestamptz) returns void security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    insert into anze.accident_grade_change (accident_id, number, grade, is_lower_bound, report_number, because, changed_at,
        actor)
    values (a.id, number, a.grade, a.grade_is_lower_bound, report, coalesce(because, '{}'), at,
        case when anze.reach() = 'service' then anze.actor() end);
    if a.grade >= (select min(r.grade_from) from anze.accident_alert_rule r) then
        insert into anze.accident_alert_due (accident_id, grade, raised_at) values (a.id, a.grade, at) on conflict do nothing;
    end if;
end
$$;

-- Figures and grade anew; a change of grade is kept with the report that caused it.
create or replace function anze.accident_regrade(a anze.accident, report integer, at timestamptz)
returns anze.accident language plpgsql as $$
declare
    graded record;
    before smallint;
    changes integer;
begin
    select * into graded from anze.accident_graded(a, anze.accident_figures(a), anze.accident_figures(a, true), at);
    select c.grade, c.number into before, changes
    from anze.accident_grade_change c where c.accident_id = a.id order by c.number desc limit 1;
    if before is distinct from (graded.a).grade then
        perform anze.accident_keep_grade(graded.a, coalesce(changes, 0) + 1, report, graded.because, at);
    end if;
    return graded.a;
end
$$;

-- The levels that have the accident and since when: the entry level by the first report, others by what was passed to them,
-- or, where nobody says so, since they pass it up themselves. A level that was jumped does not have it. To have it is what
-- counts: a late acknowledgement does not give a level more time.
create or replace function anze.accident_receptions(accident uuid, entry_level smallint, reported_at timestamptz)
returns table (level smallint, at timestamptz) stable rows 3 language sql as $$
    select had.level, coalesce(min(had.at) filter (where had.got), min(had.at))
    from (select entry_level as level, reported_at as at, true as got
          union all
          select v.level, anze.accident_sent_at(t), v.got
          from anze.accident_transmission t cross join lateral (values (t.to_level, true), (t.from_level, false)) v(level, got)
          where t.accident_id = accident and v.level > 0) had
    group by had.level
$$;

-- The clocks that the accident now asks for. A clock that a change of grade brought starts with that change. What it asks is
-- done when the accident was passed to that level: to a higher one instead (越级) only where the law says so. What a town
-- passes to the county it passes for the unit.
create or replace function anze.accident_clocks_wanted(a anze.accident, report integer) returns setof anze.accident_clock
stable rows 4 language plpgsql as $$
declare
    on_day constant date := anze.day_of(a.occurred_at);
    top constant smallint := anze.accident_top_level(a.grade, on_day, a.region_code);
begin
    return query
    with called as (
        select c.*, case when c.from_level = 0 then a.learned_at else h.at end as base,
            case when a.grade < c.grade_from then a.socially_major_at
                 when c.if_socially_major and by_grade.at is not null then least(by_grade.at, a.socially_major_at)
                 else by_grade.at end as entered
        from anze.accident_clocks_of(on_day, a.region_code, a.rule_set) c
        left join anze.accident_receptions(a.id, a.entry_level, a.reported_at) h on h.level = c.from_level
        cross join lateral (
            select max(g.number) as number from anze.accident_grade_change g
            where g.accident_id = a.id and not anze.accident_clock_applies(
                g.grade, on_day, a.region_code, c.grade_from, c.grade_to, c.up_to_top, c.to_level)) last_without
        cross join lateral (
            select min(g.changed_at) as at from anze.accident_grade_change g
            where g.accident_id = a.id and g.number > last_without.number) by_grade
        where a.grade <= c.grade_to
            and (a.grade >= c.grade_from or c.if_socially_major and a.socially_major_at is not null)
            and (not c.up_to_top or c.to_level <= top)
            and (c.from_level = 0 or h.at is not null))
    select 'report', c.code, c.title_zh, c.title_en, c.rule, c.rule_version, c.immediately, c.from_level, c.to_level,
        null::date, null::integer,
        case when c.entered > c.base then 'grade_changed' when c.from_level = 0 then 'learned' else 'received' end,
        greatest(c.base, c.entered), anze.term_end(greatest(c.base, c.entered), c.allowed, c.unit),
        least(case when c.from_level = 0 and (a.entry_level = c.to_level or c.or_above and a.entry_level > c.to_level)
                   then a.reported_at end,
              (select min(anze.accident_sent_at(t)) from anze.accident_transmission t
               where t.accident_id = a.id and (t.from_level = c.from_level or c.from_level = 0 and t.from_level = 1)
                   and (t.to_level = c.to_level or c.or_above and t.to_level > c.to_level))),
        report
    from called c where c.base is not null;
end
$$;

-- The follow-ups of one day, as the grade of the moment asks.
create or replace function anze.accident_clock_of_day(a anze.accident, on_day date, report integer)
returns anze.accident_clock stable language plpgsql as $$
declare
    rule constant anze.rule := anze.accident_daily_rule(a.grade, anze.day_of(a.occurred_at), a.region_code);
begin
    return row('daily', 'follow_up', rule.title_zh, rule.title_en, rule.code, rule.version, false, null, null, on_day,
        rule.value, 'day', anze.end_of_day(on_day - 1), anze.end_of_day(on_day), null, report)::anze.accident_clock;
end
$$;

-- The time for supplements, which nobody can be late in.
create or replace function anze.accident_clock_of_window(a anze.accident, report integer)
returns anze.accident_clock stable language plpgsql as $$
declare
    rule constant anze.rule := anze.rule_on(
        anze.accident_supplement_rule(a.category_standard, a.category, a.sector), anze.day_of(a.occurred_at));
begin
    return row('window', 'supplement', rule.title_zh, rule.title_en, rule.code, rule.version, false, null, null, null, null,
        'occurred', a.occurred_at, a.supplement_ends_at, null, report)::anze.accident_clock;
end
$$;

-- Writes clocks as deadlines of the accident; those that run are told of.
create or replace function anze.accident_start_clocks(a anze.accident, clocks anze.accident_clock[], at timestamptz)
returns setof anze.deadline rows 4 security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    looks constant timestamptz[] := anze.first_looks('accident', -- of what runs: the rest is told to nobody
        array(select case when c.kind <> 'window' and c.met_at is null then c.due_at end from unnest(clocks) c),
        array(select anze.accident_reminders_from(c.starts_at) from unnest(clocks) c), a.region_code);
begin
    return query
    insert into anze.deadline (id, subject, subject_id, clock, title_zh, title_en, starts_at, due_at, rule, rule_version,
        met_at, is_owed, planned_at, owed_by, next_notice_at, region_code, sector, details)
    select anze.new_id(a.region_code, at), 'accident', a.id, c.code, case when a.is_drill then '（演练）' else '' end || c.title_zh,
        case when a.is_drill then 'Drill: ' else '' end || c.title_en, c.starts_at, c.due_at, c.rule,
        c.rule_version, c.met_at, c.kind <> 'window', at, a.unit_id,
        looks[c.place],
        a.region_code, a.sector,
        jsonb_strip_nulls(jsonb_build_object('number', nextval('anze.accident_clock_number'), 'kind', c.kind,
            'immediately', c.immediately, 'from_level', c.from_level, 'to_level', c.to_level, 'day', c.day,
            'required', c.required, 'starts_from', c.starts_from, 'report_number', c.report_number))
    from (select x.* from unnest(clocks) with ordinality x(kind, code, title_zh, title_en, rule, rule_version, immediately,
              from_level, to_level, day, required, starts_from, starts_at, due_at, met_at, report_number, place)
          order by x.due_at, x.from_level, x.to_level, x.code) c
    returning *;
end
$$;

create or replace function anze.accident_clock_kind(d anze.deadline) returns text immutable parallel safe language sql
return (d).details ->> 'kind';

create or replace function anze.accident_clock_from(d anze.deadline) returns smallint immutable parallel safe language sql
return ((d).details ->> 'from_level')::smallint;

create or replace function anze.accident_clock_to(d anze.deadline) returns smallint immutable parallel safe language sql
return ((d).details ->> 'to_level')::smallint;

-- Plans the clocks of reporting anew: what is no longer asked for is superseded and kept, what is asked for is added,
-- what was done is met.
create or replace function anze.accident_plan_reports(a anze.accident, report integer, at timestamptz) returns void
language plpgsql as $$
declare
    wanted constant anze.accident_clock[] := array(select w from anze.accident_clocks_wanted(a, report) w);
    missing constant anze.accident_clock[] := array(
        select w from unnest(wanted) w
        where not exists (
            select from anze.deadline d
            where d.subject_id = a.id and d.superseded_at is null and anze.accident_clock_kind(d) = 'report'
                and (d.clock, anze.accident_clock_from(d), anze.accident_clock_to(d), d.starts_at, d.due_at)
                    = (w.code, w.from_level, w.to_level, w.starts_at, w.due_at)
                and coalesce(d.met_at = w.met_at, true)));
begin
    with running as materialized (
        select d.* from anze.deadline d
        where d.subject_id = a.id and d.superseded_at is null and anze.accident_clock_kind(d) = 'report'),
    added as materialized (
        select n.id, n.clock, anze.accident_clock_from(n) as from_level, anze.accident_clock_to(n) as to_level,
            n.details ->> 'starts_from' as starts_from, n.starts_at, n.due_at
        from anze.accident_start_clocks(a, missing, at) n)
    update anze.deadline d
    set met_at = case when w.keeps then coalesce(d.met_at, w.met_at) else d.met_at end,
        superseded_at = case when not w.keeps then at end,
        superseded_by = n.id,
        because = case
            when w.keeps then null
            when (n.starts_at, n.due_at) = (r.starts_at, r.due_at) then 'fact_corrected' -- it was met at another moment
            when n.starts_from = 'grade_changed' then 'grade_changed'
            when n.id is null and coalesce(k.rule_set, a.rule_set) = a.rule_set then 'grade_changed'
            else 'fact_corrected' end
    from running r
    left join added n on (n.clock, n.from_level, n.to_level)
        = (r.clock, anze.accident_clock_from(r), anze.accident_clock_to(r))
    join (select distinct c.code, c.rule_set from anze.accident_clock_rule c) k on k.code = r.clock
    cross join lateral (
        select count(*) > 0 as keeps, min(x.met_at) as met_at
        from unnest(wanted) x
        where (x.code, x.from_level, x.to_level, x.starts_at, x.due_at)
            = (r.clock, anze.accident_clock_from(r), anze.accident_clock_to(r), r.starts_at, r.due_at)
            and coalesce(r.met_at = x.met_at, true)) w
    where d.id = r.id
        and case when w.keeps then r.met_at is null and w.met_at is not null
                 else r.met_at is null or n.id is not null or k.rule_set <> a.rule_set end;
end
$$;

-- The clock whose follow-ups are still owed, of the first day that has too few; there is one as long as no final report
-- ended them.
create or replace function anze.accident_open_day(accident uuid) returns anze.deadline stable language plpgsql as $$
#variable_conflict use_column
declare
    d anze.deadline;
begin
    select x.* into d from anze.deadline x
    where x.subject_id = accident and x.is_running and anze.accident_clock_kind(x) = 'daily';
    return d;
end
$$;

create or replace function anze.accident_start_day(a anze.accident, on_day date, report integer, at timestamptz)
returns anze.deadline language plpgsql as $$
declare
    d anze.deadline;
begin
    select * into d
    from anze.accident_start_clocks(a, array[anze.accident_clock_of_day(a, on_day, report)], at);
    return d;
end
$$;

-- How many follow-ups were told within these moments: when they were told counts, not when they were entered.
create or replace function anze.accident_follow_ups_told(accident uuid, since timestamptz, until timestamptz) returns integer
stable language plpgsql as $$
begin
    return (select count(*) from anze.accident_report r
            where r.accident_id = accident and r.kind in ('follow_up', 'supplement', 'final')
                and coalesce(r.told_at, r.recorded_at) >= since and coalesce(r.told_at, r.recorded_at) < until);
end
$$;

-- A report that counts as a follow-up was told, now or before it is entered. The days that passed without one are one clock,
-- that of the first of them, which is made good by it, late: how many days they were follows from when
-- (anze.accident_last_day). The day of it is met when it has as many as are asked for. Days are counted in China, from the
-- day after the first report; a final report asks for none any more.
create or replace function anze.accident_follow_up(a anze.accident, report integer, told timestamptz,
    at timestamptz default clock_timestamp()) returns void language plpgsql as $$
declare
    day constant date := anze.day_of(told);
    owed anze.deadline := anze.accident_open_day(a.id);
begin
    if owed.due_at <= told then
        update anze.deadline d set met_at = told where d.id = owed.id;
        if a.state = 'final' then
            return;
        end if;
        owed := anze.accident_start_day(a, day, report, at);
    end if;
    if owed.starts_at > told then
        perform anze.accident_days_told(a, report, told, at);
    elsif anze.accident_follow_ups_told(a.id, owed.starts_at, owed.due_at) >= (owed.details ->> 'required')::integer then
        update anze.deadline d set met_at = told where d.id = owed.id;
        if a.state <> 'final' then
            perform anze.accident_start_day(a, day + 1, report, at);
        end if;
    end if;
end
$$;

-- The clock of a day like another one that stood for more days.
create or replace function anze.accident_clock_like(d anze.deadline, on_day date, met timestamptz, report integer)
returns anze.accident_clock stable language sql as $$
    select row('daily', d.clock, d.title_zh, d.title_en, d.rule, d.rule_version, false, null, null, on_day,
        (d.details ->> 'required')::integer, 'day', anze.end_of_day(on_day - 1), anze.end_of_day(on_day), met,
        report)::anze.accident_clock
$$;

-- Days that seemed to pass without a follow-up, until a later report made them good: one of them had been told of, which is
-- entered now. Their clock is superseded by those of the days before it, of this day and of the days after it.
create or replace function anze.accident_days_told(a anze.accident, report integer, told timestamptz, at timestamptz)
returns void language plpgsql as $$
declare
    day constant date := anze.day_of(told);
    late anze.deadline;
    clocks anze.accident_clock[] := '{}';
    planned anze.deadline;
begin
    select * into late from anze.deadline d
    where d.subject_id = a.id and anze.accident_clock_kind(d) = 'daily' and d.superseded_at is null and d.late is not null
        and d.starts_at <= told and anze.accident_last_day(d, at) >= anze.day_of(told);
    if late.id is null then
        return;
    end if;
    if (late.details ->> 'day')::date < day then
        clocks := clocks || anze.accident_clock_like(late, (late.details ->> 'day')::date, told, report);
    end if;
    if anze.accident_follow_ups_told(a.id, anze.end_of_day(day - 1), anze.end_of_day(day)) >= (late.details ->> 'required')::integer
    then
        clocks := clocks || anze.accident_clock_like(late, day, told, report);
        if anze.accident_last_day(late, at) > day then
            clocks := clocks || anze.accident_clock_like(late, day + 1, late.met_at, report);
        end if;
    elsif cardinality(clocks) > 0 then
        clocks := clocks || anze.accident_clock_like(late, day, late.met_at, report);
    else
        return;
    end if;
    select * into planned from anze.accident_start_clocks(a, clocks, at) n where (n.details ->> 'day')::date = day;
    update anze.deadline d set superseded_at = at, because = 'fact_corrected', superseded_by = planned.id where d.id = late.id;
end
$$;

-- The last of the days that a daily clock stands for: those that passed with too few follow-ups; NULL: none did.
create or replace function anze.accident_last_day(d anze.deadline, at timestamptz) returns date
immutable parallel safe language sql
return case when (d).details ->> 'kind' = 'daily' and (d).superseded_at is null and (d).due_at <= coalesce((d).met_at, at)
    then anze.day_of(coalesce((d).met_at, at)) - 1 end;

-- The grade changed: the coming follow-ups are those of the new grade. A final report ends them.
create or replace function anze.accident_replan_day(a anze.accident, report integer, at timestamptz) returns void
language plpgsql as $$
declare
    owed constant anze.deadline := anze.accident_open_day(a.id);
    planned anze.deadline;
begin
    if a.state = 'final' then
        update anze.deadline d set superseded_at = at, because = 'final' where d.id = owed.id;
    elsif owed.due_at > at
        and (owed.rule, owed.rule_version) <> (
            select r.code, r.version
            from anze.accident_daily_rule(a.grade, anze.day_of(a.occurred_at), a.region_code) r)
    then
        planned := anze.accident_start_day(a, (owed.details ->> 'day')::date, report, at);
        update anze.deadline d set superseded_at = at, because = 'grade_changed', superseded_by = planned.id
        where d.id = owed.id;
    end if;
end
$$;

create or replace function anze.accident_plan_window(a anze.accident, report integer, at timestamptz) returns void
language plpgsql as $$
declare
    running anze.deadline;
    planned uuid;
begin
    select * into running from anze.deadline d
    where d.subject_id = a.id and d.superseded_at is null and anze.accident_clock_kind(d) = 'window';
    if (running.starts_at, running.due_at) is distinct from (a.occurred_at, a.supplement_ends_at) then
        select n.id into planned
        from anze.accident_start_clocks(a, array[anze.accident_clock_of_window(a, report)], at) n;
        update anze.deadline d set superseded_at = at, because = 'fact_corrected', superseded_by = planned
        where d.id = running.id;
    end if;
end
$$;

-- Whom each level that has the accident tells; the unit (0) has it always.
create or replace function anze.accident_list_recipients(a anze.accident, planned_at timestamptz) returns void
security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    insert into anze.accident_recipient as kept (accident_id, level, code, rule, rule_version, planned_at)
    select a.id, c.level, c.code, r.code, r.version, accident_list_recipients.planned_at
    from anze.accident_recipient_rule c
    join anze.rule r on r.code = anze.accident_recipient_basis(c, a.rule_set, a.sector)
        and r.in_force @> anze.day_of(a.occurred_at) and r.region_code is null
    where c.grade_from <= a.grade
        and (c.level = 0
             or c.level = any (array(select h.level from anze.accident_receptions(a.id, a.entry_level, a.reported_at) h)))
    on conflict on constraint accident_recipient_pkey do update set superseded_at = null
    where kept.superseded_at is not null;
end
$$;

-- The same after a change of grade or of what was passed up. Nobody who was told is taken from the list.
create or replace function anze.accident_plan_recipients(a anze.accident, at timestamptz) returns void
language plpgsql as $$
begin
    perform anze.accident_list_recipients(a, at);
    update anze.accident_recipient t set superseded_at = at
    from anze.accident_recipient_rule c
    where t.accident_id = a.id and (c.level, c.code) = (t.level, t.code) and t.told_at is null
        and t.superseded_at is null
        and (c.grade_from > a.grade or anze.accident_recipient_basis(c, a.rule_set, a.sector) is null);
end
$$;

-- Everything that follows from the grade and from where the accident has been passed.
create or replace function anze.accident_plan(a anze.accident, report integer, at timestamptz) returns void
language plpgsql as $$
begin
    if anze.accident_is_ended(a.state) then
        return;
    end if;
    perform anze.accident_plan_reports(a, report, at);
    perform anze.accident_plan_window(a, report, at);
    perform anze.accident_replan_day(a, report, at);
    perform anze.accident_plan_recipients(a, at);
end
$$;
