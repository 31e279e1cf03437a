-- Importing 人员. A person is known by the unit that keeps the file, named by code or credit code, and the staff number.

set local check_function_bodies = off;

create or replace function anze.import_people_check(cascade boolean) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform anze.import_candidates('anze.person',
        '{id,unit_id,code,name,phone,qualifications,region_code,sector,is_body}');
    perform anze.import_named_units('{unit}', false);
    insert into candidate (line, is_new, effective_on, id, unit_id, code, name, phone, qualifications, region_code, sector,
        is_body)
    select s.line, p.id is null, anze.effective_on(), coalesce(p.id, gen_random_uuid()), u.id, s.code, s.name,
        anze.import_text(s.phone, p.phone), anze.import_list(s.qualifications, p.qualifications), u.region_code, u.sector,
        u.is_body
    from staged s
    left join named n on n.name = s.unit
    left join anze.unit u on u.id = n.id
    left join anze.person p on p.unit_id = u.id and p.code = s.code;
    perform anze.import_check_constraints('anze.person'), anze.import_check_repeats('(c.unit_id, c.code)', 'code');
    perform anze.import_settle();
end
$$;
