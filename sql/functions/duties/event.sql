-- Events after which somebody owes something: recorded by hand, or raised by the service itself.

set local check_function_bodies = off; -- functions of this folder may name later ones

create or replace function anze.duty_event_faults(given jsonb) returns jsonb stable language plpgsql as $$
declare
    k anze.duty_event_kind;
    faults jsonb := '[]';
begin
    select * into k from anze.duty_event_kind x where x.code = given ->> 'kind';
    if k.code is null then
        faults := faults || anze.fault('/kind', 'unknown-reference', '没有该事件类型。', 'There is no such kind of event.');
    elsif k.is_automatic then
        faults := faults || anze.fault('/kind', 'automatic', '该类事件由系统自动生成，不能人工登记。',
            'The service itself raises events of this kind.');
    end if;
    if (given ->> 'occurred_at')::timestamptz > clock_timestamp() then
        faults := faults || anze.fault('/occurred_at', 'in-future', '发生时间不能晚于现在。', 'Not in the future.');
    end if;
    -- Row-level security of accidents binds the owner too: only what the caller sees is there.
    if given ? 'accident_id'
        and not exists (select from anze.accident a where a.id = (given ->> 'accident_id')::uuid)
    then
        faults := faults || anze.fault('/accident_id', 'unknown-reference', '没有该事故。', 'There is no such accident.');
    end if;
    return faults;
end
$$;

create or replace function anze.record_duty_event(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    u constant anze.unit := anze.duty_unit(given);
    e anze.duty_event;
begin
    perform anze.refuse_all('[]'::jsonb || anze.duty_unit_faults(given, u) || anze.duty_event_faults(given));
    insert into anze.duty_event (kind, unit_id, occurred_at, subject, note, accident_id, region_code, sector)
    values (given ->> 'kind', u.id, (given ->> 'occurred_at')::timestamptz, given ->> 'subject', given ->> 'note',
        (given ->> 'accident_id')::uuid, u.region_code, u.sector)
    on conflict (kind, unit_id, accident_id) where accident_id is not null do nothing
    returning * into e;
    if e.id is null then
        perform anze.refuse_state('该事故的这一事件已登记。', 'This event of this accident is recorded already.');
    end if;
    perform anze.plan_event(e.id);
    return query select '201', anze.duty_event_json(e)::text, '1', '/v1/duty-events/' || e.id;
end
$$;

-- An accident that is larger 较大 or more: the safety committee of its city owes a talk, and the departments of
-- comprehensive supervision of its city and county an analysis. Once for each body and accident, also when the grade
-- falls and rises again; a place that is corrected brings in the bodies of the right one.
create or replace function anze.accident_raises_events() returns trigger
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    raises constant text := (select g.event from anze.accident_grade g where g.rank = new.grade);
    raised uuid;
begin
    if raises is null or new.is_drill or new.state in ('withdrawn', 'joined') then
        return null;
    end if;
    for raised in
        insert into anze.duty_event (kind, unit_id, occurred_at, subject, accident_id, region_code, sector)
        select k.code, u.id, new.updated_at,
            left((select g.title_zh from anze.accident_grade g where g.rank = new.grade) || '：' || new.unit_name, 200),
            new.id, u.region_code, u.sector
        from anze.duty_event_kind k
        join anze.unit u on u.is_body and (u.closed_on is null or u.closed_on > anze.today())
            and (u.kind = 'safety_committee' and u.region_code = new.city || '00'
                 or u.kind = 'department' and u.supervision_role = 'comprehensive'
                    and u.region_code in (new.city || '00', new.county))
        where k.code = raises
        order by u.id
        on conflict (kind, unit_id, accident_id) where accident_id is not null do nothing
        returning id
    loop
        perform anze.plan_event(raised);
    end loop;
    return null;
end
$$;
create or replace trigger accident_raises_events after update on anze.accident for each row
    when (new.grade <> old.grade or old.region_code <> new.region_code)
    execute function anze.accident_raises_events();
create or replace trigger accident_filed_raises_events after insert on anze.accident for each row
    execute function anze.accident_raises_events();
