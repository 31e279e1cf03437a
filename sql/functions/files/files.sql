-- Evidence files: declaring one, taking its chunks, checking it.

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.file_chunk_count(f anze.file) returns integer immutable parallel safe language sql
return ((f.size + f.chunk_size - 1) / f.chunk_size)::integer;

-- The runs of chunks that are not here yet.
create or replace function anze.file_missing(f anze.file) returns jsonb stable language plpgsql as $$
begin
    return (
        select coalesce(jsonb_agg(jsonb_build_object('first', r.first, 'last', r.last) order by r.first), '[]')
        from (
            select min(m.number) as first, max(m.number) as last
            from (
                select n.number, n.number - row_number() over (order by n.number) as run
                from generate_series(0, anze.file_chunk_count(f) - 1) n(number)
                where not exists (select from anze.file_chunk c
                                  where c.content_id = f.content_id and c.number = n.number)) m
            group by m.run) r);
end
$$;

-- As lists show it.
create or replace function anze.file_item(f anze.file) returns jsonb stable language plpgsql as $$
begin
    return jsonb_strip_nulls(jsonb_build_object('id', f.id, 'unit_id', f.unit_id, 'region_code', f.region_code,
        'sector', f.sector, 'name', f.name, 'size', f.size, 'sha256', f.sha256, 'media_type', f.media_type,
        'state', f.state, 'actor', f.actor, 'on_behalf_of', f.on_behalf_of, 'created_at', anze.instant(f.created_at),
        'completed_at', anze.instant(f.completed_at),
        'received', case f.state when 'complete' then f.size else (
            select coalesce(sum(c.size), 0) from anze.file_chunk c where c.content_id = f.content_id) end));
end
$$;

-- As one reads it: while it is uploading, with what a client needs to go on.
create or replace function anze.file_json(f anze.file) returns jsonb stable language plpgsql as $$
begin
    return anze.file_item(f) || case f.state when 'complete' then '{}' else jsonb_build_object(
        'chunk_size', f.chunk_size, 'chunk_count', anze.file_chunk_count(f), 'missing', anze.file_missing(f)) end;
end
$$;

-- It changes with each chunk, which no version counts: parallel chunks do not wait for each other.
create or replace function anze.file_etag(body text) returns text immutable parallel safe strict language sql
return left(md5(body), 16);

create or replace function anze.file_answer(f anze.file, success text, out status text, out body text, out etag text,
    out location text) stable language plpgsql as $$
begin
    status := success;
    body := anze.file_json(f)::text;
    etag := anze.file_etag(body);
    location := '/v1/files/' || f.id;
end
$$;

-- Declaring -------------------------------------------------------------------------------------------------------

create or replace function anze.file_declaration_faults(given jsonb, max_bytes bigint) returns jsonb
stable language plpgsql as $$
declare
    faults jsonb := '[]';
    type anze.file_type;
begin
    select * into type from anze.file_type t where t.media_type = given ->> 'media_type';
    if (given ->> 'size')::bigint > max_bytes then
        faults := faults || anze.fault('/size', 'maximum', format('文件最大 %s 字节。', max_bytes),
            format('A file has at most %s bytes.', max_bytes));
    end if;
    if type.media_type is null then
        faults := faults || anze.fault('/media_type', 'not-allowed', '不接受该文件类型。',
            'Files of this media type are not taken.');
    elsif coalesce(lower(substring(given ->> 'name' from '[.]([^.]+)$')) <> all (type.extensions), true) then
        faults := faults || anze.fault('/name', 'extension',
            format('该类型的文件名应以 .%s 结尾。', array_to_string(type.extensions, '、.')),
            format('The name of such a file ends in .%s.', array_to_string(type.extensions, ' or .')));
    end if;
    return faults;
end
$$;

-- The file belongs to the unit that the caller acts for, and is seen by who answers for that unit's place and sector.
create or replace function anze.create_file(given jsonb, max_bytes bigint, chunk_bytes integer)
returns table (status text, body text, etag text, location text)
security definer language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    f anze.file;
    owner anze.unit;
