-- 红黄绿灯: the light of each unit, judged by rules that are rows, with the reasons that made it so.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Units that are to be judged again. Their rows are locked in one order, so that two writers never wait in a circle.
create or replace function anze.mark_lights(unit_ids uuid[]) returns void
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if unit_ids is null then
        return;
    end if;
    perform from anze.duty_work w where w.unit_id = any (unit_ids) order by w.unit_id for no key update;
    update anze.duty_work w set light_is_stale = true where w.unit_id = any (unit_ids);
end
$$;

-- What changes a light: each trigger says of which units. A new obligation counts when it is due already.
create or replace function anze.obligation_lights() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        perform anze.mark_lights((
            select array_agg(distinct n.unit_id) from after_rows n where n.is_open and n.due_at <= now()));
    else
        perform anze.mark_lights((
            select array_agg(distinct n.unit_id) from after_rows n join before_rows o on o.id = n.id
            where (n.is_open, n.due_at, n.missed_from) <> (o.is_open, o.due_at, o.missed_from)
                and least(n.due_at, o.due_at) <= now()));
    end if;
    return null;
end
$$;
create or replace trigger lights_inserted after insert on anze.obligation referencing new table as after_rows
    for each statement execute function anze.obligation_lights();
create or replace trigger lights_updated after update on anze.obligation
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.obligation_lights();

create or replace function anze.notice_lights() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.mark_lights((select array_agg(distinct n.about_unit_id) from after_rows n));
    return null;
end
$$;
create or replace trigger lights_inserted after insert on anze.notice referencing new table as after_rows
    for each statement execute function anze.notice_lights();
create or replace trigger lights_updated after update on anze.notice referencing new table as after_rows
    for each statement execute function anze.notice_lights();

-- Findings may be of units that depend on the one that is looked at, whose rows of duty_work another has in hand: noted.
create or replace function anze.finding_lights() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    insert into anze.light_note (unit_id) select distinct n.unit_id from after_rows n;
    return null;
end
$$;
create or replace trigger lights_inserted after insert on anze.structural_finding referencing new table as after_rows
    for each statement execute function anze.finding_lights();
create or replace trigger lights_updated after update on anze.structural_finding referencing new table as after_rows
    for each statement execute function anze.finding_lights();

-- A deadline begins or ends: noted as with hazards (hazard.sql), so that nobody who acts on a case waits. What falls due
-- by time alone is known by duty_work.light_due_at.
create or replace function anze.deadline_lights() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from after_rows) then
        return null;
    elsif tg_op = 'INSERT' then
        insert into anze.light_note (unit_id)
        select distinct n.owed_by from after_rows n left join anze.case_file f on f.id = n.subject_id
        where n.subject = 'case' and (f.id is null -- it is being opened
            or f.kind <> 'hazard' or f.unit_id = n.owed_by);
    else
        insert into anze.light_note (unit_id)
        select distinct n.owed_by
        from after_rows n join before_rows o on o.id = n.id join anze.case_file f on f.id = n.subject_id
        where (n.is_running, n.due_at) <> (o.is_running, o.due_at) and (f.kind <> 'hazard' or f.unit_id = n.owed_by);
    end if;
    return null;
end
$$;
create or replace trigger lights_inserted after insert on anze.deadline referencing new table as after_rows
    for each statement execute function anze.deadline_lights();
create or replace trigger lights_updated after update on anze.deadline
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.deadline_lights();

-- The rules that measures reach in a region, the worst first: {"missed": 3, …} gives [{"rule": "red_missed", …}, …]. No
-- threshold is 0, and most measures are.
create or replace function anze.light_reasons(measures jsonb, day date, of_region text default null) returns jsonb
stable language sql
set search_path = pg_catalog, pg_temp as $$
    select coalesce(jsonb_agg(jsonb_build_object('rule', l.code, 'colour', l.colour, 'measure', l.measure,
            'value', (measures ->> l.measure)::numeric, 'threshold_rule', r.code, 'threshold', r.value,
            'title_zh', l.title_zh, 'title_en', l.title_en, 'instrument', i.title, 'article', r.article)
            || anze.rule_local_basis(r, day)
        order by l.colour, l.place), '[]') -- red comes before yellow
    from (select x.* from anze.light_rule x where (measures ->> x.measure)::numeric > 0 offset 0) l
    cross join lateral anze.rule_in_force(l.threshold_rule, day, of_region) r
    join anze.instrument i on i.code = r.instrument
    where (measures ->> l.measure)::numeric >= r.value
