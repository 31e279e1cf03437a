-- Levels of government: 0 unit, 1 town, 2 county, 3 city, 4 province, 5 nation (anze.level).

create or replace function anze.level_code(of_rank smallint) returns text stable strict language plpgsql as $$
#variable_conflict use_column
begin
    return (select (select l.code from anze.level l where l.rank = of_rank));
end
$$;

-- The level that governs a region, or a part of its code that has no padding.
create or replace function anze.region_level(region_code text) returns smallint
immutable parallel safe strict language sql
return case length(anze.region_prefix(region_code)) when 2 then 4 when 4 then 3 when 6 then 2 else 1 end::smallint;

-- The level at which the caller stands (anze.level): by its region; who acts for one unit, by that unit: an
-- enterprise is 0, a body stands where it sits.
create or replace function anze.caller_level() returns smallint
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return case anze.reach()
        when 'unit' then (
            select case when not u.is_body then 0 else coalesce(l.rank, anze.region_level(u.region_code)) end
            from anze.unit u left join anze.level l on l.code = u.level
            where u.id = anze.unit())
        when 'region' then anze.region_level(anze.region()) end;
end
$$;