begin
    select * into owner from anze.unit u where u.id = anze.unit();
    perform anze.refuse_all(
        case when owner.id is null then '[]'::jsonb || anze.fault('', 'unit-required',
                '您的令牌没有指明已登记的单位，文件须归属一个单位。',
                'A file belongs to a unit, and your token names none that is registered.')
            else '[]' end
        || anze.file_declaration_faults(given, max_bytes));
    perform anze.require_file_room((given ->> 'size')::bigint);
    perform anze.require_file_quota(owner.id, (given ->> 'size')::bigint);
    f.id := gen_random_uuid();
    insert into anze.file (id, unit_id, region_code, sector, name, size, sha256, media_type, chunk_size, content_id)
    values (f.id, owner.id, owner.region_code, case when not owner.is_body then owner.sector end, given ->> 'name',
        (given ->> 'size')::bigint, given ->> 'sha256', given ->> 'media_type',
        least(chunk_bytes, (given ->> 'chunk_size')::integer), f.id)
    returning * into f;
    return query select * from anze.file_answer(f, '201');
end
$$;

-- Taking chunks ---------------------------------------------------------------------------------------------------

-- The file, if the caller sees it and acts for the unit that uploads it. A chunk shares it (many at a time), and who
-- ends the upload has it alone.
create or replace function anze.file_of_own_unit(file_id uuid, alone boolean) returns anze.file language plpgsql as $$
declare
    f anze.file;
begin
    if alone then
        select * into f from anze.file x where x.id = file_id for no key update;
    else
        select * into f from anze.file x where x.id = file_id for share;
    end if;
    if f.id is null then
        perform anze.refuse('AZ404', '没有这个文件，或您无权查看。', 'There is no such file, or it is not yours to see.');
    elsif f.unit_id is distinct from anze.unit() then
        perform anze.refuse('AZ403', '只有文件所属单位可以上传其内容。', 'Only the unit that a file belongs to uploads it.');
    end if;
    return f;
end
$$;

-- RFC 9530. The contract has looked at the form.
create or replace function anze.check_content_digest(content_digest text, bytes bytea) returns void
language plpgsql as $$
begin
    if content_digest <> 'sha-256=:' || encode(sha256(bytes), 'base64') || ':' then
        raise exception using errcode = 'AZ400', message = jsonb_build_object('faults', jsonb_build_array(
            anze.fault('Content-Digest', 'digest-mismatch', '与收到的内容不符。', 'is not the digest of what arrived.')
            || '{"in": "header"}'))::text;
    end if;
end
$$;

-- Bytes for which there is no room, by the figure of the operator or by the disk's own word, are refused as such, so that
-- the client knows that everything else goes on.
create or replace function anze.keep_file_chunk(f anze.file, chunk integer, bytes bytea) returns boolean
language plpgsql as $$
begin
    insert into anze.file_chunk (content_id, number, data) values (f.content_id, chunk, bytes)
    on conflict on constraint file_chunk_pkey do nothing;
    return found;
exception
    when disk_full then
        perform anze.refuse_file_room();
end
$$;

create or replace function anze.refuse_chunk(f anze.file, chunk integer, bytes bytea) returns void
language plpgsql as $$
declare
    expected constant bigint := least(f.chunk_size, f.size - chunk::bigint * f.chunk_size);
begin
    if expected <= 0 then
        perform anze.refuse('AZ404', '文件没有这个分块。', 'The file has no such chunk.');
    elsif f.state <> 'uploading' then
        perform anze.refuse_state('文件已完成，不再接收内容。', 'The file is complete and takes no more bytes.');
    elsif f.attempt > 5 then
        perform anze.refuse_state('内容五次未通过校验，请重新登记文件。',
            'What was sent did not pass five times: declare the file anew.', '{createFile}');
    elsif octet_length(bytes) <> expected then
        perform anze.refuse('AZ422', format('该分块应为 %s 字节。', expected),
            format('This chunk has %s bytes.', expected), '', 'chunk-size');
    end if;
end
$$;

-- The same bytes again are the same chunk; other bytes are a conflict, since somebody may have read the first ones. A dry run
-- writes nothing: what is rolled back is on the disk all the same.
create or replace function anze.take_file_chunk(file_id uuid, chunk integer, bytes bytea, content_digest text,
    is_dry_run boolean)
