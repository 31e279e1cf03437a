"""What lists of records, follow-ups and events cost: index order under every scope, no sort, no scan of the table, with a
plan for these values and with one for any."""
import json
import uuid

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
# list, table, index behind the scope, its filters, where a page goes on
LISTS = {
    "listDutyRecords": ("duty_record", {"retracted": "false"}, {"after_1": "2025-09-01", "after_2": ZERO}),
    "listFollowUps": ("follow_up", {"state": "open"}, {"after_1": "2025-09-01", "after_2": ZERO, "after_3": "1"}),
    "listDutyEvents": ("duty_event", {}, {"after_1": "2025-09-01 00:00:00+00", "after_2": ZERO}),
}
MANY = """
    insert into anze.duty_event_kind (code, title_zh, title_en) values ('of_many', '众多', 'Of many');
    insert into anze.duty_record (id, kind, unit_id, on_day, title, region_code, sector)
    select gen_random_uuid(), 'training', u.id, date '2026-01-01' - g % 700, '培训', u.region_code, u.sector
    from anze.unit u, generate_series(1, 600) g where u.kind = 'enterprise';
    insert into anze.follow_up (record_id, number, kind, matter, unit_id, due_on, done_on, result, region_code, sector)
    select r.id, 1, 'decision', '整改', r.unit_id, r.on_day + 30, case when abs(hashtext(r.id::text)) % 3 = 0 then r.on_day end,
        case when abs(hashtext(r.id::text)) % 3 = 0 then '完成' end, r.region_code, r.sector from anze.duty_record r;
    insert into anze.duty_event (kind, unit_id, occurred_at, region_code, sector)
    select 'of_many', r.unit_id, r.on_day, r.region_code, r.sector from anze.duty_record r;
"""


@pytest.fixture(scope="module")
def many(cluster, make_database):
    """12,600 rows of each, over all enterprises of the tree."""
    database = make_database(cluster)
    with database.admin() as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(MANY)
        admin.execute("analyze anze.duty_record, anze.follow_up, anze.duty_event")
    return database


def nodes(plan: dict):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def plan_of(database, name: str, caller: dict, values: dict, mode: str = "auto") -> list[dict]:
    text, parameters = expand(f"duties/{name}", {"limit": "20", **values})
    with database.service(**caller) as service:
        service.execute(f"set local plan_cache_mode = {mode}")
        service.execute(f"prepare looked_at as {text}")
        rows = service.execute(sql.SQL("explain (format json) execute looked_at ({})").format(
            sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchall()
    return list(nodes(rows[0][0][0]["Plan"]))


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("goes_on", [False, True])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("name", LISTS)
def test_every_list_is_read_in_the_order_of_its_index(many, name, scope, goes_on, mode):
    table, filters, after = LISTS[name]
    caller, value = SCOPES[scope]
    found = plan_of(many, name, caller, {**filters, f"scope_{scope}": value, **(after if goes_on else {})}, mode)
    assert f"{table}_{scope}" in {n.get("Index Name") for n in found}, found
    assert not [n for n in found if n["Node Type"] in ("Sort", "Incremental Sort", "Bitmap Heap Scan")
                and n.get("Relation Name", table) == table], found
    assert not [n for n in found if n["Node Type"] == "Seq Scan" and n["Relation Name"] == table]
    if goes_on:
        condition = next(n["Index Cond"] for n in found if n.get("Index Name") == f"{table}_{scope}")
        assert "ROW(" in condition, condition


def test_what_is_overdue_ends_with_today_in_the_index(many):
    found = plan_of(many, "listFollowUps", *[{"reach": "region", "region": "1506"}],
                    {"state": "open", "overdue": "true", "scope_city": "1506"})
    condition = next(n["Index Cond"] for n in found if n.get("Index Name") == "follow_up_city")
    assert "due_order <" in condition, condition


@pytest.mark.parametrize("name, filters, index", [
    ("listDutyRecords", {"retracted": "false", "person_id": ZERO}, "duty_record_person"),
    ("listDutyRecords", {"retracted": "false", "event_id": ZERO}, "duty_record_event"),
    ("listDutyRecords", {"retracted": "false", "unit_id": UNIT}, "duty_record_unit"),
    ("listFollowUps", {"state": "open", "unit_id": UNIT}, "follow_up_unit"),
    ("listDutyEvents", {"unit_id": UNIT}, "duty_event_unit")])
def test_a_filter_that_names_one_thing_reads_its_index(many, name, filters, index):
    found = plan_of(many, name, {"reach": "region", "region": "1506"}, {"scope_city": "1506", **filters})
    assert index in {n.get("Index Name") for n in found}, found


@pytest.mark.parametrize("name", LISTS)
def test_a_caller_without_scope_reads_nothing_at_no_cost(many, name):
    found = plan_of(many, name, {"reach": "none"}, {**LISTS[name][1], "scope_none": "true"})
    assert "false" in {n.get("One-Time Filter") for n in found}


@pytest.mark.parametrize("name", LISTS)
def test_pages_neither_lose_nor_repeat(many, name):
    table, filters, _ = LISTS[name]
    caller, value = SCOPES["town"]
    seen, after = [], {}
    while True:
        text, parameters = expand(f"duties/{name}", {"limit": "200", "scope_town": value, **filters, **after})
        with many.service(**caller) as service:
            literals = sql.SQL(", ").join(sql.Literal(p) for p in parameters)
            service.execute(f"prepare asked as {text}")
            items, following = service.execute(sql.SQL("execute asked ({})").format(literals)).fetchone()[:2]
        seen += [item.get("id") or (item["record_id"], item["number"]) for item in (
            items if isinstance(items, list) else json.loads(items))]
        if following is None:
            break
        after = dict(zip(("after_1", "after_2", "after_3"), json.loads(following)))
    whole = many.value(f"select count(*) from anze.{table} where town = %s"
                       + (" and state = 'open'" if table == "follow_up" else ""), TOWN)
    assert len(seen) == len(set(seen)) == whole > 1000
