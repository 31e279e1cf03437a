select a.body, a.etag
from anze.hazard_criterion_set s cross join lateral anze.hazard_set_answer(s.code, '200') a
where s.code = :set_code
