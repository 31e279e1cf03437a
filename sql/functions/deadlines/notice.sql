-- Deadlines of cases are told before, at and after, level by level: like duties (notice.sql), by stages of their own,
-- each at most once and never after a later one; of several that fell due meanwhile the latest alone.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- A reminder that would come on or before the day on which the deadline began is none.
create or replace function anze.deadline_reminders_from(starts_at timestamptz) returns timestamptz
stable parallel safe language sql as $$
    select anze.end_of_day(anze.day_of(starts_at))
$$;

-- When the sweeper looks at a new deadline first.
create or replace function anze.first_deadline_notice_at(due_at timestamptz, starts_at timestamptz)
returns timestamptz stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select coalesce(min(m.at), 'infinity')
        from anze.notice_moments('deadline', first_deadline_notice_at.due_at, first_deadline_notice_at.due_at,
            anze.deadline_reminders_from(starts_at)) m);
end
$$;

-- The stage that is to be told now of each of these deadlines, if any, and when to look again.
create or replace function anze.deadline_notices_due(deadline_ids uuid[], now_at timestamptz)
returns table (deadline_id uuid, stage text, kind text, addressee text, next_at timestamptz) stable language sql
set search_path = pg_catalog, pg_temp as $$
    select d.id, s.stage, s.kind, s.addressee, s.next_at
    from anze.deadline d
    cross join lateral (
        select coalesce(max(t.place), -1::smallint) as place
        from anze.notice x join anze.notice_stage t on t.code = x.stage
        where x.deadline_id = d.id) told
    cross join lateral anze.stage_due('deadline', told.place, now_at, d.due_at, d.due_at,
        anze.deadline_reminders_from(d.starts_at)) s
    where d.id = any (deadline_ids)
$$;

-- A step of the sweep.
create or replace function anze.tell_deadlines(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    now_at constant timestamptz := clock_timestamp();
    taken uuid[];
begin
    select array_agg(t.id) into taken from (
        select d.id from anze.deadline d
        where d.is_running and d.next_notice_at < 'infinity' and d.next_notice_at <= now_at
        order by d.next_notice_at limit max_rows for no key update skip locked) t;
    if taken is null then
        return 0;
    end if;
    with due as (
        select * from anze.deadline_notices_due(taken, now_at)),
    told as (
        insert into anze.notice (stage, kind, deadline_id, unit_id, about_unit_id, issued_at, region_code, sector)
        select d.stage, d.kind, o.id, anze.notice_addressee(o.owed_by, d.addressee), o.owed_by, now_at, u.region_code,
            u.sector
        from due d
        join anze.deadline o on o.id = d.deadline_id
        join anze.unit u on u.id = o.owed_by
        where d.stage is not null)
    update anze.deadline o set next_notice_at = d.next_at
    from due d where o.id = d.deadline_id;
    return cardinality(taken);
end
$$;

-- How long, in what fits: minutes up to two hours, hours up to two days, days. What is begun is not counted.
create or replace function anze.span_zh(span interval) returns text immutable parallel safe language sql
return case when span < interval '2 hours' then floor(greatest(extract(epoch from span), 0) / 60) || '分钟'
            when span < interval '48 hours' then floor(extract(epoch from span) / 3600) || '小时'
            else floor(extract(epoch from span) / 86400) || '天' end;

create or replace function anze.span_en(span interval) returns text immutable parallel safe language sql
return case when span < interval '2 hours' then floor(greatest(extract(epoch from span), 0) / 60) || ' minutes'
            when span < interval '48 hours' then floor(extract(epoch from span) / 3600) || ' hours'
            else floor(extract(epoch from span) / 86400) || ' days' end;

-- The sentences of a notice of a deadline or a clock, as they were when it was issued. A reminder is told a moment after
-- its time: what is left is said to the half minute.
create or replace function anze.deadline_text_zh(who text, clock text, subject text, due_at timestamptz,
    issued_at timestamptz, kind text, stage_title text) returns text stable parallel safe language sql
return format('%s应于%s前完成“%s”（%s）', who,
        to_char(due_at at time zone 'Asia/Shanghai', 'FMYYYY"年"FMMM"月"FMDD"日"HH24"时"MI"分"'), clock, subject)
    || case kind
        when 'reminder' then format('，还有%s到期。', anze.span_zh(due_at - issued_at + interval '30 seconds'))
        when 'warning' then '，已逾期，请立即办理并签收本警示。'
        else format('，已逾期%s，现%s。', anze.span_zh(issued_at - due_at), stage_title) end;

create or replace function anze.deadline_text_en(who text, clock text, subject text, due_at timestamptz,
    issued_at timestamptz, kind text, stage_title text) returns text stable parallel safe language sql
return format('%s owes “%s” (%s) by %s', who, clock, subject,
        to_char(due_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'))
    || case kind
        when 'reminder' then format(': %s are left.', anze.span_en(due_at - issued_at + interval '30 seconds'))
        when 'warning' then ': overdue. Do it at once and acknowledge this warning.'
        else format(': %s overdue. %s.', anze.span_en(issued_at - due_at), stage_title) end;

-- What a notice says of a deadline: the deadline, and the sentences.
create or replace function anze.notice_of_deadline(n anze.notice) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select jsonb_build_object(
            'deadline', jsonb_build_object('id', d.id, 'case_id', d.case_id, 'clock', d.clock, 'title_zh', d.title_zh,
                'title_en', d.title_en, 'subject', c.title, 'state', anze.deadline_state(d),
                'due_at', anze.instant(d.due_at)),
            'text_zh', anze.deadline_text_zh(u.name, d.title_zh, c.title, d.due_at, n.issued_at, n.kind, s.title_zh),
            'text_en', anze.deadline_text_en(u.name, d.title_en, c.title, d.due_at, n.issued_at, n.kind, s.title_en))
        from anze.deadline d
        join anze.case_file c on c.id = d.case_id
        join anze.unit u on u.id = n.about_unit_id
        join anze.notice_stage s on s.code = n.stage
        where d.id = n.deadline_id);
end
$$;
