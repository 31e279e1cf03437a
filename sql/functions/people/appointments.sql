-- Appointments: who holds which post of which unit, from the first day held to the first day not held any more.

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.appointment_json(a anze.appointment) returns jsonb stable language plpgsql as $$
begin
    return (select jsonb_strip_nulls(jsonb_build_object('id', a.id,
            'person', (select jsonb_build_object('id', p.id, 'name', p.name)
                       from anze.person p where p.id = a.person_id),
            'unit', anze.unit_reference(u),
            'post', jsonb_build_object('code', t.code, 'title_zh', t.title_zh, 'title_en', t.title_en),
            'kind', a.kind, 'held_from', lower(a.held), 'held_until', upper(a.held), 'document_number', a.document_number,
            'ending_document_number', a.ending_document_number, 'portfolio', a.portfolio,
            'portfolio_note', a.portfolio_note, 'is_full_time', a.is_full_time,
            'correction_reason', a.correction_reason, 'version', a.version, 'created_at', anze.instant(a.created_at),
            'updated_at', anze.instant(a.updated_at)))
        from anze.unit u, anze.post t where u.id = a.unit_id and t.code = a.post);
end
$$;

-- The post is one of that kind of unit, and is held while the unit exists.
create or replace function anze.appointment_faults(a anze.appointment, u anze.unit, held_from date, held_until date)
returns jsonb stable language sql as $$
    select case
        when t.code is null then jsonb_build_array(anze.fault('/post', 'unknown-reference', '没有该职务。',
            'There is no such post.'))
        when u.kind <> all (t.unit_kinds) then jsonb_build_array(anze.fault('/post', 'not-of-this-kind',
            '该类单位没有此职务。', 'This kind of unit has no such post.'))
        else '[]' end
    || case when held_from < u.opened_on or held_from >= u.closed_on then jsonb_build_array(anze.fault('/held_from',
            'unit-not-open', '任职起始日不在单位存续期间内。', 'The unit does not exist on that day.')) else '[]' end
    || case when held_until <= held_from then jsonb_build_array(anze.fault('/held_until', 'not-after-start',
            '任职终止日应晚于起始日。', 'The first day not held comes after the first day held.'))
        when u.closed_on is not null and coalesce(held_until > u.closed_on, true) then jsonb_build_array(anze.fault(
            '/held_until', 'unit-not-open', '任职不能超过单位撤销之日。', 'No post is held after the unit closed.'))
        else '[]' end
    || anze.sector_faults(a.portfolio, '/portfolio')
    from (select) one left join anze.post t on t.code = a.post
$$;

-- Somebody whom the caller may appoint to this unit: whose file the unit keeps, or is kept where the caller may act, or for
-- whom the keeper of the file agreed. So nobody gives posts, and the duties of these, to others' people.
create or replace function anze.holder_faults(person_id uuid, u anze.unit) returns jsonb stable language plpgsql as $$
declare
    p anze.person;
begin
    select * into p from anze.person x where x.id = holder_faults.person_id;
    if p.unit_id = u.id or anze.can_see_of_unit(p.region_code, p.sector, p.unit_id) or exists (
        select from anze.appointment_consent c
        where c.person_id = p.id and c.unit_id = u.id and coalesce(c.valid_until >= anze.today(), true))
    then
        return '[]';
    elsif anze.can_see_unit(p.region_code, p.sector, p.unit_id, p.is_body)
        or exists (select from anze.appointment a
                   where a.person_id = p.id and anze.can_see_unit(a.region_code, a.sector, a.unit_id, a.is_body))
    then
        return jsonb_build_array(anze.fault('/person_id', 'not-agreed', '该人员的档案不在本单位，其档案所在单位未同意其在此任职。',
            'The unit does not keep this person''s file, and whoever keeps it did not agree.'));
    end if;
    return jsonb_build_array(anze.fault('/person_id', 'unknown-reference', '没有该人员。', 'There is no such person.'));
end
$$;

-- How far back an appointment may be entered is a rule: one of the unit itself, and one of whoever is above it.
create or replace function anze.appointment_backdating_faults(day date, pointer text, u anze.unit) returns jsonb
stable language plpgsql as $$
declare
    r constant anze.rule := anze.backdating_rule('APPOINT.BACKDATE.UNIT', 'APPOINT.BACKDATE.ABOVE', day, u.id, u.region_code);
