-- Sums are kept as differences that writers append and the sweeper folds: `anze.<sums>_delta` has rows with an id,
-- `anze.<step>_of(ids)` takes these away and adds them to the base. Whoever reads adds both, and is exact at once.

-- Folds at most `max_rows` differences; how many. One sweeper at a time for each lock, which stands in sql/README.md.
create or replace function anze.fold(step text, differences text, lock integer, max_rows integer) returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    taken text[];
begin
    if not pg_try_advisory_xact_lock(3615029, lock) then
        return 0;
    end if;
    execute format('select array_agg(d.id) from (
            select x.id from anze.%I x where not anze.is_set_aside($1, x.id::text)
            order by x.id limit $2) d', differences)
        into taken using step, max_rows;
    if taken is not null then
        perform anze.do_each(step, differences, format('anze.%I($1::bigint[])', step || '_of'), taken);
    end if;
    return coalesce(cardinality(taken), 0);
end
$$;
