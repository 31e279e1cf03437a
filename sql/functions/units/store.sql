-- Writing units: what is checked, and the one insert and the one update.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- A unit as the contract shows it, without what stands around it.
create or replace function anze.unit_json(u anze.unit) returns jsonb stable parallel safe language sql
return jsonb_strip_nulls(jsonb_build_object(
    'id', (u).id, 'kind', (u).kind, 'name', (u).name, 'code', (u).code, 'credit_code', (u).credit_code,
    'credit_code_mismatch', anze.credit_code_mismatch((u).credit_code), 'region_code', (u).region_code,
    'sector', (u).sector, 'level', (u).level, 'supervision_role', (u).supervision_role,
    'supervised_sectors', (u).supervised_sectors, 'accountable_to', (u).accountable_to,
    'risk_class', (u).risk_class, 'site_kind', (u).site_kind, 'high_risk', (u).high_risk, 'group_id', (u).group_id,
    'zone_id', (u).zone_id, 'opened_on', (u).opened_on, 'closed_on', (u).closed_on, 'version', (u).version, 'created_at', anze.instant((u).created_at),
    'updated_at', anze.instant((u).updated_at)));

create or replace function anze.unit_reference(u anze.unit) returns jsonb stable parallel safe language sql
return jsonb_build_object('id', (u).id, 'kind', (u).kind, 'name', (u).name);

-- What hangs on a unit follows its change at once, so that the caller reads what follows from what it wrote: each row of
-- anze.unit_follower names a function anze.<name>_follow(unit_id, from_day) of a domain that comes after this one.
create or replace function anze.follow_unit(unit_id uuid, from_day date) returns void
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    follower text;
begin
    for follower in select f.name from anze.unit_follower f order by f.place, f.name loop
        execute format('select anze.%I($1, $2)', follower || '_follow') using unit_id, from_day;
    end loop;
end
$$;

-- Changes of the tree, of groups and zones come one after another: two at a time could close a circle that neither
-- sees. Taken before any row is locked.
create or replace function anze.lock_tree() returns void language sql as $$
    select pg_advisory_xact_lock(3615030, 1)
$$;

-- The unit of a path, locked until the transaction ends; one that the caller may not act for does not exist.
create or replace function anze.unit_lock(unit_id uuid, if_match text) returns anze.unit language plpgsql as $$
declare
    u anze.unit;
begin
    select * into u from anze.unit x
    where x.id = unit_lock.unit_id and anze.can_see_of_unit(x.region_code, x.sector, x.id)
    for no key update;
    if u.id is null then
        perform anze.refuse('AZ404', '没有该单位。', 'There is no such unit.');
    end if;
    perform anze.require_version(u.version, if_match);
    return u;
end
$$;

create or replace function anze.refuse_closed(u anze.unit) returns void language plpgsql as $$
begin
    if u.closed_on is not null then
        perform anze.refuse_state(format('该单位自 %s 起已撤销。', u.closed_on),
            format('The unit is closed from %s on.', u.closed_on));
    end if;
end
$$;

-- What is recorded has happened: only openings and closures lie in the future.
create or replace function anze.unit_day_faults(day date, pointer text default '/effective_on') returns jsonb
stable language sql as $$
    select case when day > anze.today()
        then anze.fault(pointer, 'in-future', '生效日期不能晚于今天。', 'The day cannot be in the future.') else '[]' end
$$;

