"""How the access matrix asks about hazards: two of an enterprise that every role sees, one merged into the other."""
import uuid

from harness import tree
from harness.hazards import filing

OWN = tree.enterprise("150622101", 1)
# Both begin with 2026-03-31 08:00:00.250 in China, as their rows do.
HAZARD, SAME = "019d4130-a4fa-7000-8000-00000000a001", "019d4130-a4fa-7000-8000-00000000a002"
ASKED = {
    "listHazards": ("/v1/hazards", None, None),
    "fileHazard": ("/v1/hazards", lambda: filing(unit_id=OWN.id, source="own_check"), None),
    "getHazard": (f"/v1/hazards/{HAZARD}", None, None),
    "judgeHazard": (f"/v1/hazards/{HAZARD}/judgements", {"severity": "general"}, "999"),
    "getHazardDuplicates": (f"/v1/hazards/{HAZARD}/duplicates", None, None),
    "mergeHazard": (f"/v1/hazards/{HAZARD}/mergers", {"into_id": SAME, "reason": "同一隐患"}, "999"),
    "undoHazardMerger": (f"/v1/hazards/{HAZARD}/mergers/undo", {"reason": "两处不同"}, "999"),
    "listHazardCriteria": ("/v1/hazard-criteria", None, None),
    "addHazardCriterion": ("/v1/hazard-criteria", lambda: {
        "code": f"COAL.T{uuid.uuid4().hex[:10].upper()}", "set": "COAL.2026", "article": "第一条", "title_zh": "测试", "title_en": "Test",
        "sectors": ["coal"], "in_force_from": "2026-07-01", "reason": "试行"}, None),
    "getHazardCriterion": ("/v1/hazard-criteria/COAL.02", None, None),
    "reviseHazardCriterion": ("/v1/hazard-criteria/COAL.02/versions", {"in_force_from": "2030-01-01", "reason": "试行"}, "999"),
    "listHazardCriterionSets": ("/v1/hazard-criterion-sets", None, None),
    "addHazardCriterionSet": ("/v1/hazard-criterion-sets", lambda: {
        "code": f"TEST.T{uuid.uuid4().hex[:10].upper()}", "instrument": "MEM-21", "title_zh": "测试", "title_en": "Test",
        "in_force_from": "2031-01-01", "reason": "试行"}, None),
    "getHazardCriterionSet": ("/v1/hazard-criterion-sets/COAL.2026", None, None),
    "reviseHazardCriterionSet": ("/v1/hazard-criterion-sets/COAL.2026", {"reason": "试行"}, "999"),
    "listHazardStatistics": ("/v1/hazard-statistics?period=2026-Q1", None, None),
}


def prepare(owner) -> None:
    owner.execute("select set_config('anze.reach', 'service', false)")
    for hazard in (HAZARD, SAME):
        owner.execute("with c as (select (anze.open_case('hazard', %s, null, 2::smallint, '护栏缺失',"
                      " jsonb_build_object('hazard_id', %s::text), null, '{}', '[]')).*)"
                      " insert into anze.hazard (id, found_at, case_id, unit_id, description, place, source, category, state,"
                      " region_code, sector) select %s, anze.id_moment(%s), c.id, c.unit_id, c.title, '主井口',"
                      " 'own_check', 'equipment', c.state, c.region_code, c.sector from c",
                      (OWN.id, hazard, hazard, hazard))
    owner.execute("select set_config('anze.reach', '', false)")
