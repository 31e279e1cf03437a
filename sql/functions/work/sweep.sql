-- What time itself brings about, done by the sweeper of any replica: exactly once, because work is taken by row locks
-- (skip locked: what another one has in hand is his) and marked as done in the transaction that does it. A killed
-- sweeper therefore loses nothing and doubles nothing; a late one finds the same work waiting.
--
-- Locks are taken in the order duty_work, then obligation, as the API's own writes do.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Obligations of the coming periods, and those that a change made necessary.
create or replace function anze.plan_due(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    taken text[];
begin
    select array_agg(d.unit_id) into taken from (
        select w.unit_id from anze.duty_work w
        where (w.plan_from is not null or w.planned_until < anze.plan_limit())
            and not anze.is_set_aside('plan_due', w.unit_id::text)
        limit max_rows for update skip locked) d;
    if taken is not null then
        perform anze.do_each('plan_due', 'unit', 'anze.plan_marked($1::uuid[])', taken);
    end if;
    return coalesce(cardinality(taken), 0);
end
$$;

-- Rules of structure: where something changed, and every unit daily, since appointments end by the calendar.
create or replace function anze.check_structures_of(unit_ids uuid[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.duty_work w set structure_is_stale = false, structure_checked_on = anze.today()
    where w.unit_id = any (unit_ids);
    perform anze.refresh_findings(unit_ids);
end
$$;

create or replace function anze.check_structures(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    taken text[];
begin
    select array_agg(d.unit_id order by d.unit_id) into taken from (
        select w.unit_id from anze.duty_work w
        where (w.structure_is_stale or w.structure_checked_on < anze.today())
            and not anze.is_set_aside('check_structures', w.unit_id::text)
        limit max_rows for update skip locked) d;
    if taken is not null then
        perform anze.do_each('check_structures', 'unit', 'anze.check_structures_of($1::uuid[])', taken);
    end if;
    return coalesce(cardinality(taken), 0);
end
$$;

-- What becomes of accidents by time, and who must know of it. One step: a program of the last release bears no more than
-- fifteen of them.
create or replace function anze.follow_accidents(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    recounted constant integer := anze.recount_accidents(max_rows);
    alerted constant integer := anze.alert_accidents(max_rows);
begin
    return recounted + alerted + anze.renew_accident_pages(max_rows);
end
$$;

create or replace function anze.judge_stale_lights(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    taken text[];
begin
    select array_agg(d.unit_id order by d.unit_id) into taken from (
        select w.unit_id from anze.duty_work w
        where (w.light_is_stale or w.light_due_at < 'infinity' and w.light_due_at <= now())
            and not anze.is_set_aside('judge_stale_lights', w.unit_id::text)
        limit max_rows for update skip locked) d;
    if taken is not null then
        perform anze.do_each('judge_stale_lights', 'unit', 'anze.judge_lights($1::uuid[])', taken);
    end if;
    return coalesce(cardinality(taken), 0);
end
$$;

-- The step of this place, at most `max_rows` rows of it; how much was done, 0: nothing is waiting, null: there is no such
-- step. Each is a transaction of its own, so that a request waits for one step's rows and not for those of all.
-- A row on which a step fails is set aside (anze.do_each), and the step goes on. What goes wrong otherwise undoes this step
-- alone: the others go on, and it is tried again. The operator is told by a warning; what exactly happened stands in the
-- database's log.
create or replace function anze.sweep(place integer, max_rows integer) returns bigint
security definer language plpgsql
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    reach_before constant text := coalesce(anze.reach(), '');
    actor_before constant text := coalesce(anze.actor(), '');
    step constant text := ('{make_partitions,plan_due,check_structures,follow_rules,follow_calendar,
                             follow_accidents,tell_owed,follow_light_rules,take_light_notes,judge_stale_lights,
                             fold_tally,fold_hazards,fold_risks,forget_keys,keep_files}'::text[])[place];
    done bigint;
begin
    if step is null then
        return null;
    end if;
    perform set_config('anze.reach', 'service', true), set_config('anze.actor', 'system:sweeper', true);
    execute format('select anze.%I($1)', step) into done using max_rows;
    perform set_config('anze.reach', reach_before, true), set_config('anze.actor', actor_before, true);
    return coalesce(done, 0);
exception
    when others then
        raise warning 'the step % of the sweep failed: %', step, sqlstate using detail = sqlerrm;
        return 0;
end
$$;
