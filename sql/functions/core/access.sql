-- Who sees what: by region 块, by sector 条, or one's own unit. Each of these fails closed.
--
-- The policies call opaque functions (plpgsql, not inlined): the planner then assumes that a third of the rows pass and
-- keeps the index order that the statement asks for. Statements name their level's column themselves; this is the
-- second lock.

-- The owner's own work (loading, computing over all units, forgetting): reach "service", which no token carries and
-- which counts only while the owner's rights are in use: not for anze_service.
create or replace function anze.is_own_work() returns boolean
stable parallel safe language plpgsql
as $$
begin
    return anze.reach() = 'service'
        and pg_has_role(current_user, (select nspowner from pg_namespace where nspname = 'anze'), 'USAGE');
end
$$;

-- For every table with case data: its region code, its sector, the unit that it is about.
create or replace function anze.can_see(region_code text, sector text, unit_id uuid) returns boolean
stable parallel safe language plpgsql
as $$
begin
    return coalesce(case anze.reach()
        when 'region' then
            starts_with(region_code, anze.region())
            and (anze.sectors() is null or sector = any (anze.sectors()))
        when 'unit' then unit_id = anze.unit()
        when 'service' then anze.is_own_work()
    end, false);
end
$$;

-- The beginning that the codes of a region have, as far as a region's caller reaches; NULL: it reaches nothing of it.
create or replace function anze.prefix_in_reach(region text) returns text
stable parallel safe language plpgsql
as $$
declare
    own constant text := case anze.reach() when 'region' then anze.region() end;
    asked constant text := coalesce(anze.region_prefix(prefix_in_reach.region), own);
begin
    return case when starts_with(asked, own) then asked when starts_with(own, asked) then own end;
end
$$;

-- The caller's own seat: the region code of its unit.
create or replace function anze.seat() returns text
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return (select u.region_code from anze.unit u where u.id = anze.unit());
end
$$;

-- Whether one unit stands under another in the accountability tree (or is the same). Asked of each row that is not the
-- caller's own, seen or not: so what tells most is looked at first. Most callers have nobody under them, and of those that
-- have, most units are right under them. Statements apart, since one with all three would begin the search up the tree.
create or replace function anze.answers_to(lower_unit uuid, upper_unit uuid) returns boolean
stable parallel safe strict security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if lower_unit = upper_unit then
        return true;
    elsif not exists (select from anze.unit u where u.accountable_to = upper_unit) then
        return false;
    elsif (select u.accountable_to from anze.unit u where u.id = lower_unit) = upper_unit then
        return true;
    end if;
    return exists (
        with recursive above(id) as (
            select u.accountable_to from anze.unit u where u.id = lower_unit
            union
            select u.accountable_to from above a join anze.unit u on u.id = a.id)
        select from above where id = upper_unit);
end
$$;

-- For the directory of units. A region sees its own units (a sector only its own enterprises) and the bodies above it;
-- a unit sees itself, those above and below it in the tree, and the bodies of its town, county, city and province.
create or replace function anze.can_see_unit(region_code text, sector text, id uuid, is_body boolean) returns boolean
stable parallel safe language plpgsql
as $$
begin
    return coalesce(case anze.reach()
        when 'region' then
            starts_with(region_code, anze.region())
                and (is_body or anze.sectors() is null or coalesce(sector = any (anze.sectors()), false))
            or is_body and starts_with(anze.region(), anze.region_prefix(region_code))
        when 'unit' then
            id = anze.unit()
            or is_body and coalesce(starts_with(anze.seat(), anze.region_prefix(region_code)), false)
            or anze.answers_to(id, anze.unit())
            or anze.answers_to(anze.unit(), id)
        when 'service' then anze.is_own_work()
    end, false);
end
$$;

-- For what a unit keeps itself (duties, records, files): as case data, and always one's own unit's, which a sector's
-- officer would otherwise not see since bodies have no sector. A unit also sees those that answer to it.
create or replace function anze.can_see_of_unit(region_code text, sector text, unit_id uuid) returns boolean
stable parallel safe language plpgsql
as $$
begin
    return coalesce(case anze.reach()
        when 'region' then
            starts_with(region_code, anze.region())
                and (anze.sectors() is null or coalesce(sector = any (anze.sectors()), false))
            or unit_id = anze.unit()
        when 'unit' then unit_id = anze.unit() or anze.answers_to(unit_id, anze.unit())
        when 'service' then anze.is_own_work()
    end, false);
end
$$;

