-- Opening and changing units, by one caller at a time for each of them.

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.create_unit(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    day constant date := coalesce((given ->> 'opened_on')::date, anze.today());
    u anze.unit;
begin
    perform anze.lock_tree();
    u := anze.open_unit(given, day, given, '/');
    perform anze.follow_unit(u.id, day);
    return query select '201', anze.unit_json(u)::text, u.version::text, '/v1/units/' || u.id;
end
$$;

-- A closed unit stays as it was; its closure can be taken back.
create or replace function anze.update_unit(unit_id uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    day constant date := coalesce((given ->> 'effective_on')::date, anze.today());
    before anze.unit;
    u anze.unit;
begin
    if given ?| '{accountable_to,group_id,zone_id}' then
        perform anze.lock_tree();
    end if;
    before := anze.unit_lock(unit_id, if_match);
    if not given ? 'closed_on' then
        perform anze.refuse_closed(before);
    end if;
    u := anze.unit_with(before, given);
    perform anze.refuse_all(anze.unit_day_faults(day) || anze.unit_faults(u, before, day, '/'));
    if u is distinct from before then
        u := anze.change_unit(u, day);
        perform anze.require_reach_of(u, '/');
        perform anze.add_unit_events(array[u.id], 'changed', day, '{}', given);
        perform anze.follow_unit(u.id, least(day, u.opened_on));
    end if;
    return query select '200', anze.unit_json(u)::text, u.version::text, null::text;
end
$$;
