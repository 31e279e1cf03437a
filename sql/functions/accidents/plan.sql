-- From reports to figures, grade, clocks and recipients. Each of these works on one accident whose row is locked (or
-- new), changes the rows that hang on it, and gives back the row with what follows; accidents/store.sql writes it.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The state of the figures: for each the newest word on it, by the moment that it speaks of. A correction speaks for
-- the report that it corrects. `within` leaves out what came about after the time for supplements; the first report
-- is in it always.
create or replace function anze.accident_figures(accident uuid, within timestamptz default null) returns jsonb
stable language plpgsql as $$
#variable_conflict use_column
begin
    return (
        with spoken as (
            select distinct on (r.root) r.root, r.as_of
            from anze.accident_report r where r.accident_id = accident order by r.root, r.number desc)
        select coalesce(jsonb_object_agg(f.key, f.value), '{}') from (
            select distinct on (f.key) f.key, f.value
            from anze.accident_report r
            join spoken s on s.root = r.root
            cross join lateral jsonb_each(r.figures) f
            where r.accident_id = accident and (within is null or s.as_of < within or s.root = 1)
            order by f.key, s.as_of desc, s.root desc, r.number desc) f);
end
$$;

-- Figures and grade anew; a change of grade is kept with the report that caused it.
create or replace function anze.accident_regrade(a anze.accident, report integer, at timestamptz)
returns anze.accident language plpgsql as $$
declare
    all_figures constant jsonb := anze.accident_figures(a.id);
    day constant date := anze.day_of(a.occurred_at);
    found_grade record;
    graded_before smallint;
    changes integer;
begin
    a.deaths := all_figures ->> 'deaths';
    a.missing := all_figures ->> 'missing';
    a.trapped := all_figures ->> 'trapped';
    a.serious_injuries := all_figures ->> 'serious_injuries';
    a.minor_injuries := all_figures ->> 'minor_injuries';
    a.evacuated := all_figures ->> 'evacuated';
    a.at_risk := all_figures ->> 'at_risk';
    a.direct_loss_cny := all_figures ->> 'direct_loss_cny';
    a.endangering := anze.accident_dangers_of(day, all_figures, a.facts -> 'endangered');
    select * into found_grade
    from anze.accident_grade_of(day, anze.accident_figures(a.id, a.supplement_ends_at));
    a.grade := found_grade.grade;
    a.grade_is_lower_bound := found_grade.is_lower_bound;
    select c.grade, c.number into graded_before, changes
    from anze.accident_grade_change c where c.accident_id = a.id order by c.number desc limit 1;
    if graded_before is distinct from a.grade then
        insert into anze.accident_grade_change (accident_id, number, grade, is_lower_bound, report_number, because,
            changed_at)
        values (a.id, coalesce(changes, 0) + 1, a.grade, a.grade_is_lower_bound, report,
            coalesce(found_grade.because, '{}'), at);
    end if;
    return a;
end
$$;

-- When a level first had the accident: the entry level by the first report, others by what was passed to them. To
-- have it is what counts: a late acknowledgement does not give a level more time.
create or replace function anze.accident_received_at(a anze.accident, at_level smallint) returns timestamptz
stable language plpgsql as $$
#variable_conflict use_column
begin
    return (select least(case when at_level = a.entry_level then a.reported_at end,
                 (select min(t.sent_at) from anze.accident_transmission t
                  where t.accident_id = a.id and t.to_level = at_level)));
end
$$;

-- When a level did what a clock asks: passed it to that level or a higher one (越级).
create or replace function anze.accident_passed_at(a anze.accident, by_level smallint, up_to smallint)
returns timestamptz stable language plpgsql as $$
#variable_conflict use_column
begin
    return (select least(case when by_level = 0 and a.entry_level >= up_to then a.reported_at end,
                 (select min(t.sent_at) from anze.accident_transmission t
                  where t.accident_id = a.id and t.from_level = by_level and t.to_level >= up_to)));
end
$$;

-- The clocks that the accident now asks for. A clock that a change of grade brought starts with that change.
create or replace function anze.accident_clocks_wanted(a anze.accident)
returns table (code text, from_level smallint, to_level smallint, rule text, rule_version integer,
               immediately boolean, starts_from text, starts_at timestamptz, due_at timestamptz, met_at timestamptz)