begin
    return case when r.code is null then '[]'::jsonb else '[]'::jsonb || anze.fault(pointer, 'backdated-too-far',
        format('按规则 %s（第 %s 版），任职变动最多可追溯 %s 日，早于此的请由上级登记。', r.code, r.version, r.value::integer),
        format('By the rule %s (version %s), a post changes hands at most %s days back; ask those above to enter it.',
            r.code, r.version, r.value::integer)) end;
end
$$;

-- The keeper of a person's file agrees that a unit appoints this person.
create or replace function anze.agree_to_appointment(person_id uuid, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    p anze.person;
    u anze.unit;
    c anze.appointment_consent;
begin
    select * into p from anze.person x
    where x.id = agree_to_appointment.person_id and anze.can_see_of_unit(x.region_code, x.sector, x.unit_id)
    for key share;
    if p.id is null then
        perform anze.refuse('AZ404', '没有该人员。', 'There is no such person.');
    end if;
    select * into u from anze.unit x where x.id = (given ->> 'unit_id')::uuid;
    perform anze.refuse_all('[]'::jsonb || anze.own_unit_faults(u)
        || case when (given ->> 'valid_until')::date < anze.today() then anze.fault('/valid_until', 'in-past',
               '失效日期不能早于今天。', 'Not before today.') else '[]' end);
    insert into anze.appointment_consent (person_id, unit_id, valid_until, note)
    values (p.id, u.id, (given ->> 'valid_until')::date, given ->> 'note')
    returning * into c;
    return query select '201', jsonb_strip_nulls(jsonb_build_object('id', c.id,
            'person', jsonb_build_object('id', p.id, 'name', p.name), 'unit', anze.unit_name_json(u.id),
            'valid_until', c.valid_until, 'note', c.note, 'agreed_at', anze.instant(c.agreed_at), 'actor', c.actor,
            'on_behalf_of', c.on_behalf_of))::text, '1', '/v1/people/' || p.id;
end
$$;

-- The unit stays open, and of its kind, until the appointment is written: who closes it waits, or is waited for.
create or replace function anze.hold_unit(unit_id uuid) returns void language sql as $$
    select from anze.unit u where u.id = hold_unit.unit_id for share
$$;

create or replace function anze.create_appointment(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    u anze.unit;
    a anze.appointment := jsonb_populate_record(null::anze.appointment, given);
    held_from constant date := given ->> 'held_from';
    held_until constant date := given ->> 'held_until';
begin
    perform anze.hold_unit(a.unit_id);
    u := anze.unit_in_reach(a.unit_id);
    a.portfolio := coalesce(a.portfolio, '{}');
    perform anze.refuse_all('[]'::jsonb || anze.own_unit_faults(u)
        || anze.appointment_faults(a, u, held_from, held_until) || anze.holder_faults(a.person_id, u)
        || anze.appointment_backdating_faults(held_from, '/held_from', u));
    insert into anze.appointment (person_id, unit_id, post, held, kind, document_number, portfolio, portfolio_note,
        is_full_time, region_code, sector, is_body)
    values (a.person_id, u.id, a.post, daterange(held_from, held_until), coalesce(a.kind, 'regular'), a.document_number,
        a.portfolio, a.portfolio_note, coalesce(a.is_full_time, false), u.region_code, u.sector, u.is_body)
    returning * into a;
    perform anze.follow_unit(u.id, held_from);
    return query select '201', anze.appointment_json(a)::text, a.version::text, '/v1/appointments/' || a.id;
end
$$;

-- The appointment of a path, locked after its unit; one of a unit that the caller may not act for does not exist.
create or replace function anze.appointment_lock(appointment_id uuid, if_match text) returns anze.appointment
language plpgsql as $$
declare
    a anze.appointment;
begin
    perform anze.hold_unit(x.unit_id) from anze.appointment x where x.id = appointment_id;
    select * into a from anze.appointment x
    where x.id = appointment_id and anze.can_see_of_unit(x.region_code, x.sector, x.unit_id)
    for no key update;
    if a.id is null and exists (
        select from anze.voided_appointment v
        where v.id = appointment_id and anze.can_see_of_unit(v.region_code, v.sector, v.unit_id))
    then
        perform anze.refuse_state('该任职已作废。', 'The appointment is void.');
    elsif a.id is null then
        perform anze.refuse('AZ404', '没有该任职。', 'There is no such appointment.');
    end if;
    perform anze.require_version(a.version, if_match);
    return a;
end
$$;

-- A term that was set may be cut short; one that has an end and would become longer is a correction.
create or replace function anze.end_appointment(appointment_id uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    a anze.appointment := anze.appointment_lock(appointment_id, if_match);
    ends_on constant date := given ->> 'held_until';
    u constant anze.unit := (select x from anze.unit x where x.id = a.unit_id);
begin
    if upper(a.held) <= ends_on then
        perform anze.refuse_state(format('该任职已于 %s 终止。', upper(a.held)),
            format('The post is not held from %s on: correct the appointment if that is wrong.', upper(a.held)),
            '{correction}');
    end if;
    perform anze.refuse_all(anze.appointment_faults(a, u, lower(a.held), ends_on)
        || anze.appointment_backdating_faults(ends_on, '/held_until', u));
    update anze.appointment x
    set held = daterange(lower(x.held), ends_on),
        ending_document_number = given ->> 'document_number', version = x.version + 1, updated_at = clock_timestamp()
    where x.id = a.id
    returning * into a;
    perform anze.follow_unit(a.unit_id, ends_on);
    return query select '201', anze.appointment_json(a)::text, a.version::text, '/v1/appointments/' || a.id;
end
$$;

-- The first day on which an appointment is another than it was.
create or replace function anze.appointment_change_day(before anze.appointment, a anze.appointment) returns date
immutable language sql as $$
    select case
        when (before.post, before.person_id, before.kind, before.portfolio, before.is_full_time)
             is distinct from (a.post, a.person_id, a.kind, a.portfolio, a.is_full_time)
            or lower(before.held) <> lower(a.held) then least(lower(before.held), lower(a.held))
        else least(upper(before.held), upper(a.held)) end
$$;

create or replace function anze.correct_appointment(appointment_id uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    before constant anze.appointment := anze.appointment_lock(appointment_id, if_match);
    a anze.appointment := jsonb_populate_record(before, given);
    u anze.unit;
    held_from constant date := coalesce((given ->> 'held_from')::date, lower(before.held));
    held_until constant date := case when given ? 'held_until' then (given ->> 'held_until')::date
                                     else upper(before.held) end;
begin
    select * into u from anze.unit x where x.id = a.unit_id;
    a.portfolio := coalesce(a.portfolio, '{}');
    perform anze.refuse_all(anze.appointment_faults(a, u, held_from, held_until)
        || case when a.person_id = before.person_id then '[]' else anze.holder_faults(a.person_id, u) end
        || case when held_from < lower(before.held) then anze.appointment_backdating_faults(held_from, '/held_from', u)
                else '[]' end
        || case when held_until is distinct from upper(before.held)
                then anze.appointment_backdating_faults(least(held_until, upper(before.held)), '/held_until', u)
                else '[]' end);
    update anze.appointment x
    set person_id = a.person_id, post = a.post, kind = a.kind, held = daterange(held_from, held_until),
        document_number = a.document_number, ending_document_number = a.ending_document_number,
        portfolio = a.portfolio, portfolio_note = a.portfolio_note, is_full_time = coalesce(a.is_full_time, false),
        correction_reason = given ->> 'reason', version = x.version + 1, updated_at = clock_timestamp()
    where x.id = a.id
    returning * into a;
    perform anze.follow_unit(a.unit_id, coalesce(anze.appointment_change_day(before, a), held_from));
    return query select '200', anze.appointment_json(a)::text, a.version::text, null::text;
end
$$;

create or replace function anze.voided_appointment_json(v anze.voided_appointment) returns jsonb
stable parallel safe language sql
return (v).shown || jsonb_build_object('created_at', anze.instant(((v).shown ->> 'created_at')::timestamptz),
    'updated_at', anze.instant(((v).shown ->> 'updated_at')::timestamptz), 'voided_at', anze.instant((v).voided_at),
    'void_reason', (v).reason);

-- The post was never held: whoever held it then, or nobody, owes what was owed from that day on.
create or replace function anze.void_appointment(appointment_id uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    a anze.appointment := anze.appointment_lock(appointment_id, if_match);
    v anze.voided_appointment;
begin
    a.version := a.version + 1;
    a.updated_at := clock_timestamp();
    insert into anze.voided_appointment (id, shown, reason, unit_id, region_code, sector, is_body)
    values (a.id, anze.appointment_json(a), given ->> 'reason', a.unit_id, a.region_code, a.sector, a.is_body)
    returning * into v;
    delete from anze.appointment x where x.id = a.id;
    perform anze.follow_unit(a.unit_id, lower(a.held));
    return query select '201', anze.voided_appointment_json(v)::text, a.version::text, '/v1/appointments/' || v.id;
end
$$;
