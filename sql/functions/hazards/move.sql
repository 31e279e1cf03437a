-- Open hazards go along when their unit moves (duties/move.sql says why by triggers); closed ones stay where they were.

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.hazards_move() returns trigger security definer language plpgsql
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
    update anze.hazard h set region_code = n.region_code, sector = n.sector
    from before_rows o join after_rows n on n.id = o.id
    where h.unit_id = n.id and h.is_open
        and (h.region_code, h.sector) is not distinct from (o.region_code, o.sector)
        and (n.region_code, n.sector) is distinct from (o.region_code, o.sector);
    perform set_config('anze.reach', reach_before, true);
    return null;
end
$$;
create or replace trigger hazards_move after update on anze.unit
    referencing old table as before_rows new table as after_rows
    for each statement execute function anze.hazards_move();
