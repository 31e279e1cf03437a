-- Counting: folds differences into the sums.

-- Folds at most `max_rows` differences; how many.
create or replace function anze.fold_tally(max_rows int) returns integer
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return 0;
end
$$;
