-- Criteria of major hazards: what the program ships, and how far the texts are entered.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- One text as the program ships it. What an administrator revised stays as it is.
create or replace function anze.ship_hazard_criterion_set(
    code text, since date, until date, instrument text, sectors text[], lead_sector text, item_count integer, title_zh text,
    title_en text, confidence text, note_zh text default null, note_en text default null, is_general_clause boolean default false)
returns void language sql
as $$
    insert into anze.hazard_criterion_set as kept (code, in_force, instrument, sectors, lead_sector, item_count, title_zh,
        title_en, confidence, note_zh, note_en, is_general_clause)
    select s.code, daterange(since, until), s.instrument, s.sectors, s.lead_sector, s.item_count, s.title_zh, s.title_en,
        s.confidence, s.note_zh, s.note_en, s.is_general_clause
    from (select ship_hazard_criterion_set.code, ship_hazard_criterion_set.instrument, ship_hazard_criterion_set.sectors,
        ship_hazard_criterion_set.lead_sector, ship_hazard_criterion_set.item_count, ship_hazard_criterion_set.title_zh,
        ship_hazard_criterion_set.title_en, ship_hazard_criterion_set.confidence, ship_hazard_criterion_set.note_zh,
        ship_hazard_criterion_set.note_en, ship_hazard_criterion_set.is_general_clause) s
    on conflict on constraint hazard_criterion_set_pkey do update
    set in_force = excluded.in_force, instrument = excluded.instrument, sectors = excluded.sectors,
        lead_sector = excluded.lead_sector, item_count = excluded.item_count, title_zh = excluded.title_zh,
        title_en = excluded.title_en, confidence = excluded.confidence, note_zh = excluded.note_zh,
        note_en = excluded.note_en, is_general_clause = excluded.is_general_clause
    where kept.origin = 'shipped'
        and (kept.in_force, kept.instrument, kept.sectors, kept.lead_sector, kept.item_count, kept.title_zh, kept.title_en,
             kept.confidence, kept.note_zh, kept.note_en, kept.is_general_clause)
            is distinct from (excluded.in_force, excluded.instrument, excluded.sectors, excluded.lead_sector,
                excluded.item_count, excluded.title_zh, excluded.title_en, excluded.confidence, excluded.note_zh,
                excluded.note_en, excluded.is_general_clause)
$$;

-- One version of an item. Its instrument is that of its text. What an administrator revised stays as it is, whole.
create or replace function anze.ship_hazard_criterion(
    code text, version integer, since date, until date, set_code text, sectors text[], article text, title_zh text,
    title_en text, confidence text, severity text default 'major', at_once boolean default false)
returns void language sql
as $$
    insert into anze.hazard_criterion as kept (code, version, in_force, severity, sectors, title_zh, title_en, instrument,
        article, confidence, at_once, set_code)
    select ship_hazard_criterion.code, ship_hazard_criterion.version, daterange(since, until),
        ship_hazard_criterion.severity, ship_hazard_criterion.sectors, ship_hazard_criterion.title_zh,
        ship_hazard_criterion.title_en,
        (select s.instrument from anze.hazard_criterion_set s where s.code = ship_hazard_criterion.set_code),
        ship_hazard_criterion.article, ship_hazard_criterion.confidence, ship_hazard_criterion.at_once,
        ship_hazard_criterion.set_code
    where not exists (
            select from anze.hazard_criterion a where a.code = ship_hazard_criterion.code and a.origin = 'administrator')
    on conflict on constraint hazard_criterion_pkey do update
    set in_force = excluded.in_force, severity = excluded.severity, sectors = excluded.sectors,
        title_zh = excluded.title_zh, title_en = excluded.title_en, instrument = excluded.instrument,
        article = excluded.article, confidence = excluded.confidence, at_once = excluded.at_once, set_code = excluded.set_code
    where (kept.in_force, kept.severity, kept.sectors, kept.title_zh, kept.title_en, kept.instrument, kept.article,
           kept.confidence, kept.at_once, kept.set_code)
        is distinct from (excluded.in_force, excluded.severity, excluded.sectors, excluded.title_zh, excluded.title_en,
            excluded.instrument, excluded.article, excluded.confidence, excluded.at_once, excluded.set_code)
$$;

-- How far each text in force on a day is entered: of those for one sector, or of all. A text of which it is not known how
-- many items it has is never complete.
create or replace function anze.hazard_criterion_sets(day date, of_sector text)
returns table (set_code text, is_own boolean, entered bigint, is_complete boolean)
stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    return query
    select s.code, coalesce(s.lead_sector = of_sector, s.lead_sector is null and of_sector = any (s.sectors), false), e.entered,
        coalesce(e.entered >= s.item_count, false)
    from anze.hazard_criterion_set s
    cross join lateral (
        select count(*) as entered from anze.hazard_criterion k where k.set_code = s.code and k.in_force @> day) e
    where s.in_force @> day
        and (of_sector is null or s.sectors is null or of_sector = any (s.sectors) or s.lead_sector = of_sector);
end
$$;

-- Whether what makes a hazard of a sector major is entered whole: there are texts of its own, and none lacks an item.
create or replace function anze.hazard_criteria_complete(day date, of_sector text) returns boolean
stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select coalesce(bool_and(s.is_complete), false) from anze.hazard_criterion_sets(day, of_sector) s where s.is_own);
end
$$;

