"""Every list of the contract, under every scope, with each filter alone and with two of them, as the service runs it (one kept
plan for any values): a page reads about what it shows, the first one and one deep in the list. No table is read whole, no
history is gathered and sorted, and what a filter throws away stays few. The plans of a unit with two hundred others under it
read a page of each and merge these."""
import itertools
import json
import re
from pathlib import Path

import pytest
from psycopg import sql

from harness import tree
from harness.statement import expand

QUERIES = Path(__file__).parents[2] / "sql/queries"
TOWN, OWN, TOP = "150622101", tree.enterprise("150622101", 1).id, tree.unit_id("group with two hundred sites")
OFFICE, HOLDER, PARENT, EVENT = (tree.body("coal", "150622").id, *(tree.unit_id(n) for n in ("holder", "parent", "event")))
# Rows read for a page, and with two filters: at most the units of one kind, whose index serves rare kinds.
LIMIT, SUBSIDIARIES, MOST, MOST_OF_TWO = 20, 200, 2500, 3800
# The crowd is made in about half a minute; a loaded machine takes longer than one test may.
pytestmark = pytest.mark.timeout(900)
SCOPES = {
    "province": ({"reach": "region", "region": "15"}, {"scope_province": "15"}),
    "city": ({"reach": "region", "region": "1506"}, {"scope_city": "1506"}),
    "county": ({"reach": "region", "region": "150622"}, {"scope_county": "150622"}),
    "town": ({"reach": "region", "region": TOWN}, {"scope_town": TOWN}),
    "sector": ({"reach": "region", "region": "1506", "sectors": "{coal}"}, {"scope_city": "1506", "scope_sector": "coal"}),
    "unit": ({"reach": "unit", "unit": OWN}, {"scope_unit": OWN, "unit": OWN}),
    "unit with subsidiaries": ({"reach": "unit", "unit": TOP}, {"scope_unit": TOP, "unit": TOP}),
}
# Lists that are no larger than a code set or than one thing.
SMALL = {
    "listSectors": "a code set", "listDutyEventKinds": "a code set", "listPosts": "a code set", "listRules": "figures of the law",
    "listInstruments": "instruments of law", "listAccidentCategories": "a standard's categories", "listCaseKinds": "kinds of case", "listCaseKindVersions": "versions of one kind",
    "listDuties": "the catalogue of one opinion", "listDutyClauses": "its clauses", "listStructuralRules": "rules of structure",
    "listHazardCriteria": "criteria of the law", "listWorkingDays": "days of a span that the contract bounds",
    "listAccidentReports": "reports of one accident", "listHazardStatistics": "figures from sums: test_hazard_sums.py",
    "listPublicListedCases": "inside a function, counted in test_listing_plans.py",
    "listRepeatMisses": "looks for pairs among what is overdue of the last periods: test_duty_plans.py",
    "listSetAside": "rows that the sweeper set aside: faults, of which there are few",
    "listRegions": "divisions: some thousand of a province, read by their code",
}
# What a list reads, by which columns it goes on, in which order.
LISTS = {
    "listAccidents": ("accident", {"-occurred_at": "occurred_at, id", "-reported_at": "reported_at, id", "due_at": "due_at, id"}),
    "listCases": ("case_file", {"": "opened_at, id"}),
    "listListedCases": ("case_file", {"": "opened_at, id"}),
    "listObligations": ("obligation", {"due_at": "due_at, id", "-due_at": "due_at, id"}),
    "listExcuses": ("excuse", {"": "requested_at, id"}),
    "listDutyRecords": ("duty_record", {"": "on_day, id"}),
    "listFollowUps": ("follow_up", {"": "due_order, record_id, number"}),
    "listDutyEvents": ("duty_event", {"": "occurred_at, id"}),
    "listFiles": ("file", {"": "created_at, id"}),
    "listHazards": ("hazard", {"": "found_at, id"}),
    "listUnits": ("unit", {"name": "name, id", "-updated_at": "updated_at, id"}),
    "listPeople": ("person", {"": "name, id"}),
    "listAppointments": ("appointment", {"": "begins_on, id"}),
    "listStructuralFindings": ("structural_finding", {"": "since, id"}),
    "listRiskPoints": ("risk_point", {"": "rank, id"}),
    "listMajorHazardSources": ("unit", {"": "name, id"}),
    "listLights": ("unit_light", {"": "place, since, unit_id"}),
}
# What a filter is tried with, where the contract names no values; of one operation alone: `operation.filter`.
VALUES = {
    "unit_id": OWN, "supervisor_id": OWN, "parent_id": PARENT, "person_id": HOLDER,
    "accident_id": PARENT, "obligation_id": PARENT, "group_id": OWN, "zone_id": OWN, "enterprise_id": OWN,
    "region": "150622", "sector": "coal", "name": "5", "code": "M-12", "credit_code": "91150622MA00000001",
    "listPeople.name": "号1", "listPeople.code": f"P{OWN}1", "clause": "1.01", "duty": "1.01-1", "post": "principal",
    "period": "2026-05", "due_before": "2026-06-01T00:00:00+08:00", "occurred_from": "2026-05-01T00:00:00+08:00",
    "occurred_to": "2026-06-01T00:00:00+08:00", "updated_since": "2026-06-01T00:00:00+08:00", "found_from": "2026-03-01T00:00:00+08:00",
    "found_to": "2026-06-01T00:00:00+08:00", "on_from": "2026-03-01", "on_until": "2026-06-01", "on": "2026-03-01",
    "listDutyEvents.kind": "casualty", "listDutyRecords.kind": "training", "listCases.kind": "hazard", "listCases.state": "ordered",
    "listListedCases.state": "rectifying", "listHazards.state": "{ordered}", "listHazards.source": "{own_check}",
    "listHazards.criterion": "ANY.MAJOR", "category": "01", "listListedCases.category": "coal_mine", 
    "listMajorHazardSources.grade": "2", "not_assessed_since": "2026-03-01", "portfolio": "coal", "rule": None, "listUnits.kind": "site",
    "listLights.kind": "site", "listStructuralFindings.clause": None,
    "level": "county", "high_risk": "mine", "qualification": "safety_education", "site_kind": "mine", "listPeople.post": None,
}