returns table (status text)
security definer language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    f constant anze.file := anze.file_of_own_unit(file_id, false);
    is_here boolean;
begin
    perform anze.check_content_digest(content_digest, bytes);
    perform anze.refuse_chunk(f, chunk, bytes);
    perform anze.require_file_room(octet_length(bytes));
    is_here := not case when is_dry_run
        then not exists (select from anze.file_chunk c where c.content_id = f.content_id and c.number = chunk)
        else anze.keep_file_chunk(f, chunk, bytes) end;
    if is_here and not exists (select from anze.file_chunk c
                               where c.content_id = f.content_id and c.number = chunk and c.data = bytes) then
        perform anze.refuse_state('该分块已收到，内容不同。', 'This chunk was received already, with other bytes.');
    end if;
    return query select '204';
end
$$;

-- Checking --------------------------------------------------------------------------------------------------------

-- What the service must read before complete_file can judge. A file that is complete needs no more reading.
create or replace function anze.begin_file_check(file_id uuid)
returns table (attempt text, chunk_count text)
security definer language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    f constant anze.file := anze.file_of_own_unit(file_id, false);
begin
    if f.state = 'uploading' and anze.file_missing(f) <> '[]' then
        perform anze.refuse_state('文件还有分块没有收到。', 'Some chunks of the file are missing.', '{putFileChunk}');
    end if;
    return query select f.attempt::text, case f.state when 'uploading' then anze.file_chunk_count(f) else 0 end::text;
end
$$;

create or replace function anze.file_check_faults(f anze.file, found_digest text, found_type text) returns jsonb
stable language plpgsql as $$
declare
    faults jsonb := '[]';
begin
    if found_digest is distinct from f.sha256 then
        faults := faults || anze.fault('/sha256', 'digest-mismatch', '收到的内容与声明的摘要不符，内容已丢弃，请重新上传。',
            'The bytes received have another digest than declared. They were thrown away: upload them again.');
    end if;
    if not exists (select from anze.file_type t where t.media_type = f.media_type and found_type = any (t.found)) then
        faults := faults || anze.fault('/media_type', 'type-mismatch',
            format('内容识别为 %s，与声明的类型不符，内容已丢弃。', found_type),
            format('The content is %s, not what was declared. It was thrown away.', found_type));
    end if;
    return faults;
end
$$;

-- Whose chunks hold these bytes: those of the first file that had them, else its own. Its own chunks go when they are
-- there already. Two that finish with the same bytes at once wait for each other at the digest.
create or replace function anze.file_share_content(f anze.file) returns anze.file language plpgsql as $$
declare
    reach_before constant text := coalesce(anze.reach(), '');
begin
    perform set_config('anze.reach', 'service', true);
    insert into anze.file_content (id, sha256) values (f.id, f.sha256)
    on conflict on constraint file_content_sha256_key do nothing;
    select c.id, x.chunk_size into f.content_id, f.chunk_size
    from anze.file_content c join anze.file x on x.id = c.id where c.sha256 = f.sha256;
    perform set_config('anze.reach', reach_before, true);
    if f.content_id <> f.id then
        delete from anze.file_chunk c where c.content_id = f.id;
    end if;
    return f;
end
$$;

-- The service read all chunks of this attempt, which nobody can change: found_digest is theirs, and found_type what
-- libmagic calls them. A file that is complete stays as it is.
create or replace function anze.complete_file(file_id uuid, attempt integer, found_digest text, found_type text)
returns table (status text, body text, etag text, location text)
security definer language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    f anze.file := anze.file_of_own_unit(file_id, true);
begin
    if f.state = 'uploading' then
        if f.attempt is distinct from complete_file.attempt or anze.file_missing(f) <> '[]' then
            perform anze.refuse_state('文件还有分块没有收到。', 'Some chunks of the file are missing.', '{putFileChunk}');
        end if;
        perform anze.refuse_all(anze.file_check_faults(f, found_digest, found_type));
        f := anze.file_share_content(f);
        update anze.file x
        set state = 'complete', completed_at = clock_timestamp(), found_type = complete_file.found_type,
            content_id = f.content_id, chunk_size = f.chunk_size
        where x.id = f.id returning x.* into f;
    end if;
    return query select * from anze.file_answer(f, '200');
