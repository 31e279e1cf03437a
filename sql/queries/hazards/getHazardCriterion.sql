select h.history::text as body, h.history ->> 'version' as etag
from (select anze.hazard_criterion_history(:criterion_code) as history) h
where h.history is not null
