"""What lists and readings cost: index order under every scope and in every order of the list, no sort, no full scan.
And what they show: pages that neither lose nor repeat, filters, the timeline."""
import datetime as dt
import json

import psycopg
import pytest
from desk import CITY, COUNTY, ENTERPRISE, Desk, later

from harness import tree
from harness.statement import expand

SCOPES = {
    "province": ({"reach": "region", "region": "15"}, {"scope_province": "15"}),
    "city": ({"reach": "region", "region": "1506"}, {"scope_city": "1506"}),
    "county": ({"reach": "region", "region": "150622"}, {"scope_county": "150622"}),
    "town": ({"reach": "region", "region": "150622101"}, {"scope_town": "150622101"}),
    "unit": ({"reach": "unit", "unit": ENTERPRISE.id}, {"scope_unit": ENTERPRISE.id}),
}
ORDERS = {"-occurred_at": "occurred", "-reported_at": "reported", "due_at": "due"}
MANY = """
    with source as materialized (select * from anze.accident)
    insert into anze.accident (id, unit_id, unit_name, region_code, sector, rule_set, category_standard, category, place,
        occurred_at, learned_at, reported_at, entry_level, facts, deaths, grade, grade_is_lower_bound,
        supplement_ends_at, late_from, due_at, late_seconds, item, updated_at)
    select s.id, unit_id, unit_name, region_code, sector, rule_set, category_standard, category, place,
        occurred_at - s.step, learned_at - s.step, reported_at - s.step, entry_level, facts, deaths, grade,
        grade_is_lower_bound, supplement_ends_at, late_from - s.step, due_at - s.step, late_seconds,
        replace(item, source.id::text, s.id::text), updated_at
    from source, lateral (
        select md5(source.id::text || n)::uuid as id, n * interval '7 minutes' as step from generate_series(1, 2000) n) s
"""


@pytest.fixture(scope="module")
def many(make_database, cluster):
    """30,000 accidents over the tree's enterprises."""
    database, now = make_database(cluster), dt.datetime.now(dt.timezone.utc)
    with psycopg.connect(database.service_url) as connection:
        for n, unit in enumerate(tree.ENTERPRISES[3:18]):
            Desk(connection).file({"reach": "region", "region": "15", "actor": "loader"}, unit_id=unit.id,
                                  region_code=unit.region_code, sector=unit.sector, occurred_at=later(now, hours=-3),
                                  learned_at=later(now, hours=-3, minutes=n), figures={"deaths": n % 4})
    with database.admin() as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(MANY)
        admin.execute("analyze anze.accident")
    return database


def ask(database, caller: dict[str, str], values: dict[str, str], before: str = "", name: str = "listAccidents"):
    sql, used = expand(f"accidents/{name}", values)
    literals = ", ".join("null" if v is None else psycopg.sql.Literal(v).as_string(None) for v in used)
    with psycopg.connect(database.service_url) as connection:
        Desk(connection).speak_as(caller)
        connection.execute(f"prepare asked as {sql}")
        return connection.execute(f"{before} execute asked{f'({literals})' if used else ''}").fetchall()


def nodes(plan: dict):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("after", [{}, {"after_1": "2026-01-01 00:00:00+00", "after_2": "0" * 8 + "-0000" * 3 + "-" +
                                        "0" * 12}])
def test_every_list_is_read_in_the_order_of_its_index(many, scope, order, after):
    caller, values = SCOPES[scope]
    plan = ask(many, caller, values | {"limit": "20", "sort": order} | after, "explain (format json)")[0][0][0]["Plan"]
    found = list(nodes(plan))
    assert f"accident_{scope}_{ORDERS[order]}" in {n.get("Index Name") for n in found}
    assert not [n for n in found if n["Node Type"] in ("Sort", "Incremental Sort", "Bitmap Heap Scan")]
    assert not [n for n in found if n["Node Type"] == "Seq Scan" and n["Relation Name"] == "accident"]


def test_a_caller_without_scope_reads_nothing_at_no_cost(many):
    row = ask(many, {"reach": "none"}, {"scope_none": "1", "limit": "20", "sort": "due_at"})[0]
    assert (row[0], row[1]) == ("[]", None)
    plan = ask(many, {"reach": "none"}, {"scope_none": "1", "limit": "20", "sort": "due_at"},
               "explain (format json)")[0][0][0]["Plan"]
    assert "false" in {n.get("One-Time Filter") for n in nodes(plan)}


@pytest.mark.parametrize("order", ORDERS)
def test_pages_neither_lose_nor_repeat(many, order):
    caller, values = SCOPES["unit"]
    seen, after = [], {}
    while True:
        items, following = ask(many, caller, values | {"limit": "200", "sort": order} | after)[0][:2]
        seen += [item["id"] for item in json.loads(items)]
        if following is None:
            break
        after = dict(zip(("after_1", "after_2"), json.loads(following)))
    assert len(seen) == len(set(seen)) == 2001


