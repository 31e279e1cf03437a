-- Units: what a unit finds around itself. Enterprise callers list these; row-level security agrees (can_see_unit).
create or replace function anze.units_around(centre uuid) returns setof uuid
stable parallel safe strict security definer rows 100 language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with recursive
    above(id, superior) as (
        select u.id, u.accountable_to from anze.unit u where u.id = centre
        union
        select u.id, u.accountable_to from above a join anze.unit u on u.id = a.superior),
    below(id) as (
        select centre
        union
        select c.id from below b cross join lateral (
            -- offset 0: one look into the index per unit, instead of a hash of all units
            select u.id from anze.unit u where u.accountable_to = b.id offset 0) c)
    select a.id from above a
    union
    select b.id from below b
    union
    select o.id from anze.unit u join anze.unit o
        on o.is_body and o.region_code = any (anze.region_chain(u.region_code))
    where u.id = centre;
end
$$;

-- The unit, if the caller may act for it or over it; a row of NULLs otherwise. For functions with the owner's rights.
create or replace function anze.unit_in_reach(unit_id uuid) returns anze.unit stable language plpgsql as $$
declare
    found_unit anze.unit;
begin
    select * into found_unit from anze.unit u
    where u.id = unit_in_reach.unit_id and anze.can_see_of_unit(u.region_code, u.sector, u.id);
    return found_unit;
end
$$;

-- A unit and all that answer to it, directly or not: what a caller of one unit may see of lights and notices.
create or replace function anze.units_under(top uuid) returns setof uuid
stable parallel safe strict security definer rows 20 language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with recursive below(id) as (
        select top
        union
        select c.id from below b cross join lateral (
            -- offset 0: one look into the index per unit, instead of a hash of all units
            select u.id from anze.unit u where u.accountable_to = b.id offset 0) c)
    select b.id from below b;
end
$$;

-- The units for which the caller acts: its own and one on whose behalf it acts; an officer whose token names none acts
-- for the bodies of just its region, where it is bound to sectors for those that supervise one of them.
create or replace function anze.caller_units() returns uuid[]
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    own constant uuid[] := anze.own_units();
begin
    if own <> '{}' or anze.reach() is distinct from 'region' then
        return own;
    end if;
    return array(
        select u.id from anze.unit u
        where u.region_code = any (anze.region_chain(anze.region())) and u.is_body
            and anze.region_prefix(u.region_code) = anze.region()
            and (u.closed_on is null or u.closed_on > anze.today())
            and (anze.sectors() is null or u.supervised_sectors && anze.sectors()));
end
$$;

-- A unit as others name it: who sees something may know the name of its unit. Always with the owner's rights, since a plan over a
-- table with row-level security is made again whenever another role asks than before.
create or replace function anze.unit_name_json(unit uuid) returns jsonb
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return jsonb_build_object('id', unit, 'name', (select u.name from anze.unit u where u.id = unit));
end
$$;

-- What is shown once for each row of a list is in PL/pgSQL: its plan is kept, that of a function in SQL is made again.
create or replace function anze.unit_reference(id uuid) returns jsonb stable parallel safe language plpgsql
as $$
begin
    return (select jsonb_build_object('id', u.id, 'kind', u.kind, 'name', u.name)
            from anze.unit u where u.id = unit_reference.id);
end
$$;

-- The rule by which a day lies too far back to be entered of a unit: one is for the unit itself, one for whoever is above
-- it. NULL: it does not, or nobody of a reach asks (imports, the sweeper).
create or replace function anze.backdating_rule(rule_of_unit text, rule_above text, day date, of_unit uuid, region text)
returns anze.rule stable language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    r anze.rule;
begin
    if anze.reach() = 'region' and anze.unit() is distinct from of_unit then
        r := anze.rule_in_force(rule_above, anze.today(), region);
    elsif anze.reach() in ('region', 'unit') then
        r := anze.rule_in_force(rule_of_unit, anze.today(), region);
    end if;
    if day < anze.today() - r.value::integer then
        return r;
    end if;
    return null;
end
$$;
