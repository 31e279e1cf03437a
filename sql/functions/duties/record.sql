-- Records of what was done: filed, replaced by a version, published, retracted; never overwritten.
--
-- The unit must be in the caller's reach, and so must whatever else the record names; everything that is wrong is said
-- at once. After each write the obligations that the record serves are counted again.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Whose it is: the unit that is named, else the caller's own. A row of NULLs when that is not in reach.
create or replace function anze.duty_unit(given jsonb) returns anze.unit stable language plpgsql as $$
begin
    return anze.unit_in_reach(coalesce((given ->> 'unit_id')::uuid, anze.unit()));
end
$$;

create or replace function anze.duty_unit_faults(given jsonb, u anze.unit) returns jsonb stable language sql as $$
    select case
    when u.id is not null then '[]'
    when given ? 'unit_id' or anze.unit() is not null then anze.fault('/unit_id', 'unknown-reference',
        '没有该单位，或不在您的管辖范围内。', 'There is no such unit, or it is outside your scope.')
    else anze.fault('/unit_id', 'required', '请给出单位。', 'Give the unit.') end
$$;

-- What is given as a row, without looking at it.
create or replace function anze.duty_record_of(given jsonb, u anze.unit) returns anze.duty_record
language plpgsql as $$
declare
    r anze.duty_record;
    valid_from constant date := given ->> 'valid_from';
    valid_until constant date := given ->> 'valid_until';
begin
    r.id := gen_random_uuid();
    r.kind := given ->> 'kind';
    r.unit_id := u.id;
    r.region_code := u.region_code;
    r.sector := u.sector;
    r.person_id := given ->> 'person_id';
    r.on_day := given ->> 'on_day';
    r.for_period := given ->> 'for_period';
    r.title := given ->> 'title';
    r.content := (given -> 'content') - '{decisions,findings}'::text[];
    r.evidence := array(select distinct e ->> 'kind' from jsonb_array_elements(given -> 'evidence') e order by 1);
    r.evidence_files := coalesce(given -> 'evidence', '[]');
    if valid_from <= coalesce(valid_until, valid_from) then
        r.valid := daterange(valid_from, valid_until, '[]');
    end if;
    r.published_on := given ->> 'published_on';
    r.published_at_url := given ->> 'published_url';
    r.event_id := given ->> 'event_id';
    r.content := anze.duty_record_filled(r);
    return r;
end
$$;

-- The period that a record is about, by the duty that asks for it; the quarter's where its papers do not say which.
create or replace function anze.duty_record_span(r anze.duty_record) returns daterange stable language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select daterange(p.first, (p.first + anze.period_step(d.period))::date)
        from anze.duty d
        cross join lateral (select anze.record_period(d, r) as first) p
        where r.kind = any (d.record_kinds) and d.in_force @> r.on_day and d.period not in ('once', 'event')
        order by d.evidence <@ r.evidence desc, d.period = 'quarter' desc, d.code limit 1);
end
$$;

-- Figures that the service itself knows of the period: what is not given is taken from them, and what differs is shown beside.
create or replace function anze.duty_record_filled(r anze.duty_record) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    keeper constant text := (select k.figures from anze.duty_record_kind k where k.code = r.kind);
    span daterange;
    known jsonb;
    differences jsonb;
begin
    if keeper is null or r.unit_id is null then
        return r.content;
    end if;
    span := anze.duty_record_span(r);
    if span is null then -- of no period that is asked for
        return r.content;
    end if;
    execute format('select anze.%I($1, $2, $3)', keeper || '_record_figures') into known using r.unit_id, lower(span), upper(span);
    select jsonb_object_agg(k.key, (r.content ->> k.key)::numeric - k.value::text::numeric) into differences
    from jsonb_each(known) k where (r.content ->> k.key)::numeric <> k.value::text::numeric;
    return known || r.content || jsonb_strip_nulls(jsonb_build_object('differences', differences, 'system',
        known || jsonb_build_object('period_from', lower(span), 'period_until', upper(span) - 1)));
end
$$;

