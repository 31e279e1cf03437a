-- Duties as what notices tell of (notices/notices.sql): the subject `obligation`.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Locks what the sweeper is to look at, in the order of all writers: the units' work, then their obligations.
create or replace function anze.take_obligation(of_subject text, now_at timestamptz, max_rows integer) returns uuid[]
language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select array_agg(d.id) from (
        select o.id from anze.obligation o join anze.duty_work w on w.unit_id = o.unit_id
        where o.is_open and o.next_notice_at < 'infinity' and o.next_notice_at <= now_at
            and not anze.is_set_aside('tell_owed', o.id::text)
        order by o.next_notice_at limit max_rows for update skip locked) d);
end
$$;

-- What is due by now may change the light of its unit.
create or replace function anze.put_back_obligation(ids uuid[], looks timestamptz[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    update anze.obligation o set next_notice_at = l.at
    from unnest(ids, looks) l(id, at) where o.id = l.id;
    perform anze.mark_lights((
        select array_agg(distinct o.unit_id) from anze.obligation o where o.id = any (ids) and o.due_at <= clock_timestamp()));
end
$$;

-- A reminder that would have been due before the day on which it was planned is none.
create or replace function anze.obligation_owed(ids uuid[]) returns setof anze.owing stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return query
    select o.id, o.unit_id, coalesce(o.holder_id, o.person_id), o.due_at, o.missed_from,
        anze.end_of_day(anze.day_of(o.planned_at) - 1), o.period, o.region_code, o.sector
    from anze.obligation o where o.id = any (ids);
end
$$;

-- Who owes what, since when, by which clause: as it was when the notice was issued.
create or replace function anze.notice_text_zh(who text, duty text, clause text, due_day date, issued_day date, kind text,
    stage_title text) returns text stable parallel safe language sql
return format('%s应于%s前履行“%s”（实施意见任务 %s）', who, to_char(due_day, 'FMYYYY"年"FMMM"月"FMDD"日"'), duty, clause)
    || case kind
        when 'reminder' then format('，还有%s天到期。', greatest(due_day - issued_day, 0))
        when 'warning' then format('，已逾期%s天仍未履行，请立即履行并签收本警示。', greatest(issued_day - due_day, 0))
        else format('，已逾期%s天仍未履行，现%s。', greatest(issued_day - due_day, 0), stage_title) end;

create or replace function anze.notice_text_en(who text, duty text, clause text, due_day date, issued_day date, kind text,
    stage_title text) returns text stable parallel safe language sql
return format('%s owes “%s” (row %s of the opinion) by %s', who, duty, clause, due_day)
    || case kind
        when 'reminder' then format(': %s days are left.', greatest(due_day - issued_day, 0))
        when 'warning' then format(': %s days overdue and not done. Do it at once and acknowledge this warning.',
                                   greatest(issued_day - due_day, 0))
        else format(': %s days overdue and not done. %s.', greatest(issued_day - due_day, 0), stage_title) end;

-- What a notice says of a duty: the duty, and the sentences.
create or replace function anze.obligation_notice(n anze.notice) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    return (
    select jsonb_build_object(
        'obligation', jsonb_build_object('id', o.id, 'state', o.state, 'duty', d.code, 'duty_version', d.version,
            'clause', o.clause, 'title_zh', d.title_zh, 'title_en', d.title_en, 'period_start', o.period_start,
            'period_end', anze.period_last_day(o.period, o.period_start, o.period_end), 'due_at', anze.instant(o.due_at),
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
    where o.id = n.subject_id);
end
$$;
