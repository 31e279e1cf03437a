-- What was written stays: the one trigger function behind every table whose comment says append-only, and behind those
-- whose rows may change but never go. An argument names columns that may change (and those that are generated, which
-- have no value yet before an update).
create or replace function anze.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'UPDATE' and tg_nargs > 0
        and to_jsonb(new) - tg_argv[0]::text[] = to_jsonb(old) - tg_argv[0]::text[] then
        return new;
    end if;
    raise exception 'the table % is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;

-- Whether a table has this trigger with this function and these arguments: then nobody need wait for its lock.
create or replace function anze.has_trigger(of_table regclass, name text, calls regprocedure, arguments text[])
returns boolean
stable language sql set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from pg_trigger t
        where t.tgrelid = of_table and t.tgname = name and t.tgfoid = calls
            and t.tgargs = coalesce((select string_agg(convert_to(a.argument, 'UTF8') || '\x00'::bytea, ''::bytea
                                                       order by a.place)
                                     from unnest(arguments) with ordinality a(argument, place)), ''::bytea))
$$;

-- From now on rows of this table are only added, whoever asks, but for the columns named. Truncating a partition fires
-- its own triggers and not its parent's, so each has one.
create or replace function anze.hold_append_only(held regclass, may_change text[] default '{}') returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    spared    text[];
    arguments text[] := '{}';
    part      regclass;
begin
    if cardinality(may_change) > 0 then
        spared := array(select a.attname::text from pg_attribute a
                        where a.attrelid = held and a.attnum > 0 and not a.attisdropped
                            and (a.attgenerated <> '' or a.attname = any (may_change)) order by 1);
        arguments := array[spared::text];
    end if;
    if not anze.has_trigger(held, 'append_only', 'anze.refuse_change()', arguments) then
        execute format('create or replace trigger append_only before update or delete on %s
                        for each row execute function anze.refuse_change(%s)', held,
                       (select string_agg(quote_literal(a), ', ') from unnest(arguments) a));
    end if;
    for part in
        select p.relid from pg_partition_tree(held) p union select held
    loop
        if not anze.has_trigger(part, 'append_only_truncate', 'anze.refuse_change()', '{}') then
            execute format('create or replace trigger append_only_truncate before truncate on %s
                            for each statement execute function anze.refuse_change()', part);
        end if;
    end loop;
end
$$;
