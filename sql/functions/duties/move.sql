-- What a unit has open goes along when it moves to another county or sector; what is done stays where it was. Triggers and not
-- anze.follow_unit, so that an import of units takes them along, too. They work with the owner's sight: who moves a unit need
-- not see all that hangs on it.

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.follow_ups_move() returns trigger security definer language plpgsql
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
    update anze.follow_up f set region_code = n.region_code, sector = n.sector
    from before_rows o join after_rows n on n.id = o.id
    where f.unit_id = n.id and f.state = 'open'
        and (f.region_code, f.sector) is not distinct from (o.region_code, o.sector)
        and (n.region_code, n.sector) is distinct from (o.region_code, o.sector);
    update anze.excuse e set region_code = n.region_code, sector = n.sector
    from before_rows o join after_rows n on n.id = o.id
    where e.unit_id = n.id and e.decided_at is null
        and (e.region_code, e.sector) is not distinct from (o.region_code, o.sector)
        and (n.region_code, n.sector) is distinct from (o.region_code, o.sector);
    perform set_config('anze.reach', reach_before, true);
    return null;
end
$$;
create or replace trigger follow_ups_move after update on anze.unit
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.follow_ups_move();