$$;

create or replace function anze.light_colour(reasons jsonb) returns text immutable parallel safe language sql
return coalesce(reasons -> 0 ->> 'colour', 'green');

-- What the light of each of these units is judged by, and when time alone changes it. (What falls due or becomes
-- missed is noticed by anze.put_back_obligation.)
create or replace function anze.light_measures(unit_ids uuid[], now_at timestamptz, look_back interval)
returns table (unit_id uuid, measures jsonb, due_at timestamptz) stable language sql
set search_path = pg_catalog, pg_temp as $$
    with known as (
        select o.id, o.unit_id, o.duty, o.post, o.person_id, o.missed_from, o.missed_from <= now_at as is_missed,
            o.missed_from > now_at - look_back as is_recent,
            -- The one before of the same duty: missed too, since all of these are open.
            coalesce(lag(o.period_end) over w = o.period_start and lag(o.missed_from) over w <= now_at, false) as is_second
        from anze.obligation o
        where o.unit_id = any (unit_ids) and o.is_open and o.due_at <= now_at
            and o.missed_from > now_at - look_back - interval '800 days' -- a year's period before, with its grace
        window w as (partition by o.unit_id, o.duty, o.post, o.person_id order by o.period_start, o.period_end)),
    owed as materialized (
        select k.* from known k where k.is_recent),
    told as (
        select n.subject_id as obligation_id, bool_or(n.kind = 'escalation') as is_escalated,
            min(n.issued_at) filter (where n.kind = 'warning' and n.acknowledged_at is null) as unheard_since
        from anze.notice n
        where n.subject_id = any (array(select o.id from owed o)) -- ids of obligations are nothing else's
        group by n.subject_id),
    counted as (
        select o.unit_id, count(*) filter (where o.is_missed) as missed,
            count(*) filter (where not o.is_missed) as overdue,
            count(distinct (o.duty, o.post, o.person_id)) filter (where o.is_missed and o.is_second) as missed_twice,
            count(*) filter (where o.is_missed and t.is_escalated) as escalated,
            min(o.missed_from + look_back) filter (where o.is_missed) as forgotten_at,
            min(t.unheard_since) as unheard_since
        from owed o left join told t on t.obligation_id = o.id
        group by o.unit_id),
    broken as (
        select f.unit_id, count(*) as findings,
            count(*) filter (where s.check_kind = 'holders' and exists (
                select from anze.post p where p.is_first_responsible and p.code = any (s.posts))) as first_responsible
        from anze.structural_finding f join anze.structural_rule s on s.code = f.rule
        where f.unit_id = any (unit_ids) and f.ended_on is null
        group by f.unit_id),
    dangerous as (
        select h.unit_id, count(*) filter (where h.severity = 'major') as major,
            count(*) filter (where h.recurrences > 0) as repeated
        from anze.hazard h
        where h.unit_id = any (unit_ids) and h.is_open
        group by h.unit_id),
    -- What the unit itself owes: about its own hazards (what an office lets pass is no fault of the unit), and about cases
    -- of every other kind, which an office may owe as well. Of a case that is withheld from it its light says nothing.
    clocked as (
        select d.owed_by as unit_id,
            count(distinct d.subject_id) filter (where f.kind = 'hazard' and d.due_at <= now_at) as hazards_late,
            count(distinct d.subject_id) filter (where f.kind <> 'hazard' and d.due_at <= now_at) as cases_late,
            min(d.due_at) filter (where d.due_at > now_at) as late_at
        from anze.deadline d join anze.case_file f on f.id = d.subject_id
        where d.owed_by = any (unit_ids) and d.is_running and (f.kind <> 'hazard' or f.unit_id = d.owed_by)
            and not (f.withheld_from_unit and f.unit_id = d.owed_by)
        group by d.owed_by),
    -- Accidents of as long as lights look back, of a unit that the register has; neither drills nor what turned out to be none.
    hurt as (
        select a.unit_id, count(*) as accidents,
            count(*) filter (where a.grade >= (select g.rank from anze.accident_grade g where g.code = 'larger')) as grave,
            min(a.occurred_at + look_back) as forgotten_at
        from anze.accident a
        where a.unit_id = any (unit_ids) and not a.unit_is_declared and a.occurred_at > now_at - look_back
            and a.state in ('open', 'final') and not a.is_drill
        group by a.unit_id)
    select u.id, jsonb_build_object('missed', coalesce(c.missed, 0), 'missed_twice', coalesce(c.missed_twice, 0),
            'overdue', coalesce(c.overdue, 0), 'escalated', coalesce(c.escalated, 0),
            'unacknowledged_days', floor(extract(epoch from now_at - c.unheard_since) / 86400),
            'findings', coalesce(b.findings, 0), 'findings_first_responsible', coalesce(b.first_responsible, 0),
            'hazards_major_open', coalesce(h.major, 0), 'hazards_late', coalesce(k.hazards_late, 0),
            'hazards_repeated', coalesce(h.repeated, 0), 'cases_late', coalesce(k.cases_late, 0),
            'accidents', coalesce(a.accidents, 0), 'accidents_grave', coalesce(a.grave, 0)),
        coalesce(least(c.forgotten_at, later.at, k.late_at, a.forgotten_at), 'infinity')
    from unnest(unit_ids) u(id)
    left join counted c on c.unit_id = u.id
    left join broken b on b.unit_id = u.id
    left join dangerous h on h.unit_id = u.id
    left join clocked k on k.unit_id = u.id
    left join hurt a on a.unit_id = u.id
    cross join lateral (
        select min(t.at) as at
        from (
            select c.unheard_since + make_interval(hours => (24 * r.value)::integer) as at
            from anze.light_rule l
            cross join lateral anze.rule_in_force(l.threshold_rule, anze.day_of(now_at), (
                select x.region_code from anze.unit x where x.id = u.id)) r
            where l.measure = 'unacknowledged_days' and c.unheard_since is not null
            offset 0) t -- a fence: other rules have values that are no days
        where t.at > now_at
        ) later
