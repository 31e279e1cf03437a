-- Partitions by time. The tables that anze.partitioned names have one for each span of so many months, by the calendar of
-- China, and one for all before (…_past), by a moment of each row or by where a span of time begins. There is no default
-- partition: with one, a list could not stop at the latest rows. The sweeper makes the coming ones from where the last one
-- ends, however long it slept; who writes a row of a span that has none yet makes it (anze.need_partition).

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Where the span of so many months begins that a moment is in.
create or replace function anze.span_begins(at timestamptz, months integer) returns timestamptz
immutable parallel safe strict language plpgsql as $$
begin
    return (date_trunc('year', at at time zone 'Asia/Shanghai')
            + make_interval(months => (extract(month from at at time zone 'Asia/Shanghai')::integer - 1) / months * months))
        at time zone 'Asia/Shanghai';
end
$$;

create or replace function anze.next_span_begins(at timestamptz, months integer) returns timestamptz
immutable parallel safe strict language plpgsql as $$
begin
    return (anze.span_begins(at, months) at time zone 'Asia/Shanghai' + make_interval(months => months))
        at time zone 'Asia/Shanghai';
end
$$;

create or replace function anze.partition_name(parent text, at timestamptz, months integer) returns text
immutable parallel safe strict language plpgsql as $$
begin
    return parent || to_char(anze.span_begins(at, months) at time zone 'Asia/Shanghai',
        case months when 12 then '"_"YYYY' when 3 then '"_"YYYY"_q"Q' else '"_"YYYY_MM' end);
end
$$;

-- A bound of the partitions of a table: a moment, or the first of the spans of time that begin then.
create or replace function anze.partition_bound(parent text, at timestamptz) returns text stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select case a.atttypid when 'tstzrange'::regtype then tstzrange(at, at, '[]')::text else at::text end
            from pg_partitioned_table p join pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0]
            where p.partrelid = format('anze.%I', parent)::regclass);
end
$$;

-- Where the last partition of a table ends; NULL where it has none.
create or replace function anze.partitions_end(parent text) returns timestamptz stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select max(substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \(''\W*([^'',"]+)')::timestamptz)
            from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = format('anze.%I', parent)::regclass);
end
$$;

-- One partition, made apart and then attached, so that writers go on.
create or replace function anze.make_partition(parent text, name text, lower_bound timestamptz, upper_bound timestamptz)
returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    execute format('create table anze.%I (like anze.%I including all)', name, parent);
    execute format('alter table anze.%I enable row level security', name); -- nobody reads it but by its parent
    execute format('alter table anze.%I force row level security', name);
    execute format('alter table anze.%I attach partition anze.%I for values from (%s) to (%L)', parent, name,
                   coalesce(quote_literal(anze.partition_bound(parent, nullif(lower_bound, '-infinity'))), 'minvalue'),
                   anze.partition_bound(parent, upper_bound));
end
$$;

-- The partitions of a table from where its last one ends until the one that holds this moment, in order; how many were
-- made. A new table begins a year back.
create or replace function anze.make_partitions_until(parent text, months integer, until timestamptz) returns integer
language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    begins_at timestamptz := anze.partitions_end(parent);
    ends_at timestamptz;
    made integer := 0;
begin
    if begins_at > until then
        return 0;
    end if;
    perform pg_advisory_xact_lock(3615029, 4); -- others may be making them
    begins_at := anze.partitions_end(parent);
    if begins_at is null then
        begins_at := anze.span_begins(least(now(), until) - interval '1 year', months);
        perform anze.make_partition(parent, parent || '_past', '-infinity', begins_at);
    end if;
    while begins_at <= until loop
        ends_at := anze.next_span_begins(begins_at, months);
        perform anze.make_partition(parent, anze.partition_name(parent, begins_at, months), begins_at, ends_at);
        begins_at := ends_at;
        made := made + 1;
    end loop;
    return made;
end
$$;

-- For whoever writes a row of this moment, before anything else is written: others are kept from the tables that it refers
-- to while a partition is attached. All but always the partition is there, and nothing is locked.
create or replace function anze.need_partition(parent text, at timestamptz) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    of_table constant anze.partitioned := (select p from anze.partitioned p where p.name = parent);
begin
    if at >= of_table.past_until
        and to_regclass(format('anze.%I', anze.partition_name(parent, at, of_table.months))) is null then
        perform anze.make_partitions_until(parent, of_table.months, at);
    end if;
end
$$;

-- Every table has the partition of this span and the next. Run by migrate, and by the sweeper. Whoever writes waits behind
-- one that waits: hence shortly, and again with the next sweep.
create or replace function anze.make_partitions(max_rows integer default null) returns bigint
security definer language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
begin
    return (select coalesce(sum(anze.make_partitions_until(p.name, p.months, now() + make_interval(months => p.months))), 0)
            from anze.partitioned p);
end
$$;

select anze.make_partitions();
