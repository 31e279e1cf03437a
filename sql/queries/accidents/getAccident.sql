select anze.accident_json(p.parts[1], a.due_at, a.late_from, a.late_seconds, a.clock_documents, a.clock_dues,
           s.actions, s.cases) as body,
       anze.accident_shown_etag(a.version, a.clock_dues, s.actions, s.cases) as etag,
       anze.accident_modified(a.updated_at, a.clock_dues) as last_modified
from anze.accident a
cross join lateral (select anze.accident_parts(a.id, a.document) as parts offset 0) p
cross join lateral (
    select anze.accident_actions_text(p.parts) as actions,
           case when exists (select from anze.case_file c where c.accident_id = a.id)
                then anze.accident_cases_text(a.id) else '' end as cases offset 0) s
where a.id = :accident_id::uuid
