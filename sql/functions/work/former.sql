-- What statements of the last release call, while its programs go on beside a migrated database. Goes with the next release.

create or replace function anze.put_file_chunk(file_id uuid, chunk integer, bytes bytea, content_digest text)
returns table (status text)
security definer language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    return query select c.status from anze.take_file_chunk(file_id, chunk, bytes, content_digest, false) c;
end
$$;
