-- Audit: which tables are watched, and which are held.

-- From now on every change of this table is recorded. It needs a primary key. Run again, it takes up masked columns.
-- Generated columns are left out: they follow from others of their row.
create or replace function audit.watch(watched regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    full_name   text;
    key_columns text[];
    masked      text[];
    derived     text[];
    arguments   text[];
begin
    select format('%s.%s', n.nspname, c.relname) into full_name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = watched;
    select array_agg(a.attname::text order by k.place) into key_columns
    from pg_index i
    cross join unnest(i.indkey::int2[]) with ordinality k(attnum, place)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
    where i.indrelid = watched and i.indisprimary;
    if key_columns is null then
        raise exception 'a watched table needs a primary key: %', full_name;
    end if;
    masked := array(select m.column_name from audit.masked_column m
                    where m.table_name = full_name and not m.is_derived order by 1);
    derived := array(select m.column_name from audit.masked_column m
                     where m.table_name = full_name and m.is_derived
                     union
                     select a.attname from pg_attribute a
                     where a.attrelid = watched and a.attgenerated <> '' and a.attname <> all (key_columns) order by 1);
    arguments := array[full_name, key_columns::text, masked::text, derived::text];
    if anze.has_trigger(watched, 'audit_record', 'audit.record()', arguments)
        and anze.has_trigger(watched, 'audit_record_truncate', 'audit.record()', arguments) then
        return;
    end if;
    execute format('create or replace trigger audit_record after insert or update or delete on %s
                    for each row execute function audit.record(%L, %L, %L, %L)',
                   watched, full_name, key_columns, masked, derived);
    execute format('create or replace trigger audit_record_truncate after truncate on %s
                    for each statement execute function audit.record(%L, %L, %L, %L)',
                   watched, full_name, key_columns, masked, derived);
end
$$;

-- Masked columns take effect at once where the table is watched already.
create or replace function audit.watch_again() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from pg_trigger t
               where t.tgname = 'audit_record' and t.tgrelid = to_regclass(coalesce(new.table_name, old.table_name)))
    then
        perform audit.watch(to_regclass(coalesce(new.table_name, old.table_name)));
    end if;
    return null;
end
$$;
create or replace trigger audit_watch_again after insert or update or delete on audit.masked_column
    for each row execute function audit.watch_again();

-- Every table of ours, without partitions, which follow their parents.
create or replace function audit.tables() returns table (table_name text, relation regclass, says text)
stable language sql set search_path = pg_catalog, pg_temp as $$
    select n.nspname || '.' || c.relname, c.oid::regclass, coalesce(obj_description(c.oid, 'pg_class'), '')
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('anze', 'audit') and c.relkind in ('r', 'p') and not c.relispartition
$$;

-- Does what audit.decision says and what comments of tables say; what is so already is left alone. Without case data:
-- tables that no request writes to, which may be locked early in a release.
create or replace function audit.apply_decisions(also_case_data boolean default true) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    t record;
begin
    for t in
        select x.relation, x.says ~ 'append-only' as is_held, d.is_audited, coalesce(d.may_change, '{}') as may_change
        from audit.tables() x
        join pg_class c on c.oid = x.relation
        left join audit.decision d using (table_name)
        where also_case_data or not c.relrowsecurity
        order by x.table_name
    loop
        if t.is_audited then
            perform audit.watch(t.relation);
        elsif exists (select from pg_trigger g where g.tgrelid = t.relation and g.tgname = 'audit_record') then
            execute format('drop trigger audit_record on %s', t.relation);
            execute format('drop trigger audit_record_truncate on %s', t.relation);
        end if;
        if t.is_held then
            perform anze.hold_append_only(t.relation, t.may_change);
        end if;
    end loop;
end
$$;

revoke all on schema audit from public;
revoke all on all tables in schema audit from public, anze_service;
revoke all on all sequences in schema audit from public, anze_service;
revoke all on all functions in schema audit from public, anze_service;
grant usage on schema audit to anze_service;
grant execute on function audit.lead(), audit.head(), audit.pending(int),
    audit.append_seal(bigint, bytea, bigint, text, bigint[], bytea, bytea), audit.create_partitions(int) to anze_service;

select audit.create_partitions();
