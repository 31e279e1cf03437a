-- Planning: which duties of which units make obligations in which periods.

-- Plans the obligations of these units for the periods from one day until (and without) another; how many there are
-- new.
create or replace function anze.plan_obligations(unit_ids uuid[], from_day date, until_day date) returns bigint
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return 0;
end
$$;
