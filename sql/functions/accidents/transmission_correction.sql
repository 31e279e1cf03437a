-- When a level passed an accident up, put right: a typing error would make it late for ever. What was said before stays.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- By the level that passed it up, or one above it; never by a unit, which would put right its own lateness. What went through
-- the service has the service's own time.
create or replace function anze.accident_may_correct_sending(t anze.accident_transmission, level smallint) returns boolean
immutable parallel safe language sql
return level >= greatest((t).from_level, 1) and (t).channel <> 'system';

-- When it was passed up, as far as is known now.
create or replace function anze.accident_sent_at(t anze.accident_transmission) returns timestamptz
immutable parallel safe language sql
return coalesce((t).corrected_to, (t).sent_at);

create or replace function anze.correct_accident_transmission(accident uuid, transmission uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text) language plpgsql as $$
#variable_conflict use_column
declare
    a anze.accident := anze.accident_lock_matching(accident, if_match);
    at constant timestamptz := clock_timestamp();
    level constant smallint := anze.caller_level();
    corrected_to constant timestamptz := given ->> 'sent_at';
    sent anze.accident_transmission;
begin
    select * into sent from anze.accident_transmission t where t.accident_id = a.id and t.id = transmission;
    if sent.id is null then
        perform anze.refuse('AZ404', '没有该上报。', 'There is no such transmission.');
    end if;
    if sent.channel <> 'system' and not anze.accident_may_correct_sending(sent, level) then
        perform anze.refuse('AZ403', '只有上报层级（政府部门）或其上级可以更正上报时间。',
            'Only the level that passed it up, or one above it, corrects when that was; a unit does not.');
    end if;
    perform anze.refuse_all('[]'::jsonb || anze.accident_sent_faults(a, sent.channel, corrected_to,
        (select r.received_at from anze.accident_receipt r where r.transmission_id = sent.id), at));
    perform anze.accident_keep_sending(sent, corrected_to, given ->> 'reason', level, at);
    perform anze.accident_plan(a, a.report_count, at);
    a.version := a.version + 1;
    a := anze.accident_store(a, at);
    return query select * from anze.accident_answer(a, '201', '/transmissions/' || sent.id);
end
$$;

-- With the owner's rights: nobody else changes what was passed up.
create or replace function anze.accident_keep_sending(
    sent anze.accident_transmission, corrected_to timestamptz, reason text, level smallint, at timestamptz) returns void
security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    insert into anze.accident_transmission_correction (transmission_id, number, accident_id, was_sent_at, sent_at, reason,
        level, recorded_at)
    select sent.id, count(*) + 1, sent.accident_id, anze.accident_sent_at(sent), accident_keep_sending.corrected_to, accident_keep_sending.reason,
        accident_keep_sending.level, at
    from anze.accident_transmission_correction c where c.transmission_id = sent.id;
    update anze.accident_transmission t set corrected_to = accident_keep_sending.corrected_to where t.id = sent.id;
end
$$;

create or replace function anze.accident_sending_corrections(sent uuid) returns jsonb stable language plpgsql as $$
begin
    return (select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('was_sent_at', anze.instant(c.was_sent_at),
            'sent_at', anze.instant(c.sent_at), 'reason', c.reason, 'level', anze.level_code(c.level),
            'recorded_at', anze.instant(c.recorded_at), 'actor', c.actor, 'on_behalf_of', c.on_behalf_of)) order by c.number)
        from anze.accident_transmission_correction c where c.transmission_id = sent);
end
$$;
