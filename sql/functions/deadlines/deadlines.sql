-- Deadlines of every subject: they are met or superseded, and stay.

-- Clocks that were superseded stay, and so do those that were met.
create or replace function anze.deadline_stays() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'deadlines are not deleted' using errcode = 'insufficient_privilege';
end
$$;
create or replace trigger deadline_stays before delete on anze.deadline
    for each row execute function anze.deadline_stays();
create or replace trigger deadline_stays_all before truncate on anze.deadline
    for each statement execute function anze.deadline_stays();
