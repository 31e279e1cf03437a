"""Every list of the contract, under every scope, with each filter alone and with two of them, as the service runs it (one kept
plan for any values): a page reads about what it shows, the first one and one deep in the list. No table is read whole, no
history is gathered and sorted, and what a filter throws away stays few. Of a unit with two hundred others under it one row of
each is read, and then a page of those that come first."""
import hashlib
import itertools
import json
import re
import uuid
from pathlib import Path

import pytest
from psycopg import sql

from harness import tree
from harness.statement import expand

QUERIES = Path(__file__).parents[2] / "sql/queries"
TOWN, OWN, TOP = "150622101", tree.enterprise("150622101", 1).id, tree.unit_id("group with two hundred sites")
SITE = str(uuid.UUID(hashlib.md5(b"site7").hexdigest()))
OFFICE, HOLDER, PARENT, EVENT = (tree.body("coal", "150622").id, *(tree.unit_id(n) for n in ("holder", "parent", "event")))
# Rows read for a page, and with two filters: at most the units of one kind, whose index serves rare kinds.
LIMIT, SUBSIDIARIES, MOST, MOST_OF_TWO = 20, 200, 2800, 3500
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
    "listSetAside": "rows that the sweeper set aside: faults, of which there are few",
    "listRegions": "divisions: some thousand of a province, read by their code",
    "listCalendarNotices": "the years whose days off were announced", "listHazardCriterionSets": "sets of criteria of the law",
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
    "listDeadlines": ("deadline", {"": "now(), due_at, id", "all of it running": "(now() - interval '3 years'), due_at, id"}),
    "listRepeatMisses": ("obligation", {"": "due_at, id"}),
    "listNotices": ("notice", {"": "issued_at, id"}),
}
# What a filter is tried with, where the contract names no values; of one operation alone: `operation.filter`.
VALUES = {
    "unit_id": OWN, "supervisor_id": OWN, "about_unit_id": OWN, "accountable_to": OWN, "parent_id": PARENT, "person_id": HOLDER,
    "accident_id": PARENT, "obligation_id": PARENT, "group_id": OWN, "zone_id": OWN, "enterprise_id": OWN,
    "region": "150622", "sector": "coal", "name": "5", "code": "M-12", "credit_code": "91150622MA00000001",
    "listPeople.name": "号1", "listPeople.code": f"P{OWN}1", "clause": "1.02", "duty": "C1.02", "post": "principal",
    "period": "2026-05", "due_before": "2026-06-01T00:00:00+08:00", "due_after": "2026-06-01T00:00:00+08:00", "occurred_from": "2026-05-01T00:00:00+08:00",
    "occurred_to": "2026-06-01T00:00:00+08:00", "updated_since": "2026-06-01T00:00:00+08:00", "found_from": "2026-03-01T00:00:00+08:00",
    "found_to": "2026-06-01T00:00:00+08:00", "on_from": "2026-03-01", "on_until": "2026-06-01", "on": "2026-03-01",
    "listDutyEvents.kind": "casualty", "listDutyRecords.kind": "training", "listCases.kind": "hazard", "listCases.state": "ordered",
    "listListedCases.state": "rectifying", "listHazards.state": "{ordered}", "listHazards.source": "{own_check}",
    "listHazards.criterion": "ANY.MAJOR", "category": "01", "listListedCases.category": "coal_mine", 
    "listMajorHazardSources.grade": "2", "not_assessed_since": "2026-03-01", "portfolio": "coal", "rule": None, "listUnits.kind": "site",
    "listLights.kind": "site", "stage": "reminder", "listStructuralFindings.clause": None,
    "level": "county", "high_risk": "mine", "qualification": "safety_education", "site_kind": "mine", "listPeople.post": None,
}


# Where the middle of a list is looked for, if not among what is the unit's own.
AMONG = {
    "unit": f"accountable_to = '{tree.body('government', '150622').id}'", "unit_light": "true", "deadline": f"owed_by = '{OWN}'",
    "listRepeatMisses": "missed_from between date_trunc('month', now()) and now()",
}


