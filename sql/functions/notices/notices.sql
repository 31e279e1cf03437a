-- 警示提醒: reminders, warnings and their escalation, of duties here, of deadlines of cases in deadlines/notice.sql, of clocks
-- of accidents in accidents/notice.sql. Each stage of each is told at most once and never after
-- a later one. Of several stages that fell due while nobody looked, the latest alone is told: whoever gets it need not
-- hear the earlier ones, and nobody is flooded. Which stages are over is known by what was told.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- How long a rule of notices is: of a day 24 hours, of a month the same hour of its day. NULL: its unit is no fixed time
-- (working days).
create or replace function anze.notice_delay(length numeric, unit text) returns interval
immutable parallel safe language sql
return length::double precision * case unit
    when 'minute' then interval '1 minute' when 'hour' then interval '1 hour' when 'day' then interval '24 hours'
    when 'month' then interval '1 month' when 'year' then interval '1 year' end;

-- When a stage comes that is counted from a moment: working days at the same hour of the day.
create or replace function anze.notice_time(counted_from timestamptz, length numeric, unit text) returns timestamptz
stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    hour constant timestamp := counted_from at time zone 'Asia/Shanghai';
begin
    return case unit
        when 'workday' then (anze.working_day_after(hour::date, length::integer) + hour::time) at time zone 'Asia/Shanghai'
        else counted_from + anze.notice_delay(length, unit) end;
end
$$;

create or replace function anze.notice_without_rule(stage text, rule_code text, at timestamptz) returns timestamptz
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    raise warning 'notices of the stage % have no time: no version of the rule % is in force', stage, rule_code;
    return at;
end
$$;

-- When each stage of what is owed is to be told: of a duty ('obligation'), the deadline of a case ('deadline') or the
-- clock of an accident ('accident'). A reminder that would come before `reminders_from` is none. Without a period: of all
-- periods. A stage whose rule says nothing for that day comes when the moment does from which it is counted, with a warning:
-- who owes must hear of it, and who files must not wait until an administrator has mended the rule.
create or replace function anze.notice_moments(subject text, due_at timestamptz, missed_from timestamptz,
    reminders_from timestamptz, period text default null)
returns table (stage text, place smallint, kind text, addressee text, at timestamptz) stable language plpgsql rows 6
set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    return query
    select s.code, s.place, s.kind, s.addressee, m.at
    from anze.notice_stage s
    left join anze.rule r on r.code = s.delay_rule and r.in_force @> anze.day_of(notice_moments.due_at)
        and r.region_code is null
    cross join lateral (
        select case s.counted_from when 'due_at' then notice_moments.due_at else notice_moments.missed_from end as at) c
    cross join lateral (
        select case when r.value is not null then anze.notice_time(c.at, r.value, r.unit)
                    else anze.notice_without_rule(s.code, s.delay_rule, c.at) end as at) m
    where s.subject = notice_moments.subject
        and (s.periods = '{}' or notice_moments.period is null or notice_moments.period = any (s.periods))
        and (s.kind <> 'reminder' or m.at >= notice_moments.reminders_from);
end
$$;

-- Of these moments: the stage that is to be told now, if any, which is the latest that came, and when the next one comes.
-- `told`: the place of the latest stage that was told; -1: none was.
create or replace function anze.stage_due(subject text, told smallint, now_at timestamptz, due_at timestamptz,
    missed_from timestamptz, reminders_from timestamptz, period text default null,
    out stage text, out kind text, out addressee text, out next_at timestamptz) stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    m record;
begin
    next_at := 'infinity';
    for m in
        select x.* from anze.notice_moments(subject, due_at, missed_from, reminders_from, period) x
        where x.place > told order by x.place
    loop
        if m.at <= now_at then
            stage := m.stage;
            kind := m.kind;
            addressee := m.addressee;
            next_at := 'infinity';
        else
            next_at := least(next_at, m.at);
        end if;
    end loop;
end
$$;

-- For planning: when the sweeper looks at a new obligation first. Ask once per combination, not once per row. A reminder
-- that would have been due before the day on which it is planned is none.
create or replace function anze.first_notice_at(
    due_at timestamptz, missed_from timestamptz, planned_day date, period text default null)
returns timestamptz stable language sql
set search_path = pg_catalog, pg_temp as $$
    select least(first_notice_at.due_at, min(m.at))
    from anze.notice_moments('obligation', first_notice_at.due_at, first_notice_at.missed_from,
        anze.end_of_day(planned_day - 1), first_notice_at.period) m
$$;

