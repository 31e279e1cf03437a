-- The calendar of working days, notice by notice: shipped, entered by administrators, and what of it counts.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- One notice as the program ships it.
create or replace function anze.ship_calendar_notice(
    code text, of_year integer, title text, number text, issued_on date, confidence text, covers_year boolean)
returns void language sql
as $$
    insert into anze.calendar_notice as kept (code, of_year, title, number, issued_on, confidence, covers_year)
    values (ship_calendar_notice.code, ship_calendar_notice.of_year, ship_calendar_notice.title, ship_calendar_notice.number,
        ship_calendar_notice.issued_on, ship_calendar_notice.confidence,
        ship_calendar_notice.covers_year)
    on conflict on constraint calendar_notice_pkey do update
    set of_year = excluded.of_year, title = excluded.title, number = excluded.number, issued_on = excluded.issued_on,
        confidence = excluded.confidence, covers_year = excluded.covers_year
    where kept.origin = 'shipped'
        and (kept.of_year, kept.title, kept.number, kept.issued_on, kept.confidence, kept.covers_year)
            is distinct from (excluded.of_year, excluded.title, excluded.number, excluded.issued_on, excluded.confidence,
                              excluded.covers_year)
$$;

-- What a shipped notice says of a day. The days of one that an administrator entered under the same code are his.
create or replace function anze.ship_calendar_day(notice text, day date, is_working boolean, title_zh text, title_en text)
returns void language sql
as $$
    insert into anze.calendar_day as kept (notice, day, is_working, title_zh, title_en)
    select ship_calendar_day.notice, ship_calendar_day.day, ship_calendar_day.is_working, ship_calendar_day.title_zh,
        ship_calendar_day.title_en
    from anze.calendar_notice n where n.code = ship_calendar_day.notice and n.origin = 'shipped'
    on conflict on constraint calendar_day_pkey do update
    set is_working = excluded.is_working, title_zh = excluded.title_zh, title_en = excluded.title_en
    where (kept.is_working, kept.title_zh, kept.title_en)
        is distinct from (excluded.is_working, excluded.title_zh, excluded.title_en)
$$;

-- What counts of each day: what the latest notice that names it says, an administrator's before a shipped one of the same day.
create or replace function anze.calendar_counted()
returns table (day date, is_working boolean, title_zh text, title_en text, notice text)
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return query
    select distinct on (d.day) d.day, d.is_working, d.title_zh, d.title_en, d.notice
    from anze.calendar_day d join anze.calendar_notice n on n.code = d.notice
    order by d.day, n.issued_on desc, n.origin = 'administrator' desc, n.created_at desc, n.code desc;
end
$$;

-- Keeps what counts, and leaves to the sweeper the open deadlines that count days which changed (deadlines/follow_calendar.sql).
create or replace function anze.settle_calendar(notice text) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    were jsonb;
begin
    select jsonb_object_agg(k.day, anze.is_working_day(k.day)) into were
    from anze.calendar_counted() k where k.is_working <> anze.is_working_day(k.day);
    insert into anze.working_day as kept (day, is_working, title_zh, title_en, instrument, confidence, of_year, notice)
    select k.day, k.is_working, k.title_zh, k.title_en, n.title, n.confidence, n.of_year, n.code
    from anze.calendar_counted() k join anze.calendar_notice n on n.code = k.notice
    on conflict on constraint working_day_pkey do update
    set is_working = excluded.is_working, title_zh = excluded.title_zh, title_en = excluded.title_en,
        instrument = excluded.instrument, confidence = excluded.confidence, of_year = excluded.of_year,
        notice = excluded.notice
    where (kept.is_working, kept.title_zh, kept.title_en, kept.instrument, kept.confidence, kept.of_year, kept.notice)
        is distinct from (excluded.is_working, excluded.title_zh, excluded.title_en, excluded.instrument,
                          excluded.confidence, excluded.of_year, excluded.notice);
    if were is not null and exists (select from anze.deadline) then
        insert into anze.calendar_work (notice, were) values (settle_calendar.notice, were);
    end if;
end
$$;