# Filters that a list walks through in its order, as far as a page needs, because no index has both: not judged.
WALKED = {
    "listAccidents": {"occurred_from", "occurred_to", "updated_since"},  # days beside another order than their own
    "listUnits": {"accountable_to"},  # by its own order it is read by its index, by another one what answers to one unit is sorted
    "listDutyRecords": {"on_from", "on_until", "event_id"},  # of one unit: among what it did itself
}


# Filters by which a list of a whole city walks through its order when nothing, or next to nothing, has what is asked for, because
# an index for each would cost each write more than such a question is worth; and why that is bearable. Of one unit a filter
# walks through what the unit has.
FEW, ADVISORY = "of what a city has few of: some hundred a year", "nobody asks for what no unit of the place has"
WALKS = {
    "listAccidents": {n: FEW for n in ("grade", "sector", "category", "occurred_from", "occurred_to", "updated_since")},
    "listListedCases": {n: FEW for n in ("state", "category", "level")},
    "listDutyEvents": {"kind": FEW},
    "listCases": {"kind": "one of four, so that its index is not preferred; those for listed supervision are listListedCases",
                  "state": "those that are over stay, those before pass on", "level": "one of four", "sector": ADVISORY},
    "listObligations": {"clause": "its duties have an index", "post": "asked of a unit", "sector": ADVISORY},
    "listDutyRecords": {"kind": "every kind is kept everywhere", "sector": ADVISORY},
    "listFollowUps": {"kind": "a half each", "severity": "one in some ten at least"},
    "listHazards": {"sector": ADVISORY, "severity": "one in some hundred at least", "state": "what is open is asked by open=true",
                    "source": "a handful of them", "criterion": "among the major ones, and one unit's have an index"},
    "listUnits": {n: "a directory: sixty thousand in a city, a fiftieth of a second"
                  for n in ("kind", "sector", "name", "site_kind", "risk_class", "high_risk", "group_id", "zone_id", "accountable_to")},
    "listPeople": {"name": "no index finds a part of a name of two characters", "qualification": "a handful of them"},
    "listAppointments": {"post": "a handful of posts everywhere", "portfolio": "of leaders, of whom a place has few"},
    "listStructuralFindings": {"clause": "its rules have an index"},
    "listRiskPoints": {"sector": ADVISORY, "not_assessed_since": "what was never assessed comes last"},
    "listLights": {"kind": "as units", "sector": "as units"},
    "listDeadlines": {"sector": "of what runs"},
    "listRepeatMisses": {"sector": "of what is overdue by less than 800 days"},
    "listNotices": {"kind": "three of them", "stage": "some ten of them"},
}
# What no row has, of filters that are neither an id nor a code.
NEVER = {
    "region": "150627", "sector": "nowhere", "name": "没有这样的名字", "period": "2031-05", "clause": "9.99", "on": "1999-01-01",
    "due_before": "1999-06-01T00:00:00+08:00", "due_after": "2131-06-01T00:00:00+08:00", "occurred_from": "2031-05-01T00:00:00+08:00", "occurred_to": "1999-06-01T00:00:00+08:00",
    "updated_since": "2031-06-01T00:00:00+08:00", "found_from": "2031-03-01T00:00:00+08:00", "found_to": "1999-06-01T00:00:00+08:00",
    "on_from": "2031-03-01", "on_until": "1999-06-01", "not_assessed_since": "1999-03-01", "level": "state", "grade": "{nothing}",
    "listMajorHazardSources.grade": "9", "high_risk": "nothing",
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
    assert lists == set(LISTS) | set(SMALL) and not set(LISTS) & set(SMALL)


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
    most += (SUBSIDIARIES + 1) * 8 if many_units else 0
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


def narrowed(asked: dict, filters: dict) -> dict:
    """The scope as the service has it (src/op/slot.c): that of the region asked for, where it is the narrower one."""
    level = next((n for n in ("scope_province", "scope_city", "scope_county", "scope_town") if n in asked), None)
    region = re.sub("(0000|00)$", "", filters.get("region", ""))
    if level is None or len(region) <= len(asked[level]):
        return asked
    narrower = {2: "scope_province", 4: "scope_city", 6: "scope_county"}.get(len(region), "scope_town")
    return {**{n: v for n, v in asked.items() if n != level}, narrower: region}


def middle(database, operation: str, sort: str) -> dict:
    table, orders = LISTS[operation]
    columns, those = orders[sort], AMONG.get(operation, AMONG.get(table, f"unit_id = '{OWN}'"))
    with database.admin() as admin:
        row = admin.execute(
            f"select {', '.join(c.strip() + '::text' for c in columns.split(','))} from anze.{table} where {those}"
            f" order by {columns} offset (select count(*) / 2 from anze.{table} where {those}) limit 1").fetchone()
    return {f"after_{n}": value for n, value in enumerate(row, 1)}



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
                if "subsidiaries" in scope and filters.get("unit_id") == OWN:
                    filters = {**filters, "unit_id": SITE}
                for page, after in (("first", {}), ("deep", deep)):
                    plan = explained(service, operation, {**narrowed(asked, filters), **filters, **({"sort": sort} if sort else {}), **after})
                    wrong += [f"{operation} {scope} sort={sort} [{told}] {page} page: {f}"
                              for f in faults(plan, MOST_OF_TWO if ", " in told else MOST, "subsidiaries" in scope)]
    assert not wrong, "\n" + "\n".join(dict.fromkeys(wrong))


@pytest.mark.parametrize("scope", SCOPES)
def test_the_briefing_reads_no_more_than_it_counts(crowd, scope):
    """Of each section a hundred and one rows at most, of each kind that stands in it; of a unit, of each one under it."""
    caller, asked = SCOPES[scope]
    with crowd.service(**caller, actor="tester", scopes="duties:read accidents:read cases:read cases:act hazards:read") as service:
        service.execute("set local plan_cache_mode = force_generic_plan; set local jit = off; set local enable_bitmapscan = off")
        plan = explained(service, "getBriefing", asked)
    wrong = faults(plan, 3 * 3 * 101, "subsidiaries" in scope)
    assert not wrong, wrong


def never(contract, operation: str):
    """Each filter by something that no row has: where the value is a parameter of the statement, as most are."""
    _, path, found = contract.operation(operation)
    for p in contract.parameters(path, found):
        one = contract.resolve(p["schema"])
        if p["in"] != "query" or p["name"] in ("limit", "cursor", "sort") or one.get("type") == "boolean":
            continue
        if operation in ("listObligations", "listFollowUps", "listFiles") and p["name"] == "state":
            continue  # constants of the statement, or a column of the index
        default = "{nothing}" if one.get("type") == "array" else str(uuid.UUID(int=1)) if p["name"].endswith("_id") or (
            p["name"] == "accountable_to") else "nothing"
        yield p["name"], NEVER.get(f"{operation}.{p['name']}", NEVER.get(p["name"], default))


@pytest.mark.parametrize("operation", LISTS)
def test_what_no_row_has_is_found_missing_by_an_index_or_it_is_said_why_not(crowd, contract, operation):
    caller, asked = SCOPES["city"]
    usual, _ = choices(contract, operation)
    walked, wrong = set(), []
    with crowd.service(**caller, actor="tester", scopes="duties:read accidents:read cases:read") as service:
        service.execute("set local plan_cache_mode = force_generic_plan; set local jit = off; set local enable_bitmapscan = off")
        for sort in LISTS[operation][1]:
            for name, value in never(contract, operation):
                filters = {**usual, name: value, **({"sort": sort} if sort else {})}
                plan = explained(service, operation, {**narrowed(asked, filters), **filters})
                found = faults(plan, MOST, False)
                walked |= {name} if found else set()
                wrong += [f"{name}: {f}" for f in found if name not in WALKS.get(operation, {})]
    assert not wrong, "\n" + "\n".join(wrong)
    assert walked == set(WALKS.get(operation, {})), "what is walked no more needs no reason"


def test_the_few_files_that_are_not_complete_are_found_by_their_own_index(crowd):
    caller, asked = SCOPES["city"]
    with crowd.admin() as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("update anze.file set state = 'complete', completed_at = created_at where state = 'uploading' and id::text > '02'")
        admin.execute("analyze anze.file")
    with crowd.service(**caller) as service:
        service.execute("set local plan_cache_mode = force_generic_plan; set local jit = off; set local enable_bitmapscan = off")
        assert not faults(explained(service, "listFiles", {**asked, "state": "uploading"}), 300, False)
