-- Closure, merger and split: which units end, which begin, and who answers to whom then.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Who hangs on these units on a day and after: answers to them, belongs to them, lies in them.
create or replace function anze.dependents_of(unit_ids uuid[], day date) returns setof anze.unit
stable language sql as $$
    select u.* from anze.unit u
    where (u.accountable_to = any (unit_ids) or u.group_id = any (unit_ids) or u.zone_id = any (unit_ids))
      and u.id <> all (unit_ids) and (u.closed_on is null or u.closed_on > day)
$$;

-- Units end on a day: their posts end with them, by the same document. Posts of a successor are filled anew.
create or replace function anze.end_units(unit_ids uuid[], event_kind text, day date, others uuid[], act jsonb)
returns void language plpgsql as $$
begin
    if exists (select from anze.appointment a where a.unit_id = any (unit_ids) and a.begins_on >= day) then
        perform anze.refuse('AZ422', '有任职自该日或其后开始，请先更正任职。',
            'Somebody holds a post from that day or a later one: correct that first.', '/effective_on',
            'appointments-after');
    end if;
    update anze.appointment a
    set held = daterange(lower(a.held), day), ending_document_number = act ->> 'document_number',
        version = a.version + 1, updated_at = clock_timestamp()
    where a.unit_id = any (unit_ids) and (upper_inf(a.held) or upper(a.held) > day);
    update anze.unit u set closed_on = day, version = u.version + 1, updated_at = clock_timestamp()
    where u.id = any (unit_ids);
    perform anze.add_unit_events(unit_ids, event_kind, day, others, act);
end
$$;

-- What hung on units that ended hangs on another from the day on; each gets its event.
create or replace function anze.move_dependents(from_units uuid[], to_unit anze.unit, day date, act jsonb)
returns uuid[] language plpgsql as $$
declare
    moved uuid[];
begin
    perform set_config('anze.effective_on', day::text, true);
    with moving as (
        update anze.unit x
        set accountable_to = case when x.accountable_to = any (from_units) then to_unit.id else x.accountable_to end,
            group_id = case when x.group_id = any (from_units) then to_unit.id else x.group_id end,
            zone_id = case when x.zone_id = any (from_units) then to_unit.id else x.zone_id end,
            version = x.version + 1, updated_at = clock_timestamp()
        where x.id in (select d.id from anze.dependents_of(from_units, day) d) and x.id <> to_unit.id
        returning x.id)
    select array_agg(m.id order by m.id) into moved from moving m;
    perform set_config('anze.effective_on', '', true);
    perform anze.add_unit_events(moved, 'changed', day, array[to_unit.id], act);
    return coalesce(moved, '{}');
end
$$;

-- What followed from a change. What the named units owe, their structure and lights follow at once; what hung on them
-- was marked when it moved, and the sweeper takes it up in its batches: it may be some hundred units.
create or replace function anze.unit_change_answer(
    changed uuid, change_kind text, day date, others uuid[], moved uuid[])
returns table (status text, body text, etag text, location text) language plpgsql as $$
declare
    touched uuid;
begin
    foreach touched in array changed || others loop
        perform anze.follow_unit(touched, day);
    end loop;
    return query
    select '201', jsonb_build_object('change', change_kind, 'effective_on', day, 'unit', anze.unit_json(u),
        'others', (select coalesce(jsonb_agg(anze.unit_json(o) order by i.place), '[]')
                   from unnest(others) with ordinality i(id, place) join anze.unit o on o.id = i.id),
        'moved', (select coalesce(jsonb_agg(anze.unit_reference(m) order by m.name, m.id), '[]')
                  from anze.unit m where m.id = any (moved)))::text,
        u.version::text, format('/v1/units/%s/history', u.id)
    from anze.unit u where u.id = changed;
end
$$;

