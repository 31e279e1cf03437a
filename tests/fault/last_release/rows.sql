-- Makes many rows of few: each hazard, case, accident, record and obligation that is there :factor times more, with all
-- that hangs on them, under ids of their own that keep their moment. Needs a superuser: audit and foreign keys rest
-- meanwhile; tables, indexes, constraints and generated columns are the real ones of the last release.
create schema copying;

create function copying.id(of_id uuid, g bigint) returns uuid immutable parallel safe language sql
return (left(replace(of_id::text, '-', ''), 16) || '8' || right(md5(of_id::text || g), 15))::uuid;

-- `changed`: SQL for columns that a copy has otherwise than its original t; identities count on.
create function copying.multiply(of_table regclass, factor bigint, changed jsonb, condition text default 'true')
returns void language plpgsql as $$
declare
    names text;
    expressions text;
begin
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum),
        string_agg(coalesce(changed ->> a.attname, 't.' || quote_ident(a.attname)), ', ' order by a.attnum)
    into names, expressions
    from pg_attribute a
    where a.attrelid = of_table and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = '';
    execute format('insert into %1$s (%2$s) select %3$s from (select * from %1$s) t, generate_series(1, %4$s) g where %5$s',
                   of_table, names, expressions, factor, condition);
end
$$;

set session_replication_role = replica;
set synchronous_commit = off;
select copying.multiply('anze.hazard', :factor, '{"id": "copying.id(t.id, g)", "case_id": "copying.id(t.case_id, g)"}');
select copying.multiply('anze.case_file', :factor, '{"id": "copying.id(t.id, g)",
    "facts": "case when t.facts ? ''hazard_id'' then jsonb_set(t.facts, ''{hazard_id}'', to_jsonb(copying.id((t.facts ->> ''hazard_id'')::uuid, g))) else t.facts end"}');
select copying.multiply('anze.case_event', :factor, '{"case_id": "copying.id(t.case_id, g)"}');
select copying.multiply('anze.deadline', :factor, '{"id": "copying.id(t.id, g)", "subject_id": "copying.id(t.subject_id, g)"}');
select copying.multiply('anze.accident', :factor, '{"id": "copying.id(t.id, g)",
    "item": "replace(t.item, t.id::text, copying.id(t.id, g)::text)"}');
select copying.multiply('anze.accident_report', :factor, '{"accident_id": "copying.id(t.accident_id, g)"}');
select copying.multiply('anze.accident_grade_change', :factor, '{"accident_id": "copying.id(t.accident_id, g)"}');
select copying.multiply('anze.accident_transmission', :factor,
    '{"id": "copying.id(t.id, g)", "accident_id": "copying.id(t.accident_id, g)"}');
select copying.multiply('anze.accident_recipient', :factor, '{"accident_id": "copying.id(t.accident_id, g)"}');
select copying.multiply('anze.duty_record', :factor, '{"id": "copying.id(t.id, g)"}');
select copying.multiply('anze.obligation', :obligations, '{"id": "copying.id(t.id, g)"}');
select copying.multiply('anze.notice', :obligations, '{"id": "copying.id(t.id, g)",
    "subject_id": "copying.id(t.subject_id, g)"}');
select copying.multiply('audit.entry', :entries, '{"id": "nextval(''audit.entry_id'')"}');
reset session_replication_role;
drop schema copying cascade;
analyze;
