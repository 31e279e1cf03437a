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

-- What this caller may do. Each operation has one field to choose for, from what is open to the caller's level; with nothing to
-- choose from it is not open. An accident that ended otherwise than by its final report offers nothing.
create or replace function anze.accident_actions(a anze.accident, duplicates jsonb) returns jsonb stable language plpgsql as $$
declare
    own_level constant smallint := anze.caller_level();
    granted constant text[] := anze.scopes();
begin
    if anze.accident_is_ended(a.state) then
        return '[]';
    end if;
    return (
        select coalesce(jsonb_agg(jsonb_build_object('operation_id', x.operation_id, 'title_zh', x.title_zh,
                'title_en', x.title_en, 'fields', jsonb_build_array(x.field || jsonb_build_object('choices', c.choices)))
            order by array_position(anze.accident_scopes(), x.scope), x.place), '[]')
        from anze.accident_action x
        cross join lateral (
            select case x.operation_id
                when 'addAccidentReport' then to_jsonb(anze.accident_open_kinds(a.state))
                when 'correctAccidentReport' then (
                    select jsonb_agg(r.number order by r.number) from anze.accident_latest_reports(a.id) r)
                when 'passAccidentUp' then (
                    select jsonb_agg(l.code order by l.rank) from anze.accident_open_levels(a.id, a.region_code, own_level) l)
                when 'acknowledgeAccident' then (
                    select jsonb_agg(anze.accident_transmission_choice(t) order by anze.accident_sent_at(t), t.id)
                    from anze.accident_transmission t
                    where t.accident_id = a.id and anze.accident_may_acknowledge(t, own_level)
                        and not anze.accident_is_acknowledged(t))
                when 'correctAccidentTransmission' then (
                    select jsonb_agg(anze.accident_transmission_choice(t) order by anze.accident_sent_at(t), t.id)
                    from anze.accident_transmission t
                    where t.accident_id = a.id and anze.accident_may_correct_sending(t, own_level))
                when 'withdrawAccident' then case
                    when anze.accident_withdrawal_barrier(a, own_level) is null
                    then '["not_an_accident", "false_alarm", "drill", "other"]'::jsonb end
                when 'joinAccident' then case when duplicates <> '[]' and anze.accident_may_end(a, own_level) then (
                    select jsonb_agg(jsonb_build_object('code', d -> 'id', 'occurred_at', d -> 'occurred_at',
                        'unit_name', d -> 'unit_name', 'place', d -> 'place'))
                    from jsonb_array_elements(duplicates) d) end
                when 'recordAccidentNotices' then (
                    select jsonb_agg(distinct r.code order by r.code) from anze.accident_tellable(a.id, own_level) r)
            end as choices offset 0) c
        where x.scope = any (granted) and c.choices <> '[]');
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