# Filters that a list walks through in its order, as far as a page needs, because no index has both: not judged.
WALKED = {
    "listAccidents": {"occurred_from", "occurred_to", "updated_since"},  # days beside another order than their own
    "listUnits": {"accountable_to"},  # by its own order it is read by its index, by another one what answers to one unit is sorted
    "listDutyRecords": {"on_from", "on_until", "event_id"},  # of one unit: among what it did itself
}


@pytest.fixture(scope="module")
def crowd(cluster, make_database):
    database = make_database(cluster)
    with database.admin() as admin:
        admin.execute("set session_replication_role = replica")
        rules = [r[0] for r in admin.execute("select code from anze.structural_rule order by code limit 4")]
        given = {"own": OWN, "top": TOP, "office": OFFICE, "holder": HOLDER, "parent": PARENT, "event": EVENT,
                 "government": tree.body("government", "150622").id, "rules": rules}
        script = (Path(__file__).parent / "core_list_plans.sql").read_text(encoding="utf-8")
        literal = {name: sql.SQL("{}::text[]" if name == "rules" else "{}::uuid").format(sql.Literal(value)).as_string(admin)
                   for name, value in given.items()}
        for statement in re.sub(r"(?<![:\w]):([a-z]+)", lambda m: f"({literal[m[1]]})", script).split(";\n"):
            if statement.strip():
                admin.execute(statement)
        admin.execute("analyze")
    return database


def test_every_list_of_the_contract_is_looked_at(contract):
    lists = {o["operationId"] for _, _, o in contract.operations() if o["operationId"].startswith("list")}
    assert lists == set(LISTS) | set(SMALL) | ELSEWHERE and not set(LISTS) & set(SMALL)


def choices(contract, operation: str) -> tuple[dict, dict[str, list[str]]]:
    """What is asked unless told, and what each filter is tried with."""
    _, path, found = contract.operation(operation)
    usual, tried = {}, {}
    for p in contract.parameters(path, found):
        if p["in"] != "query" or p["name"] in ("limit", "cursor", "sort") or p["name"] in WALKED.get(operation, ()):
            continue
        schema = contract.resolve(p["schema"])
        if "default" in schema:
            usual[p["name"]] = str(schema["default"]).lower()
        one = contract.resolve(schema["items"]) if schema.get("type") == "array" else schema
        named = VALUES.get(f"{operation}.{p['name']}", VALUES.get(p["name"]))
        if named is not None:
            tried[p["name"]] = [named]
        elif "enum" in one:
            tried[p["name"]] = [f"{{{v}}}" if one is not schema else str(v).lower() for v in one["enum"]]
        elif one.get("type") == "boolean":
            tried[p["name"]] = ["true", "false"]
        elif f"{operation}.{p['name']}" not in VALUES and p["name"] not in VALUES:
            raise AssertionError(f"{operation}: VALUES has nothing to try {p['name']} with")
    return usual, tried