-- When: nothing was done in the future, or by a unit that was not there.
create or replace function anze.duty_record_day_faults(r anze.duty_record, given jsonb, u anze.unit) returns jsonb
stable language sql as $$
    select coalesce(jsonb_agg(anze.fault(f.pointer, f.rule, f.zh, f.en)), '[]')
    from (values
        (r.on_day > anze.today(), '/on_day', 'in-future', '日期不能晚于今天。', 'Not in the future.'),
        (r.on_day < u.opened_on or r.on_day >= u.closed_on, '/on_day', 'unit-not-open', '该单位当日尚未成立或已撤销。',
            'The unit did not exist on this day.'),
        (r.for_period > r.on_day and r.for_period - r.on_day > (
                select coalesce(max(d.ahead_days), 0) from anze.duty d
                where r.kind = any (d.record_kinds) and d.counting = 'planned'), '/for_period', 'after-on-day',
            '所属周期不能晚于履职日期；年度计划可提前提交，但不能过早。',
            'The period that it is for begins on or before the day on which it was done; a plan may come some days before.'),
        ((given ->> 'valid_until')::date < (given ->> 'valid_from')::date, '/valid_until', 'before-valid-from',
            '失效日期不能早于生效日期。', 'Not before valid_from.'),
        (r.published_on > anze.today(), '/published_on', 'in-future', '公开日期不能晚于今天。', 'Not in the future.'),
        (r.published_on < r.on_day, '/published_on', 'before-on-day', '公开日期不能早于履职日期。',
            'Not before the day on which it was done.')
    ) f(holds, pointer, rule, zh, en)
    where f.holds
$$;

-- How far back something may be entered is a rule: one of the unit itself, and one of whoever is above it.
create or replace function anze.backdating_faults(day date, pointer text, of_unit uuid, region text) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    r constant anze.rule := anze.backdating_rule('DUTY.BACKDATE.UNIT', 'DUTY.BACKDATE.ABOVE', day, of_unit, region);
begin
    return case when r.code is null then '[]'::jsonb else '[]'::jsonb || anze.fault(pointer, 'backdated-too-far',
        format('按规则 %s（第 %s 版），最多可补录 %s 日内的事项，早于此的请由上级补录。', r.code, r.version, r.value::integer),
        format('By the rule %s (version %s), what is entered is at most %s days old; ask those above to enter it.',
            r.code, r.version, r.value::integer)) end;
end
$$;

-- What a version says of the same days as the one before it is not entered anew.
create or replace function anze.duty_record_backdating_faults(r anze.duty_record) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    former anze.duty_record;
begin
    select * into former from anze.duty_record x where x.id = r.replaces;
    return case when r.on_day is distinct from former.on_day
                then anze.backdating_faults(r.on_day, '/on_day', r.unit_id, r.region_code) else '[]' end
        || case when r.published_on is distinct from former.published_on
                then anze.backdating_faults(r.published_on, '/published_on', r.unit_id, r.region_code) else '[]' end;
end
$$;

-- Who led: somebody who held a post of the unit on that day.
create or replace function anze.duty_record_person_faults(r anze.duty_record) returns jsonb stable language sql as $$
    select case
    when r.person_id is null or exists (
        select from anze.appointment a
        where a.person_id = r.person_id and a.unit_id = r.unit_id and a.held @> r.on_day) then '[]'
    when exists (select from anze.person p
                 where p.id = r.person_id and anze.can_see_unit(p.region_code, p.sector, p.unit_id, p.is_body))
        then anze.fault('/person_id', 'not-appointed', '该人员当日未在该单位任职。',
            'The person held no post of the unit on this day.')
    else anze.fault('/person_id', 'unknown-reference', '没有该人员。', 'There is no such person.') end
$$;

create or replace function anze.duty_record_event_faults(r anze.duty_record) returns jsonb stable language plpgsql as $$
declare
    e anze.duty_event;
begin
    if r.event_id is null then
        return '[]';
    end if;
    select * into e from anze.duty_event x
    where x.id = r.event_id and anze.can_see_of_unit(x.region_code, x.sector, x.unit_id);
    return case
        when e.id is null then anze.fault('/event_id', 'unknown-reference', '没有该触发事件。', 'There is no such event.')
        when e.unit_id <> r.unit_id then anze.fault('/event_id', 'of-other-unit', '该触发事件属于其他单位。',
            'The event is of another unit.')
        when r.on_day < anze.day_of(e.occurred_at) then anze.fault('/on_day', 'before-event',
            '履职日期不能早于触发事件。', 'Not before the event.')
        else '[]' end;
end
$$;

-- What the shape of the content cannot say.
create or replace function anze.duty_record_content_faults(r anze.duty_record) returns jsonb stable language plpgsql as $$
declare
    c constant jsonb := r.content;
    least_limit numeric;
