-- Criteria and their texts as administrators write them: new ones, and versions from a day on. What was found before keeps
-- the criterion of its day, and releases never undo what stands here (anze.ship_hazard_criterion).

set local check_function_bodies = off; -- functions of this folder may name later ones

-- A criterion with all its versions, newest first.
create or replace function anze.hazard_criterion_history(criterion text) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select jsonb_build_object('code', criterion, 'version', max(k.version),
            'versions', jsonb_agg(anze.hazard_criterion_json(k) || jsonb_strip_nulls(jsonb_build_object('reason', k.reason))
                order by k.version desc))
        from anze.hazard_criterion k where k.code = criterion having count(*) > 0);
end
$$;

-- A text with its items on a day.
create or replace function anze.hazard_criterion_set_json(s anze.hazard_criterion_set, day date) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    entered constant bigint := (
        select count(*) from anze.hazard_criterion k where k.set_code = s.code and k.in_force @> day);
begin
    return jsonb_strip_nulls(jsonb_build_object('code', s.code, 'title_zh', s.title_zh, 'title_en', s.title_en,
        'instrument', s.instrument, 'number', (select i.number from anze.instrument i where i.code = s.instrument),
        'sectors', s.sectors, 'in_force_from', lower(s.in_force), 'in_force_until', upper(s.in_force) - 1,
        'items_in_instrument', s.item_count, 'items_entered', entered, 'is_complete', coalesce(entered >= s.item_count, false),
        'is_general_clause', s.is_general_clause, 'confidence', s.confidence, 'origin', s.origin, 'version', s.version,
        'note_zh', s.note_zh, 'note_en', s.note_en, 'reason', s.reason));
end
$$;

create or replace function anze.hazard_set_answer(named text, success text, out status text, out body text, out etag text,
    out location text) stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    s anze.hazard_criterion_set;
begin
    select * into s from anze.hazard_criterion_set x where x.code = named;
    status := success;
    body := anze.hazard_criterion_set_json(s, greatest(least(anze.today(), upper(s.in_force) - 1), lower(s.in_force)))::text;
    etag := s.version::text;
    location := '/v1/hazard-criterion-sets/' || named;
end
$$;

-- Sectors and instruments that are named must be there.
create or replace function anze.hazard_reference_faults(given jsonb) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select coalesce(jsonb_agg(anze.fault('/sectors/' || n.place - 1, 'unknown-reference', '没有该行业领域。',
            'There is no such sector.') order by n.place), '[]')
        from jsonb_array_elements_text(coalesce(given -> 'sectors', '[]')) with ordinality n(code, place)
        where not exists (select from anze.sector s where s.code = n.code))
    || case when given ? 'instrument' and not exists (
            select from anze.instrument i where i.code = given ->> 'instrument')
        then anze.fault('/instrument', 'unknown-reference', '法规标准不存在。', 'The instrument does not exist.') else '[]' end;
end
$$;

-- The days that are given: from, and until, which may be open.
create or replace function anze.given_days(given jsonb) returns daterange immutable language plpgsql as $$
begin
    return daterange((given ->> 'in_force_from')::date, (given ->> 'in_force_until')::date + 1);
end
$$;

create or replace function anze.given_days_faults(given jsonb) returns jsonb immutable language plpgsql as $$
begin
    return case when (given ->> 'in_force_until')::date < (given ->> 'in_force_from')::date
        then jsonb_build_array(anze.fault('/in_force_until', 'before-in-force-from', '停止施行日不能早于施行日。',
            'It does not end before it begins.')) else '[]' end;
end
$$;

-- Texts --------------------------------------------------------------------------------------------------------------

