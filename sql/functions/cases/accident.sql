-- A case that names an accident (the fact accident_id) has its moment among its facts, accident_at, from which clocks may
-- count; both follow when the accident's time is corrected.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The facts with the moment of the accident that they name. Row-level security of accidents decides: of one that the caller
-- does not see no moment is told, and what was known before stays. Who names another one locks it, so that a correction
-- under way is waited for.
create or replace function anze.case_facts_dated(facts jsonb, before jsonb) returns jsonb language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    named constant text := facts ->> 'accident_id';
    is_new constant boolean := named is distinct from before ->> 'accident_id';
    occurred_at timestamptz;
begin
    if not coalesce(named ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false) then
        return facts;
    elsif is_new then
        select a.occurred_at into occurred_at from anze.accident a where a.id = named::uuid for share;
    else
        select a.occurred_at into occurred_at from anze.accident a where a.id = named::uuid;
    end if;
    if occurred_at is null then
        return case when is_new and before ? 'accident_id' then facts - 'accident_at' else facts end;
    end if;
    return facts || jsonb_build_object('accident_at', anze.instant(occurred_at));
end
$$;

-- By how much a clock that counts from the accident ends later now that its moment is another one.
create or replace function anze.case_accident_shift(c anze.case_file, k anze.case_clock, moment_before text)
returns interval stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (anze.case_clock_end(k, c.facts, c.region_code, now())).due_at
        - (anze.case_clock_end(k, c.facts || jsonb_build_object('accident_at', moment_before), c.region_code,
               now())).due_at;
end
$$;

-- What stood still while the moment was corrected (paused, held) goes on as if the right one had been known.
create or replace function anze.case_deadline_dated(c anze.case_file, k anze.case_clock, d anze.deadline)
returns anze.deadline stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    moment_before text;
begin
    if k.counts_from = 'accident' then
        select e.content ->> 'from' into moment_before from anze.case_event e
        where e.case_id = c.id and e.action = 'accident_corrected' and e.at > d.superseded_at
        order by e.number limit 1;
        if moment_before is not null then
            d.due_at := d.due_at + anze.case_accident_shift(c, k, moment_before);
        end if;
    end if;
    return d;
end
$$;

-- The case takes over the corrected moment. What was added to a clock meanwhile, by a pause or more time, is added still.
create or replace function anze.case_follow_accident(c anze.case_file, moment text, at timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    moment_before constant text := c.facts ->> 'accident_at';
    moved record;
begin
    c.facts := c.facts || jsonb_build_object('accident_at', moment);
    select * into moved from anze.add_case_event(c, 'accident_corrected', c.state,
        jsonb_build_object('from', moment_before, 'to', moment), '[]', at);
    c := moved.c;
    perform anze.put_case_clock(c, k, d.starts_at, d.due_at + anze.case_accident_shift(c, k, moment_before), e.rule,
        e.rule_version, at)
    from anze.deadline d
    join anze.case_clock k on (k.kind, k.version, k.code) = (c.kind, c.kind_version, d.clock)
    cross join lateral anze.case_clock_end(k, c.facts, c.region_code, now()) e
    where d.subject_id = c.id and d.is_running and k.counts_from = 'accident';
    perform anze.tell_case_deadlines(c, c.state, at);
    c.due_at := coalesce(
        (select min(d.due_at) from anze.deadline d where d.subject_id = c.id and d.is_running), 'infinity');
    perform anze.store_case(c);
end
$$;

-- Whoever corrects an accident need not see the cases that name it. Called where it is corrected: a trigger of accidents
-- would have a migration wait for those who write them.
create or replace function anze.cases_follow_accident(accident uuid, occurred_at timestamptz) returns void
security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    moment constant text := anze.instant(occurred_at);
    at constant timestamptz := clock_timestamp();
    c anze.case_file;
begin
    for c in
        select x.* from anze.case_file x
        where x.accident_id = accident and x.facts ->> 'accident_at' <> moment order by x.id for update
    loop
        perform anze.case_follow_accident(c, moment, at);
    end loop;
end
$$;
