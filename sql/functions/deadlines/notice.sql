-- Deadlines of all subjects as what notices tell of (notices/notices.sql), and the sentences of their notices.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- A reminder that would come on or before the day on which the deadline began is none.
create or replace function anze.deadline_reminders_from(starts_at timestamptz) returns timestamptz
stable parallel safe language sql as $$
    select anze.end_of_day(anze.day_of(starts_at))
$$;

-- When the sweeper looks at a new deadline of a case first, in the region of whoever owes it.
create or replace function anze.first_deadline_notice_at(due_at timestamptz, starts_at timestamptz,
    of_region text default null) returns timestamptz stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select coalesce(min(m.at), 'infinity')
        from anze.notice_moments('case', first_deadline_notice_at.due_at, first_deadline_notice_at.due_at,
            anze.deadline_reminders_from(starts_at), null, of_region) m);
end
$$;

-- Locks what the sweeper is to look at.
create or replace function anze.take_deadline(of_subject text, now_at timestamptz, max_rows integer) returns uuid[]
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select array_agg(t.id) from (
        select d.id from anze.deadline d
        where d.subject = of_subject and d.is_running and d.next_notice_at < 'infinity' and d.next_notice_at <= now_at
            and not anze.is_set_aside('tell_owed', d.id::text)
        order by d.next_notice_at limit max_rows for no key update skip locked) t);
end
$$;

create or replace function anze.put_back_deadline(ids uuid[], looks timestamptz[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.deadline d set next_notice_at = l.at from unnest(ids, looks) l(id, at) where d.id = l.id;
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
