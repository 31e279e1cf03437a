select anze.accident_report_json(r, c.number)::text as body, 'r' || r.number || coalesce('.' || c.number, '') as etag,
       anze.instant(coalesce(c.recorded_at, r.recorded_at)) as last_modified
from anze.accident_report r
left join anze.accident_report c on c.accident_id = r.accident_id and c.corrects = r.number
where r.accident_id = :accident_id::uuid and r.number = :report_number::integer
