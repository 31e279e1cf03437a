select jsonb_strip_nulls(anze.accident_transmission_json(t) || jsonb_build_object(
           'actor', t.actor, 'on_behalf_of', t.on_behalf_of, 'received_by', r.actor,
           'received_on_behalf_of', r.on_behalf_of, 'received_level', anze.level_code(r.level),
           'receipt_note', r.note))::text as body,
       case when r.transmission_id is null then 'sent' else 'received' end as etag,
       anze.instant(coalesce(r.received_at, t.recorded_at)) as last_modified
from anze.accident_transmission t
left join anze.accident_receipt r on r.transmission_id = t.id
where t.accident_id = :accident_id::uuid and t.id = :transmission_id::uuid
