-- What must be planned or judged again: marked by whoever changes a unit or its people, taken up by the sweeper.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Marks units: their obligations, each from a day on, their structure, their lights. What is marked so already is left alone.
create or replace function anze.touch_each(unit_ids uuid[], from_days date[]) returns void
security definer language sql
set search_path = pg_catalog, pg_temp
as $$
    insert into anze.duty_work as w (unit_id, begins_on, plan_from)
    select u.id, greatest(u.opened_on, anze.today()), t.from_day
    from unnest(unit_ids, from_days) t(unit_id, from_day) join anze.unit u on u.id = t.unit_id
    order by u.id
    on conflict on constraint duty_work_pkey do update
    set plan_from = least(w.plan_from, excluded.plan_from), structure_is_stale = true, light_is_stale = true
    where (w.plan_from <= excluded.plan_from and w.structure_is_stale and w.light_is_stale) is not true
$$;
create or replace function anze.touch_units(unit_ids uuid[], from_day date) returns void
security definer language sql
set search_path = pg_catalog, pg_temp
as $$
    select anze.touch_each(unit_ids, array_fill(from_day, array[coalesce(cardinality(unit_ids), 0)]))
$$;

-- Obligations are planned this far ahead,
create or replace function anze.plan_horizon() returns date stable parallel safe language sql
as $$ select anze.today() + 30 $$;

-- and again when what is planned reaches less far than this: reminders need a week.
create or replace function anze.plan_limit() returns date stable parallel safe language sql
as $$ select anze.today() + 7 $$;

-- Plans the units that are marked, or planned not far enough; how many obligations that changed.
create or replace function anze.plan_marked(unit_ids uuid[]) returns bigint
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    part record;
    changed bigint := 0;
begin
    for part in
        with due as (
            -- Nothing is planned before a unit begins: so units that changed on different days are planned together.
            select w.unit_id, greatest(w.begins_on, least(w.plan_from,
                case when w.planned_until < anze.plan_limit() then w.planned_until end)) as from_day
            from anze.duty_work w
            where w.unit_id = any (unit_ids) and (w.plan_from is not null or w.planned_until < anze.plan_limit())),
        marked as (
            update anze.duty_work w set plan_from = null, planned_until = greatest(w.planned_until, anze.plan_horizon())
            from due d where d.unit_id = w.unit_id and d.from_day is not null)
        select d.from_day, array_agg(d.unit_id order by d.unit_id) as units
        from due d where d.from_day is not null group by d.from_day
    loop
        changed := changed + anze.plan_obligations(part.units, part.from_day, anze.plan_horizon());
    end loop;
    return changed;
end
$$;

-- After a change of one unit: plans and judges it at once, so that the caller reads what follows from what it wrote.
create or replace function anze.duties_follow(unit_id uuid, from_day date) returns void
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    one constant uuid[] := array[duties_follow.unit_id];
begin
    perform anze.touch_units(one, from_day);
    perform anze.plan_marked(one);
    perform anze.refresh_findings(one);
    perform anze.judge_lights(one);
end
$$;

create or replace function anze.unit_touched() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.touch_units((select array_agg(t.id) from touched t), anze.effective_on());
    return null;
end
$$;
create or replace trigger duty_work_inserted after insert on anze.unit referencing new table as touched
    for each statement execute function anze.unit_touched();
create or replace trigger duty_work_updated after update on anze.unit referencing new table as touched
    for each statement execute function anze.unit_touched();

create or replace function anze.appointment_touched() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.touch_each(array_agg(s.unit_id), array_agg(s.since))
    from (select t.unit_id, min(t.begins_on) as since from touched t group by t.unit_id) s;
    return null;
end
$$;
create or replace trigger duty_work_inserted after insert on anze.appointment referencing new table as touched
    for each statement execute function anze.appointment_touched();
create or replace trigger duty_work_updated after update on anze.appointment referencing new table as touched
    for each statement execute function anze.appointment_touched();

