select anze.appointment_json(a)::text as body, a.version::text as etag, to_json(a.updated_at) #>> '{}' as last_modified
from anze.appointment a
where a.id = :appointment_id::uuid
union all
select anze.voided_appointment_json(v)::text, v.shown ->> 'version', to_json(v.voided_at) #>> '{}'
from anze.voided_appointment v
where v.id = :appointment_id::uuid