-- Whom a stage tells of a unit: 0 itself, 1 its superior, 2 the safety office of its county, 3 of its city, 4 of its
-- province. Who does not exist (or is the unit itself) is replaced by the next one above, else by the next below.
create or replace function anze.notice_addressee(about uuid, addressee text) returns uuid stable language sql
set search_path = pg_catalog, pg_temp as $$
    with wanted as (
        select array_position('{unit,superior,safety_office,upper_safety_office}', addressee) - 1 as rank),
    those as (
        select 0 as rank, u.id from anze.unit u where u.id = about
        union all
        select 1, u.accountable_to from anze.unit u where u.id = about
        union all
        select l.rank, o.id
        from anze.unit u
        cross join lateral (values (2, u.county), (3, u.city || '00'), (4, u.province || '0000')) l(rank, region_code)
        join anze.unit o on o.region_code = l.region_code and o.kind = 'safety_office' and o.is_body
        where u.id = about)
    select t.id
    from those t cross join wanted w join anze.unit u on u.id = t.id
    where t.rank = 0 or t.id <> about and (u.closed_on is null or u.closed_on > anze.today())
    order by t.rank >= w.rank desc, abs(t.rank - w.rank), t.id
    limit 1
$$;

-- The stage that is to be told now of each of these obligations, if any, and when to look again: the light changes when it
-- is due and when it is missed, whatever is told.
create or replace function anze.notices_due(obligation_ids uuid[], now_at timestamptz)
returns table (obligation_id uuid, stage text, kind text, addressee text, next_at timestamptz) stable language sql
set search_path = pg_catalog, pg_temp as $$
    select o.id, s.stage, s.kind, s.addressee,
        least(s.next_at, case when o.due_at > now_at then o.due_at end, case when o.missed_from > now_at then o.missed_from end)
    from anze.obligation o
    cross join lateral (
        select coalesce(max(t.place), -1::smallint) as place
        from anze.notice x join anze.notice_stage t on t.code = x.stage
        where x.obligation_id = o.id) told
    cross join lateral anze.stage_due('obligation', told.place, now_at, o.due_at, o.missed_from,
        anze.end_of_day(anze.day_of(o.planned_at) - 1), o.period) s
    where o.id = any (obligation_ids)
$$;

