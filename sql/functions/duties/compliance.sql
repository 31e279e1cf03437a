-- Reading what is owed and done: states by the clock, counts by anything, today or on a past day.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The days of a named period: 2026, 2026-H1, 2026-Q3, 2026-07, 2026-W27 (ISO 8601). Not every year has a week 53.
create or replace function anze.named_period(name text) returns daterange
immutable parallel safe strict language plpgsql
as $$
declare
    year constant int := left(name, 4);
    first_day date;
    step interval;
begin
    case
    when substr(name, 6, 1) = 'W' then
        first_day := to_date(name, 'IYYY-"W"IW');
        step := '7 days';
        if to_char(first_day, 'IYYY-"W"IW') <> name then
            perform anze.refuse('AZ422', format('%s 年没有第 53 周。', year), format('%s has no week 53.', year),
                'period', 'no-such-period');
        end if;
    when substr(name, 6, 1) = 'H' then
        first_day := make_date(year, right(name, 1)::int * 6 - 5, 1);
        step := '6 months';
    when substr(name, 6, 1) = 'Q' then
        first_day := make_date(year, right(name, 1)::int * 3 - 2, 1);
        step := '3 months';
    when length(name) = 7 then
        first_day := to_date(name, 'YYYY-MM');
        step := '1 month';
    else
        first_day := make_date(year, 1, 1);
        step := '1 year';
    end case;
    return daterange(first_day, (first_day + step)::date);
end
$$;

-- By when whatever ends in a named period is due at the latest, by all versions of all duties; but for what is to be done
-- promptly after an event and has no day.
create or replace function anze.due_by(period text) returns timestamptz stable strict language plpgsql
as $$
begin
    return (select anze.end_of_day(upper(anze.named_period(due_by.period)) - 1 + coalesce(max(d.due_days), 0)) from anze.duty d);
end
$$;

-- What is open is pending until it is due, overdue until its grace has passed, and missed from then on.
create or replace function anze.obligation_state(state text, due_at timestamptz, missed_from timestamptz, at timestamptz)
returns text immutable parallel safe language sql
return case when state <> 'open' then state when at >= missed_from then 'missed' when at >= due_at then 'overdue'
            else 'pending' end;
-- Counting -----------------------------------------------------------------------------------------------------------

