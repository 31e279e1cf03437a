"""How the access matrix asks about the risk register and major hazard sources of an enterprise that every role sees."""
from harness import tree
from harness.risks import lec, point

OWN = tree.enterprise("150622101", 1)
POINT, SOURCE = tree.unit_id("risk point of the matrix"), tree.unit_id("hazard source of the matrix")
ASKED = {
    "getRiskMethods": ("/v1/risk-methods", None, None),
    "listRiskPoints": ("/v1/risk-points", None, None),
    "createRiskPoint": ("/v1/risk-points", point(unit_id=OWN.id), None),
    "getRiskPoint": (f"/v1/risk-points/{POINT}", None, None),
    "updateRiskPoint": (f"/v1/risk-points/{POINT}", {"name": "改名"}, "999"),
    "assessRiskPoint": (f"/v1/risk-points/{POINT}/assessments", lec(1, 1, 1), "999"),
    "fileRiskRound": ("/v1/risk-rounds", {"unit_id": OWN.id, "on_day": "2026-10-01"}, None),
    "getRiskMap": ("/v1/risk-map", None, None),
    "getRiskSummary": ("/v1/risk-summary", None, None),
    "listMajorHazardSources": ("/v1/major-hazard-sources", None, None),
    "getMajorHazardSource": (f"/v1/major-hazard-sources/{SOURCE}", None, None),
    "updateMajorHazardSource": (f"/v1/major-hazard-sources/{SOURCE}", {"substances": "液氨"}, "999"),
}


def prepare(owner) -> None:
    owner.execute("insert into anze.risk_point (id, unit_id, name, place, activity, region_code, sector)"
                  " values (%s, %s, '顶板', '东翼', '回采', %s, %s)", (POINT, OWN.id, OWN.region_code, OWN.sector))
    # The round of that day has this point in it, and none that the matrix registers later.
    owner.execute("insert into anze.risk_assessment (point_id, number, assessed_on, method, likelihood, severity, colour,"
                  " harm, reason, measures, assessor) values (%s, 1, '2026-10-01', 'matrix', 1, 1, 'blue', '冒顶', '季度评估',"
                  " '[]', '安全科')", (POINT,))
    owner.execute("update anze.risk_point set colour = 'blue', rank = 3, assessment_number = 1, assessed_on = '2026-10-01'"
                  " where id = %s", (POINT,))
    owner.execute("insert into anze.unit (id, kind, name, region_code, sector, site_kind, accountable_to)"
                  " values (%s, 'site', '液氨罐区', %s, %s, 'major_hazard_source', %s)",
                  (SOURCE, OWN.region_code, OWN.sector, OWN.id))
