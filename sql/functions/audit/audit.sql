-- Audit: writing entries, keeping them, linking them. See the migration that creates schema audit.
-- Which tables are watched, and which columns are masked, stands at the end of this file and nowhere else.

-- Writing ------------------------------------------------------------------------------------------------------------

-- Arguments of the trigger, set by audit.watch: object type, and array literals of its key columns, the masked columns
-- and those left out.
create or replace function audit.record() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    key_columns text[] := tg_argv[1];
    masked      text[] := tg_argv[2];
    derived     text[] := tg_argv[3];
    present     jsonb;
    change      jsonb;
    key         text;
    name        text;
begin
    case tg_op
    when 'INSERT' then
        present := to_jsonb(new) - derived;
        change := present;
    when 'DELETE' then
        present := to_jsonb(old) - derived;
        change := present;
    when 'UPDATE' then
        if old *= new then -- by image: some types know no equality
            return null;
        end if;
        present := to_jsonb(old) - derived; -- the object goes by the name that it had
        select jsonb_object_agg(c.key, jsonb_build_object('old', present -> c.key, 'new', c.value)) into change
        from jsonb_each(to_jsonb(new) - derived) c
        where c.value <> present -> c.key;
        if change is null then
            return null;
        end if;
    else
        change := '{}';
    end case;
    key := present ->> key_columns[1];
    for part in 2 .. cardinality(key_columns) loop
        key := key || '/' || (present ->> key_columns[part]);
    end loop;
    foreach name in array masked loop
        if tg_op = 'UPDATE' and change ? name then
            change := jsonb_set(change, array[name], '{"old": "***", "new": "***"}');
        elsif change ->> name is not null then
            change := jsonb_set(change, array[name], '"***"');
        end if;
    end loop;
    insert into audit.entry (actor, on_behalf_of, client, operation, request, trace, object_type, object_id, action,
                             change)
    values (coalesce(anze.actor(), 'login:' || session_user), anze.on_behalf_of(), anze.client(), anze.operation(),
            anze.request(), anze.trace(), tg_argv[0], key, lower(tg_op), change::text::json);
    return null;
end
$$;

-- Keeping ------------------------------------------------------------------------------------------------------------

create or replace function audit.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'the audit is append-only' using errcode = 'insufficient_privilege';
end
$$;

create or replace trigger audit_refuse_change before update or delete on audit.entry
    for each row execute function audit.refuse_change(); -- its partitions get it from here
create or replace trigger audit_refuse_truncate before truncate on audit.entry
    for each statement execute function audit.refuse_change();
create or replace trigger audit_refuse_truncate before truncate on audit.entry_rest
    for each statement execute function audit.refuse_change();
create or replace trigger audit_refuse_change before update or delete on audit.link
    for each row execute function audit.refuse_change();
create or replace trigger audit_refuse_truncate before truncate on audit.link
    for each statement execute function audit.refuse_change();

-- The partitions of this month and the coming ones; how many were made. Run by migrate and hourly by the sealer.
-- A partition is made apart and then attached, so that writers go on. A month that already has rows in the default
-- partition stays there.
create or replace function audit.create_partitions(months_ahead int default 3) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
    first_month constant timestamp := date_trunc('month', now() at time zone 'Asia/Shanghai');
    month   timestamp;
    lower   timestamptz;
    upper   timestamptz;
    name    text;
    created int := 0;
