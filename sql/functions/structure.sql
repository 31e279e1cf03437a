-- Rules of structure: what of them these units break.

create or replace function anze.refresh_findings(unit_ids uuid[]) returns void
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    null;
end
$$;
