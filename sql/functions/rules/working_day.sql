-- Days on which the law counts work.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- A day is worked on as its weekday says, unless the State Council's office announced otherwise.
create or replace function anze.is_working_day(day date) returns boolean stable parallel safe strict language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce((select w.is_working from anze.working_day w where w.day = is_working_day.day),
        extract(isodow from is_working_day.day) < 6);
end
$$;

-- The n-th working day after a day, of a negative n the n-th before it; the day itself for none. Of ten days in a row at
-- least one is worked on, even around the longest holidays, so the window always holds it.
create or replace function anze.working_day_after(day date, days integer) returns date
stable parallel safe strict language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    step constant integer := sign(days);
begin
    if days = 0 then
        return day;
    end if;
    return (
        select s.on_day
        from (select day + step * n as on_day, n from generate_series(1, 20 + 2 * abs(days)) n) s
        left join anze.working_day w on w.day = s.on_day
        where coalesce(w.is_working, extract(isodow from s.on_day) < 6)
        order by s.n offset abs(days) - 1 limit 1);
end
$$;

-- What the days of a year rest on. announced: a notice that arranges the year; partly: only days that another notice names
-- (those around New Year, or single ones); weekdays: nothing was announced of it.
create or replace function anze.year_calendar(year integer) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    w anze.working_day;
    is_arranged constant boolean := exists (
        select from anze.calendar_notice n where n.of_year = year_calendar.year and n.covers_year);
begin
    select x.* into w from anze.working_day x
    where extract(year from x.day) = year_calendar.year or x.of_year = year_calendar.year
    order by x.of_year is not distinct from year_calendar.year desc, x.day limit 1;
    return jsonb_strip_nulls(jsonb_build_object('year', year_calendar.year,
        'calendar', case when is_arranged then 'announced' when w.day is null then 'weekdays' else 'partly' end,
        'instrument', w.instrument, 'confidence', w.confidence, 'notices', (
            select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('code', n.code, 'title', n.title, 'number', n.number,
                'issued_on', n.issued_on, 'confidence', n.confidence, 'origin', n.origin)) order by n.issued_on, n.code)
            from anze.calendar_notice n where n.of_year = year_calendar.year)));
end
$$;

-- The days from one to another, both counted, with what was announced of them.
create or replace function anze.working_days_json(since date, until date) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if until < since or until > since + 731 then
        perform anze.refuse('AZ422', '止日应不早于起日，且不超过两年。',
            'It ends no earlier than it begins, and no more than two years later.', 'until', 'range');
    end if;
    return (
        select jsonb_build_object('from', since, 'until', until,
            'working_days', count(*) filter (where d.is_working),
            'years', (
                select jsonb_agg(anze.year_calendar(y) order by y)
                from generate_series(extract(year from since)::integer, extract(year from until)::integer) y),
            'days', jsonb_agg(jsonb_strip_nulls(jsonb_build_object('day', d.day, 'is_working', d.is_working,
                'title_zh', w.title_zh, 'title_en', w.title_en, 'instrument', w.instrument,
                'confidence', w.confidence, 'changed_from', anze.day_changed_from(d.day))) order by d.day))
        from (select s.on_day::date as day, anze.is_working_day(s.on_day::date) as is_working
              from generate_series(since, until, interval '1 day') s(on_day)) d
        left join anze.working_day w on w.day = d.day);
end
$$;

-- What earlier notices had said of a day, the latest of them first; NULL: no more than one names it.
create or replace function anze.day_changed_from(day date) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select jsonb_agg(jsonb_build_object('is_working', d.is_working, 'title_zh', d.title_zh, 'title_en', d.title_en,
            'instrument', n.title) order by n.issued_on desc, n.code)
        from anze.calendar_day d
        join anze.calendar_notice n on n.code = d.notice
        join anze.working_day w on w.day = d.day and w.notice <> d.notice
        where d.day = day_changed_from.day);
end
$$;
