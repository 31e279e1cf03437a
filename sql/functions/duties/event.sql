-- Events after which somebody owes something: recorded by hand, or raised by the service itself.

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.duty_event_faults(given jsonb) returns jsonb stable language plpgsql as $$
declare
    k anze.duty_event_kind;
    faults jsonb := '[]';
begin
    select * into k from anze.duty_event_kind x where x.code = given ->> 'kind';
    if k.code is null then
        faults := faults || anze.fault('/kind', 'unknown-reference', '没有该事件类型。', 'There is no such kind of event.');
    elsif k.is_automatic then
        faults := faults || anze.fault('/kind', 'automatic', '该类事件由系统自动生成，不能人工登记。',
            'The service itself raises events of this kind.');
    end if;
    if (given ->> 'occurred_at')::timestamptz > clock_timestamp() then
        faults := faults || anze.fault('/occurred_at', 'in-future', '发生时间不能晚于现在。', 'Not in the future.');
    end if;
    -- Row-level security of accidents binds the owner too: only what the caller sees is there.
    if given ? 'accident_id'
        and not exists (select from anze.accident a where a.id = (given ->> 'accident_id')::uuid)
    then
        faults := faults || anze.fault('/accident_id', 'unknown-reference', '没有该事故。', 'There is no such accident.');
    end if;
    return faults;
end
$$;

