select anze.duty_history_json(:duty_code) as body, max(d.version)::text as etag,
       to_json(max(d.created_at)) #>> '{}' as last_modified
from anze.duty d
where d.code = :duty_code
having count(*) > 0