stable language sql as $$
    with called as (
        select c.*,
            case when c.from_level = 0 then a.learned_at
                 else anze.accident_received_at(a, c.from_level) end as base,
            (select min(g.changed_at) from anze.accident_grade_change g
             where g.accident_id = a.id and g.number > last_without.number) as entered
        from anze.accident_clocks_of(anze.day_of(a.occurred_at), a.rule_set) c
        cross join lateral (
            select max(g.number) as number from anze.accident_grade_change g
            where g.accident_id = a.id and not anze.accident_clock_applies(
                g.grade, anze.day_of(a.occurred_at), c.grade_from, c.grade_to, c.up_to_top, c.to_level)) last_without
        where anze.accident_clock_applies(
            a.grade, anze.day_of(a.occurred_at), c.grade_from, c.grade_to, c.up_to_top, c.to_level))
    select c.code, c.from_level, c.to_level, c.rule, c.rule_version, c.immediately,
        case when c.entered > c.base then 'grade_changed' when c.from_level = 0 then 'learned' else 'received' end,
        greatest(c.base, c.entered), greatest(c.base, c.entered) + c.allowed,
        anze.accident_passed_at(a, c.from_level, c.to_level)
    from called c where c.base is not null
$$;

-- Plans the clocks of reporting anew: what is no longer asked for is superseded and kept, what is asked for is added,
-- what was done is met.
create or replace function anze.accident_plan_reports(a anze.accident, report integer, at timestamptz) returns void
language plpgsql as $$
begin
    with wanted as materialized (
        select w.* from anze.accident_clocks_wanted(a) w),
    running as materialized (
        select c.* from anze.accident_clock c
        where c.accident_id = a.id and c.kind = 'report' and c.superseded_at is null),
    added as (
        insert into anze.accident_clock (accident_id, kind, code, rule, rule_version, immediately, from_level,
            to_level, starts_from, starts_at, due_at, report_number, met_at, planned_at)
        select a.id, 'report', w.code, w.rule, w.rule_version, w.immediately, w.from_level, w.to_level,
            w.starts_from, w.starts_at, w.due_at, report, w.met_at, at
        from wanted w
        where not exists (
            select from running r
            where (r.code, r.from_level, r.to_level, r.starts_at, r.due_at)
                = (w.code, w.from_level, w.to_level, w.starts_at, w.due_at))
        order by w.due_at, w.from_level, w.to_level, w.code
        returning id, code, from_level, to_level, starts_from)
    update anze.accident_clock c
    set met_at = case when w.keeps then coalesce(c.met_at, w.met_at) else c.met_at end,
        superseded_at = case when not w.keeps then at end,
        superseded_by = n.id,
        because = case
            when w.keeps then null
            when n.starts_from = 'grade_changed' then 'grade_changed'
            when n.id is null and coalesce(k.rule_set, a.rule_set) = a.rule_set then 'grade_changed'
            else 'fact_corrected' end
    from running r
    left join added n on (n.code, n.from_level, n.to_level) = (r.code, r.from_level, r.to_level)
    join anze.accident_clock_rule k on (k.code, k.from_level, k.to_level) = (r.code, r.from_level, r.to_level)
    cross join lateral (
        select count(*) > 0 as keeps, min(x.met_at) as met_at
        from wanted x
        where (x.code, x.from_level, x.to_level, x.starts_at, x.due_at)
            = (r.code, r.from_level, r.to_level, r.starts_at, r.due_at)) w
    where c.id = r.id
        and case when w.keeps then r.met_at is null and w.met_at is not null
                 else r.met_at is null or n.id is not null or k.rule_set <> a.rule_set end;
end
$$;

-- The follow-ups of one day, as the grade of the moment asks.
create or replace function anze.accident_plan_day(a anze.accident, on_day date, report integer, at timestamptz)
returns bigint language plpgsql as $$
declare
    rule constant anze.rule := anze.accident_daily_rule(a.grade, anze.day_of(a.occurred_at));
    planned bigint;
begin
    insert into anze.accident_clock (accident_id, kind, code, rule, rule_version, day, required, starts_from,
        starts_at, due_at, report_number, planned_at)
    values (a.id, 'daily', 'follow_up', rule.code, rule.version, on_day, rule.value, 'day',
        anze.end_of_day(on_day - 1), anze.end_of_day(on_day), report, at)
    returning id into planned;
    return planned;
end
$$;

-- The day whose follow-ups are still owed; there is one as long as no final report ended them.
create or replace function anze.accident_open_day(accident uuid) returns anze.accident_clock stable language plpgsql as $$
#variable_conflict use_column
begin
    return (select c from anze.accident_clock c
    where c.accident_id = accident and c.kind = 'daily' and c.met_at is null and c.superseded_at is null);
end
$$;