@pytest.mark.parametrize("filters, holds", [
    ({"grade": "{larger,major}"}, lambda i: i["grade"] == "larger"),
    ({"sector": "coal"}, lambda i: i["sector"] == "coal"),
    ({"region": "150622"}, lambda i: i["region_code"].startswith("150622")),
    ({"category": "12"}, lambda i: i["category"]["code"] == "12"),
    ({"state": "open"}, lambda i: i["state"] == "open"),
    ({"late": "true"}, lambda i: i["late"] and i["late_by_seconds"] >= 0),
    ({"unit_id": ENTERPRISE.id}, lambda i: i["unit"]["id"] == ENTERPRISE.id),
])
def test_filters_hold_for_every_item(many, filters, holds):
    caller, values = SCOPES["city"]
    items = json.loads(ask(many, caller, values | filters | {"limit": "20", "sort": "-occurred_at"})[0][0])
    assert len(items) == 20
    assert all(holds(item) for item in items)


def test_final_and_timely_accidents_are_not_among_the_late(many):
    caller, values = SCOPES["city"]
    for filters in ({"state": "final"}, {"late": "false"}):
        assert ask(many, caller, values | filters | {"limit": "20", "sort": "-occurred_at"})[0][0] == "[]"


def test_one_accident_is_read_by_its_key_and_what_hangs_on_it_by_theirs_alone(many):
    caller, values = SCOPES["county"]
    one = json.loads(ask(many, caller, values | {"limit": "1", "sort": "-occurred_at"})[0][0])[0]["id"]
    plan = ask(many, caller, {"accident_id": one}, "explain (format json)", "getAccident")[0][0][0]["Plan"]
    assert [n["Index Name"] for n in nodes(plan) if "Index Name" in n] == ["accident_pkey"]
    assert not [n for n in nodes(plan) if n["Node Type"] == "Seq Scan"]
    sql, _ = expand("accidents/getAccident", {"accident_id": one})
    with psycopg.connect(many.service_url) as connection:
        Desk(connection).speak_as(caller)
        connection.execute("set local enable_seqscan = off")  # some of these tables are empty: what counts is that there is an index
        connection.execute(f"prepare asked as {sql}")
        assert connection.execute(f"execute asked('{one}')").fetchone()
        scanned = connection.execute("select relname from pg_stat_xact_user_tables where seq_scan > 0 and relname in ('accident',"
                                     " 'accident_report', 'accident_transmission', 'accident_recipient', 'deadline', 'case_file')")
        assert scanned.fetchall() == []


def test_the_timeline_tells_everything_in_order_with_who_and_when(desk):
    ago = later(dt.datetime.now(dt.timezone.utc), days=-4)
    filed = desk.file(COUNTY, occurred_at=ago, learned_at=ago, received_at=ago)
    passed = desk.pass_up(COUNTY, filed, "city", notified=["government"])
    received = desk.acknowledge(CITY, passed)
    raised = desk.add(COUNTY, received, figures={"deaths": 3})
    desk.correct(COUNTY, raised, 2, figures={"deaths": 2})
    sql, used = expand("accidents/getAccidentTimeline", {"accident_id": filed["id"]})
    desk.connection.execute(f"prepare timeline as {sql}")
    events = json.loads(desk.value(f"execute timeline('{filed['id']}')"))["events"]
    names = [e["event"] for e in events]
    assert [e["at"] for e in events] == sorted(e["at"] for e in events)
    assert {"filed", "graded", "clock_started", "clock_met", "clock_missed", "clock_met_late", "passed_up", "told",
            "acknowledged", "reported", "grade_changed", "corrected", "clock_superseded"} == set(names)
    assert names.count("grade_changed") == 2
    by_event = {e["event"]: e for e in events}
    assert (by_event["acknowledged"]["actor"], by_event["acknowledged"]["level"]) == ("city officer", "city")
    assert by_event["clock_missed"]["about"]["article"]
    assert len(used) == 1


def test_days_missed_since_the_last_report_are_in_the_timeline_without_anybody_writing(desk):
    ago = later(dt.datetime.now(dt.timezone.utc), days=-4)
    filed = desk.file(COUNTY, occurred_at=ago, learned_at=ago, received_at=ago)
    sql, _ = expand("accidents/getAccidentTimeline", {"accident_id": filed["id"]})
    desk.connection.execute(f"prepare timeline as {sql}")
    events = json.loads(desk.value(f"execute timeline('{filed['id']}')"))["events"]
    missed, = (e["about"] for e in events if e["event"] == "clock_missed" and e["about"]["code"] == "follow_up")
    assert missed["missed_days"] == 3
    assert missed["last_day"] == str(dt.date.fromisoformat(missed["day"]) + dt.timedelta(days=2))


def test_reports_are_listed_as_given_with_what_corrects_them(desk):
    now = dt.datetime.now(dt.timezone.utc)
    filed = desk.file(COUNTY, occurred_at=now, learned_at=now, reporter_phone="13812345678")
    unknown = desk.add(COUNTY, filed, figures={"missing": None})
    desk.correct(COUNTY, unknown, 2, figures={"missing": 1})
    sql, used = expand("accidents/listAccidentReports", {"accident_id": filed["id"], "limit": "2"})
    desk.connection.execute(f"prepare reports as {sql}")
    items, following = desk.connection.execute(
        "execute reports(%s)" % ", ".join(f"'{value}'" for value in used)).fetchone()
    first, second = json.loads(items)
    assert (first["reporter"]["phone"], second["figures"], second["corrected_by"]) == ("138****5678", {"missing": None}, 3)
    assert json.loads(following) == ["2"]
