-- How instants, telephone numbers and versions are written, everywhere.

-- Instants in answers: RFC 3339, milliseconds, China's offset.
create or replace function anze.instant(at timestamptz) returns text stable parallel safe strict language sql as $$
    select to_char(at at time zone 'Asia/Shanghai', 'YYYY-MM-DD"T"HH24:MI:SS.MS"+08:00"')
$$;

-- A moment without a day: what has no day to be done by.
create or replace function anze.moment(at timestamptz) returns jsonb stable parallel safe language sql
as $$ select case when isfinite(at) then to_jsonb(anze.instant(at)) end $$;

-- 24:00 of a day in China.
create or replace function anze.end_of_day(day date) returns timestamptz immutable parallel safe strict language sql as $$
    select (day + 1)::timestamp at time zone 'Asia/Shanghai'
$$;

-- 13812345678 -> 138****5678
create or replace function anze.mask_phone(phone text) returns text immutable parallel safe strict language sql as $$
    select case when length(phone) >= 8 then left(phone, 3) || repeat('*', length(phone) - 7) || right(phone, 4)
            else repeat('*', length(phone)) end
$$;

-- "3.5d41402abc4b": version 3, and what it shows to this caller now. If-Match looks at the version alone, as far as the dot.
create or replace function anze.etag(version integer, shown text) returns text immutable parallel safe language sql
return version || '.' || left(md5(shown), 12);