create or replace function anze.calendar_notice_json(n anze.calendar_notice) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return jsonb_strip_nulls(jsonb_build_object('code', n.code, 'of_year', n.of_year, 'title', n.title, 'number', n.number,
        'issued_on', n.issued_on, 'covers_year', n.covers_year, 'confidence', n.confidence, 'origin', n.origin,
        'reason', n.reason,
        'days', (
            select coalesce(jsonb_agg(jsonb_build_object('day', d.day, 'is_working', d.is_working, 'title_zh', d.title_zh,
                'title_en', d.title_en, 'counts', w.notice is not distinct from n.code) order by d.day), '[]')
            from anze.calendar_day d left join anze.working_day w on w.day = d.day where d.notice = n.code)));
end
$$;

create or replace function anze.calendar_notice_faults(request jsonb) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select coalesce(jsonb_agg(anze.fault(f.pointer, f.rule, f.zh, f.en)), '[]')
        from (
            select '/code' as pointer, 'exists' as rule, '该通知已登记。' as zh, 'This notice is listed already.' as en
            from anze.calendar_notice n where n.code = request ->> 'code'
            union all
            select '/issued_on', 'in-future', '印发日期不能晚于今天。', 'It is not issued in the future.'
            where (request ->> 'issued_on')::date > anze.today()
            union all
            select '/days/' || min(d.place) - 1 || '/day', 'repeated', '同一日期只能出现一次。', 'Each day stands once.'
            from jsonb_array_elements(request -> 'days') with ordinality d(said, place)
            group by d.said ->> 'day' having count(*) > 1
            union all
            select '/days/' || d.place - 1 || '/day', 'of-other-year', '日期应在所述年份或其前后一个月内。',
                'The day is in the year, or within a month of it.'
            from jsonb_array_elements(request -> 'days') with ordinality d(said, place)
            where (d.said ->> 'day')::date not between make_date((request ->> 'of_year')::integer - 1, 12, 1)
                and make_date((request ->> 'of_year')::integer + 1, 1, 31)) f);
end
$$;

-- A notice of an administrator: a year's days, or single days that changed. What was announced before stays; open deadlines
-- are counted anew.
create or replace function anze.add_calendar_notice(request jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    n anze.calendar_notice;
begin
    perform pg_advisory_xact_lock(3615029, 7); -- one after the other: each sees what counted before it
    perform anze.refuse_all(anze.calendar_notice_faults(request));
    insert into anze.calendar_notice (code, of_year, title, number, issued_on, covers_year, confidence, origin, reason)
    values (request ->> 'code', (request ->> 'of_year')::smallint, request ->> 'title', request ->> 'number',
        (request ->> 'issued_on')::date, (request ->> 'covers_year')::boolean, coalesce(request ->> 'confidence', 'found'), 'administrator', request ->> 'reason')
    returning * into n;
    insert into anze.calendar_day (notice, day, is_working, title_zh, title_en)
    select n.code, (d.said ->> 'day')::date, (d.said ->> 'is_working')::boolean, d.said ->> 'title_zh', d.said ->> 'title_en'
    from jsonb_array_elements(request -> 'days') d(said);
    perform anze.settle_calendar(n.code);
    return query select '201', anze.calendar_notice_json(n)::text, null::text, '/v1/calendar-notices?code=' || n.code;
end
$$;

-- What of a term in working days rests on: of each year that it touches, whether its days off were announced. NULL: the rule
-- does not count working days.
create or replace function anze.calendar_basis(rule_code text, rule_version integer, begins_at timestamptz, due_at timestamptz)
returns jsonb stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    first_year constant integer := extract(year from anze.day_of(begins_at));
    last_year constant integer := extract(year from anze.day_of(due_at - interval '1 microsecond'));
begin
    if not exists (select from anze.rule r where (r.code, r.version) = (rule_code, rule_version) and r.unit = 'workday') then
        return null;
    end if;
    return (select jsonb_agg(anze.year_calendar(y) order by y)
            from generate_series(least(first_year, last_year), greatest(first_year, last_year)) y);
end
$$;

-- The n-th working day after a day as it would have been when these days were as they had been: {"2020-02-01": true}.
create or replace function anze.working_day_after(day date, days integer, were jsonb) returns date
stable parallel safe strict language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select s.on_day
        from (select day + sign(days)::integer * n as on_day, n from generate_series(1, 20 + 2 * abs(days)) n) s
        left join anze.working_day w on w.day = s.on_day
        where coalesce((were ->> s.on_day::text)::boolean, w.is_working, extract(isodow from s.on_day) < 6)
        order by s.n offset abs(days) - 1 limit 1);
end
$$;
