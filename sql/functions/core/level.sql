-- Levels of government: 0 unit, 1 town, 2 county, 3 city, 4 province, 5 nation (anze.level).

create or replace function anze.level_code(of_rank smallint) returns text stable strict language plpgsql as $$
#variable_conflict use_column
begin
    return (select (select l.code from anze.level l where l.rank = of_rank));
end
$$;

-- What codes of divisions say. A migration declares these, since generated columns rest on them; here they are PL/pgSQL,
-- whose plans are kept: a strict function in SQL that says CASE is not inlined, and planned again for each row.

create or replace function anze.city_of(region_code text) returns text immutable parallel safe strict language plpgsql as $$
begin
    return case when substr(region_code, 3, 2) <> '00' then left(region_code, 4) end;
end
$$;

create or replace function anze.county_of(region_code text) returns text immutable parallel safe strict language plpgsql as $$
begin
    return case when substr(region_code, 5, 2) <> '00' or length(region_code) > 6 then left(region_code, 6) end;
end
$$;

create or replace function anze.town_of(region_code text) returns text immutable parallel safe strict language plpgsql as $$
begin
    return case when length(region_code) > 6 then left(region_code, 9) end;
end
$$;

create or replace function anze.region_prefix(region_code text) returns text immutable parallel safe strict
language plpgsql as $$
begin
    return case
        when length(region_code) > 6 then region_code
        when right(region_code, 4) = '0000' then left(region_code, 2)
        when right(region_code, 2) = '00' then left(region_code, 4)
        else region_code
    end;
end
$$;

-- The level that governs a region, or a part of its code that has no padding.
create or replace function anze.region_level(region_code text) returns smallint
immutable parallel safe strict language plpgsql as $$
begin
    return case length(anze.region_prefix(region_code)) when 2 then 4 when 4 then 3 when 6 then 2 else 1 end::smallint;
end
$$;

-- Whether a region has a government of that level, county or above: cities without counties (东莞 441900, 嘉峪关, whose only
-- county 620201 is a name for its towns), counties that the province governs itself (济源 419001), the districts of
-- Beijing, Tianjin, Shanghai and Chongqing. A level that there is not owes nothing.
create or replace function anze.region_has_level(region_code text, rank smallint) returns boolean
immutable parallel safe strict language plpgsql as $$
begin
    return case rank
        when 2 then substr(region_code, 5, 2) <> '00' and left(region_code, 6) <> '620201'
        when 3 then substr(region_code, 3, 2) not in ('00', '90') and left(region_code, 2) not in ('11', '12', '31', '50')
        else true end;
end
$$;

-- The lowest level from this one up that a region has.
create or replace function anze.region_level_from(region_code text, rank smallint) returns smallint
immutable parallel safe strict language plpgsql as $$
declare
    found_rank smallint := rank;
begin
    while not anze.region_has_level(region_code, found_rank) loop
        found_rank := found_rank + 1;
    end loop;
    return found_rank;
end
$$;

-- The level of a unit: an enterprise is 0, a body stands where it sits.
create or replace function anze.unit_level(unit uuid) returns smallint
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select case when not u.is_body then 0 else coalesce(l.rank, anze.region_level(u.region_code)) end
        from anze.unit u left join anze.level l on l.code = u.level
        where u.id = unit_level.unit);
end
$$;

-- The level at which the caller stands (anze.level): by its region; who acts for one unit, by that unit.
-- Whom a matter about this unit is told against: the unit itself and those over it that are no authority. Where an authority
-- learned of the matter, they read neither from whom nor by which way: what was told in person, by another department or by
-- a client of its own reads `authority`. One rule for hazards, cases and accidents. It is asked for each row of a list, so it
-- looks at the token alone; whom a case is withheld from (anze.stands_with) is told nothing at all.
create or replace function anze.is_told_on(unit uuid) returns boolean stable parallel safe language plpgsql as $$
begin
    return coalesce(anze.unit() = is_told_on.unit or anze.reach() = 'unit' and anze.caller_level() = 0, false);
end
$$;

create or replace function anze.caller_level() returns smallint stable parallel safe language plpgsql as $$
begin
    return case anze.reach()
        when 'unit' then anze.unit_level(anze.unit())
        when 'region' then anze.region_level(anze.region()) end;
end
$$;
