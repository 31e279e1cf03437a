-- Days and instants: the law's days are China's, and instants are written with China's offset.

-- The law's days are counted in China.
create or replace function anze.day_of(instant timestamptz) returns date immutable parallel safe strict language sql
return (instant at time zone 'Asia/Shanghai')::date;

create or replace function anze.today() returns date stable parallel safe language sql
return anze.day_of(now());

-- 24:00 of a day in China.
create or replace function anze.end_of_day(day date) returns timestamptz immutable parallel safe strict language sql as $$
    select (day + 1)::timestamp at time zone 'Asia/Shanghai'
$$;

-- The day from which the changes of this transaction count: anze.effective_on, set by the functions that take such a
-- day from the caller; today otherwise.
create or replace function anze.effective_on() returns date stable parallel safe language sql
return coalesce(nullif(current_setting('anze.effective_on', true), '')::date, anze.today());

-- Instants in answers: RFC 3339, milliseconds, and +08:00, also where China's clocks showed something else (summer time of
-- 1986 to 1991, Shanghai's own time before 1901).
create or replace function anze.instant(at timestamptz) returns text stable parallel safe strict language sql as $$
    select to_char(at at time zone interval '8 hours', 'YYYY-MM-DD"T"HH24:MI:SS.MS"+08:00"')
$$;

-- A moment without a day: what has no day to be done by.
create or replace function anze.moment(at timestamptz) returns jsonb stable parallel safe language sql
as $$ select case when isfinite(at) then to_jsonb(anze.instant(at)) end $$;

create or replace function anze.month_begins(month timestamp) returns timestamptz immutable parallel safe strict language sql
return month at time zone 'Asia/Shanghai';
