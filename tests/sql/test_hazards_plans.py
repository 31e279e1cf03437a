"""What lists of hazards cost: index order through the years under every scope, no sort, no scan of a table, with a plan
for these values and with one for any; reading one looks into one year."""
import datetime as dt
import json
import uuid

import psycopg
import pytest
from psycopg import sql

from harness import tree
from harness.statement import expand

TOWN, UNIT = "150622101", tree.enterprise("150622101", 1).id
SCOPES = {
    "province": ({"reach": "region", "region": "15"}, "15"),
    "city": ({"reach": "region", "region": "1506"}, "1506"),
    "county": ({"reach": "region", "region": "150622"}, "150622"),
    "town": ({"reach": "region", "region": TOWN}, TOWN),
    "unit": ({"reach": "unit", "unit": UNIT}, UNIT),
}
ZERO = str(uuid.UUID(int=0))
CHINA = dt.timezone(dt.timedelta(hours=8))
# The latest hazard is of the last day of last month; a month in the middle is asked about.
LATEST = dt.datetime.now(CHINA).replace(day=1, hour=0, minute=0, second=0, microsecond=0) - dt.timedelta(days=1)
MIDDLE = (LATEST - dt.timedelta(days=130)).replace(day=15)
AFTER = {"after_1": str(MIDDLE), "after_2": ZERO}
MANY = """
    insert into anze.hazard (id, found_at, case_id, unit_id, description, place, source, category, criterion,
        criterion_version, state, is_open, due_at, region_code, sector)
    select h.id, anze.id_moment(h.id), gen_random_uuid(), h.unit_id, '护栏缺失', '主井口', 'own_check', 'equipment',
        case when h.g % 3 = 0 then 'ANY.MAJOR' end, case when h.g % 3 = 0 then 1 end,
        case when h.g % 2 = 0 then 'ordered' else 'closed' end, h.g % 2 = 0,
        case when h.g % 2 = 0 then now() - interval '1 day' else 'infinity' end, h.region_code, h.sector
    from (select anze.new_id(u.region_code, timestamptz 'LATEST' - g * interval '8 hours') as id, u.id as unit_id, g, u.region_code,
              u.sector
          from anze.unit u, generate_series(1, 1200) g where u.kind = 'enterprise') h;
""".replace("LATEST", str(LATEST))


@pytest.fixture(scope="module")
def many(cluster, make_database):
    """12,600 hazards of 400 days, over all enterprises of the tree; every second one is open, and late."""
    database = make_database(cluster)
    with database.admin() as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(MANY)
        admin.execute("analyze anze.hazard")
    return database


