-- Passing an accident up, acknowledging it, and telling those beside the next level.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Which level has an accident that an office of this level files, or its unit (which reports to the county): a town has it
-- before the county does. What a level that a place does not have would get, the next above gets.
create or replace function anze.accident_entry_level(of_region text, by_level smallint) returns smallint
immutable parallel safe language plpgsql as $$
begin
    return case when by_level = 1 then by_level else anze.region_level_from(of_region, greatest(by_level, 2::smallint)) end;
end
$$;

-- Who passed it to whom, each as the rank of the one and that of the other: 23 is from the county to the city.
create or replace function anze.accident_passed(accident uuid) returns smallint[] stable language plpgsql as $$
begin
    return array(select t.from_level * 10 + t.to_level from anze.accident_transmission t where t.accident_id = accident order by 1);
end
$$;

-- The levels to which the law has the unit itself report.
create or replace function anze.accident_reports_to(clocks anze.deadline[]) returns smallint[]
immutable parallel safe language plpgsql as $$
begin
    return array(
        select distinct anze.accident_clock_to(d) from unnest(clocks) d
        where d.superseded_at is null and anze.accident_clock_kind(d) = 'report' and anze.accident_clock_from(d) = 0 order by 1);
end
$$;

-- The levels that each level may pass it to, counties and higher, and whether it is still open to it to do so. A unit or a town
-- passes it no further than the lowest level there is, but where the law has the unit itself report higher.
create or replace function anze.accident_levels_above(of_region text, reports_to smallint[], passed smallint[])
returns table (by_level smallint, rank smallint, code text, is_open boolean) stable rows 12 language sql as $$
    select b.rank, l.rank, l.code, b.rank * 10 + l.rank <> all (passed)
    from (select x.rank, x.code, min(x.rank) over () as lowest from anze.level x
          where x.rank >= 2 and anze.region_has_level(of_region, x.rank)) l
    join anze.level b on b.rank < l.rank and (b.rank >= 2 or l.rank = l.lowest or b.rank = 0 and l.rank = any (reports_to))
$$;

create or replace function anze.accident_ways_up(of_region text, reports_to smallint[], passed smallint[]) returns jsonb
stable language plpgsql as $$
begin
    return (select jsonb_object_agg(w.by_level, w.codes) from (
        select l.by_level, jsonb_agg(l.code order by l.rank) as codes
        from anze.accident_levels_above(of_region, reports_to, passed) l where l.is_open group by l.by_level) w);
end
$$;

create or replace function anze.pass_accident_up(accident uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text) language plpgsql as $$
#variable_conflict use_column
declare
    a anze.accident := anze.accident_lock_matching(accident, if_match);
    at constant timestamptz := clock_timestamp();
    own_level constant smallint := anze.caller_level();
    up_to constant smallint := (select l.rank from anze.level l where l.code = given ->> 'to_level');
    sent_at constant timestamptz := coalesce((given ->> 'sent_at')::timestamptz, at);
    reports_to constant smallint[] := anze.accident_reports_to(
        array(select d from anze.deadline d where d.subject_id = a.id));
    passed constant smallint[] := anze.accident_passed(a.id);
    still_open boolean;
    others text[];
    sent uuid;
begin
    select bool_or(l.is_open) filter (where l.rank = up_to), array_agg(l.code order by l.rank) filter (where l.is_open)
    into still_open, others
    from anze.accident_levels_above(a.region_code, reports_to, passed) l where l.by_level = own_level;
    if still_open is null then
        perform anze.refuse('AZ403', '您所在层级不能向该层级上报。', 'Your level does not pass accidents to that one.');
    elsif not still_open then
        perform anze.refuse_state('您所在层级已向该层级上报。', 'Your level has passed it to that one already.', coalesce(others, '{}'));
    end if;
    if given ? 'sent_at' then
        perform anze.refuse_all('[]'::jsonb || anze.accident_sent_faults(a, given ->> 'channel', sent_at, null, at));
    end if;
    insert into anze.accident_transmission (accident_id, from_level, to_level, channel, sent_at, recorded_at, note)
    values (a.id, own_level, up_to, given ->> 'channel', sent_at, at, given ->> 'note')
    returning id into sent;
    perform anze.accident_plan(a, a.report_count, at);
    perform anze.accident_tell(a, coalesce(given -> 'notified', '[]'), given ->> 'channel', sent_at, at);
    a.version := a.version + 1;
    a := anze.accident_store(a, at);
    return query select * from anze.accident_answer(a, '201', '/transmissions/' || sent);
end
$$;

create or replace function anze.acknowledge_accident(accident uuid, transmission uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text) language plpgsql as $$
#variable_conflict use_column
declare
    a anze.accident := anze.accident_lock_matching(accident, if_match);
    at constant timestamptz := clock_timestamp();
    level constant smallint := anze.caller_level();
    sent anze.accident_transmission;
begin
    select * into sent from anze.accident_transmission t where t.accident_id = a.id and t.id = transmission;
    if sent.id is null then
        perform anze.refuse('AZ404', '没有该上报。', 'There is no such transmission.');
    end if;
    if not anze.accident_may_acknowledge(sent, level) then
        perform anze.refuse('AZ403', '只有接收层级或其上级可以签收。',
            'Only the receiving level, or one above it, acknowledges.');
    end if;
    if anze.accident_is_acknowledged(sent) then
        perform anze.refuse_state('该上报已签收。', 'This transmission is acknowledged already.');
    end if;
    insert into anze.accident_receipt (transmission_id, accident_id, received_at, level, note)
    values (sent.id, a.id, at, level, given ->> 'note');
    perform anze.accident_tell(a, coalesce(given -> 'notified', '[]'), 'system', at, at);
    a.version := a.version + 1;
    a := anze.accident_store(a, at);
    return query select * from anze.accident_answer(a, '200', '/transmissions/' || sent.id);
end
$$;

create or replace function anze.record_accident_notices(accident uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text) language plpgsql as $$
#variable_conflict use_column
declare
    a anze.accident := anze.accident_lock_matching(accident, if_match);
    at constant timestamptz := clock_timestamp();
    told_at constant timestamptz := coalesce((given ->> 'told_at')::timestamptz, at);
begin
    if told_at > at then
        perform anze.refuse('AZ422', '通知时间不能晚于现在。', 'Not in the future.', '/told_at', 'in-future');
    elsif told_at < a.occurred_at then
        perform anze.refuse('AZ422', '通知时间不能早于事故发生时间。', 'Not before the accident occurred.', '/told_at',
            'before-occurred-at');
    end if;
    perform anze.accident_tell(a, given -> 'notified', coalesce(given ->> 'channel', 'phone'), told_at, at);
    a.version := a.version + 1;
    a := anze.accident_store(a, at);
    return query select * from anze.accident_answer(a, '200', '');
end
$$;
