select jsonb_build_object('hazard_id', h.id, 'candidates', anze.hazard_duplicates(h))::text as body
from anze.hazard h
where h.id = :hazard_id::uuid and h.found_at = anze.id_moment(:hazard_id::uuid)
