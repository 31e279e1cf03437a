select anze.rule_history_json(:rule_code) as body, max(r.version)::text as etag,
       to_json(max(r.created_at)) #>> '{}' as last_modified
from anze.rule r
where r.code = :rule_code
having count(*) > 0