-- A report that counts as a follow-up came in: every day that passed without one is made good by it, late; today is met
-- when it has as many as are asked for. Days are counted in China, from the day after the first report.
create or replace function anze.accident_follow_up(a anze.accident, report integer, at timestamptz) returns void
language plpgsql as $$
declare
    today constant date := anze.day_of(at);
    owed anze.accident_clock := anze.accident_open_day(a.id);
    came integer;
begin
    while owed.day < today loop
        update anze.accident_clock c set met_at = at where c.id = owed.id;
        perform anze.accident_plan_day(a, owed.day + 1, report, at);
        owed := anze.accident_open_day(a.id);
    end loop;
    if owed.day = today then
        select count(*) into came from anze.accident_report r
        where r.accident_id = a.id and r.kind in ('follow_up', 'supplement', 'final')
            and r.recorded_at >= owed.starts_at and r.recorded_at < owed.due_at;
        if came >= owed.required then
            update anze.accident_clock c set met_at = at where c.id = owed.id;
            perform anze.accident_plan_day(a, today + 1, report, at);
        end if;
    end if;
end
$$;

-- The grade changed: the coming follow-ups are those of the new grade. A final report ends them.
create or replace function anze.accident_replan_day(a anze.accident, report integer, at timestamptz) returns void
language plpgsql as $$
declare
    owed constant anze.accident_clock := anze.accident_open_day(a.id);
    planned bigint;
begin
    if a.state = 'final' then
        update anze.accident_clock c set superseded_at = at, because = 'final' where c.id = owed.id;
    elsif owed.due_at > at
        and owed.rule <> (anze.accident_daily_rule(a.grade, anze.day_of(a.occurred_at))).code
    then
        planned := anze.accident_plan_day(a, owed.day, report, at);
        update anze.accident_clock c set superseded_at = at, because = 'grade_changed', superseded_by = planned
        where c.id = owed.id;
    end if;
end
$$;

-- The time for supplements, which nobody can be late in.
create or replace function anze.accident_plan_window(a anze.accident, report integer, at timestamptz) returns void
language plpgsql as $$
declare
    rule constant anze.rule := anze.rule_on(
        anze.accident_supplement_rule(a.category_standard, a.category, a.sector), anze.day_of(a.occurred_at));
    running anze.accident_clock;
    planned bigint;
begin
    select * into running from anze.accident_clock c
    where c.accident_id = a.id and c.kind = 'window' and c.superseded_at is null;
    if (running.starts_at, running.due_at) is not distinct from (a.occurred_at, a.supplement_ends_at) then
        return;
    end if;
    insert into anze.accident_clock (accident_id, kind, code, rule, rule_version, starts_from, starts_at, due_at,
        report_number, planned_at)
    values (a.id, 'window', 'supplement', rule.code, rule.version, 'occurred', a.occurred_at, a.supplement_ends_at,
        report, at)
    returning id into planned;
    update anze.accident_clock c set superseded_at = at, because = 'fact_corrected', superseded_by = planned
    where c.id = running.id;
end
$$;

-- Whom each level that has the accident tells. Nobody who was told is taken from the list.
create or replace function anze.accident_plan_recipients(a anze.accident, at timestamptz) returns void
language plpgsql as $$
begin
    with holding as materialized (
        select l.rank from anze.level l
        where l.rank = 0 or anze.accident_received_at(a, l.rank) is not null)
    insert into anze.accident_recipient as kept (accident_id, level, code, rule, rule_version, planned_at)
    select a.id, c.level, c.code, r.code, r.version, at
    from holding h
    join anze.accident_recipient_rule c on c.level = h.rank
    join anze.rule r on r.code = c.rule and r.in_force @> anze.day_of(a.occurred_at)
    where c.grade_from <= a.grade and coalesce(c.rule_set, a.rule_set) = a.rule_set
    on conflict on constraint accident_recipient_pkey do update set superseded_at = null
    where kept.superseded_at is not null;
    update anze.accident_recipient t set superseded_at = at
    from anze.accident_recipient_rule c
    where t.accident_id = a.id and (c.level, c.code) = (t.level, t.code) and t.told_at is null
        and t.superseded_at is null
        and not (c.grade_from <= a.grade and coalesce(c.rule_set, a.rule_set) = a.rule_set);
end
$$;

-- Everything that follows from the grade and from where the accident has been passed.
create or replace function anze.accident_plan(a anze.accident, report integer, at timestamptz) returns void
language plpgsql as $$
begin
    perform anze.accident_plan_reports(a, report, at);
    perform anze.accident_plan_window(a, report, at);
    perform anze.accident_replan_day(a, report, at);
    perform anze.accident_plan_recipients(a, at);
end
$$;
