-- The morning's briefing: what its sections say of what the statement found.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- A section: how many were found (no more than `counted`, and whether there are more), the first of them, and the list
-- that has them all. NULL where the caller's scopes do not reach: it has no such section.
create or replace function anze.briefing_section(is_for_caller boolean, items jsonb, rows bigint, counted integer,
    link text) returns jsonb immutable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return case when is_for_caller then jsonb_build_object('count', least(rows, counted),
        'is_more', rows > counted, 'link', link, 'items', coalesce(items, '[]')) end;
end
$$;

-- A moment in the query of a link.
create or replace function anze.briefing_moment(at timestamptz) returns text stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return replace(anze.instant(at), '+', '%2B');
end
$$;

-- A new accident with the clock that runs out next, or ran out first of those that nobody met.
create or replace function anze.briefing_accident(a anze.accident) returns jsonb
stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return jsonb_build_object('id', a.id, 'grade', (select g.code from anze.accident_grade g where g.rank = a.grade),
        'place', a.place, 'unit', jsonb_build_object('id', case when not a.unit_is_declared then a.unit_id end,
            'name', a.unit_name), 'region_code', a.region_code, 'sector', a.sector,
        'occurred_at', anze.instant(a.occurred_at), 'reported_at', anze.instant(a.reported_at), 'link',
        '/v1/accidents/' || a.id, 'next_clock', (
            select anze.accident_deadline(d.id) from anze.deadline d
            where d.subject_id = a.id and d.subject = 'accident' and d.is_running
            order by d.due_at, d.id limit 1));
end
$$;

-- A clock of a case that the caller owes, with what it can do about it now.
create or replace function anze.briefing_decision(deadline_id uuid) returns jsonb stable parallel safe language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select anze.case_deadline(d.id) || jsonb_build_object('case', anze.case_reference_of(c), 'actions', coalesce((
            select jsonb_agg(jsonb_build_object('action', x.code, 'title_zh', x.title_zh, 'title_en', x.title_en)
                order by x.place, x.code)
            from anze.case_actions_now(c, anze.case_standing(c)) x), '[]'))
        from anze.deadline d join anze.case_file c on c.id = d.subject_id
        where d.id = deadline_id);
end
$$;
