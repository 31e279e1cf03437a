-- Days and terms of the law. Days are China's, a term of days does not count the day on which it begins, and it ends
-- with the end of its last day; hours are counted from minute to minute.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- A day is worked on as its weekday says, unless the State Council's office announced otherwise.
create or replace function anze.is_working_day(day date) returns boolean stable parallel safe strict language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce((select w.is_working from anze.working_day w where w.day = is_working_day.day),
        extract(isodow from is_working_day.day) < 6);
end
$$;

-- The n-th working day after a day; the day itself for none. Of ten days in a row at least one is worked on, even
-- around the longest holidays, so the window always holds it.
create or replace function anze.working_day_after(day date, days integer) returns date
stable parallel safe strict language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if days <= 0 then
        return day;
    end if;
    return (
        select s.on_day::date
        from generate_series(day + 1, day + 20 + 2 * days, interval '1 day') s(on_day)
        where anze.is_working_day(s.on_day::date)
        order by s.on_day offset days - 1 limit 1);
end
$$;

-- When a term that begins now is over. `in_working_days`: days are counted as working days.
create or replace function anze.term_end(begins_at timestamptz, length numeric, unit text,
    in_working_days boolean default false) returns timestamptz stable parallel safe strict language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    first_day constant date := anze.day_of(begins_at);
begin
    return case
        when unit = 'minute' then begins_at + length::double precision * interval '1 minute'
        when unit = 'hour' then begins_at + length::double precision * interval '1 hour'
        when unit = 'workday' or unit = 'day' and in_working_days
            then anze.end_of_day(anze.working_day_after(first_day, length::integer))
        when unit = 'day' then anze.end_of_day(first_day + length::integer)
        -- A month without that day ends the term with its last day.
        when unit = 'month' then anze.end_of_day((first_day + make_interval(months => length::integer))::date)
        when unit = 'year' then anze.end_of_day((first_day + make_interval(years => length::integer))::date)
    end;
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
            'days', jsonb_agg(jsonb_strip_nulls(jsonb_build_object('day', d.day, 'is_working', d.is_working,
                'title_zh', w.title_zh, 'title_en', w.title_en, 'instrument', w.instrument,
                'confidence', w.confidence)) order by d.day))
        from (select s.on_day::date as day, anze.is_working_day(s.on_day::date) as is_working
              from generate_series(since, until, interval '1 day') s(on_day)) d
        left join anze.working_day w on w.day = d.day);
end
$$;
