-- A kind of case is one document: what its rows say, as one reads it and sends it; and a document made into rows.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Read ----------------------------------------------------------------------------------------------------------------

create or replace function anze.case_kind_head(of_code text, of_version integer) returns jsonb
stable parallel safe language plpgsql as $$
begin
    return (select jsonb_strip_nulls(jsonb_build_object('code', k.code, 'version', k.version, 'title_zh', k.title_zh,
            'title_en', k.title_en, 'in_force_from', lower(k.in_force), 'in_force_until', upper(k.in_force) - 1,
            'is_in_force', k.in_force @> anze.today(), 'initial_state', k.initial_state, 'instrument', i.title,
            'article', k.article, 'confidence', k.confidence, 'origin', k.origin, 'reason', k.reason))
        from anze.case_kind k join anze.instrument i on i.code = k.instrument
        where (k.code, k.version) = (of_code, of_version));
end
$$;

create or replace function anze.case_kind_states(of_code text, of_version integer) returns jsonb
stable parallel safe language sql as $$
    select coalesce(jsonb_agg(to_jsonb(s) - '{kind,version,place}'::text[] order by s.place, s.code), '[]')
    from anze.case_state s where (s.kind, s.version) = (of_code, of_version)
$$;

-- The posts that some taker asks for.
create or replace function anze.case_taker_posts(takers jsonb) returns text[] immutable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return array(select distinct p.code from jsonb_array_elements(takers) t(taker)
                 cross join lateral jsonb_array_elements_text(t.taker -> 'posts') p(code) order by p.code);
end
$$;

create or replace function anze.case_kind_actions(of_code text, of_version integer) returns jsonb
stable parallel safe language sql as $$
    select coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(a) - '{kind,version,place,fields,posts}'::text[]) || jsonb_build_object(
            'minimum_level', anze.level_code(a.minimum_level),
            'fields', anze.case_fields(a.fields, anze.case_taker_posts(a.takers)))
        order by a.place, a.code), '[]')
    from anze.case_action a where (a.kind, a.version) = (of_code, of_version)
$$;

-- With the figures in force today.
create or replace function anze.case_kind_clocks(of_code text, of_version integer) returns jsonb
stable parallel safe language sql as $$
    select coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(k) - '{kind,version}'::text[] || jsonb_build_object(
            'value', r.value, 'unit', r.unit, 'instrument', i.title, 'article', r.article, 'confidence', r.confidence))
        order by k.code), '[]')
    from anze.case_clock k
    left join anze.rule r on r.code = k.rule and r.in_force @> anze.today() and r.region_code is null
    left join anze.instrument i on i.code = r.instrument
    where (k.kind, k.version) = (of_code, of_version)
$$;

-- The document of a version, whole; sent back it makes the next one.
create or replace function anze.case_kind_json(of_code text, of_version integer) returns jsonb
stable parallel safe language plpgsql as $$
begin
    return (
        select anze.case_kind_head(k.code, k.version) || jsonb_build_object(
            'basis', jsonb_strip_nulls(jsonb_build_object('instrument', k.instrument, 'article', k.article,
                'confidence', k.confidence)),
            'states', anze.case_kind_states(k.code, k.version), 'actions', anze.case_kind_actions(k.code, k.version),
            'clocks', anze.case_kind_clocks(k.code, k.version))
        from anze.case_kind k where (k.code, k.version) = (of_code, of_version));
end
$$;

-- Written -------------------------------------------------------------------------------------------------------------

create or replace function anze.write_case_states(document jsonb, of_version integer) returns void language sql
set search_path = pg_catalog, pg_temp as $$
    insert into anze.case_state as kept
    select r.*
    from jsonb_array_elements(document -> 'states') with ordinality s(one, place)
    cross join lateral jsonb_populate_record(null::anze.case_state, '{"is_final": false, "is_public": false,
        "holds_clocks": false, "withheld_from": []}' || s.one || jsonb_build_object(
        'kind', document -> 'code', 'version', of_version, 'place', s.place)) r
    on conflict on constraint case_state_pkey do update
    set title_zh = excluded.title_zh, title_en = excluded.title_en, is_final = excluded.is_final,
        is_public = excluded.is_public, holds_clocks = excluded.holds_clocks, withheld_from = excluded.withheld_from,
        place = excluded.place
    where kept is distinct from excluded
$$;

