-- Audit: writing entries. See the migrations that create schema audit and its seals.
-- Which tables are watched, and which columns are masked, stands in sql/data/audit/decisions.sql and nowhere else.

-- A text that must not reach the audit, as the audit has it: "***", and behind it, where the session was given the key
-- (by the service and its commands; it is never stored here), the key's short name and an HMAC-SHA-256 over table, row,
-- column and text. Thus anze audit verify finds a text that was altered, and who reads the audit without the key
-- cannot guess at it. The setting holds the key's name (8 digits), its inner and its outer pad (64 bytes each), in hex.
-- (One expression without a search path of its own, so that it becomes part of audit.record, which alone calls it.)
create or replace function audit.mask(object_type text, object_id text, column_name text, value jsonb) returns jsonb
stable language sql as $$
    select case
        when value is null or value = 'null' then value
        when length(coalesce(current_setting('anze.audit_key', true), '')) <> 264 then '"***"'::jsonb
        else to_jsonb('***' || left(current_setting('anze.audit_key'), 8) || ':' || encode(sha256(
            decode(substr(current_setting('anze.audit_key'), 137), 'hex') || sha256(
                decode(substr(current_setting('anze.audit_key'), 9, 128), 'hex')
                || convert_to(object_type || E'\n' || object_id || E'\n' || column_name || E'\n' || value::text, 'UTF8'))),
            'base64'))
    end
$$;

-- Arguments of the trigger, set by audit.watch: object type, and array literals of its key columns, the masked columns
-- and those left out.
create or replace function audit.record() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    key_columns text[] := tg_argv[1];
    masked      text[] := tg_argv[2];
    derived     text[] := tg_argv[3];
    moment      constant timestamptz := clock_timestamp();
    present     jsonb;
    change      jsonb;
    value       jsonb;
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
        value := change -> name;
        continue when value is null;
        if tg_op <> 'UPDATE' then
            value := audit.mask(tg_argv[0], key, name, value);
        else
            value := jsonb_build_object('old', audit.mask(tg_argv[0], key, name, value -> 'old'),
                                        'new', audit.mask(tg_argv[0], key, name, value -> 'new'));
        end if;
        change := change || jsonb_build_object(name, value);
    end loop;
    insert into audit.entry (id, at, actor, on_behalf_of, client, operation, request, trace, object_type, object_id,
                             action, change)
    values (extract(day from moment - timestamptz '1970-01-01 00:00:00+08')::bigint << 36 | nextval('audit.entry_id'),
            moment, coalesce(anze.actor(), 'login:' || session_user), anze.on_behalf_of(), anze.client(),
            anze.operation(), anze.request(), anze.trace(), tg_argv[0], key, lower(tg_op), change::text::json);
    return null;
end
$$;
