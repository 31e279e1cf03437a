-- What may be done about an accident now: by the very functions by which the operations themselves refuse.

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

-- What there is to choose from in an operation for a level; nothing: it is not open to that level.
create or replace function anze.accident_choices(a anze.accident, operation_id text, level smallint) returns jsonb
stable language plpgsql as $$
begin
    case operation_id
    when 'addAccidentReport' then
        return to_jsonb(anze.accident_open_kinds(a.state));
    when 'correctAccidentReport' then
        return (select jsonb_agg(r.number order by r.number) from anze.accident_latest_reports(a.id) r);
    when 'passAccidentUp' then
        return to_jsonb(anze.accident_open_levels(a, level));
    when 'acknowledgeAccident' then
        return (
            select jsonb_agg(jsonb_build_object('code', t.id, 'from_level', anze.level_code(t.from_level),
                'to_level', anze.level_code(t.to_level), 'sent_at', anze.instant(t.sent_at)) order by t.sent_at, t.id)
            from anze.accident_transmission t
            where t.accident_id = a.id and anze.accident_may_acknowledge(t, level) and not anze.accident_is_acknowledged(t));
    when 'recordAccidentNotices' then
        return (select jsonb_agg(t.code order by t.code)
                from anze.accident_tellable(a.id, anze.accident_levels_told_by(level)) t(code));
    end case;
end
$$;

-- What this caller may do.
create or replace function anze.accident_actions(a anze.accident) returns jsonb stable language plpgsql as $$
declare
    level constant smallint := anze.caller_level();
    granted constant text[] := anze.scopes();
begin
    return (
        select coalesce(jsonb_agg(jsonb_build_object('operation_id', x.operation_id, 'title_zh', x.title_zh,
                'title_en', x.title_en, 'fields', jsonb_build_array(x.field || jsonb_build_object('choices', c.choices)))
            order by array_position(anze.accident_scopes(), x.scope), x.place), '[]')
        from anze.accident_action x
        cross join lateral (select anze.accident_choices(a, x.operation_id, level) as choices offset 0) c
        where x.scope = any (granted) and c.choices <> '[]');
end
$$;

-- The cases that name the accident, for a caller who may read cases and sees them.
create or replace function anze.accident_cases(accident uuid) returns jsonb stable language plpgsql as $$
begin
    return coalesce((
        select jsonb_agg(anze.case_reference(c.id) order by c.opened_at, c.id)
        from anze.case_file c where c.accident_id = accident and 'cases:read' = any (anze.scopes())), '[]');
end
$$;
