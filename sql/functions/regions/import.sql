-- Importing 行政区划: columns code, name, parent. The parent is a row of the file or of the database; a province has none.
set local check_function_bodies = off;

create or replace function anze.import_regions_check(cascade boolean) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform anze.import_candidates('anze.region', '{code,name,parent_code}');
    insert into candidate (line, is_new, effective_on, code, name, parent_code)
    select s.line, r.code is null, anze.effective_on(), s.code, s.name, anze.import_text(s.parent, r.parent_code)
    from staged s left join anze.region r on r.code = s.code;
    perform anze.import_check_constraints('anze.region'), anze.import_check_repeats('c.code', 'code');
    insert into refused
    select c.line, 'parent', '上级行政区划不在文件中，也不在数据库中。',
        'The parent is neither in the file nor in the database.'
    from candidate c
    where c.parent_code is not null
        and not exists (select from candidate p where p.code = c.parent_code)
        and not exists (select from anze.region r where r.code = c.parent_code);
    insert into refused
    select c.line, 'parent', '没有上级；只有省级没有上级。', 'It has no parent; only a province has none.'
    from candidate c where c.parent_code is null and right(c.code, 4) <> '0000';
    while cascade and anze.import_refuse_followers('parent_code', 'code', 'parent') > 0 loop
    end loop;
    perform anze.import_settle();
end
$$;
