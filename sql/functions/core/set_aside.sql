-- A step of the sweep that fails on one row sets it aside and goes on.

-- Whether the step leaves a row alone until its time has come.
create or replace function anze.is_set_aside(step text, row_id text) returns boolean stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return exists (
        select from anze.set_aside s
        where s.step = is_set_aside.step and s.row_id = is_set_aside.row_id and s.again_at > clock_timestamp());
end
$$;

-- What is wrong with the moment and not with the row: somebody has it in hand, resources are short, the server ends.
create or replace function anze.is_passing(sqlstate text) returns boolean immutable parallel safe language sql
return left(sqlstate, 2) in ('08', '40', '53', '55', '57', '58', 'XX');

-- Tried again after a minute, two, four … a day.
create or replace function anze.set_row_aside(step text, subject text, row_id text, sqlstate text, fault text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    now_at constant timestamptz := clock_timestamp();
begin
    insert into anze.set_aside as kept (step, subject, row_id, sqlstate, fault, since, tried_at, again_at)
    values (step, subject, row_id, sqlstate, fault, now_at, now_at, now_at + interval '1 minute')
    on conflict on constraint set_aside_row_key do update
    set sqlstate = excluded.sqlstate, fault = excluded.fault, tries = kept.tries + 1, tried_at = excluded.tried_at,
        again_at = excluded.tried_at + least(interval '1 minute' * 2 ^ least(kept.tries, 11), interval '1 day');
    raise warning 'the step % of the sweep sets the % % aside: %', step, subject, row_id, sqlstate;
end
$$;

-- Does the work of a step ("anze.plan_marked($1::uuid[])") for all of these rows; where it fails, for each half, down to the
-- rows on which it fails, which are set aside. What was set aside and is done now is so no more.
create or replace function anze.do_each(step text, subject text, work text, ids text[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    half constant integer := cardinality(ids) / 2;
    code text;
    of_table text;
    of_constraint text;
begin
    begin
        execute 'select ' || work using ids;
        delete from anze.set_aside s where s.step = step and s.row_id = any (ids);
        return;
    exception
        when others then
            get stacked diagnostics code = returned_sqlstate, of_table = table_name, of_constraint = constraint_name;
            if anze.is_passing(code) then
                raise;
            end if;
    end;
    if half = 0 then
        perform anze.set_row_aside(step, subject, ids[1], code,
            nullif(concat_ws(' ', nullif(of_table, ''), nullif(of_constraint, '')), ''));
    else
        perform anze.do_each(step, subject, work, ids[:half]);
        perform anze.do_each(step, subject, work, ids[half + 1:]);
    end if;
end
$$;

create or replace function anze.set_aside_json(s anze.set_aside) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return jsonb_strip_nulls(jsonb_build_object('id', s.id, 'step', s.step, 'subject', s.subject, 'row_id', s.row_id,
        'sqlstate', s.sqlstate, 'fault', s.fault, 'since', anze.instant(s.since), 'tries', s.tries,
        'tried_at', anze.instant(s.tried_at), 'again_at', anze.instant(s.again_at)));
end
$$;

-- An administrator has it tried again by the next sweep.
create or replace function anze.retry_set_aside(set_aside_id uuid)
returns table (status text, body text, etag text, location text) security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    s anze.set_aside;
begin
    update anze.set_aside x set again_at = clock_timestamp() where x.id = set_aside_id returning * into s;
    if s.id is null then
        perform anze.refuse('AZ404', '没有该搁置项。', 'There is no such row.');
    end if;
    return query select '200', anze.set_aside_json(s)::text, null::text, null::text;
end
$$;
