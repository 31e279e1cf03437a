"""How the access matrix asks about cases: one that every role of the matrix sees."""
from harness import cases, tree

CASE = tree.unit_id("the case of the matrix")
ASKED = {
    "listCaseKinds": ("/v1/case-kinds", None, None),
    "getCaseKind": (f"/v1/case-kinds/{cases.KIND}", None, None),
    "listCases": ("/v1/cases", None, None),
    "getCase": (f"/v1/cases/{CASE}", None, None),
    "takeCaseAction": (f"/v1/cases/{CASE}/actions", {"action": "comment", "fields": {"note": "已阅"}}, "999"),
    "moveCaseRules": (f"/v1/cases/{CASE}/rules", {"reason": "统一适用新规定"}, "999"),
    "listDeadlines": ("/v1/deadlines", None, None),
    "listWorkingDays": ("/v1/working-days?from=2026-02-13&until=2026-02-28", None, None),
}


def prepare(owner) -> None:
    cases.install(owner)
    owner.execute("alter table anze.case_event alter constraint case_event_case_fkey deferrable")
    owner.execute("alter table anze.deadline alter constraint deadline_case_fkey deferrable")
    owner.execute("set constraints all deferred")
    opened = cases.open_case(owner)
    for table, column in (("case_event", "case_id"), ("deadline", "case_id"), ("case_file", "id")):
        owner.execute(f"update anze.{table} set {column} = %s where {column} = %s", (CASE, opened))