-- What a unit refers to: units that the caller knows of, that are not closed, and of the kind that is meant.
-- A reference that was there before is not looked at again: the caller need not see everything.
create or replace function anze.unit_reference_faults(u anze.unit, before anze.unit, day date, prefix text)
returns jsonb stable language sql as $$
    select coalesce(jsonb_agg(f.fault order by r.name) filter (where f.fault is not null), '[]')
    from (values ('accountable_to', u.accountable_to, before.accountable_to, null::text[]),
                 ('group_id', u.group_id, before.group_id, '{enterprise_group}'),
                 ('zone_id', u.zone_id, before.zone_id, '{management_zone,chemical_park}'))
        r(name, id, id_before, kinds)
    left join anze.unit o on o.id = r.id and anze.can_see_unit(o.region_code, o.sector, o.id, o.is_body)
    cross join lateral (select case
        when o.id is null then anze.fault(prefix || r.name, 'unknown-reference', '没有该单位。', 'There is no such unit.')
        when o.closed_on <= greatest(day, anze.today()) then anze.fault(prefix || r.name, 'closed-unit',
            '该单位已撤销。', 'That unit is closed.')
        when o.kind <> all (r.kinds) then anze.fault(prefix || r.name, 'wrong-kind',
            '该单位不是集团总部或功能区（园区）。', 'That unit is not a group, or not a zone.')
        end as fault) f
    where r.id is not null and r.id is distinct from r.id_before
$$;

-- The region holds on the day from which the unit sits there, or, since units are entered with the day on which they were
-- opened long ago, today for a new one. Where it sat before is not looked at again.
create or replace function anze.unit_code_faults(u anze.unit, before anze.unit, day date, prefix text) returns jsonb
stable language sql as $$
    select case when u.region_code is distinct from before.region_code
                and not (before.id is null and anze.region_holds(u.region_code, anze.today()))
            then anze.region_faults(u.region_code, day, prefix || 'region_code') else '[]' end
        || case when u.sector is distinct from before.sector and not exists (
                select from anze.sector s
                where s.code = u.sector and (s.in_force @> day or s.in_force @> anze.today())) and u.sector is not null
            then jsonb_build_array(anze.fault(prefix || 'sector', 'unknown-reference', '没有该行业领域，或已停用。',
                'There is no such sector, or it has ended.')) else '[]' end
        || anze.sector_faults(u.supervised_sectors, prefix || 'supervised_sectors')
$$;

-- The sectors of a list that do not exist.
create or replace function anze.sector_faults(sectors text[], pointer text) returns jsonb stable language sql as $$
    select coalesce(jsonb_agg(anze.fault(pointer || '/' || n.place - 1, 'unknown-reference', '没有该行业领域。',
        'There is no such sector.') order by n.place), '[]')
    from unnest(sectors) with ordinality n(code, place)
    where not exists (select from anze.sector s where s.code = n.code)
$$;

-- Another kind has other posts: none that is held may be lost.
create or replace function anze.unit_kind_faults(u anze.unit, before anze.unit, prefix text) returns jsonb
stable language sql as $$
    select case when u.kind <> before.kind and exists (
        select from anze.appointment a join anze.post p on p.code = a.post
        where a.unit_id = u.id and (upper_inf(a.held) or upper(a.held) > anze.effective_on())
          and u.kind <> all (p.unit_kinds))
    then anze.fault(prefix || 'kind', 'posts-held', '有任职的职务不属于新的单位类型，请先办理免职。',
        'Posts are held that the new kind of unit does not have: end them first.') else '[]' end
$$;

create or replace function anze.unit_faults(u anze.unit, before anze.unit, day date, prefix text) returns jsonb
stable language sql as $$
    select anze.unit_code_faults(u, before, day, prefix) || anze.unit_reference_faults(u, before, day, prefix)
        || anze.unit_kind_faults(u, before, prefix)
$$;

-- After writing: the unit lies where the caller may act.
create or replace function anze.require_reach_of(u anze.unit, prefix text) returns void language plpgsql as $$
begin
    if not anze.can_see_of_unit(u.region_code, u.sector, u.id) then
        perform anze.refuse('AZ422', '该单位不在您的管辖范围内。', 'The unit would lie outside your reach.',
            prefix || case when anze.reach() = 'unit' then 'accountable_to'
                           when starts_with(u.region_code, anze.region()) then 'sector' else 'region_code' end,
            'out-of-scope');
    end if;
end
$$;

