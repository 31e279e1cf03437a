-- What was filed as an accident and is none is withdrawn; what is another that is known already is joined to it. Both stay
-- readable, neither owes anything or counts anywhere.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Whether it is over otherwise than by its final report.
create or replace function anze.accident_is_ended(state text) returns boolean immutable parallel safe language sql
return state in ('withdrawn', 'joined');

-- An authority at the level that took it, or above: never a unit, which would make its accident vanish.
create or replace function anze.accident_may_end(entry_level smallint, level smallint) returns boolean
immutable parallel safe language plpgsql as $$
begin
    return coalesce(level >= greatest(entry_level, 2), false);
end
$$;

-- The lowest level that withdraws it. What a level above was told of does not vanish below it: who has it highest does that.
create or replace function anze.accident_withdrawn_from(entry_level smallint, passed smallint[]) returns smallint
immutable parallel safe language plpgsql as $$
begin
    return greatest(entry_level, 2, case when passed <> '{}' then (select max(p % 10) from unnest(passed) p) end);
end
$$;

-- Nor does who filed it withdraw it, in person or through another: two hands make an accident vanish.
create or replace function anze.accident_is_of_hand(filed_by text, filed_for text) returns boolean
stable parallel safe language plpgsql as $$
declare
    unit constant text := anze.unit();
begin
    return coalesce(array[filed_by, nullif(filed_for, unit)]
        && array[coalesce(anze.actor(), 'login:' || session_user), nullif(anze.on_behalf_of(), unit)], false);
end
$$;

-- Others that it may be: of the same county within half a day, of the same unit, category or place, not ended. The nearest
-- ten on each side are looked at, so that filing costs the same where much happens. Row-level security keeps what the
-- caller does not see: a unit is told of its own alone.
-- `shown` as they are read, `joinable` as what it may be joined to; NULL: none.
create or replace function anze.accident_possible_duplicates(a anze.accident, out shown text, out joinable text)
stable language plpgsql as $$
declare
    of_county constant text := coalesce(a.county, anze.county_of(a.region_code)); -- generated: not there before it is written
    of_town constant text := coalesce(a.town, anze.town_of(a.region_code));
    since constant timestamptz := a.occurred_at - interval '12 hours';
    until constant timestamptz := a.occurred_at + interval '12 hours';
begin
    if a.is_drill or a.state in ('withdrawn', 'joined') then
        return;
    end if;
    select '[' || string_agg('{"id": "' || x.id || '", "region_code": "' || x.region_code || '", "reported_at": "'
            || anze.instant(x.reported_at) || '", ' || x.same || '}', ', ' order by x.apart, x.id) || ']',
        '[' || string_agg('{"code": "' || x.id || '", ' || x.same || '}', ', ' order by x.apart, x.id) || ']'
    into shown, joinable
    from (
        select n.*, greatest(n.occurred_at - a.occurred_at, a.occurred_at - n.occurred_at) as apart,
            '"occurred_at": "' || anze.instant(n.occurred_at) || '", "unit_name": ' || to_json(n.unit_name)
                || ', "place": ' || to_json(n.place) as same
        from ((select p.id, p.unit_id, p.unit_name, p.region_code, p.town, p.place, p.category_standard, p.category,
                   p.occurred_at, p.reported_at, p.state, p.is_drill
               from anze.accident p
               where p.county = of_county and p.occurred_at between since and a.occurred_at
               order by p.occurred_at desc, p.id desc limit 10)
              union all
              (select p.id, p.unit_id, p.unit_name, p.region_code, p.town, p.place, p.category_standard, p.category,
                   p.occurred_at, p.reported_at, p.state, p.is_drill
               from anze.accident p
               where p.county = of_county and p.occurred_at > a.occurred_at and p.occurred_at <= until
               order by p.occurred_at, p.id limit 10)) n
        where n.id <> a.id and not (n.is_drill or anze.accident_is_ended(n.state))
            and (n.unit_id = a.unit_id or n.unit_name = a.unit_name or n.place = a.place or n.town = of_town
                 or (n.category_standard, n.category) = (a.category_standard, a.category))
        order by apart, n.id limit 5) x;
end
$$;

-- Of two that file one accident at the same moment, one waits, and learns of the other.
create or replace function anze.accident_one_at_a_time(region_code text) returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(anze.county_of(region_code), 3615032));
end
$$;

-- What runs, and what ran, counts no more; it stays as it was.
create or replace function anze.accident_end(
    a anze.accident, ended_as text, ground text, into_id uuid, reason text, at timestamptz) returns anze.accident
