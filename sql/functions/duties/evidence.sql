-- Who sees the papers of what was done, and of why something was not: as the policies of records and excuses say it.

create or replace function anze.record_shows_files(record_id uuid) returns boolean stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select anze.can_see_of_unit(r.region_code, r.sector, r.unit_id) from anze.duty_record r where r.id = record_id);
end
$$;

create or replace function anze.excuse_shows_files(excuse_id uuid) returns boolean stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select anze.can_see_of_unit(x.region_code, x.sector, x.unit_id) from anze.excuse x where x.id = excuse_id);
end
$$;