-- With the caller's rights: whether its row-level security shows the unit, or some post that a person holds or held.
create or replace function anze.sees_unit(unit_id uuid) returns boolean
stable parallel safe language plpgsql
as $$
begin
    return exists (select from anze.unit u where u.id = sees_unit.unit_id);
end
$$;

create or replace function anze.sees_post_of(person_id uuid) returns boolean
stable parallel safe language plpgsql
as $$
begin
    return exists (select from anze.appointment a where a.person_id = sees_post_of.person_id);
end
$$;

-- Whether a unit became another one: by a merger or a split, at once or by steps.
create or replace function anze.became(former_unit uuid, unit_id uuid) returns boolean
stable parallel safe strict security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        with recursive later(id) as (
            select former_unit
            union
            select o.id
            from later l
            join anze.unit_event e on e.unit_id = l.id and e.kind in ('merged_into', 'split_into')
            cross join lateral unnest(e.others) o(id))
        select from later l where l.id = became.unit_id);
end
$$;

-- The units for which the caller speaks: its own, and one on whose behalf it acts.
create or replace function anze.own_units() returns uuid[]
stable parallel safe language plpgsql
as $$
declare
    other constant text := anze.on_behalf_of();
begin
    return array_remove(array[anze.unit(),
        case when other ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then other::uuid end], null);
end
$$;

-- Whether the caller is the unit that something is about: for itself or on its behalf, as what it became, as an officer
-- who acts for a body by its region alone, or standing over it as no body does (its group).
create or replace function anze.stands_with(subject_unit uuid) returns boolean
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    own constant uuid[] := anze.own_units();
    s anze.unit;
begin
    select * into s from anze.unit u where u.id = subject_unit;
    return coalesce(subject_unit = any (own), false)
        or exists (
            select from anze.unit u
            where u.id = any (own) and (anze.became(s.id, u.id) or not u.is_body
                and (anze.reach() = 'unit' or u.id = s.group_id or anze.answers_to(s.id, u.id))))
        or own = '{}' and anze.reach() = 'region' and s.is_body and anze.region_prefix(s.region_code) = anze.region()
            and (anze.sectors() is null or coalesce(s.supervised_sectors && anze.sectors(), false));
end
$$;

-- For cases: with the unit that it is about or the body that supervises it, and withheld from the first where its state
-- says so.
create or replace function anze.can_see_case(region_code text, sector text, unit_id uuid, supervisor_id uuid,
    is_withheld boolean) returns boolean stable parallel safe language plpgsql
as $$
begin
    return (anze.can_see_of_unit(region_code, sector, unit_id) or anze.can_see_of_unit(region_code, sector, supervisor_id))
        and not (is_withheld and anze.stands_with(unit_id));
end
$$;

-- With the owner's rights, since who sees the deadline of a case need not see the case.
create or replace function anze.case_is_withheld(case_id uuid) returns boolean
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (select from anze.case_file c
                   where c.id = case_is_withheld.case_id and c.withheld_from_unit and anze.stands_with(c.unit_id));
end
$$;

create or replace function anze.deadline_is_withheld(deadline_id uuid) returns boolean
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (select from anze.deadline d where d.id = deadline_id and anze.case_is_withheld(d.subject_id));
end
$$;

-- A paper of such a case that another unit brought, which a region's reach would show. A unit's reach shows it by its use alone.
create or replace function anze.file_is_withheld(file_id uuid, unit_id uuid) returns boolean
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if anze.reach() is distinct from 'region' or unit_id = any (anze.own_units())
        or not exists (select from anze.case_file c where c.withheld_from_unit)
    then
        return false;
    end if;
    return exists (
        select from anze.file_use x
        where x.file_id = file_is_withheld.file_id and x.subject = 'case' and anze.case_is_withheld(x.subject_id));
end
$$;

-- Whether the caller sees a case: its own row decides.
create or replace function anze.sees_case(case_id uuid) returns boolean
stable parallel safe language plpgsql
as $$
begin
    return exists (select from anze.case_file c where c.id = sees_case.case_id);
end
$$;

-- Whether the caller sees a deadline: as what its owner keeps itself, and with the case that it is of. A clock of an accident
-- is seen as the accident is: by nobody above its unit in the tree.
create or replace function anze.sees_deadline(subject text, subject_id uuid, region_code text, sector text, owed_by uuid)
returns boolean stable parallel safe language plpgsql
as $$
begin
    return case when subject = 'accident' then anze.can_see(region_code, sector, owed_by)
        else anze.can_see_of_unit(region_code, sector, owed_by) and not (subject = 'case' and anze.case_is_withheld(subject_id))
            or subject = 'case' and anze.sees_case(subject_id) end;
end
$$;
