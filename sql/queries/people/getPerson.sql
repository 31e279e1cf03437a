select b.body, b.version || '.' || left(md5(b.body), 12) as etag, to_json(b.updated_at) #>> '{}' as last_modified
from (
    select p.version, p.updated_at, (anze.person_json(p) || jsonb_build_object('appointments', (
        select coalesce(jsonb_agg(anze.appointment_json(a) order by a.begins_on desc, a.id desc), '[]')
        from anze.appointment a where a.person_id = p.id)))::text as body
    from anze.person p
    where p.id = :person_id::uuid) b
