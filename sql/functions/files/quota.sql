-- How much of files is taken: of each unit and caller (anze.file_quota), asked when a file is declared, so that no chunk
-- asks for sums; and of all together (anze.file_store), so that files never take the disk from reports.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- What counts for a quota, the latest first. Each attempt counts, since what is thrown away is on the disk for a while.
create or replace function anze.file_quota_counted(quota anze.file_quota, unit uuid, caller text)
returns table (created_at timestamptz, bytes numeric) stable language plpgsql as $$
begin
    return query
    select f.created_at, f.size::numeric * f.attempt from anze.file f
    where quota.of = 'unit' and f.unit_id = unit and f.created_at > now() - quota.span
        and (f.state = 'uploading' or not quota.is_unfinished)
    union all
    select f.created_at, f.size::numeric * f.attempt from anze.file f
    where quota.of = 'caller' and f.actor = caller and f.created_at > now() - quota.span
        and (f.state = 'uploading' or not quota.is_unfinished);
end
$$;

-- The moment at which so much of it will have passed that a file of these bytes fits; NULL: the quota is of no files.
create or replace function anze.file_quota_free_at(quota anze.file_quota, unit uuid, caller text, wanted bigint)
returns timestamptz stable language plpgsql as $$
begin
    return (
        select min(r.created_at) + quota.span
        from (
            select c.created_at, count(*) over later as files, sum(c.bytes) over later as bytes
            from anze.file_quota_counted(quota, unit, caller) c
            window later as (order by c.created_at desc range between unbounded preceding and current row
                             exclude group)) r
        where coalesce(r.files < quota.max_files, true) and coalesce(coalesce(r.bytes, 0) + wanted <= quota.max_bytes, true));
end
$$;

create or replace function anze.refuse_file_quota(quota anze.file_quota, used_files bigint, used_bytes numeric,
    free_at timestamptz) returns void language plpgsql as $$
begin
    raise exception using errcode = 'AZ429', message = jsonb_strip_nulls(jsonb_build_object(
        'zh', format('配额已用完：%s。已用 %s 个文件、%s 字节。', quota.title_zh, used_files, used_bytes),
        'en', format('The quota is used up: %s. Used are %s files with %s bytes.', quota.title_en, used_files, used_bytes),
        'retry_after', greatest(1, ceil(extract(epoch from coalesce(free_at, now() + quota.span) - now()))),
        'quota', jsonb_build_object('code', quota.code, 'max_files', quota.max_files, 'used_files', used_files,
            'max_bytes', quota.max_bytes, 'used_bytes', used_bytes, 'free_at', anze.instant(free_at))))::text;
end
$$;

-- Returns when a file of so many bytes fits into every quota. Those who declare for one unit or as one caller wait for each
-- other until their transactions end, so that two together do not take what is left for one.
create or replace function anze.require_file_quota(unit uuid, wanted bigint) returns void language plpgsql as $$
declare
    reach_before constant text := coalesce(anze.reach(), '');
    caller constant text := anze.actor();
    quota anze.file_quota;
    used_files bigint;
    used_bytes numeric;
begin
    perform pg_advisory_xact_lock(3615031, hashtext(unit::text));
    perform pg_advisory_xact_lock(3615032, hashtext(caller));
    perform set_config('anze.reach', 'service', true);
    for quota in select * from anze.file_quota q order by q.place loop
        if wanted > quota.max_bytes then
            perform anze.refuse('AZ422', format('%s最多 %s 字节。', quota.title_zh, quota.max_bytes),
                format('Of %s there are at most %s bytes.', quota.title_en, quota.max_bytes), '/size', 'maximum');
        end if;
        select count(*), coalesce(sum(c.bytes), 0) into used_files, used_bytes
        from anze.file_quota_counted(quota, unit, caller) c;
        if used_files >= quota.max_files or used_bytes + wanted > quota.max_bytes then
            perform anze.refuse_file_quota(quota, used_files, used_bytes,
                anze.file_quota_free_at(quota, unit, caller, wanted));
        end if;
    end loop;
    perform set_config('anze.reach', reach_before, true);
end
$$;

-- All together ----------------------------------------------------------------------------------------------------

create or replace function anze.refuse_file_room() returns void language plpgsql as $$
begin
    raise exception using errcode = 'AZ507', message = jsonb_build_object('retry_after', 60,
        'zh', '文件存储空间不足，暂不接收文件；事故报告等其他业务不受影响。',
        'en', 'There is no room for files now. Reports and all other work are taken as before.')::text;
end
$$;

-- Returns when the database may still grow by these bytes.
create or replace function anze.require_file_room(wanted bigint) returns void language plpgsql as $$
begin
    if exists (select from anze.file_store s where s.used_bytes + wanted > s.max_bytes) then
        perform anze.refuse_file_room();
    end if;
end
$$;

-- How large the database is, looked up at most every five seconds in all replicas together, and only where it is asked for:
-- PostgreSQL adds up the sizes of its files.
create or replace function anze.measure_file_store() returns void language plpgsql as $$
begin
    update anze.file_store s set used_bytes = pg_database_size(current_database()), measured_at = clock_timestamp()
    where s.max_bytes is not null and s.measured_at < clock_timestamp() - interval '5 seconds';
end
$$;

-- An upload has been given up when nothing came for a day, or when it is not complete after a week.
create or replace function anze.upload_is_given_up(f anze.file) returns boolean stable language plpgsql as $$
begin
    return f.created_at < now() - interval '7 days'
        or not exists (select from anze.file_chunk c
                       where c.content_id = f.id and c.received_at > now() - interval '1 day');
end
$$;

-- Deletes uploads that were given up, with their chunks; returns how many, at most `max_rows`, the oldest first.
create or replace function anze.forget_uploads(max_rows integer) returns integer
security definer language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    reach_before constant text := coalesce(anze.reach(), '');
    forgotten integer;
begin
    perform set_config('anze.reach', 'service', true);
    delete from anze.file f using (
        select o.id from anze.file o
        where o.state = 'uploading' and o.created_at < now() - interval '1 day' and anze.upload_is_given_up(o)
        order by o.created_at limit max_rows for update skip locked) old
    where f.id = old.id;
    get diagnostics forgotten = row_count;
    perform set_config('anze.reach', reach_before, true);
    return forgotten;
end
$$;

-- What time does to files: one step of the sweep.
create or replace function anze.keep_files(max_rows integer) returns integer
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform anze.measure_file_store();
    return anze.forget_uploads(max_rows);
end
$$;