def nodes(plan: dict):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def plan_of(database, name: str, caller: dict, values: dict, mode: str = "auto", how: str = "") -> list[dict]:
    text, parameters = expand(f"hazards/{name}", {"limit": "20", **values})
    with database.service(**caller) as service:
        service.execute(f"set local plan_cache_mode = {mode}")
        service.execute(f"prepare looked_at as {text}")
        rows = service.execute(sql.SQL("explain ({} format json) execute looked_at ({})").format(
            sql.SQL(how), sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchall()
    return list(nodes(rows[0][0][0]["Plan"]))


def rows_of(database, query: str) -> list[tuple]:
    with database.admin() as admin:
        return admin.execute(query).fetchall()


def hazard_nodes(found: list[dict]) -> list[dict]:
    return [n for n in found if n.get("Relation Name", "").startswith("hazard_")]


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("goes_on", [False, True])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("filters", [{}, {"open": "true"}, {"overdue": "true"}], ids=["all", "open", "overdue"])
def test_every_list_is_read_in_the_order_of_its_index_year_by_year(many, filters, scope, goes_on, mode):
    caller, value = SCOPES[scope]
    found = plan_of(many, "listHazards", caller, {**filters, f"scope_{scope}": value, **(AFTER if goes_on else {})}, mode)
    scans = hazard_nodes(found)
    assert scans and {n["Node Type"] for n in scans} == {"Index Scan"}, [(n["Node Type"], n.get("Index Name")) for n in scans]
    column = "unit_id" if scope == "unit" else scope
    assert all(f"{column} = " in n["Index Cond"] for n in scans), scans
    kinds = {n["Node Type"] for n in found}
    assert "Append" in kinds and not kinds & {"Merge Append", "Sort", "Incremental Sort", "Seq Scan"}, kinds
    if goes_on:
        assert all("ROW(" in n["Index Cond"] for n in scans), scans
    if filters:
        partial = {name for (name,) in rows_of(many, "select indexrelid::regclass::text from pg_index where indpred is not null"
                                                 " and indrelid::regclass::text like 'anze.hazard%'")}
        assert {f"anze.{n['Index Name']}" for n in scans} <= partial, scans


def test_a_page_of_the_latest_reads_the_latest_year_alone(many):
    caller, value = SCOPES["city"]
    found = plan_of(many, "listHazards", caller, {"scope_city": value}, "force_generic_plan", "analyze, ")
    executed = [n["Relation Name"] for n in hazard_nodes(found) if n["Actual Loops"] > 0 and n["Actual Rows"] > 0]
    assert executed == [f"hazard_{LATEST:%Y}"], executed


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("name", ["getHazard", "getHazardDuplicates"])
def test_reading_one_hazard_looks_into_one_year(many, name, mode):
    one = many.value("select id::text from anze.hazard where unit_id = %s order by found_at desc limit 1", UNIT)
    found = plan_of(many, name, {"reach": "unit", "unit": UNIT}, {"hazard_id": one}, mode, "analyze, ")
    executed = [n for n in hazard_nodes(found) if n["Actual Loops"] > 0]
    assert [(n["Node Type"], n["Relation Name"]) for n in executed] == [("Index Scan", f"hazard_{LATEST:%Y}")], executed


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
def test_a_range_of_finding_leaves_the_other_years_out(many, mode):
    caller, value = SCOPES["city"]
    found = plan_of(many, "listHazards", caller, {"scope_city": value, "found_from": MIDDLE.replace(day=2).isoformat(),
                                                  "found_to": MIDDLE.replace(day=20).isoformat()}, mode, "analyze, ")
    assert {n["Relation Name"] for n in hazard_nodes(found) if n["Actual Loops"] > 0} == {f"hazard_{MIDDLE:%Y}"}


def test_a_caller_without_scope_reads_nothing_at_no_cost(many):
    found = plan_of(many, "listHazards", {"reach": "none"}, {"scope_none": "true"})
    assert "false" in {n.get("One-Time Filter") for n in found}


def test_what_was_found_long_ago_has_a_place_too(many):
    with many.owner() as owner:
        owner.execute("select set_config('anze.reach', 'service', true)")
        made = owner.execute("select anze.new_id('150622101', '2012-05-06 08:00+08')").fetchone()[0]
        owner.execute("insert into anze.hazard (id, found_at, case_id, unit_id, description, place, source, category, state,"
                      " region_code) select %s, anze.id_moment(%s), (anze.open_case('hazard', %s, null, 2::smallint, '旧隐患',"
                      " '{}', null, '{}', '[]')).id, %s, '旧隐患', '井口', 'own_check', 'equipment', 'found', '150622101'",
                      (made, made, UNIT, UNIT))
        assert owner.execute("select tableoid::regclass::text from anze.hazard where id = %s", (made,)).fetchone()[0] == "anze.hazard_past"
        owner.rollback()


def nested_plans(database, caller: dict, function: str, hazard: str) -> tuple[list[dict], dict[str, int]]:
    """What is executed within a function that is given a hazard, as the service; and how often functions were called."""
    plans: list[dict] = []
    with psycopg.connect(database.cluster.url(database.name, "admin")) as connection:
        connection.add_notice_handler(lambda note: plans.append(json.loads(note.message_primary.partition("plan:\n")[2])["Plan"])
                                      if "plan:" in note.message_primary else None)
        connection.execute("load 'auto_explain'")
        for name, value in (("auto_explain.log_min_duration", "0"), ("auto_explain.log_nested_statements", "on"),
                            ("auto_explain.log_analyze", "on"), ("auto_explain.log_format", "json"),
                            ("client_min_messages", "log"), ("track_functions", "all"),
                            ("enable_seqscan", "off"),  # a year of the test is small enough to be read whole
                            *((f"anze.{n}", v) for n, v in caller.items())):
            connection.execute("select set_config(%s, %s, true)", (name, value))
        connection.execute("set local role anze_service")
        connection.execute(f"select {function} from anze.hazard h where h.id = %s and h.found_at = anze.id_moment(%s)",
                           (hazard, hazard))
        connection.execute("reset role")
        calls = dict(connection.execute("select funcname, calls from pg_stat_xact_user_functions").fetchall())
        connection.rollback()
    return [n for plan in plans for n in nodes(plan) if n["Actual Loops"] > 0], calls


@pytest.mark.parametrize("scope", ["city", "unit"])
def test_duplicates_are_found_by_the_index_of_the_unit_and_only_these_are_compared(many, scope):
    middle = many.value("select id::text from anze.hazard where unit_id = %s order by found_at desc offset 600 limit 1", UNIT)
    found, calls = nested_plans(many, SCOPES[scope][0], "anze.hazard_duplicates(h)", middle)
    conditions = [n["Index Cond"] for n in found if n["Node Type"] in ("Index Scan", "Bitmap Index Scan")
                  and n["Index Name"].startswith("hazard_2") and "found_at = " not in n["Index Cond"]]
    assert conditions and all(f"unit_id = '{UNIT}'" in c and "found_at <" in c and "found_at >" in c for c in conditions), conditions
    seen = [n for n in hazard_nodes(found) if n["Actual Rows"] or n.get("Rows Removed by Filter")]  # a year may be empty
    assert seen and {n["Node Type"] for n in seen} <= {"Index Scan", "Bitmap Heap Scan"}
    assert len({n["Relation Name"] for n in hazard_nodes(found)}) <= 8, "within 90 days before and after"
    # 270 before and 270 after are so near; the nearest 200 of each are compared
    assert calls["bigrams"] == 2 + 2 * 400, "words and place of the hazard itself and of each candidate"


def test_of_many_the_nearest_in_time_are_compared(many):
    ids = [i for (i,) in rows_of(many, f"select id::text from anze.hazard where unit_id = '{UNIT}' order by found_at")]
    with many.service(**SCOPES["unit"][0]) as service:
        near = [str(i) for (i,) in service.execute(
            "select n.id from anze.hazard h cross join lateral anze.hazards_near(h, 90) n where h.id = %s"
            " and h.found_at = anze.id_moment(%s)", (ids[600], ids[600])).fetchall()]
    assert set(near) == {*ids[400:600], *ids[601:801]} and len(near) == 400
