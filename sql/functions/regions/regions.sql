-- Regions: their chain upward, and what their codes meant on a day.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The codes of a region and of everything above it, from the province down.
create or replace function anze.region_chain(code text) returns text[] immutable parallel safe strict language sql
return array_remove(array[
    left(code, 2) || '0000',
    anze.city_of(code) || '00',
    anze.county_of(code),
    anze.town_of(code),
    case when length(code) = 12 then code end], null);

-- Whether a code means a division on a day. What hangs on a region and has a day asks for that day.
create or replace function anze.region_holds(code text, day date) returns boolean stable parallel safe strict
language plpgsql as $$
begin
    return exists (select from anze.region_span s where s.code = region_holds.code and s.in_force @> day);
end
$$;

-- The days of one code in words: 2016-05-17 至今, from 2016-05-17.
create or replace function anze.region_days(code text, in_chinese boolean) returns text stable language sql as $$
    select string_agg(case
            when in_chinese then coalesce(lower(s.in_force)::text || ' 起', '此前')
                || coalesce('至 ' || (upper(s.in_force) - 1)::text || ' 止', '至今')
            else concat_ws(' ', 'from ' || lower(s.in_force)::text,
                coalesce('until ' || (upper(s.in_force) - 1)::text, 'until today')) end,
        case when in_chinese then '，' else ' and ' end order by s.in_force)
    from anze.region_span s where s.code = region_days.code
$$;

-- What is wrong with naming this region for what is so on that day: '[]', or the fault at its place.
create or replace function anze.region_faults(code text, day date, pointer text) returns jsonb stable language plpgsql as $$
begin
    if code is null or anze.region_holds(code, day) then
        return '[]';
    elsif not exists (select from anze.region_span s where s.code = region_faults.code) then
        return jsonb_build_array(anze.fault(pointer, 'unknown-reference', '没有该行政区划。', 'There is no such region.'));
    end if;
    return jsonb_build_array(anze.fault(pointer, 'not-in-force',
        format('该行政区划代码在 %s 无效；有效期：%s。', day, anze.region_days(code, true)),
        format('This division code does not hold on %s; it holds %s.', day, anze.region_days(code, false))));
end
$$;

-- anze.region is the latest that a code meant; whoever writes a region alone gives it its only period.
create or replace function anze.region_follows() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from touched) then
        return null; -- a statement that wrote nothing fires, too
    end if;
    insert into anze.region as kept (code, name, parent_code, in_force)
    select distinct on (s.code) s.code, s.name, s.parent_code, s.in_force
    from anze.region_span s where s.code in (select t.code from touched t)
    order by s.code, lower(s.in_force) desc nulls last
    on conflict on constraint region_pkey do update
    set name = excluded.name, parent_code = excluded.parent_code, in_force = excluded.in_force,
        version = kept.version + 1, updated_at = now()
    where (kept.name, kept.parent_code, kept.in_force)
        is distinct from (excluded.name, excluded.parent_code, excluded.in_force);
    return null;
end
$$;
create or replace trigger region_follows_inserted after insert on anze.region_span referencing new table as touched
    for each statement execute function anze.region_follows();
create or replace trigger region_follows_updated after update on anze.region_span referencing new table as touched
    for each statement execute function anze.region_follows();

create or replace function anze.region_begins() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from touched) then
        return null;
    end if;
    insert into anze.region_span (code, name, parent_code, in_force)
    select t.code, t.name, t.parent_code, t.in_force
    from touched t where not exists (select from anze.region_span s where s.code = t.code);
    return null;
end
$$;
create or replace trigger region_begins after insert on anze.region referencing new table as touched
    for each statement execute function anze.region_begins();

-- A city without counties: towns lie below it.
create or replace function anze.region_is_of_towns(code text) returns boolean stable parallel safe strict language plpgsql as $$
begin
    return exists (select from anze.region r where r.parent_code = region_is_of_towns.code and r.level = 'town');
end
$$;
