-- What a record leaves to be done: decisions of a meeting, findings of an inspection, each with its unit and its day.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- A fault of a part as one of the whole: its pointer begins where the part stands.
create or replace function anze.faults_below(pointer text, faults jsonb) returns jsonb
immutable parallel safe language sql
return (select jsonb_agg(f.fault || jsonb_build_object('pointer', pointer || (f.fault ->> 'pointer')) order by f.place)
        from jsonb_array_elements(faults) with ordinality f(fault, place));

-- The follow-ups of a record's content, numbered through; without a unit they are for the record's own.
create or replace function anze.follow_ups_given(r anze.duty_record, content jsonb)
returns table (number smallint, pointer text, kind text, matter text, place text, severity text, unit_id uuid,
               responsible text, due_on date)
immutable language sql as $$
    select row_number() over (order by l.kind, m.number)::smallint,
        '/content/' || l.member || '/' || m.number - 1, l.kind, m.one ->> 'matter', m.one ->> 'place',
        case when l.kind = 'finding' then coalesce(m.one ->> 'severity', 'general') end,
        coalesce((m.one ->> 'unit_id')::uuid, r.unit_id), m.one ->> 'responsible', (m.one ->> 'due_on')::date
    from (values ('decision', 'decisions'), ('finding', 'findings')) l(kind, member)
    cross join lateral jsonb_array_elements(content -> l.member) with ordinality m(one, number)
$$;

create or replace function anze.follow_up_faults(r anze.duty_record, content jsonb) returns jsonb
stable language sql as $$
    select coalesce(jsonb_agg(anze.fault(f.pointer || w.member, w.rule, w.zh, w.en) order by f.number), '[]')
    from anze.follow_ups_given(r, content) f
    cross join lateral (values
        ((anze.unit_in_reach(f.unit_id)).id is null, '/unit_id', 'unknown-reference',
            '没有该单位，或不在您的管辖范围内。', 'There is no such unit, or it is outside your scope.'),
        (f.due_on < r.on_day, '/due_on', 'before-on-day', '办理期限不能早于履职日期。', 'Not before the day of the record.')
    ) w(holds, member, rule, zh, en)
    where w.holds
$$;

create or replace function anze.follow_ups_keep(r anze.duty_record, content jsonb) returns void language sql as $$
    insert into anze.follow_up (record_id, number, kind, matter, place, severity, unit_id, responsible, due_on,
        region_code, sector)
    select r.id, f.number, f.kind, f.matter, f.place, f.severity, f.unit_id, f.responsible, f.due_on, u.region_code,
        u.sector
    from anze.follow_ups_given(r, content) f join anze.unit u on u.id = f.unit_id
    order by f.number
$$;

-- From a record to its next version: the same matter of the same unit stays done, and the hazard that it is.
create or replace function anze.follow_ups_carry(former uuid, next uuid) returns void language sql as $$
    update anze.follow_up f
    set done_on = o.done_on, result = o.result, hazard_id = o.hazard_id
    from (select distinct on (x.kind, x.matter, x.unit_id) x.* from anze.follow_up x
          where x.record_id = former and (x.done_on is not null or x.hazard_id is not null)
          order by x.kind, x.matter, x.unit_id, x.number) o
    where f.record_id = next and (f.kind, f.matter, f.unit_id) = (o.kind, o.matter, o.unit_id)
$$;

-- What was found is taken up by whoever registered for it (anze.finding_taker).
create or replace function anze.findings_taken(record uuid) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    taker text;
begin
    for taker in select t.name from anze.finding_taker t order by t.place loop
        execute format('select anze.%I($1)', taker || '_takes_findings') using record;
    end loop;
end
$$;

-- Known to whoever sees the record or the unit that must carry it out; completed by that unit or an office above it.
create or replace function anze.follow_up_lock(record uuid, number smallint, if_match text) returns anze.follow_up
language plpgsql as $$
declare
    f anze.follow_up;
begin
    select * into f from anze.follow_up x
    where x.record_id = record and x.number = follow_up_lock.number for no key update;
    if f.record_id is null
        or not anze.can_see_of_unit(f.region_code, f.sector, f.unit_id)
            and not exists (select from anze.duty_record r
                            where r.id = record and anze.can_see_of_unit(r.region_code, r.sector, r.unit_id))
    then
        perform anze.refuse('AZ404', '没有该跟踪事项。', 'There is no such follow-up.');
    end if;
    if not anze.can_see_of_unit(f.region_code, f.sector, f.unit_id) then
        perform anze.refuse('AZ403', '只有办理单位或其上级可以办结。',
            'Only the unit that must carry it out, or an office above it, completes it.');
    end if;
    perform anze.require_version(f.version, if_match);
    if f.state <> 'open' then
        perform anze.refuse_state('该事项已办结或已随记录撤回。', 'It is done, or was withdrawn with its record.');
    end if;
    return f;
end
$$;

create or replace function anze.complete_follow_up(record uuid, number smallint, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    f anze.follow_up := anze.follow_up_lock(record, complete_follow_up.number, if_match);
    done constant date := given ->> 'done_on';
    faults jsonb := '[]';
begin
    if done > anze.today() then
        faults := faults || anze.fault('/done_on', 'in-future', '办结日期不能晚于今天。', 'Not in the future.');
    elsif done < (select r.on_day from anze.duty_record r where r.id = f.record_id) then
        faults := faults || anze.fault('/done_on', 'before-on-day', '办结日期不能早于事项提出之日。',
            'Not before the day of the record.');
    end if;
    perform anze.refuse_all(faults);
    update anze.follow_up x
    set done_on = done, result = given ->> 'result', version = x.version + 1, updated_at = clock_timestamp()
    where x.record_id = f.record_id and x.number = f.number
    returning x.* into f;
    body := anze.follow_up_json(f)::text;
    return query select '200', body, anze.etag(f.version, body),
        format('/v1/duty-records/%s/follow-ups/%s', f.record_id, f.number);
end
$$;
