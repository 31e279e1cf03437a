-- Rules as the contract shows them.

-- A version. Of one that was taken back no day is left.
create or replace function anze.rule_json(r anze.rule) returns jsonb stable parallel safe language sql
return jsonb_strip_nulls(jsonb_build_object(
    'code', (r).code, 'version', (r).version, 'title_zh', (r).title_zh, 'title_en', (r).title_en,
    'value', (r).value, 'unit', (r).unit, 'minimum', (r).minimum, 'maximum', (r).maximum, 'is_whole', (r).is_whole,
    'stricter', (r).stricter, 'region_code', (r).region_code, 'in_force_from', lower((r).in_force),
    'in_force_until', upper((r).in_force) - 1, 'replaced_by', (r).replaced_by, 'instrument', (r).instrument,
    'article', (r).article, 'confidence', (r).confidence, 'origin', (r).origin, 'note_zh', (r).note_zh,
    'note_en', (r).note_en, 'reason', (r).reason));

-- A rule with all its versions, newest first.
create or replace function anze.rule_history_json(rule_code text) returns text stable parallel safe language sql
return (
    select jsonb_build_object('code', rule_code, 'version', max(r.version),
        'versions', jsonb_agg(anze.rule_json(r) order by r.version desc))::text
    from anze.rule r where r.code = rule_code having count(*) > 0);

-- What is shown of a figure beside it where it is a region's: whose it is, and the nation's of the day.
create or replace function anze.rule_local_basis(r anze.rule, day date) returns jsonb stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    shown jsonb;
begin
    if r.region_code is null then
        return '{}';
    end if;
    shown := anze.rule_basis(r.code, r.version, day);
    return jsonb_strip_nulls(jsonb_build_object('region_code', r.region_code, 'national', shown -> 'national'));
end
$$;

-- A version as clocks, grades and recipients name it. One of a region shows the nation's of the day beside it.
create or replace function anze.rule_basis(rule_code text, rule_version integer, day date default null) returns jsonb
stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    r anze.rule;
    national integer;
    shown jsonb;
begin
    select * into r from anze.rule x where x.code = rule_code and x.version = rule_version;
    if r.code is null then
        return null;
    end if;
    select jsonb_build_object('rule', r.code, 'rule_version', r.version, 'instrument', i.title, 'article', r.article,
        'confidence', r.confidence)
    into shown
    from anze.instrument i where i.code = r.instrument;
    if r.region_code is null then
        return shown;
    end if;
    select x.version into national from anze.rule x
    where x.code = rule_code and x.region_code is null and x.in_force @> coalesce(day, lower(r.in_force), anze.today());
    return jsonb_strip_nulls(shown || jsonb_build_object('region_code', r.region_code, 'value', r.value, 'unit', r.unit,
        'national', anze.rule_basis(rule_code, national) || (
            select jsonb_build_object('value', x.value, 'unit', x.unit)
            from anze.rule x where x.code = rule_code and x.version = national)));
end
$$;

-- The same of a version that a statement has before it, with the title of its instrument; it becomes a part of that statement.
create or replace function anze.rule_basis(r anze.rule, instrument_title text, day date) returns jsonb
stable parallel safe language sql
return case when (r).region_code is not null then anze.rule_basis((r).code, (r).version, day)
            else jsonb_build_object('rule', (r).code, 'rule_version', (r).version, 'instrument', instrument_title,
                'article', (r).article, 'confidence', (r).confidence) end;

-- The same as text, members of an object without its braces: what names many rules is put together at a third of the cost.
create or replace function anze.rule_basis_text(r anze.rule, instrument_title text, day date) returns text
stable parallel safe language sql
return case when (r).region_code is not null then substr(left(anze.rule_basis((r).code, (r).version, day)::text, -1), 2)
            else '"rule": "' || (r).code || '", "rule_version": ' || (r).version || ', "instrument": '
                || to_json(instrument_title) || ', "article": ' || to_json((r).article) || ', "confidence": "'
                || (r).confidence || '"' end;