-- A step of the sweep.
create or replace function anze.issue_notices(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    now_at constant timestamptz := clock_timestamp();
    taken uuid[];
begin
    select array_agg(d.id) into taken from (
        select o.id from anze.obligation o join anze.duty_work w on w.unit_id = o.unit_id
        where o.is_open and o.next_notice_at < 'infinity' and o.next_notice_at <= now_at
        order by o.next_notice_at limit max_rows for update skip locked) d;
    if taken is null then
        return 0;
    end if;
    with due as (
        select * from anze.notices_due(taken, now_at)),
    told as (
        insert into anze.notice (stage, kind, obligation_id, unit_id, person_id, about_unit_id, issued_at, region_code,
            sector)
        select d.stage, d.kind, o.id, anze.notice_addressee(o.unit_id, d.addressee),
            coalesce(o.holder_id, o.person_id), o.unit_id, now_at, o.region_code, o.sector
        from due d join anze.obligation o on o.id = d.obligation_id
        where d.stage is not null)
    update anze.obligation o set next_notice_at = d.next_at
    from due d where o.id = d.obligation_id;
    perform anze.mark_lights((
        select array_agg(distinct o.unit_id) from anze.obligation o where o.id = any (taken) and o.due_at <= now_at));
    return cardinality(taken);
end
$$;

-- Reading ------------------------------------------------------------------------------------------------------------

-- Who owes what, since when, by which clause: as it was when the notice was issued.
create or replace function anze.notice_text_zh(who text, duty text, clause text, due_day date, issued_day date, kind text,
    stage_title text) returns text immutable parallel safe language sql
return format('%s应于%s前履行“%s”（实施意见任务 %s）', who, to_char(due_day, 'FMYYYY"年"FMMM"月"FMDD"日"'), duty, clause)
    || case kind
        when 'reminder' then format('，还有%s天到期。', greatest(due_day - issued_day, 0))
        when 'warning' then format('，已逾期%s天仍未履行，请立即履行并签收本警示。', greatest(issued_day - due_day, 0))
        else format('，已逾期%s天仍未履行，现%s。', greatest(issued_day - due_day, 0), stage_title) end;

create or replace function anze.notice_text_en(who text, duty text, clause text, due_day date, issued_day date, kind text,
    stage_title text) returns text immutable parallel safe language sql
return format('%s owes “%s” (row %s of the opinion) by %s', who, duty, clause, due_day)
    || case kind
        when 'reminder' then format(': %s days are left.', greatest(due_day - issued_day, 0))
        when 'warning' then format(': %s days overdue and not done. Do it at once and acknowledge this warning.',
                                   greatest(issued_day - due_day, 0))
        else format(': %s days overdue and not done. %s.', greatest(issued_day - due_day, 0), stage_title) end;

-- What a notice says of a duty: the duty, and the sentences.
create or replace function anze.notice_of_obligation(n anze.notice) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    return (
    select jsonb_build_object(
        'obligation', jsonb_build_object('id', o.id, 'state', o.state, 'duty', d.code, 'duty_version', d.version,
            'clause', o.clause, 'title_zh', d.title_zh, 'title_en', d.title_en, 'period_start', o.period_start,
            'period_end', o.period_end - 1, 'due_at', anze.instant(o.due_at),
            'missed_from', anze.instant(o.missed_from)),
        'text_zh', anze.notice_text_zh(u.name || coalesce(k.title_zh, '') || coalesce(p.name, ''), d.title_zh, o.clause,
            day.due, day.issued, n.kind, s.title_zh),
        'text_en', anze.notice_text_en(concat_ws(', ', u.name, k.title_en, p.name), d.title_en, o.clause, day.due,
            day.issued, n.kind, s.title_en))
    from anze.obligation o
    join anze.duty d on (d.code, d.version) = (o.duty, o.duty_version)
    join anze.unit u on u.id = n.about_unit_id
    join anze.notice_stage s on s.code = n.stage
    left join anze.post k on k.code = o.post
    left join anze.person p on p.id = n.person_id
    cross join lateral (
        select anze.day_of(o.due_at - interval '1 microsecond') as due, anze.day_of(n.issued_at) as issued) day
    where o.id = n.obligation_id);
end
$$;

-- With the owner's rights: whoever is told may read of whom, though the directory may not show it to him.
create or replace function anze.notice_json(n anze.notice) returns jsonb stable security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    return (
    select jsonb_strip_nulls(jsonb_build_object('id', n.id, 'version', n.version, 'kind', n.kind, 'stage', n.stage,
        'stage_title_zh', s.title_zh, 'stage_title_en', s.title_en, 'issued_at', anze.instant(n.issued_at),
        'unit', jsonb_build_object('id', t.id, 'kind', t.kind, 'name', t.name),
        'about_unit', jsonb_build_object('id', u.id, 'kind', u.kind, 'name', u.name),
        'person', case when p.id is not null then jsonb_build_object('id', p.id, 'name', p.name) end,
        'region_code', n.region_code, 'sector', n.sector,
        'acknowledged', n.acknowledged_at is not null, 'acknowledged_at', anze.instant(n.acknowledged_at),
        'acknowledged_by', n.acknowledged_by, 'acknowledged_on_behalf_of', n.acknowledged_on_behalf_of,
        'note', n.acknowledgement)
        || case when n.obligation_id is not null then anze.notice_of_obligation(n)
                when n.deadline_id is not null then anze.notice_of_deadline(n)
                else anze.notice_of_accident(n) end)
    from anze.unit u
    join anze.unit t on t.id = n.unit_id
    join anze.notice_stage s on s.code = n.stage
    left join anze.person p on p.id = n.person_id
    where u.id = n.about_unit_id);
end
$$;
-- Acknowledging ------------------------------------------------------------------------------------------------------

-- Once, by the unit that is told or who acts over it.
create or replace function anze.acknowledge_notice(notice_id uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    n anze.notice;
    shown jsonb;
begin
    select * into n from anze.notice x
    where x.id = notice_id
        and (anze.can_see_of_unit(x.region_code, x.sector, x.about_unit_id) or x.unit_id = anze.unit())
    for update;
    if n.id is null then
        perform anze.refuse('AZ404', '没有该提醒。', 'There is no such notice.');
    end if;
    if (anze.unit_in_reach(n.unit_id)).id is null then
        perform anze.refuse('AZ403', '只有被提醒的单位或其上级可以签收。',
            'Only the unit that is told, or who acts over it, acknowledges.');
    end if;
    perform anze.require_version(n.version, if_match);
    if n.acknowledged_at is not null then
        perform anze.refuse_state('该提醒已签收。', 'This notice is acknowledged already.');
    end if;
    update anze.notice x
    set acknowledged_at = clock_timestamp(), acknowledged_by = coalesce(anze.actor(), 'login:' || session_user),
        acknowledged_on_behalf_of = anze.on_behalf_of(), acknowledgement = given ->> 'note', version = x.version + 1
    where x.id = n.id returning * into n;
    shown := anze.notice_json(n);
    return query select '200', shown::text, anze.etag(n.version, shown::text), '/v1/notices/' || n.id;
end
$$;
