-- Deadlines of cases as what notices tell of and lists show: the subject `case`.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- A notice is of the region and sector of whoever owes it.
create or replace function anze.case_owed(ids uuid[]) returns setof anze.owing stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return query
    select d.id, d.owed_by, null::uuid, d.due_at, d.due_at, anze.deadline_reminders_from(d.starts_at), null::text,
        u.region_code, u.sector
    from anze.deadline d join anze.unit u on u.id = d.owed_by
    where d.id = any (ids);
end
$$;

-- What a notice says of a deadline: the deadline, and the sentences.
create or replace function anze.case_notice(n anze.notice) returns jsonb stable language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select jsonb_build_object(
            'deadline', jsonb_build_object('id', d.id, 'case_id', d.subject_id, 'clock', d.clock, 'title_zh', d.title_zh,
                'title_en', d.title_en, 'subject', c.title, 'state', anze.deadline_state(d),
                'due_at', anze.instant(d.due_at)),
            'text_zh', anze.deadline_text_zh(u.name, d.title_zh, c.title, d.due_at, n.issued_at, n.kind, s.title_zh),
            'text_en', anze.deadline_text_en(u.name, d.title_en, c.title, d.due_at, n.issued_at, n.kind, s.title_en))
        from anze.deadline d
        join anze.case_file c on c.id = d.subject_id
        join anze.unit u on u.id = n.about_unit_id
        join anze.notice_stage s on s.code = n.stage
        where d.id = n.subject_id);
end
$$;

-- With the owner's rights over a deadline that the caller sees: it may know whose it is.
create or replace function anze.case_deadline(identity uuid) returns jsonb
stable parallel safe security definer language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (select anze.deadline_common(d.id, 'case', d.due_at) || jsonb_build_object('clock', d.clock,
            'title_zh', d.title_zh, 'title_en', d.title_en, 'subject', c.title,
            'starts_at', anze.instant(d.starts_at), 'unit', anze.unit_name_json(d.owed_by),
            'region_code', d.region_code, 'sector', d.sector, 'basis', anze.rule_basis(d.rule, d.rule_version,
                anze.day_of(d.starts_at)),
            'link', '/v1/cases/' || c.id) || anze.deadline_calendar(d)
        from anze.deadline d join anze.case_file c on c.id = d.subject_id where d.id = identity);
end
$$;