begin
    if r.kind = 'insurance_policy' then
        -- The figure in force when the insurance began; before there was one, nothing is asked.
        least_limit := (anze.rule_in_force('INSURE.MIN', lower(r.valid), r.region_code)).value;
    end if;
    return (select coalesce(jsonb_agg(anze.fault(f.pointer, f.rule, f.zh, f.en)), '[]')
        from (values
            (r.kind = 'insurance_policy' and (c ->> 'limit_cny')::numeric < least_limit, '/content/limit_cny',
                'below-minimum', format('每人死亡伤残赔偿限额不得低于 %s 元。', least_limit),
                format('The limit per person is at least %s yuan.', least_limit)),
            (r.kind = 'mine_shift' and anze.day_of((c ->> 'down_at')::timestamptz) <> r.on_day, '/content/down_at',
                'not-on-day', '入井时间应在履职日期当日。', 'The shift went down on the day of the record.'),
            (r.kind = 'mine_shift' and (c ->> 'up_at')::timestamptz <= (c ->> 'down_at')::timestamptz, '/content/up_at',
                'before-down-at', '升井时间应晚于入井时间。', 'It came up after it went down.'),
            (r.kind = 'mine_shift' and (c ->> 'up_at')::timestamptz > clock_timestamp(), '/content/up_at',
                'in-future', '升井时间不能晚于现在。', 'Not in the future.'),
            (r.kind = 'staff_register' and (c ->> 'qualified')::integer > (c ->> 'officers')::integer,
                '/content/qualified', 'more-than-officers', '具备资格的人数不能多于执法人员总数。',
                'No more officers are qualified than there are.'),
            (r.kind = 'hazard_statistics' and (c ->> 'rectified')::integer > (c ->> 'found')::integer,
                '/content/rectified', 'more-than-found', '已整改数不能多于排查数。',
                'No more hazards were put right than were found.'),
            (r.kind in ('hazard_statistics', 'hazard_check') and (c ->> 'major')::integer > (c ->> 'found')::integer,
                '/content/major', 'more-than-found', '重大隐患数不能多于排查数。',
                'No more hazards were major than were found.'),
            (r.kind = 'hazard_statistics' and (c ->> 'major_rectified')::integer > (c ->> 'major')::integer,
                '/content/major_rectified', 'more-than-major', '已整改的重大隐患数不能多于重大隐患数。',
                'No more major hazards were put right than were found.')
        ) f(holds, pointer, rule, zh, en)
        where f.holds);
end
$$;

-- What differs from what the service knows needs a reason.
create or replace function anze.duty_record_difference_faults(content jsonb) returns jsonb stable language sql
as $$
    select coalesce(jsonb_agg(anze.fault('/content/' || d.key, 'differs-from-system',
        format('与系统统计的 %s 不一致，请核对或说明差异原因（difference_reason）。', content -> 'system' ->> d.key),
        format('The service counts %s: correct it, or give a reason (difference_reason).', content -> 'system' ->> d.key))
        order by d.key), '[]')
    from jsonb_each(content -> 'differences') d
    where not content ? 'difference_reason'
$$;

-- The places of an inspection name units that the caller may see.
create or replace function anze.duty_record_place_faults(content jsonb) returns jsonb stable language sql as $$
    select coalesce(jsonb_agg(anze.fault('/content/places/' || p.place - 1 || '/unit_id', 'unknown-reference',
        '没有该单位，或不在您的管辖范围内。', 'There is no such unit, or it is outside your scope.') order by p.place), '[]')
    from jsonb_array_elements(content -> 'places') with ordinality p(visited, place)
    where p.visited ? 'unit_id' and (anze.unit_in_reach((p.visited ->> 'unit_id')::uuid)).id is null
$$;
-- Everything that is wrong.
create or replace function anze.duty_record_faults(r anze.duty_record, given jsonb, u anze.unit) returns jsonb
stable language plpgsql as $$
declare
    faults constant jsonb := '[]'::jsonb || anze.duty_unit_faults(given, u) || anze.duty_record_day_faults(r, given, u)
        || anze.duty_record_content_faults(r) || anze.duty_record_difference_faults(r.content)
        || anze.duty_record_place_faults(r.content)
        || anze.evidence_faults(given -> 'evidence');
begin
    if u.id is null then
        return faults;
    end if;
    return faults || anze.duty_record_backdating_faults(r) || anze.duty_record_person_faults(r)
        || anze.duty_record_event_faults(r)
        || anze.follow_up_faults(r, given -> 'content');
end
$$;

create or replace function anze.duty_record_keep(r anze.duty_record, given jsonb) returns anze.duty_record
language plpgsql as $$
begin
    insert into anze.duty_record (id, kind, unit_id, person_id, on_day, for_period, title, content, evidence,
        evidence_files, valid, published_on, published_at_url, event_id, replaces, region_code, sector)
    values (r.id, r.kind, r.unit_id, r.person_id, r.on_day, r.for_period, r.title, r.content, r.evidence,
        r.evidence_files, r.valid, r.published_on, r.published_at_url, r.event_id, r.replaces, r.region_code, r.sector)
    returning * into r;
    perform anze.use_files(r.evidence_files, 'record', r.id);
    perform anze.follow_ups_keep(r, given -> 'content');
    return r;
