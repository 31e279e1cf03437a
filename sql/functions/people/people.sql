-- People: who holds posts. A person is known by the staff number of the unit that keeps the file.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- A telephone number is whole for whoever may act for the unit or over it, and masked for others.
create or replace function anze.phone_for_caller(p anze.person) returns text stable parallel safe language plpgsql as $$
begin
    return case when anze.can_see_of_unit(p.region_code, p.sector, p.unit_id) then p.phone
                else anze.mask_phone(p.phone) end;
end
$$;

create or replace function anze.person_json(p anze.person) returns jsonb stable language plpgsql as $$
begin
    return jsonb_strip_nulls(jsonb_build_object('id', p.id,
        'unit', (select anze.unit_reference(u) from anze.unit u where u.id = p.unit_id), -- where the caller sees it
        'code', p.code, 'name', p.name, 'phone', anze.phone_for_caller(p), 'qualifications', p.qualifications,
        'region_code', p.region_code, 'version', p.version, 'created_at', anze.instant(p.created_at),
        'updated_at', anze.instant(p.updated_at)));
end
$$;

-- The unit that a request names, if the caller may act for it; a fault otherwise.
create or replace function anze.own_unit_faults(u anze.unit) returns jsonb immutable language sql as $$
    select case when u.id is null then anze.fault('/unit_id', 'unknown-reference', '没有该单位。',
        'There is no such unit.') else '[]' end
$$;

create or replace function anze.create_person(given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    u constant anze.unit := anze.unit_in_reach((given ->> 'unit_id')::uuid);
    p anze.person := jsonb_populate_record(null::anze.person, given);
begin
    perform anze.refuse_all('[]'::jsonb || anze.own_unit_faults(u));
    insert into anze.person (unit_id, code, name, phone, qualifications, region_code, sector, is_body)
    values (u.id, p.code, p.name, p.phone, coalesce(p.qualifications, '{}'), u.region_code, u.sector, u.is_body)
    returning * into p;
    return query select '201', anze.person_json(p)::text, p.version::text, '/v1/people/' || p.id;
end
$$;

create or replace function anze.update_person(person_id uuid, if_match text, given jsonb)
returns table (status text, body text, etag text, location text)
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    before anze.person;
    p anze.person;
    u anze.unit;
    held record;
begin
    select * into before from anze.person x
    where x.id = update_person.person_id and anze.can_see_of_unit(x.region_code, x.sector, x.unit_id)
    for no key update;
    if before.id is null then
        perform anze.refuse('AZ404', '没有该人员。', 'There is no such person.');
    end if;
    perform anze.require_version(before.version, if_match);
    p := jsonb_populate_record(before, given);
    u := anze.unit_in_reach(p.unit_id);
    perform anze.refuse_all('[]'::jsonb || anze.own_unit_faults(u));
    update anze.person x
    set unit_id = u.id, code = p.code, name = p.name, phone = p.phone,
        qualifications = coalesce(p.qualifications, '{}'), region_code = u.region_code, sector = u.sector,
        is_body = u.is_body, version = x.version + 1, updated_at = clock_timestamp()
    where x.id = p.id
    returning * into p;
    if p.qualifications <> before.qualifications then -- rules of structure look at them
        for held in select distinct a.unit_id from anze.appointment a
                    where a.person_id = p.id and a.held @> anze.today() loop
            perform anze.follow_unit(held.unit_id, anze.today());
        end loop;
    end if;
    return query select '200', anze.person_json(p)::text, p.version::text, null::text;
end
$$;

-- A person as others name it.
create or replace function anze.person_reference(id uuid) returns jsonb stable parallel safe strict language plpgsql
as $$
begin
    return (select jsonb_build_object('id', p.id, 'name', p.name) from anze.person p where p.id = person_reference.id);
end
$$;