end
$$;

-- What did not pass is not kept: every chunk is missing again. Nothing happens when the attempt is over already.
create or replace function anze.discard_file_chunks(file_id uuid, attempt integer) returns integer
security definer language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    f constant anze.file := anze.file_of_own_unit(file_id, true);
begin
    if f.state <> 'uploading' or f.attempt is distinct from discard_file_chunks.attempt then
        return f.attempt;
    end if;
    delete from anze.file_chunk c where c.content_id = f.id;
    update anze.file x set attempt = x.attempt + 1 where x.id = f.id;
    return f.attempt + 1;
end
$$;

-- For others ------------------------------------------------------------------------------------------------------

-- Faults of references to files, for refuse_all: each is one that the caller sees, and complete.
-- files_faults(ids, '/evidence') points to /evidence/0, /evidence/1, …
create or replace function anze.files_faults(file_ids uuid[], pointer text) returns jsonb stable language plpgsql as $$
begin
    return (
        select coalesce(jsonb_agg(case
            when f.id is null then anze.fault(pointer || '/' || g.place - 1, 'unknown-reference',
                '没有这个文件，或您无权查看。', 'There is no such file, or it is not yours to see.')
            else anze.fault(pointer || '/' || g.place - 1, 'not-complete', '文件尚未上传完成。',
                'The file is not complete.') end order by g.place), '[]')
        from unnest(file_ids) with ordinality g(id, place)
        left join anze.file f on f.id = g.id
        where f.state is distinct from 'complete');
end
$$;

-- What evidence is of (anze.subject), so that who sees that sees the files as well. Kept where the evidence is kept, after its
-- faults were asked for. What was an office's alone is open as soon as it is used openly.
create or replace function anze.use_files(evidence jsonb, of_subject text, of_id uuid, offices_only boolean default false)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    insert into anze.file_use as kept (file_id, subject, subject_id, offices_only)
    select distinct (e.one ->> 'file_id')::uuid, of_subject, of_id, use_files.offices_only
    from jsonb_array_elements(evidence) e(one) where e.one ? 'file_id'
    on conflict on constraint file_use_key do update set offices_only = false
    where kept.offices_only and not excluded.offices_only;
end
$$;

-- Evidence names files that are whole and that the caller may see; evidence on paper names none.
create or replace function anze.evidence_faults(evidence jsonb) returns jsonb stable language plpgsql as $$
begin
    if evidence = '[]' then
        return '[]';
    end if;
    return (
        with named as (
            select (e.one ->> 'file_id')::uuid as id, e.place - 1 as place, row_number() over (order by e.place) - 1 as number
            from jsonb_array_elements(evidence) with ordinality e(one, place) where e.one ? 'file_id'),
        wrong as (
            select w.fault, split_part(w.fault ->> 'pointer', '/', 3)::bigint as number
            from jsonb_array_elements(anze.files_faults(array(select n.id from named n order by n.number), '/evidence')) w(fault))
        select coalesce(jsonb_agg(w.fault || jsonb_build_object('pointer', '/evidence/' || n.place || '/file_id')
                                  order by n.place), '[]')
        from wrong w join named n on n.number = w.number);
end
$$;

-- Whether the caller sees something that a file is evidence of: asked for files alone that are not seen as their unit's.
-- With the owner's rights, also within the owner's functions, where policies show the owner everything: so each subject has a
-- function of its own that says what its policy says, anze.<subject>_shows_files(id). Never for the owner's own work, which
-- nobody else may pass for.
create or replace function anze.sees_use_of_file(file_id uuid) returns boolean
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    u anze.file_use;
    seen boolean;
begin
    if coalesce(anze.reach() in ('region', 'unit'), false) then
        for u in
            select x.* from anze.file_use x
            where x.file_id = sees_use_of_file.file_id and (not x.offices_only or anze.caller_level() > 0)
        loop
            execute format('select anze.%I($1)', u.subject || '_shows_files') into seen using u.subject_id;
            if seen then
                return true;
            end if;
        end loop;
    end if;
    return false;
end
$$;
