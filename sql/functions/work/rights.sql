-- What the service's login may execute: what the program's statements call, and what those reach while they run with the
-- login's own rights. All else (what answers by id without asking who calls, above all) is called by functions that asked,
-- with their owner's rights.

-- Functions whose names stand in a text of SQL, whole (anze.name) or, where the text puts them together (anze.%I), by how
-- they begin or end.
create or replace function anze.functions_named(sql text) returns oid[] stable language sql
set search_path = pg_catalog, pg_temp as $$
    select array(
        select p.oid
        from pg_proc p
        where p.pronamespace = 'anze'::regnamespace
            and p.proname = any (array(select m.found[1]::name from regexp_matches(sql, 'anze\.([a-z_0-9]+)', 'g') m(found)))
        union
        select p.oid
        from regexp_matches(sql, $re$('[a-z_]+_' \|\||\|\| '_[a-z_]+')$re$, 'g') m(found)
        cross join lateral (select translate(m.found[1], $re$'| $re$, '') as part) n
        join pg_proc p on p.pronamespace = 'anze'::regnamespace
            and (starts_with(n.part, '_') and right(p.proname, length(n.part)) = n.part
                 or not starts_with(n.part, '_') and starts_with(p.proname, n.part))
        where strpos(sql, 'anze.%I') > 0)
$$;

-- What runs with the login's rights whatever statement is asked: policies, constraints, defaults, views, and the triggers of
-- the tables that it writes itself.
create or replace function anze.functions_of_tables() returns oid[] stable language sql
set search_path = pg_catalog, pg_temp as $$
    select array(
        select d.refobjid from pg_depend d
        where d.refclassid = 'pg_proc'::regclass
            and d.classid in ('pg_policy'::regclass, 'pg_constraint'::regclass, 'pg_attrdef'::regclass, 'pg_rewrite'::regclass)
        union
        select t.tgfoid from pg_class c
        cross join lateral aclexplode(c.relacl) a
        join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal
        join pg_proc f on f.oid = t.tgfoid and not f.prosecdef
        where a.grantee = 'anze_service'::regrole and a.privilege_type in ('INSERT', 'UPDATE', 'DELETE'))
$$;

-- Those and whatever they call, as far as no function on the way runs with its owner's rights.
create or replace function anze.functions_reached(called oid[]) returns oid[] stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    next oid[] := called;
begin
    while next <> '{}' loop
        next := array(
            select distinct n.callee
            from pg_proc p
            cross join lateral (
                select unnest(anze.functions_named(p.prosrc))
                union all
                select d.refobjid from pg_depend d
                where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.refclassid = 'pg_proc'::regclass) n(callee)
            where p.oid = any (next) and not p.prosecdef and n.callee <> all (called));
        called := called || next;
    end loop;
    return called;
end
$$;

-- Called by each run of `anze migrate` with the text of all statements. What the program calls beside them stands here; so
-- do names that only statements of the last release call, which its programs go on asking until they are restarted.
create or replace function anze.grant_called(statements text) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    of_program constant text := 'anze.sweep anze.claim_key anze.roll_back';
    of_last_release constant text := ''; -- none is left
    called oid[];
    change record;
begin
    if not exists (select from pg_roles where rolname = 'anze_service') then
        return;
    end if;
    called := anze.functions_reached(
        anze.functions_named(concat_ws(' ', statements, of_program, of_last_release)) || anze.functions_of_tables());
    for change in
        select p.oid::regprocedure as routine, p.oid = any (called) as is_called
        from pg_proc p
        where p.pronamespace = 'anze'::regnamespace
            and has_function_privilege('anze_service', p.oid, 'execute') <> (p.oid = any (called))
    loop
        execute format(case when change.is_called then 'grant execute on routine %s to anze_service'
                            else 'revoke execute on routine %s from anze_service' end, change.routine);
    end loop;
end
$$;