create or replace function anze.add_hazard_criterion_set(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform anze.refuse_all(anze.hazard_reference_faults(given) || anze.given_days_faults(given)
        || case when exists (select from anze.hazard_criterion_set s where s.code = given ->> 'code')
            then anze.fault('/code', 'exists', '该判定标准文本已存在。', 'This set exists already.') else '[]' end);
    insert into anze.hazard_criterion_set (code, in_force, instrument, sectors, item_count, title_zh, title_en, confidence,
        note_zh, note_en, origin, reason)
    values (given ->> 'code', anze.given_days(given), given ->> 'instrument',
        (select array_agg(n) from jsonb_array_elements_text(given -> 'sectors') n), (given ->> 'item_count')::integer,
        given ->> 'title_zh', given ->> 'title_en', coalesce(given ->> 'confidence', 'found'), given ->> 'note_zh',
        given ->> 'note_en', 'administrator', given ->> 'reason');
    return query select * from anze.hazard_set_answer(given ->> 'code', '201');
end
$$;

-- What is known of a text now: how many items it has, until when it is in force, how sure we are. Its items keep their days,
-- but none is in force when the text is not.
create or replace function anze.revise_hazard_criterion_set(named text, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    s anze.hazard_criterion_set;
    ends date;
begin
    select * into s from anze.hazard_criterion_set x where x.code = named for update;
    if s.code is null then
        perform anze.refuse('AZ404', '没有该判定标准文本。', 'There is no such set.');
    end if;
    perform anze.require_version(s.version, if_match);
    perform anze.refuse_all(anze.given_days_faults(given || jsonb_build_object('in_force_from', lower(s.in_force))));
    ends := case when given ? 'in_force_until' then (given ->> 'in_force_until')::date + 1 else upper(s.in_force) end;
    update anze.hazard_criterion_set x
    set in_force = daterange(lower(s.in_force), ends),
        item_count = case when given ? 'item_count' then (given ->> 'item_count')::integer else s.item_count end,
        title_zh = coalesce(given ->> 'title_zh', s.title_zh), title_en = coalesce(given ->> 'title_en', s.title_en),
        confidence = coalesce(given ->> 'confidence', s.confidence),
        note_zh = case when given ? 'note_zh' then given ->> 'note_zh' else s.note_zh end,
        note_en = case when given ? 'note_en' then given ->> 'note_en' else s.note_en end,
        origin = 'administrator', reason = given ->> 'reason', version = s.version + 1
    where x.code = named;
    update anze.hazard_criterion k
    set in_force = k.in_force * daterange(null, ends), origin = 'administrator', reason = given ->> 'reason'
    where k.set_code = named and ends is not null and lower(k.in_force) < ends
        and (upper_inf(k.in_force) or upper(k.in_force) > ends);
    return query select * from anze.hazard_set_answer(named, '200');
end
$$;

-- Items --------------------------------------------------------------------------------------------------------------

-- What a new version of a criterion says, after what it said before.
create or replace function anze.hazard_criterion_given(k anze.hazard_criterion, given jsonb) returns anze.hazard_criterion
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    k.code := coalesce(k.code, given ->> 'code');
    k.set_code := coalesce(given ->> 'set', k.set_code);
    k.in_force := anze.given_days(given);
    k.severity := coalesce(given ->> 'severity', k.severity, 'major');
    k.sectors := case when given ? 'sectors' then
        (select array_agg(n) from jsonb_array_elements_text(given -> 'sectors') n) else k.sectors end;
    k.title_zh := coalesce(given ->> 'title_zh', k.title_zh);
    k.title_en := coalesce(given ->> 'title_en', k.title_en);
    k.article := coalesce(given ->> 'article', k.article);
    k.confidence := coalesce(given ->> 'confidence', k.confidence, 'found');
    k.at_once := coalesce((given ->> 'at_once')::boolean, k.at_once, false);
    k.instrument := (select s.instrument from anze.hazard_criterion_set s where s.code = k.set_code);
    k.version := coalesce(k.version, 0) + 1;
    k.origin := 'administrator';
    k.reason := given ->> 'reason';
    k.created_by := anze.actor();
    k.created_at := clock_timestamp();
    return k;
end
$$;

create or replace function anze.hazard_criterion_write_faults(k anze.hazard_criterion, given jsonb) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    s anze.hazard_criterion_set;
begin
    select * into s from anze.hazard_criterion_set x where x.code = k.set_code;
    return anze.hazard_reference_faults(given) || anze.given_days_faults(given)
        || case
        when s.code is null then anze.fault('/set', 'unknown-reference', '没有该判定标准文本。', 'There is no such set.')
        when not k.in_force <@ s.in_force then anze.fault('/in_force_from', 'out-of-set', '施行期间应在判定标准文本施行期间之内。',
            'It is in force only while its text is.')
        else '[]' end;
end
$$;

create or replace function anze.add_hazard_criterion(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    made anze.hazard_criterion;
begin
    perform anze.refuse_all(anze.given_days_faults(given));
    made := anze.hazard_criterion_given(null::anze.hazard_criterion, given);
    perform anze.refuse_all(anze.hazard_criterion_write_faults(made, given)
        || case when exists (select from anze.hazard_criterion k where k.code = made.code)
            then anze.fault('/code', 'exists', '该判定标准已存在。', 'This criterion exists already.') else '[]' end);
    insert into anze.hazard_criterion select made.*;
    return query select '201', anze.hazard_criterion_history(made.code)::text, made.version::text,
        '/v1/hazard-criteria/' || made.code;
end
$$;

-- A new version from a day on; the running one ends the day before.
create or replace function anze.revise_hazard_criterion(named text, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    running anze.hazard_criterion;
    made anze.hazard_criterion;
    starts constant date := (given ->> 'in_force_from')::date;
begin
    select * into running from anze.hazard_criterion k where k.code = named order by k.version desc limit 1 for update;
    if running.code is null then
        perform anze.refuse('AZ404', '没有该判定标准。', 'There is no such criterion.');
    end if;
    perform anze.require_version(running.version, if_match);
    perform anze.refuse_all(anze.given_days_faults(given));
    made := anze.hazard_criterion_given(running, given);
    perform anze.refuse_all(anze.hazard_criterion_write_faults(made, given)
        || case when starts <= lower(running.in_force) then anze.fault('/in_force_from', 'not-after-running-version',
            '施行日期应晚于现行版本的施行日期。', 'The new version must begin after the running one began.') else '[]' end);
    update anze.hazard_criterion k set in_force = daterange(lower(k.in_force), starts)
    where (k.code, k.version) = (running.code, running.version) and (upper_inf(k.in_force) or upper(k.in_force) > starts);
    insert into anze.hazard_criterion select made.*;
    return query select '201', anze.hazard_criterion_history(named)::text, made.version::text,
        '/v1/hazard-criteria/' || named;
end
$$;
