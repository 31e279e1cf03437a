"""How the access matrix asks about cases: one that every role of the matrix sees."""
from harness import cases, tree

CASE = tree.unit_id("the case of the matrix")
ASKED = {
    "listCaseKinds": ("/v1/case-kinds", None, None),
    "getCaseKind": (f"/v1/case-kinds/{cases.KIND}", None, None),
    "listCaseKindVersions": (f"/v1/case-kinds/{cases.KIND}/versions", None, None),
    "getCaseKindVersion": (f"/v1/case-kinds/{cases.KIND}/versions/1", None, None),
    "reviseCaseKind": (f"/v1/case-kinds/{cases.KIND}/versions",
                       {**cases.document(), "version": 2, "in_force_from": "2030-01-01", "reason": "新办法"}, None),
    "listCases": ("/v1/cases", None, None),
    "getCase": (f"/v1/cases/{CASE}", None, None),
    "takeCaseAction": (f"/v1/cases/{CASE}/actions", {"action": "comment", "fields": {"note": "已阅"}}, "999"),
    "moveCaseRules": (f"/v1/cases/{CASE}/rules", {"reason": "统一适用新规定"}, "999"),
    "listWorkingDays": ("/v1/working-days?from=2026-02-13&until=2026-02-28", None, None),
}


def prepare(owner) -> None:
    cases.install(owner)
    unit, supervisor = cases.UNIT, cases.SUPERVISOR
    owner.execute("insert into anze.case_file (id, kind, kind_version, state, level, unit_id, supervisor_id, title, event_count,"
                  " region_code, sector) values (%s, %s, 1, 'new', 2, %s, %s, '权限表中的案件', 1, %s, %s)",
                  (CASE, cases.KIND, unit.id, supervisor.id, unit.region_code, unit.sector))
    owner.execute("insert into anze.case_event (case_id, number, action, to_state, level) values (%s, 1, 'opened', 'new', 2)",
                  (CASE,))
