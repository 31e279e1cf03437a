-- Audit: the months of audit.entry, from making to detaching.

-- The partitions of this month and the coming ones; how many were made. Run by migrate and hourly by the sealer.
-- A partition is made apart and then attached, so that writers go on. A month that already has rows in the default
-- partition stays there, and so does one that was detached. An id carries its day, so unique in each month is unique.
create or replace function audit.create_partitions(months_ahead int default 3) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms' as $$
declare
    first_month constant timestamp := date_trunc('month', now() at time zone 'Asia/Shanghai');
    begins  timestamp;
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
        begins := first_month + make_interval(months => n);
        lower := begins at time zone 'Asia/Shanghai';
        upper := (begins + interval '1 month') at time zone 'Asia/Shanghai';
        name := to_char(begins, '"entry_"YYYY_MM');
        continue when to_regclass('audit.' || name) is not null
            or exists (select from audit.detached_month d where d.month = begins::date)
            or exists (select from audit.entry_rest e where e.at >= lower and e.at < upper);
        execute format('create table audit.%I (like audit.entry including all)', name);
        execute format('create unique index on audit.%I (id)', name);
        execute format('create trigger append_only_truncate before truncate on audit.%I
                        for each statement execute function anze.refuse_change()', name);
        execute format('alter table audit.entry attach partition audit.%I for values from (%L) to (%L)',
                       name, lower, upper);
        created := created + 1;
    end loop;
    return created;
end
$$;

-- The month in which an instant lies, in China.
create or replace function audit.month_of(at timestamptz) returns date
immutable parallel safe language sql as $$
    select date_trunc('month', at at time zone 'Asia/Shanghai')::date
$$;

-- Takes a month out of audit.entry: called by anze audit detach, which has compared a file with the chain before.
-- Its table stays as audit.entry_YYYY_MM, without triggers, until somebody drops it.
create or replace function audit.detach(month date, n_entries bigint, file_digest text) returns void
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
    name    constant text := to_char(month, '"entry_"YYYY_MM');
    counted bigint;
begin
    if month >= audit.month_of(now()) then
        raise exception 'a month is detached when it is over' using errcode = 'object_not_in_prerequisite_state';
    end if;
    if to_regclass('audit.' || name) is null then
        raise exception 'this month has no partition of its own' using errcode = 'undefined_table';
    end if;
    execute format('select count(*) from audit.%I', name) into counted;
    if counted <> n_entries then
        raise exception 'the month has other entries than the file' using errcode = 'object_not_in_prerequisite_state';
    end if;
    execute format('alter table audit.entry detach partition audit.%I', name);
    insert into audit.detached_month (month, n_entries, file_digest) values (month, n_entries, file_digest);
end
$$;