-- Obligations whose last day lies in the span, as they are now (at NULL) or as the service saw them at a moment, in the
-- region that is asked for (NULL: all of the caller's). Regions are answered by sums, units are counted one by one.
-- What belongs together may come in several rows.
create or replace function anze.compliance_counts(during daterange, at timestamptz, unit_ids uuid[],
    region text default null)
returns table (duty text, clause text, region_code text, sector text, unit_kind text, owed bigint, done bigint,
    done_late bigint, excused bigint, missed bigint) stable language plpgsql
as $$
#variable_conflict use_column
begin
    if unit_ids is null then
        return query select * from anze.compliance_sums(during, at, region);
    else
        return query
        select o.duty, o.clause, o.region_code, o.sector, o.unit_kind, count(*), count(*) filter (where s.state = 'done'),
            count(*) filter (where s.state = 'done_late'), count(*) filter (where s.state = 'excused'),
            count(*) filter (where s.state = 'missed')
        from anze.obligation o
        cross join lateral anze.obligation_then(o, at) p
        cross join lateral (
            select anze.obligation_state(p.state, p.due_at, p.missed_from, coalesce(at, now())) as state) s
        where o.unit_id = any (unit_ids) and o.period_end > lower(during) and o.period_end <= upper(during)
            and (region is null or starts_with(o.region_code, anze.region_prefix(region)))
            and p.state <> 'withdrawn'
        group by 1, 2, 3, 4, 5;
    end if;
end
$$;

-- From the sums. With the owner's rights, so that the scope is asked once and not for each sum: what can_see says of a
-- region's caller is said here. A past sum is all changes until then; what is not folded yet is added to either.
create or replace function anze.compliance_sums(during daterange, at timestamptz, region text)
returns table (duty text, clause text, region_code text, sector text, unit_kind text, owed bigint, done bigint,
    done_late bigint, excused bigint, missed bigint) stable security definer rows 10000 language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    prefix constant text := anze.prefix_in_reach(region);
    beyond constant text := prefix || ':'; -- after every digit
    days constant date[] := array(select d::date from generate_series(lower(during) + 1, upper(during), interval '1 day') d);
    seen constant text[] := anze.sectors();
    missed_at constant timestamptz := coalesce(at, now());
begin
    if prefix is null then
        return;
    end if;
    return query
    with summed as (
        select b.duty, b.clause, b.region_code, b.sector, b.unit_kind, b.missed_from, b.owed, b.done, b.done_late, b.excused
        from anze.duty_tally b
        where at is null and b.period_end = any (days) and b.region_code >= prefix and b.region_code < beyond
            and (seen is null or b.sector = any (seen))
        union all
        select b.duty, b.clause, b.region_code, b.sector, b.unit_kind, b.missed_from, c.owed, c.done, c.done_late, c.excused
        from anze.duty_tally b
        cross join lateral (
            select sum(x.owed) as owed, sum(x.done) as done, sum(x.done_late) as done_late, sum(x.excused) as excused
            from anze.duty_change x where x.tally = b.id and x.changed_at <= at) c
        where at is not null and b.period_end = any (days) and b.region_code >= prefix and b.region_code < beyond
            and (seen is null or b.sector = any (seen)) and c.owed is not null
        union all
        select d.duty, d.clause, d.region_code, d.sector, d.unit_kind, d.missed_from, d.owed, d.done, d.done_late, d.excused
        from anze.duty_tally_delta d
        where d.period_end = any (days) and d.region_code >= prefix and d.region_code < beyond
            and (seen is null or d.sector = any (seen)) and (at is null or d.changed_at <= at))
    select s.duty, s.clause, s.region_code, nullif(s.sector, ''), s.unit_kind, s.owed, s.done, s.done_late, s.excused,
        case when s.missed_from <= missed_at then s.owed - s.done - s.done_late - s.excused else 0 end
    from summed s;
end
$$;

-- An obligation as the service saw it at a moment; no row before it was planned. NULL: now. What it was began since it was
-- planned, and until then: other years are not looked at. (Ranges are ordered by where they begin.)
create or replace function anze.obligation_then(o anze.obligation, at timestamptz)
returns table (state text, required smallint, done_count smallint, done_on date, lacking text[], holder_id uuid,
    due_at timestamptz, missed_from timestamptz) stable rows 1 language sql
as $$
    select (o).state, (o).required, (o).done_count, (o).done_on, (o).lacking, (o).holder_id, (o).due_at, (o).missed_from
    where at is null or (o).changed_at <= at and (o).planned_at <= at
    union all
    select p.state, p.required, p.done_count, p.done_on, p.lacking, p.holder_id, p.due_at, p.missed_from
    from anze.obligation_past p
    where (o).changed_at > at and (o).planned_at <= at and p.obligation_id = (o).id and p.was @> at
        and p.was >= tstzrange((o).planned_at, (o).planned_at, '[]') and p.was < tstzrange(at, null)
$$;

-- Counts as the contract shows them. The rate is the share done in time of what is decided (neither pending nor excused).
create or replace function anze.counts_json(owed numeric, done numeric, done_late numeric, excused numeric, missed numeric)
returns jsonb immutable parallel safe language sql
return jsonb_build_object('owed', owed, 'done', done, 'done_late', done_late, 'excused', excused, 'missed', missed,
    'pending', owed - done - done_late - excused - missed,
    'rate_percent', round(100 * done / nullif(done + done_late + missed, 0), 1));

-- Showing ------------------------------------------------------------------------------------------------------------
create or replace function anze.obligation_item(o anze.obligation) returns jsonb stable parallel safe language plpgsql
as $$
begin
    return (select jsonb_strip_nulls(jsonb_build_object(
        'id', o.id, 'version', o.version, 'duty', o.duty, 'duty_version', o.duty_version, 'clause', o.clause,
        'title_zh', d.title_zh, 'title_en', d.title_en, 'unit', anze.unit_reference(o.unit_id), 'post', o.post,
        'holder', anze.person_reference(o.holder_id), 'is_personal', o.person_id is not null,
        'event_id', o.event_id, 'region_code', o.region_code, 'sector', o.sector, 'period', o.period,
        'period_from', o.period_start,
        'period_until', anze.period_last_day(o.period, o.period_start, o.period_end), 'due_at', anze.moment(o.due_at),
        'missed_from', anze.moment(o.missed_from), 'required', o.required, 'done_count', o.done_count,
        'done_on', o.done_on, 'recorded_at', anze.instant(k.recorded_at),
        'recorded_late_by_seconds', case when o.state = 'done' and k.recorded_at >= o.due_at
                                         then floor(extract(epoch from k.recorded_at - o.due_at))::bigint end,
        'lacking', o.lacking,
        'state', anze.obligation_state(o.state, o.due_at, o.missed_from, now()),
        'overdue_seconds', case when o.state = 'open' and o.due_at < now()
                                then floor(extract(epoch from now() - o.due_at))::bigint end))
    from anze.duty d
    cross join lateral (
        select case when o.state in ('done', 'done_late') then anze.obligation_recorded_at(o.id) end as recorded_at) k
    where d.code = o.duty and d.version = o.duty_version);
end
$$;

-- When a record came to be known as it is: when it was entered, or the first of its versions that says the same day and
-- person; where it must be published, when the publication was entered.
create or replace function anze.record_known_at(r anze.duty_record, needs_publication boolean) returns timestamptz
stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    former anze.duty_record;
    known timestamptz := r.recorded_at;
begin
    if needs_publication and r.version > 1 then
        return r.updated_at;
    end if;
    while r.replaces is not null loop
        select * into former from anze.duty_record x where x.id = r.replaces;
        exit when (former.on_day, former.person_id) is distinct from (r.on_day, r.person_id);
        known := former.recorded_at;
        r := former;
    end loop;
    return known;
end
$$;

-- When enough had been entered of what is done: what is done in time can be recorded late. With the owner's rights: whoever
-- sees the obligation may know.
create or replace function anze.obligation_recorded_at(obligation_id uuid) returns timestamptz
stable parallel safe strict security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select (array_agg(k.known_at order by k.known_at))[o.required]
        from anze.obligation o
        join anze.duty d on d.code = o.duty and d.version = o.duty_version
        join anze.obligation_record l on l.obligation_id = o.id and l.lacking = '{}' and not (o.state = 'done' and l.is_late)
        join anze.duty_record r on r.id = l.record_id
        cross join lateral (select anze.record_known_at(r, d.publicity) as known_at) k
        where o.id = obligation_recorded_at.obligation_id
        group by o.required);
