-- Hazards: what is seen and found, what follows from what.
-- Filing is in hazard_file.sql, judging in hazard_case.sql, merging in hazard_merge.sql, what is shown in hazard_shown.sql.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- What is seen and found ---------------------------------------------------------------------------------------------

create or replace function anze.sees_hazard(hazard_id uuid) returns boolean
stable parallel safe language plpgsql
as $$
begin
    return exists (select from anze.hazard h
                   where h.id = hazard_id and h.found_at = anze.id_moment(hazard_id));
end
$$;

-- The hazard, if it is in the caller's reach; refused otherwise. For functions with the owner's rights.
create or replace function anze.hazard_in_reach(hazard_id uuid) returns anze.hazard stable language plpgsql as $$
declare
    h anze.hazard;
begin
    select * into h from anze.hazard x
    where x.id = hazard_id and x.found_at = anze.id_moment(hazard_id)
        and anze.can_see_of_unit(x.region_code, x.sector, x.unit_id);
    if h.id is null then
        perform anze.refuse('AZ404', '没有该隐患。', 'There is no such hazard.');
    end if;
    return h;
end
$$;

-- The hazard of a case, locked; a row of NULLs where the case has none.
create or replace function anze.hazard_of_case(c anze.case_file) returns anze.hazard language plpgsql as $$
declare
    h anze.hazard;
    named constant uuid := c.facts ->> 'hazard_id';
begin
    select * into h from anze.hazard x where x.id = named and x.found_at = anze.id_moment(named)
    for no key update;
    return h;
end
$$;

-- The version of a criterion that was in force on a day.
create or replace function anze.hazard_criterion_on(named text, day date) returns anze.hazard_criterion
stable strict language plpgsql as $$
begin
    return (
        select k from anze.hazard_criterion k where k.code = named and k.in_force @> day);
end
$$;

-- What is wrong with naming this criterion for a hazard of this sector that was found on this day.
create or replace function anze.hazard_criterion_faults(named text, day date, of_sector text, pointer text) returns jsonb
stable language plpgsql as $$
begin
    if named is null then
        return '[]';
    end if;
    return (
        select case
        when not exists (select from anze.hazard_criterion o where o.code = named) then
            anze.fault(pointer, 'unknown-reference', '没有该判定标准。', 'There is no such criterion.')
        when k.code is null then anze.fault(pointer, 'not-in-force', '该判定标准在发现之日没有施行。',
            'The criterion was not in force on the day of finding.')
        when k.sectors is not null and not coalesce(of_sector = any (k.sectors), false) then
            anze.fault(pointer, 'of-other-sector', '该判定标准不适用于该行业领域。', 'The criterion is for other sectors.')
        else '[]' end
        from (select) one left join anze.hazard_criterion k on k.code = named and k.in_force @> day);
end
$$;

-- The last of the same unit and criterion within the year before, and how many there were. What was merged or was no
-- hazard does not count.
create or replace function anze.hazard_recurrence(h anze.hazard, out last_id uuid, out count integer)
stable language plpgsql as $$ -- its plan is kept: that of a function in SQL looks at each month's partition again
declare
    days constant integer := anze.rule_value('HAZ.RECUR', anze.day_of(h.found_at), h.region_code);
begin
    select (array_agg(o.id order by o.found_at desc, o.id desc))[1], count(*)
    into last_id, hazard_recurrence.count
    from anze.hazard o
    where o.unit_id = h.unit_id and o.criterion = h.criterion
        and o.found_at > h.found_at - make_interval(days => days)
        and o.found_at <= h.found_at and o.id <> h.id
        and o.merged_into is null and o.state <> 'dismissed';
end
$$;

-- Hazards of one unit by one criterion are filed and judged one after the other, so that each sees those before it: taken
-- in a statement before the one that looks for them.
create or replace function anze.lock_recurrence(unit_id uuid, criterion text) returns void strict language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(unit_id || criterion, 3615031));
end
$$;

-- What follows -------------------------------------------------------------------------------------------------------

-- A hazard shows where its case stands. One that was merged is not open, though its case may go on again.
create or replace function anze.hazard_follows_case() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.hazard h
    set state = new.state, is_open = new.is_open and new.state <> 'merged', due_at = new.due_at, version = new.version,
        closed_at = case when new.state = 'closed' then coalesce(h.closed_at, clock_timestamp()) end,
        updated_at = clock_timestamp()
    where h.id = (new.facts ->> 'hazard_id')::uuid
        and h.found_at = anze.id_moment((new.facts ->> 'hazard_id')::uuid);
    return null;
end
$$;
create or replace trigger hazard_follows after update on anze.case_file
    for each row when (new.kind = 'hazard'
        and (new.state, new.is_open, new.due_at, new.version) is distinct from (old.state, old.is_open, old.due_at, old.version))
    execute function anze.hazard_follows_case();

-- What changes a light. Units are noted and not marked at once: marking waits for whoever judges the unit's light, and a
-- hazard is filed without waiting. The sweeper marks them (take_light_notes).
create or replace function anze.hazard_lights() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        insert into anze.light_note (unit_id) select distinct n.unit_id from after_rows n;
    else
        insert into anze.light_note (unit_id)
        select distinct n.unit_id from after_rows n join before_rows o on o.id = n.id
        where (n.is_open, n.severity, n.recurrences, n.due_at) is distinct from (o.is_open, o.severity, o.recurrences, o.due_at);
    end if;
    return null;
end
$$;
create or replace trigger lights_inserted after insert on anze.hazard referencing new table as after_rows
    for each statement execute function anze.hazard_lights();
create or replace trigger lights_updated after update on anze.hazard
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.hazard_lights();

-- Notes of units that somebody has in hand stay for the next round: who takes up notes waits for nobody.
create or replace function anze.take_light_notes(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    taken text[];
begin
    select array_agg(d.id) into taken from (
        select o.id from anze.light_note o join anze.duty_work w on w.unit_id = o.unit_id
        where not anze.is_set_aside('take_light_notes', o.id::text)
        order by o.id limit max_rows for update skip locked) d;
    if taken is not null then
        perform anze.do_each('take_light_notes', 'light_note', 'anze.follow_light_notes($1::bigint[])', taken);
    end if;
    return coalesce(cardinality(taken), 0);
end
$$;

create or replace function anze.follow_light_notes(ids bigint[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    noted uuid[];
begin
    with done as (
        delete from anze.light_note n where n.id = any (ids) returning n.unit_id)
    select array_agg(distinct d.unit_id) into noted from done d;
    perform anze.mark_lights(noted);
end
$$;

-- Judgements stay as they were given.
create or replace trigger append_only before update or delete on anze.hazard_judgement
    for each row execute function anze.refuse_change();
