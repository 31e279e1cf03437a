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