create or replace function anze.close_unit(unit_id uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    day constant date := given ->> 'effective_on';
    u anze.unit;
begin
    perform anze.lock_tree();
    u := anze.unit_lock(unit_id, if_match);
    perform anze.refuse_closed(u);
    if exists (select from anze.dependents_of(array[u.id], day)) then
        perform anze.refuse_state('仍有单位由该单位负责，或属于、位于该单位，请先将其划转或撤销。',
            'Units answer to it, belong to it or lie in it: move or close them first.', '{merger,split}');
    end if;
    perform anze.end_units(array[u.id], 'closed', day, '{}', given);
    return query select * from anze.unit_change_answer(u.id, 'closure', day, '{}', '{}');
end
$$;

-- The units of a list that the caller may act for and that are open, locked; the others are faults.
create or replace function anze.lock_open_units(unit_ids uuid[], pointers text[]) returns jsonb language plpgsql as $$
declare
    faults jsonb;
begin
    perform from anze.unit u where u.id = any (unit_ids) order by u.id for no key update;
    select jsonb_agg(case
        when u.id is null or not anze.can_see_of_unit(u.region_code, u.sector, u.id)
            then anze.fault(i.pointer, 'unknown-reference', '没有该单位。', 'There is no such unit.')
        else anze.fault(i.pointer, 'closed-unit', '该单位已撤销。', 'That unit is closed.') end order by i.place)
    into faults
    from unnest(unit_ids, pointers) with ordinality i(id, pointer, place)
    left join anze.unit u on u.id = i.id
    where i.id is not null
      and (u.id is null or u.closed_on is not null or not anze.can_see_of_unit(u.region_code, u.sector, u.id));
    return coalesce(faults, '[]');
end
$$;

-- What hangs on the merged units must be able to hang on the one that they become.
create or replace function anze.merger_faults(merged uuid[], target anze.unit, pointer text, day date) returns jsonb
stable language sql as $$
    select coalesce(jsonb_agg(f.fault), '[]')
    from (
        select anze.fault(pointer, 'answers-to-merged', '接收单位由被合并的单位负责，请先划转。',
                   'The unit that they become answers to one of them: move it first.') as fault
        where target.accountable_to = any (merged)
        union all
        select anze.fault(pointer, 'group-needed', '被合并单位是集团，接收单位也应是集团。',
                   'Units belong to a merged group: what it becomes is a group too.')
        where target.kind <> 'enterprise_group'
          and exists (select from anze.dependents_of(merged, day) d where d.group_id = any (merged))
        union all
        select anze.fault(pointer, 'zone-needed', '被合并单位是功能区，接收单位也应是功能区。',
                   'Units lie in a merged zone: what it becomes is a zone too.')
        where target.kind not in ('management_zone', 'chemical_park')
          and exists (select from anze.dependents_of(merged, day) d where d.zone_id = any (merged))) f
$$;

-- This unit and others become one: an existing one (which may be among them and then stays) or a new one.
create or replace function anze.merge_units(unit_id uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    day constant date := given ->> 'effective_on';
    into_id constant uuid := given ->> 'into';
    others constant uuid[] := array(select o.id::uuid from jsonb_array_elements_text(given -> 'others') o(id));
    pointer constant text := case when into_id is null then '/new_unit' else '/into' end;
    merged uuid[];
    moved uuid[];
    target anze.unit;
begin
    perform anze.lock_tree();
    perform anze.refuse_closed(anze.unit_lock(unit_id, if_match));
    perform anze.refuse_all(anze.unit_day_faults(day)
        || anze.lock_open_units(others, array(select '/others/' || n from generate_series(0, cardinality(others) - 1) n))
        || anze.lock_open_units(array_remove(array[into_id], null), '{/into}'));
    merged := array(select distinct m.id from unnest(unit_id || others) m(id) where m.id is distinct from into_id);
    if merged = '{}' then
        perform anze.refuse('AZ422', '没有被合并的单位。', 'No unit is merged.', '/others', 'nothing-merged');
    end if;
    if into_id is null then
        target := anze.open_unit(given -> 'new_unit', day, given, '/new_unit/');
    else
        select * into target from anze.unit u where u.id = into_id;
    end if;
    perform anze.refuse_all(anze.merger_faults(merged, target, pointer, day));
    moved := anze.move_dependents(merged, target, day, given);
    perform anze.end_units(merged, 'merged_into', day, array[target.id], given);
    perform anze.add_unit_events(array[target.id], 'absorbed', day, merged, given);
    return query select * from anze.unit_change_answer(unit_id, 'merger', day,
        array_remove(array[target.id] || merged, unit_id), moved);
end
$$;

-- Units that go from the one that is split to a successor: each answers to it, and goes once.
create or replace function anze.split_faults(of_unit uuid, successors jsonb, day date) returns jsonb
stable language sql as $$
    with taken as (
        select (t.id)::uuid as id, format('/successors/%s/takes/%s', s.place - 1, t.place - 1) as pointer,
            row_number() over (partition by t.id order by s.place, t.place) as times
        from jsonb_array_elements(successors) with ordinality s(successor, place)
        cross join lateral jsonb_array_elements_text(coalesce(s.successor -> 'takes', '[]'))
            with ordinality t(id, place))
    select coalesce(jsonb_agg(case when t.times > 1
            then anze.fault(t.pointer, 'taken-twice', '该单位已划归另一单位。', 'This unit goes to another already.')
            else anze.fault(t.pointer, 'not-of-this-unit', '该单位不由被分立的单位负责。',
                'This unit does not answer to the one that is split.') end order by t.pointer), '[]')
    from taken t
    left join anze.dependents_of(array[of_unit], day) d on d.id = t.id and d.accountable_to = of_unit
    where t.times > 1 or d.id is null
$$;

-- One successor with what goes to it.
create or replace function anze.split_off(of_unit uuid, successor jsonb, place bigint, day date, act jsonb,
    out successor_id uuid, out moved uuid[]) language plpgsql as $$
declare
    pointer constant text := format('/successors/%s/', place - 1);
begin
    if successor ? 'unit_id' then
        successor_id := successor ->> 'unit_id';
        if successor_id = of_unit then
            perform anze.refuse('AZ422', '单位不能分立为自己。', 'A unit is not its own successor.', pointer || 'unit_id',
                'itself');
        end if;
        perform anze.refuse_all(anze.lock_open_units(array[successor_id], array[pointer || 'unit_id']));
    else
        successor_id := (anze.open_unit(successor -> 'new_unit', day, act, pointer || 'new_unit/')).id;
    end if;
    moved := array(select (t.id)::uuid from jsonb_array_elements_text(coalesce(successor -> 'takes', '[]')) t(id));
    perform set_config('anze.effective_on', day::text, true);
    update anze.unit x set accountable_to = successor_id, version = x.version + 1, updated_at = clock_timestamp()
    where x.id = any (moved);
    perform set_config('anze.effective_on', '', true);
    perform anze.add_unit_events(moved, 'changed', day, array[successor_id], act);
    perform anze.add_unit_events(array[successor_id], 'split_from', day, array[of_unit], act);
end
$$;

-- A unit becomes several, or gives parts of itself away and goes on.
create or replace function anze.split_unit(unit_id uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    day constant date := given ->> 'effective_on';
    continues constant boolean := coalesce((given ->> 'continues')::boolean, false);
    one record;
    part record;
    successors uuid[] := '{}';
    moved uuid[] := '{}';
begin
    perform anze.lock_tree();
    perform anze.refuse_closed(anze.unit_lock(unit_id, if_match));
    perform anze.refuse_all(anze.unit_day_faults(day) || anze.split_faults(unit_id, given -> 'successors', day)
        || case when not continues and jsonb_array_length(given -> 'successors') < 2 then anze.fault('/successors',
            'two-needed', '不再存续的单位应分立为两个以上单位。', 'A unit that does not go on becomes two or more.') else '[]' end);
    for one in select * from jsonb_array_elements(given -> 'successors') with ordinality s(successor, place) loop
        select * into part from anze.split_off(unit_id, one.successor, one.place, day, given);
        successors := successors || part.successor_id;
        moved := moved || part.moved;
    end loop;
    if continues then
        perform anze.add_unit_events(array[unit_id], 'split_into', day, successors, given);
        update anze.unit u set version = u.version + 1, updated_at = clock_timestamp() where u.id = unit_id;
    elsif exists (select from anze.dependents_of(array[unit_id], day)) then
        perform anze.refuse('AZ422', '仍有单位由该单位负责，或属于、位于该单位：请指明其去向。',
            'Units still answer to it, belong to it or lie in it: say where they go.', '/successors',
            'dependents-left');
    else
        perform anze.end_units(array[unit_id], 'split_into', day, successors, given);
    end if;
    return query select * from anze.unit_change_answer(unit_id, 'split', day, successors, moved);
end
$$;
