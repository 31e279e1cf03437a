-- Terms of the law, in the units of kind `duration`. Days are China's, a term of days does not count the day on which it
-- begins, and it ends with the end of its last day; hours and minutes are counted from moment to moment.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The last day of a term of days that begins on a day; a negative length counts back. A month without that day ends the
-- term with its last one. NULL: the unit is none of days.
create or replace function anze.term_day(day date, length numeric, unit text) returns date
stable parallel safe strict language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return case unit
        when 'day' then day + length::integer
        when 'workday' then anze.working_day_after(day, length::integer)
        when 'month' then (day + make_interval(months => length::integer))::date
        when 'year' then (day + make_interval(years => length::integer))::date end;
end
$$;

-- How long a term of a unit is that is counted from moment to moment. NULL: its unit is counted by days.
create or replace function anze.term_interval(length numeric, unit text) returns interval
immutable parallel safe strict language plpgsql as $$
begin
    return length::double precision * case unit when 'minute' then interval '1 minute' when 'hour' then interval '1 hour' end;
end
$$;

-- When a term that begins now is over.
create or replace function anze.term_end(begins_at timestamptz, length numeric, unit text) returns timestamptz
stable parallel safe strict language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce(begins_at + anze.term_interval(length, unit),
        anze.end_of_day(anze.term_day(anze.day_of(begins_at), length, unit)));
end
$$;

-- Backward: by when something is done that must be done a term before something is due. What is due at the end of a day
-- (the first instant after it) is due on that day: twenty working days before it end with the twentieth of them.
create or replace function anze.term_ahead(due_at timestamptz, length numeric, unit text) returns timestamptz
stable parallel safe strict language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return coalesce(due_at - anze.term_interval(length, unit),
        anze.end_of_day(anze.term_day(anze.day_of(due_at - interval '1 microsecond'), -length, unit)));
end
$$;