create or replace function anze.write_case_clocks(document jsonb, of_version integer) returns void language sql
set search_path = pg_catalog, pg_temp as $$
    insert into anze.case_clock as kept
    select r.*
    from jsonb_array_elements(document -> 'clocks') k(one)
    cross join lateral jsonb_populate_record(null::anze.case_clock, '{"states": [], "counts_from": "event",
        "direction": "forward", "pauses_in": []}' || k.one || jsonb_build_object(
        'kind', document -> 'code', 'version', of_version)) r
    on conflict on constraint case_clock_pkey do update
    set title_zh = excluded.title_zh, title_en = excluded.title_en, states = excluded.states, rule = excluded.rule,
        due_field = excluded.due_field, watched_by = excluded.watched_by, counts_from = excluded.counts_from,
        direction = excluded.direction, pauses_in = excluded.pauses_in, extension = excluded.extension
    where kept is distinct from excluded
$$;

-- Who decides is asked for wherever a post must, and is no field of the document's own.
create or replace function anze.case_own_fields(action jsonb) returns jsonb immutable parallel safe language sql
set search_path = pg_catalog, pg_temp as $$
    select coalesce(jsonb_agg(f.one order by f.place), '[]')
    from jsonb_array_elements(action -> 'fields') with ordinality f(one, place)
    where anze.case_taker_posts(action -> 'takers') = '{}' or f.one <> anze.case_decider_field()
$$;

-- (The column posts is read by nothing and goes with a later release.)
create or replace function anze.write_case_actions(document jsonb, of_version integer) returns void language sql
set search_path = pg_catalog, pg_temp as $$
    insert into anze.case_action as kept
    select r.*
    from jsonb_array_elements(document -> 'actions') with ordinality a(one, place)
    cross join lateral jsonb_populate_record(null::anze.case_action, '{"goes_back": false, "formerly": [], "posts": [],
        "other_than": [], "evidence": [], "starts": [], "stops": [], "overtakes": [], "extends": [], "guards": [],
        "effects": []}' || a.one
        || jsonb_build_object('kind', document -> 'code', 'version', of_version, 'place', a.place,
            'fields', anze.case_own_fields(a.one),
            'minimum_level', (select l.rank from anze.level l where l.code = coalesce(a.one ->> 'minimum_level', 'unit')))) r
    on conflict on constraint case_action_pkey do update
    set title_zh = excluded.title_zh, title_en = excluded.title_en, from_states = excluded.from_states,
        to_state = excluded.to_state, goes_back = excluded.goes_back, formerly = excluded.formerly,
        scope = excluded.scope, takers = excluded.takers, minimum_level = excluded.minimum_level,
        other_than = excluded.other_than, fields = excluded.fields,
        evidence = excluded.evidence, starts = excluded.starts, stops = excluded.stops, overtakes = excluded.overtakes,
        extends = excluded.extends,
        guards = excluded.guards, effects = excluded.effects, basis = excluded.basis, place = excluded.place
    where kept is distinct from excluded
$$;

-- What the document of this version had before and has no more.
create or replace function anze.drop_case_rows(document jsonb, of_version integer) returns void language sql
set search_path = pg_catalog, pg_temp as $$
    delete from anze.case_action a
    where (a.kind, a.version) = (document ->> 'code', of_version)
        and not jsonb_path_exists(document, '$.actions[*] ? (@.code == $code)', jsonb_build_object('code', a.code));
    delete from anze.case_clock k
    where (k.kind, k.version) = (document ->> 'code', of_version)
        and not jsonb_path_exists(document, '$.clocks[*] ? (@.code == $code)', jsonb_build_object('code', k.code));
    delete from anze.case_state s
    where (s.kind, s.version) = (document ->> 'code', of_version)
        and not jsonb_path_exists(document, '$.states[*] ? (@.code == $code)', jsonb_build_object('code', s.code));
$$;