def questions(contract, operation: str):
    usual, tried = choices(contract, operation)
    yield "nothing", usual
    for name, values in tried.items():
        for value in values:
            yield f"{name}={value}", {**usual, name: value}
    for one, other in itertools.islice(itertools.combinations(tried, 2), 0, None, 3):
        yield f"{one}, {other}", {**usual, one: tried[one][0], other: tried[other][0]}


def nodes(plan: dict, times: int = 1):
    yield plan, plan["Actual Loops"]
    for child in plan.get("Plans", []):
        yield from nodes(child)


def faults(plan: dict, most: int, many_units: bool) -> list[str]:
    most += (SUBSIDIARIES + 1) * (LIMIT + 25) if many_units else 0
    found = []
    for node, loops in nodes(plan):
        kind, where = node["Node Type"], node.get("Relation Name") or node.get("Index Name", "")
        if not loops or not ("Scan" in kind and where or "Sort" in kind):
            continue
        if "Sort" in kind:
            read = sum(n["Actual Rows"] * n["Actual Loops"] for n in node["Plans"])
        else:
            read = loops * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0))
        if read > most and not where.startswith(("region", "rule", "level")):
            found.append(f"{kind} {node.get('Index Name', '')} {where} of {read:.0f} rows"
                         f" ({node.get('Index Cond') or node.get('Filter') or node.get('Sort Key')})")
    return found


def explained(service, operation: str, values: dict) -> dict:
    (path,) = QUERIES.glob(f"*/{operation}.sql")
    text, parameters = expand(f"{path.parent.name}/{operation}", {"limit": str(LIMIT), **values})
    service.execute(f"prepare looked_at as {text}")
    rows = service.execute(sql.SQL("explain (analyze, timing off, summary off, format json) execute looked_at ({})").format(
        sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchall()
    service.execute("deallocate looked_at")
    return rows[0][0][0]["Plan"]


def middle(database, operation: str, sort: str) -> dict:
    table, orders = LISTS[operation]
    columns = orders[sort]
    owner = "unit_id" if table not in ("unit", "unit_light") else "accountable_to" if table == "unit" else ""
    with database.admin() as admin:
        row = admin.execute(
            f"select {', '.join(c.strip() + '::text' for c in columns.split(','))} from anze.{table}"
            + (f" where {owner} = '{OWN if owner == 'unit_id' else tree.body('government', '150622').id}'" if owner else "")
            + f" order by {columns} offset (select count(*) / 2 from anze.{table}"
            + (f" where {owner} = '{OWN if owner == 'unit_id' else tree.body('government', '150622').id}'" if owner else "") + ") limit 1"
        ).fetchone()
    return {f"after_{n}": value for n, value in enumerate(row, 1)}


ELSEWHERE: set[str] = {"listDeadlines", "listNotices"}


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("operation", LISTS)
def test_a_page_reads_about_what_it_shows(crowd, contract, operation, scope):
    caller, asked = SCOPES[scope]
    _, orders = LISTS[operation]
    wrong = []
    with crowd.service(**caller, actor="tester", scopes="duties:read accidents:read cases:read") as service:
        service.execute("set local plan_cache_mode = force_generic_plan; set local jit = off; set local enable_bitmapscan = off")
        for sort in orders:
            deep = middle(crowd, operation, sort)
            for told, filters in questions(contract, operation):
                for page, after in (("first", {}), ("deep", deep)):
                    plan = explained(service, operation, {**asked, **filters, **({"sort": sort} if sort else {}), **after})
                    wrong += [f"{operation} {scope} sort={sort} [{told}] {page} page: {f}"
                              for f in faults(plan, MOST_OF_TWO if ", " in told else MOST, "subsidiaries" in scope)]
    assert not wrong, "\n" + "\n".join(dict.fromkeys(wrong))