create or replace function anze.record_duty_event(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    u constant anze.unit := anze.duty_unit(given);
    e anze.duty_event;
begin
    perform anze.refuse_all('[]'::jsonb || anze.duty_unit_faults(given, u) || anze.duty_event_faults(given));
    insert into anze.duty_event (kind, unit_id, occurred_at, subject, note, accident_id, region_code, sector)
    values (given ->> 'kind', u.id, (given ->> 'occurred_at')::timestamptz, given ->> 'subject', given ->> 'note',
        (given ->> 'accident_id')::uuid, u.region_code, u.sector)
    on conflict (kind, unit_id, accident_id) where accident_id is not null do nothing
    returning * into e;
    if e.id is null then
        perform anze.refuse_state('该事故的这一事件已登记。', 'This event of this accident is recorded already.');
    end if;
    perform anze.plan_event(e.id);
    return query select '201', anze.duty_event_json(e)::text, e.version::text, '/v1/duty-events/' || e.id;
end
$$;

-- What an event made owed is withdrawn with it, and owed again with it; what was done of it stays done.
create or replace function anze.withdraw_duty_events(ids uuid[], reason text, by_whom text default null) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    update anze.duty_event e
    set withdrawn_at = clock_timestamp(), withdrawal_reason = reason, withdrawn_by = by_whom, version = e.version + 1
    where e.id = any (ids) and e.withdrawn_at is null;
    update anze.obligation o set state = 'withdrawn', changed_at = clock_timestamp(), version = o.version + 1
    where o.event_id = any (ids) and o.is_open;
end
$$;
create or replace function anze.reinstate_duty_events(ids uuid[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    again uuid;
begin
    for again in
        update anze.duty_event e
        set withdrawn_at = null, withdrawal_reason = null, version = e.version + 1
        where e.id = any (ids) and e.withdrawn_at is not null and e.withdrawn_by is null
        returning e.id
    loop
        perform anze.plan_event(again);
    end loop;
end
$$;

-- Whoever recorded an event by mistake, or somebody above, takes it back.
create or replace function anze.withdraw_duty_event(event_id uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    e anze.duty_event;
begin
    select * into e from anze.duty_event x
    where x.id = withdraw_duty_event.event_id and anze.can_see_of_unit(x.region_code, x.sector, x.unit_id)
    for no key update;
    if e.id is null then
        perform anze.refuse('AZ404', '没有该触发事件。', 'There is no such event.');
    end if;
    perform anze.require_version(e.version, if_match);
    if (select k.is_automatic from anze.duty_event_kind k where k.code = e.kind) then
        perform anze.refuse_state('该事件由系统自动生成，随其起因更正而撤销。',
            'The service itself raised this event, and withdraws it when its cause is corrected.');
    elsif e.withdrawn_at is not null then
        perform anze.refuse_state('该事件已撤销。', 'The event is withdrawn already.');
    end if;
    perform anze.withdraw_duty_events(array[e.id], given ->> 'reason', coalesce(anze.actor(), 'login:' || session_user));
    select * into e from anze.duty_event x where x.id = e.id;
    return query select '201', anze.duty_event_json(e)::text, e.version::text, '/v1/duty-events/' || e.id;
end
$$;

-- Which bodies an accident concerns: of one that is larger 较大 or more, the safety committee of its city owes a talk, and
-- the departments of comprehensive supervision of its city and county an analysis. None when it turns out to be none, or
-- to be another that is known already.
create or replace function anze.accident_events(a anze.accident) returns table (kind text, unit_id uuid)
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return query
    select k.code, u.id
    from anze.accident_grade g
    join anze.duty_event_kind k on k.code = g.event
    join anze.unit u on u.is_body and (u.closed_on is null or u.closed_on > anze.today())
        and (u.kind = 'safety_committee' and u.region_code = a.city || '00'
             or u.kind = 'department' and u.supervision_role = 'comprehensive'
                and u.region_code in (a.city || '00', a.county))
    where g.rank = a.grade and not a.is_drill and a.state not in ('withdrawn', 'joined');
end
$$;

-- The events of an accident follow what it is: raised once for each body, withdrawn when the grade falls, the place is
-- corrected or the accident itself is withdrawn, owed again when it was so after all. What somebody recorded of it by hand
-- stands as long as the accident does.
create or replace function anze.accident_raises_events() returns trigger
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    stands constant boolean := not new.is_drill and new.state not in ('withdrawn', 'joined');
    raised uuid;
    known anze.duty_event[];
begin
    -- Most accidents concern no body, and are filed without looking for any.
    if tg_op = 'INSERT' and not exists (select from anze.accident_grade g where g.rank = new.grade and g.event is not null) then
        return null;
    end if;
    for raised in
        insert into anze.duty_event (kind, unit_id, occurred_at, subject, accident_id, region_code, sector)
        select n.kind, u.id, new.updated_at,
            left((select g.title_zh from anze.accident_grade g where g.rank = new.grade) || '：' || new.unit_name, 200),
            new.id, u.region_code, u.sector
        from anze.accident_events(new) n join anze.unit u on u.id = n.unit_id
        order by u.id
        on conflict (kind, unit_id, accident_id) where accident_id is not null do nothing
        returning id
    loop
        perform anze.plan_event(raised);
    end loop;
    if tg_op = 'INSERT' then
        return null;
    end if;
    known := array(select e from anze.duty_event e where e.accident_id = new.id order by e.id);
    perform anze.withdraw_duty_events(array(
        select k.id from unnest(known) k join anze.duty_event_kind t on t.code = k.kind
        where case when t.is_automatic then (k.kind, k.unit_id) not in (select n.kind, n.unit_id from anze.accident_events(new) n)
                   else not stands end),
        '起因已更正：事故等级、地点已更正，或事故已撤销、并案。');
    perform anze.reinstate_duty_events(array(
        select k.id from unnest(known) k join anze.duty_event_kind t on t.code = k.kind
        where case when t.is_automatic then (k.kind, k.unit_id) in (select n.kind, n.unit_id from anze.accident_events(new) n)
                   else stands end));
    return null;
end
$$;
create or replace trigger accident_raises_events after update on anze.accident for each row
    when (new.grade <> old.grade or old.region_code <> new.region_code or old.state <> new.state
        or old.is_drill <> new.is_drill)
    execute function anze.accident_raises_events();
create or replace trigger accident_filed_raises_events after insert on anze.accident for each row
    execute function anze.accident_raises_events();
