-- Code sets that administrators write: sectors, instruments, categories of accidents. One is added with its days, ended by
-- a last day, and never deleted: what rests on it keeps it. Releases change nothing that an administrator wrote.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The days of an entry after what is given: its first day stays once it has one.
create or replace function anze.reference_days(given jsonb, days daterange default null) returns daterange
immutable language plpgsql as $$
declare
    first_day constant date := coalesce((given ->> 'in_force_from')::date, lower(days));
    last_day constant date := (given ->> 'in_force_until')::date;
begin
    return case when given ? 'in_force_until' and last_day < first_day then 'empty'
        when given ? 'in_force_until' then daterange(first_day, last_day + 1)
        else daterange(first_day, upper(days)) end;
end
$$;

-- What is wrong with an entry: a code that is taken, an instrument that there is not, an end before the beginning.
create or replace function anze.reference_faults(given jsonb, is_taken boolean, days daterange) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return '[]'::jsonb
        || case when is_taken then anze.fault('/code', 'exists', '该代码已存在。', 'This code exists already.')
            else '[]' end
        || case when given ? 'instrument' and not exists (
                select from anze.instrument i where i.code = given ->> 'instrument')
            then anze.fault('/instrument', 'unknown-reference', '法规标准不存在。', 'The instrument does not exist.')
            else '[]' end
        || case when isempty(days) then anze.fault('/in_force_until', 'before-in-force-from',
            '停止施行日不能早于施行日。', 'It does not end before it begins.') else '[]' end;
end
$$;

create or replace function anze.reference_missing(is_there boolean) returns void language plpgsql as $$
begin
    if not is_there then
        perform anze.refuse('AZ404', '没有该代码。', 'There is no such code.');
    end if;
end
$$;

-- Instruments --------------------------------------------------------------------------------------------------------

create or replace function anze.instrument_json(i anze.instrument) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return jsonb_strip_nulls(jsonb_build_object('code', i.code, 'title', i.title, 'title_en', i.title_en,
        'number', i.number, 'issued_by', i.issued_by, 'in_force_from', lower(i.in_force),
        'in_force_until', upper(i.in_force) - 1, 'superseded_by', i.superseded_by, 'origin', i.origin,
        'reason', i.reason, 'version', i.version));
end
$$;

create or replace function anze.add_instrument(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    i anze.instrument;
begin
    perform anze.refuse_all(anze.reference_faults(given,
        exists (select from anze.instrument x where x.code = given ->> 'code'), anze.reference_days(given)));
    insert into anze.instrument (code, title, title_en, number, issued_by, in_force, origin, reason)
    values (given ->> 'code', given ->> 'title', given ->> 'title_en', given ->> 'number', given ->> 'issued_by',
        anze.reference_days(given), 'administrator', given ->> 'reason')
    returning * into i;
    return query select '201', anze.instrument_json(i)::text, i.version::text, '/v1/instruments/' || i.code;
end
$$;

create or replace function anze.revise_instrument(named text, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    i anze.instrument;
begin
    select * into i from anze.instrument x where x.code = named for no key update;
    perform anze.reference_missing(i.code is not null);
    perform anze.require_version(i.version, if_match);
    perform anze.refuse_all(anze.reference_faults(given, false, anze.reference_days(given, i.in_force))
        || case when given ? 'superseded_by' and not exists (
                select from anze.instrument x where x.code = given ->> 'superseded_by' and x.code <> named)
            then anze.fault('/superseded_by', 'unknown-reference', '法规标准不存在。', 'The instrument does not exist.')
            else '[]' end);
    update anze.instrument x
    set title = coalesce(given ->> 'title', i.title), title_en = coalesce(given ->> 'title_en', i.title_en),
        number = coalesce(given ->> 'number', i.number), issued_by = coalesce(given ->> 'issued_by', i.issued_by),
        in_force = anze.reference_days(given, i.in_force),
        superseded_by = coalesce(given ->> 'superseded_by', i.superseded_by), origin = 'administrator',
        reason = given ->> 'reason', version = i.version + 1
    where x.code = named returning x.* into i;
    return query select '200', anze.instrument_json(i)::text, i.version::text, '/v1/instruments/' || i.code;
end
$$;

-- Categories of accidents ----------------------------------------------------------------------------------------------

create or replace function anze.accident_category_json(c anze.accident_category) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return jsonb_strip_nulls(jsonb_build_object('standard', c.standard, 'code', c.code, 'title_zh', c.title_zh,
        'title_en', c.title_en, 'supplement_kind', c.supplement_kind, 'confidence', c.confidence,
        'in_force_from', lower(c.in_force), 'in_force_until', upper(c.in_force) - 1, 'instrument', c.instrument,
        'origin', c.origin, 'reason', c.reason, 'version', c.version));
end
$$;

-- On each day one category at most has a code, whatever the standard: an accident names the code alone.
create or replace function anze.accident_category_faults(c anze.accident_category, given jsonb, is_taken boolean)
returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return anze.reference_faults(given, is_taken, c.in_force)
        || case when exists (
                select from anze.accident_category x
                where x.code = c.code and x.standard <> c.standard and x.in_force && c.in_force)
            then anze.fault('/in_force_from', 'overlaps', '另一标准的同一代码同期有效。',
                'Another standard has this code in force then.') else '[]' end;
end
$$;

create or replace function anze.add_accident_category(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    c anze.accident_category;
begin
    c.standard := given ->> 'standard';
    c.code := given ->> 'code';
    c.in_force := anze.reference_days(given);
    perform anze.refuse_all(anze.accident_category_faults(c, given,
        exists (select from anze.accident_category x where (x.standard, x.code) = (c.standard, c.code))));
    insert into anze.accident_category (standard, code, title_zh, title_en, in_force, supplement_kind, confidence, instrument,
        origin, reason)
    values (c.standard, c.code, given ->> 'title_zh', given ->> 'title_en', c.in_force, given ->> 'supplement_kind',
        coalesce(given ->> 'confidence', 'found'), given ->> 'instrument', 'administrator', given ->> 'reason')
    returning * into c;
    return query select '201', anze.accident_category_json(c)::text, c.version::text, '/v1/accident-categories/' || c.code;
end
$$;

create or replace function anze.revise_accident_category(named text, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    c anze.accident_category;
begin
    select * into c from anze.accident_category x
    where x.code = named and x.standard = given ->> 'standard' for no key update;
    perform anze.reference_missing(c.code is not null);
    perform anze.require_version(c.version, if_match);
    c.in_force := anze.reference_days(given, c.in_force);
    perform anze.refuse_all(anze.accident_category_faults(c, given, false));
    update anze.accident_category x
    set title_zh = coalesce(given ->> 'title_zh', x.title_zh), title_en = coalesce(given ->> 'title_en', x.title_en),
        in_force = c.in_force, confidence = coalesce(given ->> 'confidence', x.confidence),
        instrument = coalesce(given ->> 'instrument', x.instrument), origin = 'administrator',
        reason = given ->> 'reason', version = x.version + 1
    where (x.standard, x.code) = (c.standard, c.code) returning x.* into c;
    return query select '200', anze.accident_category_json(c)::text, c.version::text, '/v1/accident-categories/' || c.code;
end
$$;
