-- What may be done about an accident now: by the very functions by which the operations themselves refuse. It depends on
-- what is stored and on the caller's level and scopes, never on the moment, so it is computed for all of them when the
-- accident is stored, as parts of its document; a reader picks its own.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- The kinds of report that still come in.
create or replace function anze.accident_open_kinds(state text) returns text[] immutable parallel safe language sql
return case state when 'final' then array['supplement'] else array['follow_up', 'supplement', 'final'] end;

-- Each report in its latest version, which alone is corrected; root is the one that it goes back to.
create or replace function anze.accident_latest_reports(accident uuid)
returns table (root integer, number integer) stable language sql as $$
    select r.root, max(r.number) from anze.accident_report r where r.accident_id = accident group by r.root
$$;

-- Whom levels may be said to have told.
create or replace function anze.accident_tellable(accident uuid, levels smallint[]) returns setof text
stable language sql as $$
    select distinct t.code from anze.accident_recipient t
    where t.accident_id = accident and t.level = any (levels) and t.superseded_at is null
$$;

-- Acknowledged by the receiving level or one above it, once.
create or replace function anze.accident_may_acknowledge(t anze.accident_transmission, level smallint) returns boolean
immutable parallel safe language sql
return level >= (t).to_level;

create or replace function anze.accident_is_acknowledged(t anze.accident_transmission) returns boolean
stable language sql as $$
    select exists (select from anze.accident_receipt r where r.transmission_id = t.id)
$$;

-- What there is to choose from, by operation and level (NULL: for every level alike); nothing: not open to that level.
create or replace function anze.accident_choices(a anze.accident)
returns table (operation_id text, level smallint, choices jsonb) stable language sql as $$
    with callers as (select l.rank from anze.level l where l.rank < 5) -- nobody calls from the nation
    select 'addAccidentReport', null::smallint, to_jsonb(anze.accident_open_kinds(a.state))
    union all
    select 'correctAccidentReport', null,
        (select jsonb_agg(r.number order by r.number) from anze.accident_latest_reports(a.id) r)
    union all
    select 'passAccidentUp', l.rank, to_jsonb(anze.accident_open_levels(a, l.rank)) from callers l
    union all
    select 'acknowledgeAccident', l.rank, jsonb_agg(jsonb_build_object('code', t.id,
            'from_level', anze.level_code(t.from_level), 'to_level', anze.level_code(t.to_level),
            'sent_at', anze.instant(t.sent_at)) order by t.sent_at, t.id)
    from anze.accident_transmission t
    join callers l on anze.accident_may_acknowledge(t, l.rank)
    where t.accident_id = a.id and not anze.accident_is_acknowledged(t)
    group by l.rank
    union all
    select 'recordAccidentNotices', l.rank, jsonb_agg(t.code order by t.code)
    from callers l
    cross join lateral anze.accident_tellable(a.id, anze.accident_levels_told_by(l.rank)) t(code)
    group by l.rank
$$;

-- Parts of a document: the first is for all readers; each scope then has one for all levels and one for each of five.
create or replace function anze.accident_part(scope_place integer, level smallint) returns integer
immutable parallel safe language sql
return 2 + 6 * (scope_place - 1) + coalesce(level + 1, 0);

-- The parts after the first: members of an array, where a scope and a level have any.
create or replace function anze.accident_offers(a anze.accident) returns text[] stable language sql as $$
    with offer as materialized ( -- else it is computed again for each part
        select anze.accident_part(array_position(anze.accident_scopes(), x.scope), c.level) as part, x.place,
            jsonb_build_object('operation_id', x.operation_id, 'title_zh', x.title_zh, 'title_en', x.title_en,
                'fields', jsonb_build_array(x.field || jsonb_build_object('choices', c.choices)))::text as shown
        from anze.accident_choices(a) c
        join anze.accident_action x on x.operation_id = c.operation_id
        where c.choices <> '[]')
    select array_agg((select string_agg(o.shown, ', ' order by o.place) from offer o where o.part = p.part) order by p.part)
    from generate_series(2, anze.accident_part(cardinality(anze.accident_scopes()), 4::smallint)) p(part)
$$;

-- What this caller may do, as the members of an array.
create or replace function anze.accident_actions_text(document text[]) returns text
stable parallel safe language plpgsql as $$
declare
    level constant smallint := anze.caller_level();
    granted constant text[] := anze.scopes();
    shown text := '';
    i integer := 0;
    scope text;
begin
    foreach scope in array anze.accident_scopes() loop
        i := i + 1;
        if scope = any (granted) then
            shown := concat_ws(', ', nullif(shown, ''), document[anze.accident_part(i, null)],
                document[anze.accident_part(i, level)]);
        end if;
    end loop;
    return shown;
end
$$;

-- The cases that name the accident, for a caller who may read cases and sees them, as the members of an array.
create or replace function anze.accident_cases_text(accident uuid) returns text stable language plpgsql as $$
begin
    return coalesce((
        select string_agg(anze.case_reference(c.id)::text, ', ' order by c.opened_at, c.id)
        from anze.case_file c where c.accident_id = accident and 'cases:read' = any (anze.scopes())), '');
end
$$;

-- The parts of the document of an accident, computed where it was stored without offers.
create or replace function anze.accident_parts(accident uuid, document text[]) returns text[] stable language plpgsql as $$
begin
    if cardinality(document) > 1 then
        return document;
    end if;
    return (select a.document || anze.accident_offers(a) from anze.accident a where a.id = accident);
end
$$;