end
$$;

-- As it was known at a moment: what was entered later had not been done then.
create or replace function anze.obligation_item_then(o anze.obligation, state_then text, done_count smallint) returns jsonb
stable parallel safe language plpgsql
as $$
begin
    return anze.obligation_item(o) - case when state_then in ('done', 'done_late') then '{}'::text[]
                                          else '{done_on,recorded_at,recorded_late_by_seconds}' end
        || jsonb_build_object('state', state_then, 'done_count', done_count);
end
$$;

-- Its version, and how many of its moments have passed: a cached answer never hides that it became overdue.
create or replace function anze.obligation_etag(o anze.obligation) returns text stable language sql
return (o).version::text || case when (o).state <> 'open' or now() < (o).due_at then ''
                                 when now() < (o).missed_from then '.1' else '.2' end;

create or replace function anze.excuse_json(e anze.excuse) returns jsonb stable language sql
as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'id', (e).id, 'version', (e).version, 'obligation_id', (e).obligation_id, 'unit', anze.unit_reference((e).unit_id),
        'reason', (e).reason, 'evidence', (e).evidence_files, 'requested_at', anze.instant((e).requested_at),
        'requested_by', (e).requested_by, 'requested_on_behalf_of', (e).requested_on_behalf_of,
        'decision', (e).decision, 'decided_at', anze.moment((e).decided_at), 'decided_by', (e).decided_by,
        'decided_on_behalf_of', (e).decided_on_behalf_of, 'decision_note', (e).decision_note))
$$;

create or replace function anze.obligation_json(o anze.obligation) returns jsonb stable language plpgsql as $$
begin
    return anze.obligation_item(o) || jsonb_build_object(
        'records', coalesce((
            select jsonb_agg(jsonb_build_object('id', r.id, 'kind', r.kind, 'title', r.title, 'on_day', r.on_day,
                'recorded_at', anze.instant(r.recorded_at), 'is_late', l.is_late, 'lacking', l.lacking, 'counts', l.lacking = '{}') order by r.on_day, r.id)
            from anze.obligation_record l join anze.duty_record r on r.id = l.record_id
            where l.obligation_id = o.id), '[]'),
        'excuses', coalesce((
            select jsonb_agg(anze.excuse_json(e) order by e.requested_at) from anze.excuse e
            where e.obligation_id = o.id), '[]'),
        'notices', coalesce((
            select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', n.id, 'stage', n.stage, 'kind', n.kind,
                'unit_id', n.unit_id, 'issued_at', anze.instant(n.issued_at),
                'acknowledged_at', anze.moment(n.acknowledged_at))) order by n.issued_at)
            from anze.notice n where n.subject_id = o.id and n.subject = 'obligation'), '[]'),
        'history', coalesce((
            select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('from', anze.instant(lower(p.was)),
                'until', anze.instant(upper(p.was)), 'state', p.state, 'required', p.required,
                'done_count', p.done_count, 'holder', anze.person_reference(p.holder_id))) order by p.was)
            from anze.obligation_past p
            where p.obligation_id = o.id and p.was >= tstzrange(o.planned_at, o.planned_at, '[]')
                and p.was < tstzrange(o.changed_at, null)), '[]'));