-- The members that a request gives, upon the unit as it is; null takes away.
create or replace function anze.unit_with(u anze.unit, given jsonb) returns anze.unit stable language plpgsql as $$
begin
    u := jsonb_populate_record(u, given - '{effective_on,document_number,note}'::text[]);
    u.supervised_sectors := coalesce(u.supervised_sectors, '{}');
    u.high_risk := coalesce(u.high_risk, '{}');
    return u;
end
$$;

create or replace function anze.add_unit_events(unit_ids uuid[], kind text, day date, others uuid[], given jsonb)
returns void language sql as $$
    insert into anze.unit_event (unit_id, kind, on_day, others, document_number, note)
    select i.id, add_unit_events.kind, day, array_remove(others, i.id), given ->> 'document_number', given ->> 'note'
    from unnest(unit_ids) i(id)
$$;

-- A new unit, open from the day on, with its event; `given` has the unit's members, `act` document and note.
create or replace function anze.open_unit(given jsonb, day date, act jsonb, prefix text) returns anze.unit
language plpgsql as $$
declare
    u anze.unit := anze.unit_with(null, given);
begin
    perform anze.refuse_all(anze.unit_faults(u, null, day, prefix));
    insert into anze.unit (kind, name, code, credit_code, region_code, sector, level, supervision_role,
        supervised_sectors, accountable_to, risk_class, site_kind, high_risk, group_id, zone_id, opened_on)
    values (u.kind, u.name, u.code, u.credit_code, u.region_code, u.sector, u.level, u.supervision_role,
        u.supervised_sectors, u.accountable_to, u.risk_class, u.site_kind, u.high_risk, u.group_id, u.zone_id, day)
    returning * into u;
    perform anze.require_reach_of(u, prefix);
    perform anze.add_unit_events(array[u.id], 'opened', day, '{}', act);
    return u;
end
$$;

-- The unit as it is from a day on; the trigger keeps what it was.
create or replace function anze.change_unit(u anze.unit, day date) returns anze.unit language plpgsql as $$
begin
    perform set_config('anze.effective_on', day::text, true);
    update anze.unit x
    set kind = u.kind, name = u.name, code = u.code, credit_code = u.credit_code, region_code = u.region_code,
        sector = u.sector, level = u.level, supervision_role = u.supervision_role,
        supervised_sectors = u.supervised_sectors, accountable_to = u.accountable_to, risk_class = u.risk_class,
        site_kind = u.site_kind, high_risk = u.high_risk, group_id = u.group_id, zone_id = u.zone_id,
        opened_on = u.opened_on, closed_on = u.closed_on, version = x.version + 1, updated_at = clock_timestamp()
    where x.id = u.id
    returning * into u;
    perform set_config('anze.effective_on', '', true);
    return u;
end
$$;

-- Groups and zones have no circles either; the tree of accountability is kept by unit_has_no_cycle.
create or replace function anze.unit_has_no_loop() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    if exists (
        with recursive above(id) as (
            select new.group_id union
            select u.group_id from anze.unit u join above on u.id = above.id where u.group_id is not null)
        select from above where id = new.id)
    then
        raise check_violation using constraint = 'unit_not_its_own_group', table = 'unit', schema = 'anze';
    end if;
    if exists (
        with recursive around(id) as (
            select new.zone_id union
            select u.zone_id from anze.unit u join around on u.id = around.id where u.zone_id is not null)
        select from around where id = new.id)
    then
        raise check_violation using constraint = 'unit_not_its_own_zone', table = 'unit', schema = 'anze';
    end if;
    return null;
end
$$;
create or replace trigger unit_has_no_loop after insert or update of group_id, zone_id on anze.unit
    for each row when (new.group_id is not null or new.zone_id is not null) execute function anze.unit_has_no_loop();

-- The few units whose credit code has a wrong check character: a list asks for these first.
create or replace function anze.units_with_code_mismatch() returns setof uuid stable security definer rows 10 language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return query select u.id from anze.unit u where not anze.credit_code_is_valid(u.credit_code);
end
$$;
