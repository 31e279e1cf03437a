-- What a unit has open goes along when it moves to another county or sector; what is done stays where it was. By triggers of
-- each domain and not by anze.follow_unit, so that an import of units takes it along, too. They work with the owner's sight:
-- who moves a unit need not see all that hangs on it.

-- For triggers of anze.unit with transition tables: the rows of a table whose column names a unit that moved, and that are open
-- by the condition (arguments: table, column, condition on x), as far as they were where the unit was.
create or replace function anze.open_rows_move() returns trigger security definer language plpgsql
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
    execute format($sql$
        update anze.%I x set region_code = n.region_code, sector = n.sector
        from before_rows o join after_rows n on n.id = o.id
        where x.%I = n.id and %s
            and (x.region_code, x.sector) is not distinct from (o.region_code, o.sector)
            and (n.region_code, n.sector) is distinct from (o.region_code, o.sector)$sql$, variadic tg_argv);
    perform set_config('anze.reach', reach_before, true);
    return null;
end
$$;