language plpgsql as $$
begin
    insert into anze.accident_ending (accident_id, state, ground, into_id, reason, level, ended_at)
    values (a.id, ended_as, ground, into_id, reason, anze.caller_level(), at);
    update anze.deadline d set superseded_at = at, because = 'fact_corrected'
    where d.subject_id = a.id and d.superseded_at is null;
    a.state := ended_as;
    a.recount_at := 'infinity';
    a.version := a.version + 1;
    return anze.accident_store(a, at);
end
$$;

create or replace function anze.withdraw_accident(accident uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text) language plpgsql as $$
#variable_conflict use_column
declare
    a anze.accident := anze.accident_lock_matching(accident, if_match);
    at constant timestamptz := clock_timestamp();
    level constant smallint := anze.caller_level();
    filed constant anze.accident_report := anze.accident_first_report(a.id);
begin
    if not coalesce(level >= anze.accident_withdrawn_from(a.entry_level, anze.accident_passed(a.id)), false) then
        perform anze.refuse('AZ403', '事故由受理层级或其上级的部门撤销，已上报的由接报的最高层级撤销，单位不能撤销。',
            'An accident is withdrawn at the level that took it, or above; once passed up, at the highest level that has it.');
    elsif anze.accident_is_of_hand(filed.actor, filed.on_behalf_of) then
        perform anze.refuse('AZ403', '上报该事故的人不能撤销该事故。', 'Who filed the accident does not withdraw it.');
    end if;
    a := anze.accident_end(a, 'withdrawn', given ->> 'ground', null, given ->> 'reason', at);
    return query select * from anze.accident_answer(a, '200', '');
end
$$;

-- What a joined accident knows of its way, the other one knows: when it was received, to whom it was passed up and who
-- acknowledged that. Nothing runs twice.
create or replace function anze.accident_take_over(a anze.accident, joined anze.accident, at timestamptz) returns void
language plpgsql as $$
begin
    if joined.entry_level = a.entry_level and joined.reported_at < a.reported_at and joined.reported_at >= a.occurred_at then
        a.reported_at := joined.reported_at;
    end if;
    with passed as (
        insert into anze.accident_transmission (accident_id, from_level, to_level, channel, sent_at, recorded_at, note, actor,
            on_behalf_of)
        select a.id, t.from_level, t.to_level, t.channel, anze.accident_sent_at(t), t.recorded_at, t.note, t.actor,
            t.on_behalf_of
        from anze.accident_transmission t
        where t.accident_id = joined.id and anze.accident_sent_at(t) >= a.occurred_at
        on conflict on constraint accident_transmission_once do nothing
        returning *)
    insert into anze.accident_receipt (transmission_id, accident_id, received_at, level, note, actor, on_behalf_of)
    select p.id, a.id, r.received_at, r.level, r.note, r.actor, r.on_behalf_of
    from passed p
    join anze.accident_transmission t on (t.accident_id, t.from_level, t.to_level) = (joined.id, p.from_level, p.to_level)
    join anze.accident_receipt r on r.transmission_id = t.id;
    perform anze.accident_plan(a, a.report_count, at);
    a.version := a.version + 1;
    perform anze.accident_store(a, at);
end
$$;

create or replace function anze.join_accident(accident uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text) language plpgsql as $$
#variable_conflict use_column
declare
    a anze.accident;
    into_accident anze.accident;
    into_id constant uuid := given ->> 'into';
    at constant timestamptz := clock_timestamp();
begin
    perform from anze.accident x where x.id in (accident, into_id) order by x.id for no key update; -- never crosswise
    a := anze.accident_lock_matching(accident, if_match);
    if not anze.accident_may_end(a.entry_level, anze.caller_level()) then
        perform anze.refuse('AZ403', '事故由受理层级或其上级的部门并案，单位不能并案。',
            'An authority at the level that took it, or above, joins an accident to another; a unit does not.');
    end if;
    select * into into_accident from anze.accident x where x.id = into_id and x.id <> a.id;
    if into_accident.id is null then
        perform anze.refuse('AZ422', '没有这一另外的事故。', 'There is no such other accident.', '/into', 'unknown-reference');
    elsif anze.accident_is_ended(into_accident.state) or into_accident.is_drill <> a.is_drill then
        perform anze.refuse('AZ422', '该事故已撤销或已并案，或一为演练一为事故。',
            'That one is withdrawn or joined itself, or one of the two is a drill.', '/into', 'ended');
    end if;
    a := anze.accident_end(a, 'joined', null, into_id, given ->> 'reason', at);
    perform anze.accident_take_over(into_accident, a, at);
    return query select * from anze.accident_answer(a, '200', '');
end
$$;