-- The one place that turns a document into rows.
create or replace function anze.write_case_kind(document jsonb, made_by text) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    made constant integer := document ->> 'version';
begin
    insert into anze.case_kind as kept (code, version, in_force, title_zh, title_en, initial_state, instrument, article,
        confidence, origin, reason)
    values (document ->> 'code', made, daterange((document ->> 'in_force_from')::date,
            (document ->> 'in_force_until')::date, '[]'), document ->> 'title_zh', document ->> 'title_en',
        document ->> 'initial_state', document #>> '{basis,instrument}', document #>> '{basis,article}',
        document #>> '{basis,confidence}', made_by, case made_by when 'administrator' then document ->> 'reason' end)
    on conflict on constraint case_kind_pkey do update
    set in_force = excluded.in_force, title_zh = excluded.title_zh, title_en = excluded.title_en,
        initial_state = excluded.initial_state, instrument = excluded.instrument, article = excluded.article,
        confidence = excluded.confidence
    where kept is distinct from excluded;
    perform anze.drop_case_rows(document, made);
    perform anze.write_case_states(document, made);
    perform anze.write_case_clocks(document, made);
    perform anze.write_case_actions(document, made);
end
$$;

-- A document as the program ships it. A kind that an administrator revised stays as it is, whole.
create or replace function anze.ship_case_kind(document jsonb) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    faults constant jsonb := anze.case_document_faults(document);
begin
    if exists (select from anze.case_kind k where k.code = document ->> 'code' and k.origin = 'administrator') then
        return;
    elsif faults <> '[]' then
        raise data_exception using message = format('the document of the kind of case %s does not hold: %s',
            document ->> 'code', faults);
    end if;
    perform anze.write_case_kind(document, 'shipped');
end
$$;

-- The next version, by an administrator ---------------------------------------------------------------------------------

-- What cases that are open would do if they were moved to a version: which would have no state there, and which of their
-- clocks would begin or end. Until somebody moves them they go on under the version that they began with.
create or replace function anze.case_kind_outlook(of_code text, of_version integer) returns jsonb stable language sql
set search_path = pg_catalog, pg_temp as $$
    with standing as (
        select c.kind_version, c.state, count(*) as cases
        from anze.case_file c where c.kind = of_code and c.is_open and c.kind_version <> of_version
        group by c.kind_version, c.state),
    running as (
        select c.kind_version, c.state, d.clock, count(*) as cases
        from anze.case_file c join anze.deadline d on d.subject_id = c.id and d.is_running
        where c.kind = of_code and c.is_open and c.kind_version <> of_version
        group by c.kind_version, c.state, d.clock)
    select coalesce(jsonb_agg(jsonb_build_object('version', s.kind_version, 'state', s.state, 'cases', s.cases,
        'goes_on', n.code is not null,
        'clocks_begin', (
            select coalesce(jsonb_agg(k.code order by k.code), '[]') from anze.case_clock k
            where n.code is not null and (k.kind, k.version) = (of_code, of_version) and s.state = any (k.states)
                and not exists (select from anze.case_clock f
                                where (f.kind, f.version, f.code) = (of_code, s.kind_version, k.code))),
        'clocks_end', (
            select coalesce(jsonb_agg(jsonb_build_object('clock', r.clock, 'cases', r.cases) order by r.clock), '[]')
            from running r
            where n.code is not null and (r.kind_version, r.state) = (s.kind_version, s.state)
                and not exists (select from anze.case_clock k
                                where (k.kind, k.version, k.code) = (of_code, of_version, r.clock))))
        order by s.kind_version, s.state), '[]')
    from standing s
    left join anze.case_state n on (n.kind, n.version, n.code) = (of_code, of_version, s.state)
$$;

create or replace function anze.case_revision_faults(latest anze.case_kind, document jsonb) returns jsonb
immutable language sql
set search_path = pg_catalog, pg_temp as $$
    select coalesce(jsonb_agg(anze.fault(f.pointer, f.rule, f.zh, f.en)), '[]')
    from (values
        (document ->> 'code' <> latest.code, '/code', 'of-other-kind', '文件应为该案件类型。',
            'The document is of another kind.'),
        ((document ->> 'version')::integer <> latest.version + 1, '/version', 'not-the-next',
            format('版本号应为 %s。', latest.version + 1), format('The next version is %s.', latest.version + 1)),
        ((document ->> 'in_force_from')::date <= lower(latest.in_force), '/in_force_from', 'not-after-running-version',
            '施行日期应晚于上一版本的施行日期。', 'The new version begins after the one before it began.'),
        ((document ->> 'in_force_until')::date < (document ->> 'in_force_from')::date, '/in_force_until', 'before-begin',
            '止日应不早于施行日期。', 'It ends no earlier than it begins.')
    ) f(holds, pointer, rule, zh, en)
    where f.holds
$$;

create or replace function anze.revise_case_kind(of_kind text, document jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    latest anze.case_kind;
    starts constant date := document ->> 'in_force_from';
    made constant integer := document ->> 'version';
begin
    select * into latest from anze.case_kind k where k.code = of_kind order by k.version desc limit 1 for update;
    if latest.code is null then
        perform anze.refuse('AZ404', '没有该案件类型。', 'There is no such kind of case.');
    end if;
    perform anze.refuse_all(anze.case_revision_faults(latest, document) || anze.case_document_faults(document));
    update anze.case_kind k set in_force = daterange(lower(k.in_force), starts)
    where (k.code, k.version) = (latest.code, latest.version)
        and (upper_inf(k.in_force) or upper(k.in_force) > starts);
    perform anze.write_case_kind(document, 'administrator');
    return query select '201', b.body, md5(b.body), format('/v1/case-kinds/%s/versions/%s', of_kind, made)
    from (select jsonb_build_object('document', anze.case_kind_json(of_kind, made),
                     'open_cases', anze.case_kind_outlook(of_kind, made))::text as body) b;
end
$$;
