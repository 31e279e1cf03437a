-- Open cases and their running clocks go along when their unit moves (units/move.sql says why by triggers); events stay.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Who stands for a body where a unit sits now: itself as long as it is over the place, else the body of the same kind, role
-- and sectors on the same level there; where there is none, the case stays with the body that has it.
create or replace function anze.body_over(body uuid, place text) returns uuid stable language plpgsql as $$
begin
    return coalesce((
        select n.id
        from anze.unit b
        join anze.unit n on n.region_code = any (anze.region_chain(place)) and n.is_body and n.closed_on is null
            and (n.kind, n.supervision_role, n.supervised_sectors) is not distinct from
                (b.kind, b.supervision_role, b.supervised_sectors)
            and anze.region_level(n.region_code) = anze.region_level(b.region_code)
        where b.id = body and b.is_body and not starts_with(place, anze.region_prefix(b.region_code))
        order by n.id limit 1), body);
end
$$;

create or replace function anze.cases_move() returns trigger security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    reach_before constant text := coalesce(anze.reach(), '');
begin
    if not exists (
        select from before_rows o join after_rows n on n.id = o.id
        where (n.region_code, n.sector) is distinct from (o.region_code, o.sector))
    then
        return null;
    end if;
    perform set_config('anze.reach', 'service', true);
    with taken as (
        update anze.case_file c
        set region_code = n.region_code, sector = n.sector, supervisor_id = anze.body_over(c.supervisor_id, n.region_code)
        from before_rows o join after_rows n on n.id = o.id
        where c.unit_id = n.id and c.is_open
            and (c.region_code, c.sector) is not distinct from (o.region_code, o.sector)
            and (n.region_code, n.sector) is distinct from (o.region_code, o.sector)
        returning c.id, c.region_code, c.sector)
    update anze.deadline d
    set region_code = t.region_code, sector = t.sector, owed_by = anze.body_over(d.owed_by, t.region_code)
    from taken t
    where d.subject = 'case' and d.subject_id = t.id and d.is_running;
    perform set_config('anze.reach', reach_before, true);
    return null;
end
$$;
create or replace trigger cases_move after update on anze.unit
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.cases_move();