$$;

-- Judges these units now. A unit that is closed has no light any more; what it had stays in light_change.
create or replace function anze.judge_lights(unit_ids uuid[]) returns void
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    now_at timestamptz;
    today date;
begin
    perform from anze.duty_work w where w.unit_id = any (unit_ids) order by w.unit_id for no key update;
    now_at := clock_timestamp();
    today := anze.day_of(now_at);
    delete from anze.unit_light l using anze.unit u
    where l.unit_id = any (unit_ids) and u.id = l.unit_id and u.closed_on <= today;
    with measured as (
        select * from anze.light_measures(unit_ids, now_at,
            make_interval(hours => (24 * anze.rule_value('LIGHT.WINDOW', today))::integer))),
    judged as materialized (
        select u.id, u.kind, u.region_code, u.sector, r.reasons, anze.light_colour(r.reasons) as colour
        from measured m
        join anze.unit u on u.id = m.unit_id and (u.closed_on is null or u.closed_on > today)
        cross join lateral (select anze.light_reasons(m.measures, today, u.region_code) as reasons offset 0) r),
    kept as (
        insert into anze.unit_light as l (unit_id, colour, since, reasons, judged_at, region_code, sector, unit_kind)
        select j.id, j.colour, now_at, j.reasons, now_at, j.region_code, j.sector, j.kind from judged j
        on conflict on constraint unit_light_pkey do update
        set colour = excluded.colour, reasons = excluded.reasons, judged_at = excluded.judged_at,
            since = case when l.colour = excluded.colour then l.since else excluded.since end,
            region_code = excluded.region_code, sector = excluded.sector, unit_kind = excluded.unit_kind
        returning l.unit_id, l.colour, l.since, l.reasons),
    changed as (
        insert into anze.light_change (unit_id, changed_at, colour, reasons)
        select k.unit_id, k.since, k.colour, k.reasons from kept k where k.since = now_at)
    update anze.duty_work w set light_is_stale = false, light_due_at = m.due_at
    from measured m where w.unit_id = m.unit_id;
end
$$;