end
$$;

-- Excuses ------------------------------------------------------------------------------------------------------------

create or replace function anze.obligation_in_reach(obligation_id uuid) returns anze.obligation language plpgsql as $$
declare
    o anze.obligation;
begin
    select * into o from anze.obligation x
    where x.id = obligation_id and anze.can_see_of_unit(x.region_code, x.sector, x.unit_id)
    for no key update;
    if o.id is null then
        perform anze.refuse('AZ404', '没有该履职任务。', 'There is no such obligation.');
    end if;
    return o;
end
$$;

create or replace function anze.request_excuse(obligation_id uuid, request jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    o constant anze.obligation := anze.obligation_in_reach(obligation_id);
    e anze.excuse;
begin
    if o.state <> 'open' then
        perform anze.refuse_state('该任务已办结或已撤销，无需免责。', 'Nothing is open that could be excused.');
    elsif exists (select from anze.excuse x where x.obligation_id = o.id and x.decision is null) then
        perform anze.refuse_state('该任务已有待审批的申请。', 'An excuse is waiting for its decision already.');
    end if;
    perform anze.refuse_all(anze.files_faults(
        array(select (f ->> 'file_id')::uuid from jsonb_array_elements(coalesce(request -> 'evidence', '[]')) f),
        '/evidence'));
    insert into anze.excuse (obligation_id, reason, evidence_files, unit_id, region_code, sector)
    values (o.id, request ->> 'reason', coalesce(request -> 'evidence', '[]'), o.unit_id, o.region_code, o.sector)
    returning * into e;
    perform anze.use_files(e.evidence_files, 'excuse', e.id);
    return query select '201', anze.excuse_json(e)::text, e.version::text, '/v1/excuses/' || e.id;
end
$$;

-- Who decides stands above the unit that owes: at a higher level, or in a unit that it answers to; so neither a subordinate
-- nor a colleague excuses anybody. Nor does who asked, whether in person or through a system, then or now.
create or replace function anze.may_decide_excuse(e anze.excuse) returns boolean stable language plpgsql as $$
declare
    owing constant anze.unit := (select u from anze.unit u where u.id = e.unit_id);
    owing_level constant integer := case when owing.is_body
        then coalesce((select l.rank from anze.level l where l.code = owing.level), anze.region_level(owing.region_code)) else 0 end;
    hands constant text[] := array[coalesce(anze.actor(), 'login:' || session_user),
        nullif(anze.on_behalf_of(), anze.unit()::text)];
begin
    return coalesce(anze.reach() = 'region' and anze.unit() is distinct from e.unit_id
        and not hands && array[e.requested_by, nullif(e.requested_on_behalf_of, e.unit_id::text)]
        and (anze.caller_level() > owing_level or anze.answers_to(e.unit_id, anze.unit())), false);
end
$$;

create or replace function anze.decide_excuse(excuse_id uuid, if_match text, request jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    e anze.excuse;
begin
    select * into e from anze.excuse x
    where x.id = excuse_id and anze.can_see_of_unit(x.region_code, x.sector, x.unit_id) for update;
    if e.id is null then
        perform anze.refuse('AZ404', '没有该申请。', 'There is no such excuse.');
    end if;
    if not anze.may_decide_excuse(e) then
        perform anze.refuse('AZ403', '申请由上级审批，不能自行审批。',
            'An excuse is decided from above, not by who asks for it.');
    end if;
    perform anze.require_version(e.version, if_match);
    if e.decision is not null then
        perform anze.refuse_state('该申请已审批。', 'The excuse is decided already.');
    end if;
    update anze.excuse x
    set decision = request ->> 'decision', decision_note = request ->> 'note', decided_at = clock_timestamp(),
        decided_by = coalesce(anze.actor(), 'login:' || session_user), decided_on_behalf_of = anze.on_behalf_of(),
        version = x.version + 1
    where x.id = e.id returning * into e;
    perform anze.settle_obligations(array[e.obligation_id]);
    return query select '200', anze.excuse_json(e)::text, e.version::text, null::text;
end
$$;

-- Twice running ------------------------------------------------------------------------------------------------------

-- Whether the same duty was missed in the period before as well; which obligation that is.
create or replace function anze.missed_before(o anze.obligation) returns uuid stable parallel safe language plpgsql
as $$
declare
    -- Known first: its expression is leaky to row-level security, and no index would be asked.
    before constant uuid := anze.obligation_id(o.duty, o.period, (o.period_start - anze.period_step(o.period))::date,
        o.unit_id, o.person_id, null);
begin
    return (select p.id from anze.obligation p where p.id = before and p.state = 'open');
end
$$;