-- The criterion of the general clause: what officers judge by, with their reasons, where the sector's texts are not whole.
create or replace function anze.hazard_general_clause(day date) returns text stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select k.code from anze.hazard_criterion k join anze.hazard_criterion_set s on s.code = k.set_code
        where s.is_general_clause and k.in_force @> day order by k.code limit 1);
end
$$;

-- What a list of criteria is worth: of each text how many items are entered, of each sector whether that is all.
create or replace function anze.hazard_criteria_worth(day date, of_sector text) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if of_sector is not null and not exists (select from anze.sector c where c.code = of_sector) then
        perform anze.refuse('AZ422', '没有该行业领域。', 'There is no such sector.', 'sector', 'unknown-reference');
    end if;
    return jsonb_build_object(
        'sets', (
            select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('code', s.code, 'title_zh', s.title_zh,
                'title_en', s.title_en, 'instrument', s.instrument, 'number', i.number, 'sectors', s.sectors,
                'in_force_from', lower(s.in_force), 'in_force_until', upper(s.in_force) - 1,
                'items_in_instrument', s.item_count, 'items_entered', w.entered, 'is_complete', w.is_complete,
                'is_general_clause', s.is_general_clause, 'confidence', s.confidence, 'origin', s.origin,
                'version', s.version, 'note_zh', s.note_zh, 'note_en', s.note_en)) order by s.code), '[]')
            from anze.hazard_criterion_sets(day, of_sector) w
            join anze.hazard_criterion_set s on s.code = w.set_code
            left join anze.instrument i on i.code = s.instrument),
        'sectors', (
            select coalesce(jsonb_agg(anze.hazard_sector_worth(day, c.code) order by c.code), '[]')
            from anze.sector c where of_sector is null or c.code = of_sector));
end
$$;

create or replace function anze.hazard_sector_worth(day date, of_sector text) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    own text[];
    lacking text[];
begin
    select array_agg(s.set_code order by s.set_code), array_agg(s.set_code order by s.set_code) filter (where not s.is_complete)
    into own, lacking
    from anze.hazard_criterion_sets(day, of_sector) s where s.is_own;
    return jsonb_build_object('sector', of_sector, 'is_complete', own is not null and lacking is null,
            'sets', coalesce(to_jsonb(own), '[]'))
        || case
        when own is null then jsonb_build_object(
            'note_zh', '该行业领域没有录入专门的判定标准：没有列出不等于不是重大隐患，监管人员可以说明理由判定。',
            'note_en', 'No text of this sector is entered: what is not listed may be major, and an officer judges it with reasons.')
        when lacking is not null then jsonb_build_object(
            'note_zh', '该行业领域的判定标准没有录全：没有列出不等于不是重大隐患，监管人员可以说明理由判定。',
            'note_en', 'The texts of this sector are not entered whole: what is not listed may be major, and an officer judges it '
                'with reasons.')
        else '{}' end;
end
$$;

-- Several bases ------------------------------------------------------------------------------------------------------

-- What is cited, the leading one first: `criterion`, then `criteria`, each once.
create or replace function anze.hazard_cited(given jsonb) returns text[] immutable parallel safe language plpgsql as $$
declare
    cited constant jsonb := case when given ? 'criterion' then jsonb_build_array(given -> 'criterion') else '[]' end
        || coalesce(given -> 'criteria', '[]');
begin
    return array(
        select c.code from jsonb_array_elements_text(cited) with ordinality c(code, place)
        where c.code is not null group by c.code order by min(c.place));
end
$$;

-- All but the leading one, each with its version of the day of finding.
create or replace function anze.hazard_further(cited text[], day date) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select coalesce(jsonb_agg(jsonb_build_object('code', k.code, 'version', k.version) order by c.place), '[]')
        from unnest(cited[2:]) with ordinality c(code, place)
        join anze.hazard_criterion k on k.code = c.code and k.in_force @> day);
end
$$;

-- What is wrong with citing these: with the leading one at `criterion`, with another at its place in `criteria`.
create or replace function anze.hazard_cited_faults(given jsonb, day date, of_sector text) returns jsonb
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return '[]'::jsonb || anze.hazard_criterion_faults(given ->> 'criterion', day, of_sector, '/criterion') || (
        select coalesce(jsonb_agg(f.fault order by c.place) filter (where f.fault <> '[]'), '[]')
        from jsonb_array_elements_text(coalesce(given -> 'criteria', '[]')) with ordinality c(code, place)
        cross join lateral (
            select anze.hazard_criterion_faults(c.code, day, of_sector, '/criteria/' || c.place - 1) as fault) f);
end
$$;

-- What is shown of several: each in brief, the leading one first. NULL: the leading one is all, or there is none.
create or replace function anze.hazard_criteria_json(criterion text, version integer, further jsonb) returns jsonb
stable parallel safe language plpgsql as $$
begin
    if further = '[]' then
        return null;
    end if;
    return jsonb_build_array(anze.hazard_criterion_brief(criterion, version)) || (
        select jsonb_agg(anze.hazard_criterion_brief(f.cited ->> 'code', (f.cited ->> 'version')::integer) order by f.place)
        from jsonb_array_elements(further) with ordinality f(cited, place));
end
$$;