begin
    if months_ahead not between 0 and 24 then
        raise exception 'at most 24 months ahead' using errcode = 'invalid_parameter_value';
    end if;
    perform pg_advisory_xact_lock(3615029, 2); -- migrate and the sealers of several replicas at once
    for n in 0 .. months_ahead loop
        month := first_month + make_interval(months => n);
        lower := month at time zone 'Asia/Shanghai';
        upper := (month + interval '1 month') at time zone 'Asia/Shanghai';
        name := to_char(month, '"entry_"YYYY_MM');
        continue when to_regclass('audit.' || name) is not null
            or exists (select from audit.entry_rest e where e.at >= lower and e.at < upper);
        execute format('create table audit.%I (like audit.entry including all)', name);
        execute format('create trigger audit_refuse_truncate before truncate on audit.%I
                        for each statement execute function audit.refuse_change()', name);
        execute format('alter table audit.entry attach partition audit.%I for values from (%L) to (%L)',
                       name, lower, upper);
        created := created + 1;
    end loop;
    return created;
end
$$;

-- Linking ------------------------------------------------------------------------------------------------------------

-- True: the caller is the sealer until its transaction ends. One at a time, whichever replica it is.
create or replace function audit.lead() returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select pg_try_advisory_xact_lock(3615029, 1)
$$;

-- The last link; of an empty chain seq 0 and 32 zero bytes.
create or replace function audit.head(out seq bigint, out digest bytea)
stable language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    select l.seq, l.digest into seq, digest from audit.link l order by l.seq desc limit 1;
    if not found then
        seq := 0;
        digest := decode(repeat('00', 32), 'hex');
    end if;
end
$$;

-- The next entries for the chain, in its order. Ids are given before commit, so a transaction that began early may
-- commit late: only what is older than every running transaction is taken (nothing can still appear before it), in
-- the order of (xid, id). After a restore from a dump the transaction ids may begin again below the head's; then
-- the search begins at the bottom, and what is linked already is passed over.
-- The settings leave one plan: both indexes in order, so that a batch costs the same however long the chain is.
create or replace function audit.unlinked(max_rows int)
returns table (entry_xid xid8, entry_id bigint, entry_at timestamptz)
stable language plpgsql set search_path = pg_catalog, pg_temp
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off
    set enable_sort = off set max_parallel_workers_per_gather = 0 set jit = off as $$
declare
    after_xid xid8;
    after_id  bigint;
begin
    select l.entry_xid, l.entry_id into after_xid, after_id from audit.link l order by l.seq desc limit 1;
    if not found or after_xid >= pg_snapshot_xmax(pg_current_snapshot()) then
        after_xid := '0';
        after_id := 0;
    end if;
    return query
        select e.xid, e.id, e.at
        from audit.entry e
        where (e.xid, e.id) > (after_xid, after_id)
          and e.xid < pg_snapshot_xmin(pg_current_snapshot())
          and not exists (select from audit.link l where l.entry_id = e.id)
        order by e.xid, e.id
        limit max_rows;
end
$$;

-- One canonical field: length and text. (Stable, as what it calls is: so it is inlined.)
create or replace function audit.field(value text) returns bytea
stable parallel safe language sql as $$
    select case when value is null then '\xffffffff'::bytea
                else int4send(octet_length(value)) || convert_to(value, 'UTF8') end
$$;

-- The next entries as the bytes that are digested.
create or replace function audit.pending(max_rows int) returns table (entry_id bigint, canonical bytea)
stable language sql security definer set search_path = pg_catalog, pg_temp set jit = off as $$
    select e.id,
           audit.field(e.id::text) || audit.field(e.xid::text)
           || audit.field((extract(epoch from e.at) * 1000000)::bigint::text)
           || audit.field(e.actor) || audit.field(e.on_behalf_of) || audit.field(e.client)
           || audit.field(e.operation) || audit.field(e.request) || audit.field(e.trace)
           || audit.field(e.object_type) || audit.field(e.object_id) || audit.field(e.action)
           || audit.field(e.change::text)
    from audit.unlinked(max_rows) u
    cross join lateral (select * from audit.entry x
                        where x.xid = u.entry_xid and x.id = u.entry_id and x.at = u.entry_at
                        limit 1) e -- so that each entry is looked up by its key
    order by u.entry_xid, u.entry_id
$$;

-- Adds links for `entries`, which must be exactly the next ones, after the head that the caller computed from.
-- So a sealer can neither skip, reorder nor replace; what it digested is checked by anze audit verify.
create or replace function audit.append_links(head_seq bigint, head_digest bytea, kind text, entries bigint[],
                                              digests bytea[]) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    head record;
begin
    perform pg_advisory_xact_lock(3615029, 1);
    select * into head from audit.head();
    if head.seq <> head_seq or head.digest <> head_digest then
        raise exception 'the chain has another head' using errcode = 'serialization_failure';
    end if;
    if cardinality(entries) is distinct from cardinality(digests)
       or array(select u.entry_id from audit.unlinked(cardinality(entries)) u) is distinct from entries then
        raise exception 'these are not the next entries' using errcode = 'serialization_failure';
    end if;
    insert into audit.link (seq, entry_id, entry_xid, entry_at, digest_kind, previous, digest)
    select head_seq + u.place, u.entry_id, u.entry_xid, u.entry_at, kind,
           case when u.place = 1 then head_digest else digests[u.place - 1] end, digests[u.place]
    from audit.unlinked(cardinality(entries)) with ordinality u(entry_xid, entry_id, entry_at, place);
    return head_seq + cardinality(entries);
end
$$;

-- Watching -----------------------------------------------------------------------------------------------------------

-- From now on every change of this table is recorded. It needs a primary key. Run again, it takes up masked columns.
create or replace function audit.watch(watched regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    full_name   text;
    key_columns text[];
    masked      text[];
    derived     text[];
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
                     where m.table_name = full_name and m.is_derived order by 1);
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

revoke all on schema audit from public;
revoke all on all tables in schema audit from public, anze_service;
revoke all on all sequences in schema audit from public, anze_service;
revoke all on all functions in schema audit from public, anze_service;
grant usage on schema audit to anze_service;
grant execute on function audit.lead(), audit.head(), audit.pending(int),
    audit.append_links(bigint, bytea, text, bigint[], bytea[]), audit.create_partitions(int) to anze_service;

select audit.create_partitions();

-- Columns with personal data, and (true) columns that are only rendered from others.
insert into audit.masked_column (table_name, column_name, is_derived) values
    ('anze.accident_report', 'reporter_name', false),
    ('anze.accident_report', 'reporter_phone', false),
    ('anze.person', 'phone', false),
    ('anze.accident', 'item', true),
    ('anze.file', 'name', false)
on conflict (table_name, column_name) do update set is_derived = excluded.is_derived;

-- The watched tables: what people decide and state, and the law's figures. What is computed from these alone (clocks)
-- is not. A name whose table does not exist is passed over.
select audit.watch(t.relation)
from unnest(array['anze.region', 'anze.unit', 'anze.rule',
                  'anze.person', 'anze.appointment', 'anze.voided_appointment', 'anze.unit_event',
                  'anze.accident_threshold', 'anze.accident_clock_rule', 'anze.accident_recipient_rule',
                  'anze.accident', 'anze.accident_report', 'anze.accident_grade_change', 'anze.accident_transmission',
                  'anze.accident_receipt', 'anze.accident_recipient',
                  'anze.duty', 'anze.structural_rule', 'anze.file',
                  'anze.notice_stage', 'anze.notice', 'anze.light_rule']) with ordinality n(name, place)
cross join lateral (select to_regclass(n.name) as relation) t
where t.relation is not null
order by n.place;

-- Who attended and who answers for a matter is personal data; the record itself keeps it.
insert into audit.masked_column (table_name, column_name) values
    ('anze.duty_record', 'content'), ('anze.follow_up', 'responsible')
on conflict (table_name, column_name) do nothing;
select audit.watch('anze.duty_record');
select audit.watch('anze.follow_up');
select audit.watch('anze.duty_event');
-- Who found a hazard and who answers for it; where its case stands is copied from the case, which is watched itself.
insert into audit.masked_column (table_name, column_name, is_derived) values
    ('anze.hazard', 'found_by', false), ('anze.hazard', 'responsible', false), ('anze.hazard', 'state', true),
    ('anze.hazard', 'is_open', true), ('anze.hazard', 'due_at', true), ('anze.hazard', 'version', true),
    ('anze.hazard', 'updated_at', true)
on conflict (table_name, column_name) do update set is_derived = excluded.is_derived;
select audit.watch('anze.hazard');
select audit.watch('anze.hazard_judgement');
select audit.watch('anze.hazard_merger');

-- Who assessed a risk and who answers for its control is personal data; the assessment itself keeps it.
insert into audit.masked_column (table_name, column_name) values
    ('anze.risk_assessment', 'measures'), ('anze.risk_assessment', 'assessor')
on conflict (table_name, column_name) do nothing;
select audit.watch('anze.risk_point');
select audit.watch('anze.risk_assessment');
select audit.watch('anze.hazard_source');

-- What is done to a case names who answers for it; the case itself keeps it. Rules of kinds are watched like the law's.
insert into audit.masked_column (table_name, column_name) values
    ('anze.case_event', 'content'), ('anze.case_file', 'facts')
on conflict (table_name, column_name) do nothing;
select audit.watch(format('anze.%I', n.name)::regclass)
from unnest(array['case_kind', 'case_state', 'case_clock', 'case_action', 'case_hook', 'evidence_kind', 'scope', 'body_power',
                  'case_file', 'case_event',
                  'working_day']) n(name);
