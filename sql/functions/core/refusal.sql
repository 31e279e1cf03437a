-- The one way in which SQL refuses: an SQLSTATE of class AZ, its message a JSON object for the caller to read.
--
--   AZ400 a header field does not fit   AZ403 forbidden   AZ404 not found   AZ409 conflict with the state   AZ412 changed meanwhile   AZ422 not valid
--   AZ001 repeat of a keyed request   AZ002 key used for another   AZ003 key still at work   AZ000 dry run

-- One fault. With a pointer or a rule it is a fault of the content: refuse('AZ422', …, '/unit_id', 'unknown-reference').
create or replace function anze.refuse(code text, zh text, en text, pointer text default null, rule text default null)
returns void language plpgsql
as $$
begin
    raise exception using errcode = code, message = case
        when pointer is null and rule is null then jsonb_build_object('zh', zh, 'en', en)
        else jsonb_build_object('faults', jsonb_build_array(anze.fault(pointer, rule, zh, en)))
    end::text;
end
$$;

-- A fault to be collected: faults := faults || anze.fault('/deaths', 'below-earlier', '…', '…').
create or replace function anze.fault(pointer text, rule text, zh text, en text) returns jsonb
immutable parallel safe language plpgsql as $$
begin
    return jsonb_build_object('pointer', coalesce(pointer, ''), 'rule', coalesce(rule, 'invalid'), 'zh', zh, 'en', en);
end
$$;

-- All faults of the content together; returns when there are none.
create or replace function anze.refuse_all(faults jsonb) returns void language plpgsql
as $$
begin
    if jsonb_array_length(coalesce(faults, '[]')) > 0 then
        raise exception using errcode = 'AZ422', message = jsonb_build_object('faults', faults)::text;
    end if;
end
$$;

-- The state does not allow it; `allowed` names what it does allow.
create or replace function anze.refuse_state(zh text, en text, allowed text[] default '{}') returns void
language plpgsql
as $$
begin
    raise exception using errcode = 'AZ409',
        message = jsonb_build_object('zh', zh, 'en', en, 'allowed', to_jsonb(allowed))::text;
end
$$;

-- Whether If-Match allows a change of this version: the tags that were sent, with commas, or * (RFC 9110 13.1.1: whatever
-- there is now). What a tag says behind its first point (how many clocks had run out) is no change.
create or replace function anze.is_version(current bigint, if_match text) returns boolean
immutable parallel safe language plpgsql as $$
begin
    return coalesce(if_match = '*' or current::text in (
        select split_part(tag, '.', 1) from unnest(string_to_array(if_match, ',')) tag), false);
end
$$;

-- If-Match names another version than the current one; returns when they are the same.
create or replace function anze.require_version(current bigint, if_match text) returns void language plpgsql
as $$
begin
    if not anze.is_version(current, if_match) then
        raise exception using errcode = 'AZ412', message = jsonb_build_object('etag', current::text)::text;
    end if;
end
$$;

-- Ends a dry run: everything was done, and nothing stays.
create or replace function anze.roll_back() returns void language plpgsql
as $$
begin
    raise exception using errcode = 'AZ000', message = '{}';
end
$$;
