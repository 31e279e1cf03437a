-- What follows from an accident changes by time alone: who is still missing counts with the dead one day. The sweeper counts
-- the accident anew then, as after a report, but nobody reported.

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.recount_accident(accident uuid, at timestamptz) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    a anze.accident;
begin
    select * into a from anze.accident x where x.id = accident for no key update;
    if anze.accident_is_ended(a.state) then
        update anze.accident x set recount_at = 'infinity' where x.id = a.id;
        return;
    end if;
    a.rule_set := anze.accident_rule_set(a.sector, anze.day_of(a.occurred_at));
    a.supplement_ends_at := anze.accident_supplement_end(
        a.occurred_at, anze.accident_supplement_rule(a.category_standard, a.category, a.sector));
    perform anze.accident_take_report(a, at);
end
$$;

create or replace function anze.recount_accidents_of(ids uuid[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.recount_accident(i.id, clock_timestamp()) from unnest(ids) i(id);
end
$$;

-- A part of a step of the sweep.
create or replace function anze.recount_accidents(max_rows integer) returns integer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    taken text[];
begin
    select array_agg(d.id) into taken from (
        select a.id from anze.accident a
        where a.recount_at < 'infinity' and a.recount_at <= clock_timestamp()
            and not anze.is_set_aside('recount_accidents', a.id::text)
        order by a.recount_at limit max_rows for no key update skip locked) d;
    if taken is not null then
        perform anze.do_each('recount_accidents', 'accident', 'anze.recount_accidents_of($1::uuid[])', taken);
    end if;
    return coalesce(cardinality(taken), 0);
end
$$;