end
$$;

-- The record, locked until the transaction ends, at the version that the caller knows, and not retracted.
create or replace function anze.duty_record_lock(record uuid, if_match text) returns anze.duty_record
language plpgsql as $$
declare
    r anze.duty_record;
begin
    select * into r from anze.duty_record x
    where x.id = record and anze.can_see_of_unit(x.region_code, x.sector, x.unit_id) for no key update;
    if r.id is null then
        perform anze.refuse('AZ404', '没有该履职记录。', 'There is no such record.');
    end if;
    perform anze.require_version(r.version, if_match);
    if r.retracted_at is not null then
        perform anze.refuse_state('该记录已撤回或已有新版本。', 'The record was retracted, or replaced by a version.');
    end if;
    return r;
end
$$;

create or replace function anze.duty_record_retract(r anze.duty_record, reason text) returns anze.duty_record
language plpgsql as $$
begin
    update anze.duty_record x
    set retracted_at = clock_timestamp(), retracted_by = coalesce(anze.actor(), 'login:' || session_user),
        retraction_reason = reason, version = x.version + 1, updated_at = clock_timestamp()
    where x.id = r.id
    returning x.* into r;
    update anze.follow_up f
    set withdrawn_at = r.retracted_at, version = f.version + 1, updated_at = r.retracted_at
    where f.record_id = r.id;
    return r;
end
$$;

create or replace function anze.duty_record_answer(
    r anze.duty_record, success text, out status text, out body text, out etag text, out location text)
stable language plpgsql as $$
begin
    status := success;
    body := anze.duty_record_json(r)::text;
    etag := anze.etag(r.version, body);
    location := '/v1/duty-records/' || r.id;
end
$$;

create or replace function anze.file_duty_record(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    u constant anze.unit := anze.duty_unit(given);
    r anze.duty_record := anze.duty_record_of(given, u);
begin
    perform anze.refuse_all(anze.duty_record_faults(r, given, u));
    r := anze.duty_record_keep(r, given);
    perform anze.findings_taken(r.id);
    perform anze.settle_records(array[r.id]);
    return query select * from anze.duty_record_answer(r, '201');
end
$$;

create or replace function anze.retract_duty_record(record uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    r anze.duty_record := anze.duty_record_lock(record, if_match);
begin
    r := anze.duty_record_retract(r, given ->> 'reason');
    perform anze.settle_records(array[r.id]);
    return query select * from anze.duty_record_answer(r, '200');
end
$$;

-- A version is of the same kind and of the same unit. What was done of its follow-ups stays done where the matter and
-- the unit are the same.
create or replace function anze.replace_duty_record(record uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    former anze.duty_record := anze.duty_record_lock(record, if_match);
    wanted constant jsonb := jsonb_build_object('unit_id', former.unit_id) || (given -> 'record');
    u constant anze.unit := anze.duty_unit(wanted);
    r anze.duty_record := anze.duty_record_of(wanted, u);
    faults jsonb := '[]';
begin
    r.replaces := former.id;
    if r.kind <> former.kind then
        faults := faults || anze.fault('/kind', 'of-other-kind', '新版本应与原记录类型相同。',
            'A version is of the same kind.');
    end if;
    if u.id <> former.unit_id then
        faults := faults || anze.fault('/unit_id', 'of-other-unit', '新版本应与原记录属于同一单位。',
            'A version is of the same unit.');
    end if;
    perform anze.refuse_all(anze.faults_below('/record', faults || anze.duty_record_faults(r, wanted, u)));
    former := anze.duty_record_retract(former, given ->> 'reason');
    r := anze.duty_record_keep(r, wanted);
    perform anze.follow_ups_carry(former.id, r.id);
    perform anze.findings_taken(r.id);
    perform anze.settle_records(array[former.id, r.id]);
    return query select * from anze.duty_record_answer(r, '201');
end
$$;

create or replace function anze.publish_duty_record(record uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    r anze.duty_record := anze.duty_record_lock(record, if_match);
begin
    if r.published_on is not null then
        perform anze.refuse_state('该记录已公开；如有错误，请提交新版本。',
            'The record is published already: correct it by a version.');
    end if;
    r.published_on := given ->> 'published_on';
    perform anze.refuse_all(anze.duty_record_day_faults(r, given, null::anze.unit)
        || anze.backdating_faults(r.published_on, '/published_on', r.unit_id, r.region_code));
    update anze.duty_record x
    set published_on = r.published_on, published_at_url = given ->> 'url', version = x.version + 1,
        updated_at = clock_timestamp()
    where x.id = r.id
    returning x.* into r;
    perform anze.settle_records(array[r.id]);
    return query select * from anze.duty_record_answer(r, '200');
end
$$;
