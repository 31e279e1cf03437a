-- Everything that is owed by a time in one list: deadlines of all subjects, and duties.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- What all kinds have in common.
create or replace function anze.deadline_common(id uuid, kind text, due_at timestamptz) returns jsonb
stable parallel safe language sql
return jsonb_build_object('id', id, 'kind', kind, 'due_at', anze.instant(due_at),
    'state', case when due_at <= statement_timestamp() then 'overdue' else 'running' end,
    'overdue_seconds', case when due_at <= statement_timestamp()
                            then floor(extract(epoch from statement_timestamp() - due_at))::bigint end);

-- Items of the list, each built by its subject: anze.<subject>_deadline(id). Asked by subject, not one by one.
create or replace function anze.deadline_items(subjects text[], ids uuid[]) returns table (id uuid, body jsonb)
stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    part record;
begin
    for part in
        select i.subject, array_agg(i.id) as ids from unnest(subjects, ids) i(subject, id) group by i.subject
    loop
        return query execute format('select i.id, jsonb_strip_nulls(anze.%I(i.id)) from unnest($1) i(id)',
            part.subject || '_deadline') using part.ids;
    end loop;
end
$$;

create or replace function anze.obligation_deadline(identity uuid) returns jsonb
stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select anze.deadline_common(o.id, 'duty', o.due_at) || jsonb_build_object('clock', d.code,
            'title_zh', d.title_zh, 'title_en', d.title_en, 'starts_at', anze.instant(anze.end_of_day(o.period_start - 1)),
            'unit', anze.unit_name_json(o.unit_id), 'person', anze.person_reference(o.holder_id),
            'region_code', o.region_code, 'sector', o.sector,
            'basis', jsonb_build_object('rule', d.code, 'rule_version', d.version, 'instrument', i.title,
                'article', o.clause, 'confidence', d.confidence),
            'link', '/v1/obligations/' || o.id)
        from anze.obligation o
        join anze.duty d on (d.code, d.version) = (o.duty, o.duty_version)
        join anze.instrument i on i.code = d.instrument
        where o.id = identity);
end
$$;