-- What somebody did counts while he held the post: after appointments were made, changed or taken back, the records are
-- counted again of whoever is touched, from the first day on which he holds the post or does not as he had.
create or replace function anze.appointment_settles() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    records uuid[];
begin
    if tg_op = 'UPDATE' then
        records := array(
            select r.id from touched t
            join former f on f.id = t.id
            cross join lateral (values (t.unit_id, t.person_id), (f.unit_id, f.person_id)) w(unit_id, person_id)
            join anze.duty_record r on r.person_id = w.person_id and r.unit_id = w.unit_id
                and r.on_day >= anze.appointment_change_day(f, t)
            where f is distinct from t);
    else
        records := array(
            select r.id from touched t
            join anze.duty_record r on r.person_id = t.person_id and r.unit_id = t.unit_id and r.on_day >= t.begins_on);
    end if;
    if records <> '{}' then
        perform anze.settle_records(records);
    end if;
    return null;
end
$$;
create or replace trigger records_settle_inserted after insert on anze.appointment referencing new table as touched
    for each statement execute function anze.appointment_settles();
create or replace trigger records_settle_updated after update on anze.appointment
    referencing old table as former new table as touched
    for each statement execute function anze.appointment_settles();
create or replace trigger records_settle_deleted after delete on anze.appointment referencing old table as touched
    for each statement execute function anze.appointment_settles();

-- Duties of a unit are planned from the day on which the system knew it. A unit whose history is to be filled in is planned
-- from an earlier day, as far back as the rule lets; never from a later one, which would take back what is owed.
create or replace function anze.plan_unit_duties(unit_id uuid, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    u constant anze.unit := anze.unit_in_reach(plan_unit_duties.unit_id);
    since constant date := given ->> 'planned_from';
    earliest anze.rule;
    w anze.duty_work;
begin
    if u.id is null then
        perform anze.refuse('AZ404', '没有该单位。', 'There is no such unit.');
    end if;
    select * into w from anze.duty_work x where x.unit_id = u.id for no key update;
    earliest := anze.rule_in_force('DUTY.PLAN.BACK', anze.today(), u.region_code);
    perform anze.refuse_all((
        select coalesce(jsonb_agg(anze.fault('/planned_from', f.rule, f.zh, f.en)), '[]')
        from (values
            (since >= w.begins_on, 'not-earlier', format('该单位的职责已自 %s 起计划。', w.begins_on),
                format('The duties of the unit are planned from %s on already.', w.begins_on)),
            (since < u.opened_on, 'unit-not-open', '该单位当日尚未成立。', 'The unit did not exist on this day.'),
            (since < anze.today() - earliest.value::integer, 'too-far-back',
                format('按规则 %s（第 %s 版），最多可追溯 %s 日。', earliest.code, earliest.version, earliest.value::integer),
                format('By the rule %s (version %s), it is at most %s days back.', earliest.code, earliest.version,
                    earliest.value::integer))
        ) f(holds, rule, zh, en)
        where f.holds));
    insert into anze.duty_planning (unit_id, planned_from, reason) values (u.id, since, given ->> 'reason');
    update anze.duty_work x set begins_on = since where x.unit_id = u.id;
    perform anze.duties_follow(u.id, since);
    -- History is filled in; nobody is warned of what was due before the unit was known.
    update anze.obligation o set next_notice_at = 'infinity'
    where o.unit_id = u.id and o.is_open and o.due_at < anze.end_of_day(w.begins_on - 1);
    return query select '201', anze.duty_planning_json(u.id)::text, null::text, '/v1/units/' || u.id || '/compliance';
end
$$;

create or replace function anze.duty_planning_json(of_unit uuid) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select jsonb_build_object('unit', anze.unit_name_json(w.unit_id), 'planned_from', w.begins_on,
            'planned_until', w.planned_until, 'history', (
                select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('planned_from', p.planned_from,
                    'reason', p.reason, 'changed_at', anze.instant(p.changed_at), 'actor', p.actor,
                    'on_behalf_of', p.on_behalf_of)) order by p.changed_at desc), '[]')
                from anze.duty_planning p where p.unit_id = w.unit_id))
        from anze.duty_work w where w.unit_id = of_unit);
end
$$;
