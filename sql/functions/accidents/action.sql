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

-- Whom a level may be said to have told: the recipients of the levels that it tells for.
create or replace function anze.accident_tellable(accident uuid, by_level smallint) returns setof anze.accident_recipient
stable rows 6 language sql as $$
    select r.* from anze.accident_telling t
    join anze.accident_recipient r on r.accident_id = accident and r.level = t.recipients_of and r.superseded_at is null
    where t.level = by_level
$$;

-- Acknowledged by the receiving level or one above it, once.
create or replace function anze.accident_may_acknowledge(t anze.accident_transmission, level smallint) returns boolean
immutable parallel safe language sql
return level >= (t).to_level;

create or replace function anze.accident_is_acknowledged(t anze.accident_transmission) returns boolean
stable language plpgsql as $$
begin
    return exists (select from anze.accident_receipt r where r.transmission_id = t.id);
end
$$;

-- A transmission among others, with what tells them apart.
create or replace function anze.accident_transmission_choice(t anze.accident_transmission) returns jsonb stable language plpgsql as $$
begin
    return jsonb_build_object('code', t.id, 'from_level', anze.level_code(t.from_level), 'to_level', anze.level_code(t.to_level),
        'sent_at', anze.instant(anze.accident_sent_at(t)));
end
$$;

-- By level, whom it may be said to have told.
create or replace function anze.accident_tellable_by_level(accident uuid) returns jsonb stable language plpgsql as $$
begin
    return (select jsonb_object_agg(l.level, l.codes) from (
        select t.level, jsonb_agg(distinct r.code order by r.code) as codes
        from anze.accident_recipient r join anze.accident_telling t on t.recipients_of = r.level
        where r.accident_id = accident and r.superseded_at is null group by t.level) l);
end
$$;

-- By level, what it may acknowledge, and when it was passed up that it may correct.
create or replace function anze.accident_sendings_by_level(accident uuid) returns jsonb stable language plpgsql as $$
begin
    return (select coalesce(jsonb_object_agg(o.operation_id, o.by_level), '{}') from (
        select s.operation_id, jsonb_object_agg(s.level, s.choices) as by_level from (
            select o.operation_id, l.rank as level,
                jsonb_agg(anze.accident_transmission_choice(t) order by anze.accident_sent_at(t), t.id) as choices
            from anze.accident_transmission t
            cross join anze.level l
            cross join (values ('acknowledgeAccident'), ('correctAccidentTransmission')) o(operation_id)
            where t.accident_id = accident
                and case o.operation_id
                    when 'acknowledgeAccident' then anze.accident_may_acknowledge(t, l.rank) and not anze.accident_is_acknowledged(t)
                    else anze.accident_may_correct_sending(t, l.rank) end
            group by 1, 2) s
        group by 1) o);
end
$$;

-- What each operation lets choose from, as far as it does not depend on who asks: by the rank of his level, or for any. Kept with
-- the page. An accident that ended otherwise than by its final report offers nothing.
create or replace function anze.accident_choices(a anze.accident, clocks anze.deadline[]) returns jsonb
stable language plpgsql as $$
declare
    passed constant smallint[] := anze.accident_passed(a.id);
begin
    if anze.accident_is_ended(a.state) then
        return '{}';
    end if;
    return jsonb_build_object('addAccidentReport', jsonb_build_object('any', anze.accident_open_kinds(a.state)),
            'correctAccidentReport', jsonb_build_object('any', anze.accident_corrigible(a)),
            'passAccidentUp', anze.accident_ways_up(a.region_code, anze.accident_reports_to(clocks), passed),
            'withdrawAccident', anze.accident_withdrawn_from(a.entry_level, passed),
            'recordAccidentNotices', anze.accident_tellable_by_level(a.id))
        || case when passed <> '{}' then anze.accident_sendings_by_level(a.id) else '{}' end;
end
$$;

create or replace function anze.accident_corrigible(a anze.accident) returns integer[] stable language plpgsql as $$
begin
    if a.report_count = 1 then
        return '{1}';
    end if;
    return array(select r.number from anze.accident_latest_reports(a.id) r order by r.number);
end
$$;

-- What this caller may do. Each operation has one field to choose for, from what is open to the caller's level; with nothing to
-- choose from it is not open. `joinable`: to what this caller may join it. Made as text: trees of jsonb would cost more than
-- all that is looked up.
create or replace function anze.accident_actions(a anze.accident, page anze.accident_page, joinable text) returns text
stable language plpgsql as $$
declare
    own_level constant smallint := anze.caller_level();
    granted constant text[] := anze.scopes();
begin
    return '[' || coalesce((
        select string_agg(x.shown || c.choices || '}]}', ', ' order by array_position(anze.accident_scopes(), x.scope), x.place)
        from anze.accident_action x
        cross join lateral (
            select case
                when x.operation_id = 'joinAccident' then
                    case when anze.accident_may_end(a.entry_level, own_level) then joinable end
                when x.operation_id = 'withdrawAccident' then
                    case when own_level >= (page.choices ->> x.operation_id)::smallint
                            and not anze.accident_is_of_hand(page.filed_by, page.filed_for)
                    then '["not_an_accident", "false_alarm", "drill", "other"]' end
                else coalesce(page.choices -> x.operation_id -> own_level::text, page.choices -> x.operation_id -> 'any')::text
                end as choices offset 0) c
        where x.scope = any (granted) and c.choices is not null), '') || ']';
end
$$;

-- The cases that name the accident, for a caller who may read cases and sees them.
create or replace function anze.accident_cases(accident uuid) returns jsonb stable language plpgsql as $$
begin
    return coalesce((
        select jsonb_agg(anze.case_reference(c.id) order by c.opened_at, c.id)
        from anze.case_file c
        where c.accident_id = accident and anze.case_is_seen(c) and 'cases:read' = any (anze.scopes())), '[]');
end
$$;
