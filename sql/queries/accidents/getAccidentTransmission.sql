select jsonb_strip_nulls(anze.accident_transmission_json(t) || jsonb_build_object(
           'actor', t.actor, 'on_behalf_of', t.on_behalf_of, 'received_by', r.actor,
           'received_on_behalf_of', r.on_behalf_of, 'received_level', anze.level_code(r.level),
           'receipt_note', r.note, 'corrections', anze.accident_sending_corrections(t.id)))::text as body,
       case when r.transmission_id is null then 'sent' else 'received' end || coalesce('.' || c.number, '') as etag,
       anze.instant(greatest(r.received_at, t.recorded_at, c.recorded_at)) as last_modified
from anze.accident_transmission t
left join anze.accident_receipt r on r.transmission_id = t.id
left join lateral (select x.number, x.recorded_at from anze.accident_transmission_correction x
                   where x.transmission_id = t.id order by x.number desc limit 1) c on true
where t.accident_id = :accident_id::uuid and t.id = :transmission_id::uuid
