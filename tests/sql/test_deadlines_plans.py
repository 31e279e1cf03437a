"""Cases and deadlines of all kinds are read from an index in its order under every scope, with a plan for these values and
with one for any."""
import pytest
from psycopg import sql

from harness import cases, tree
from harness.cases import UNIT
from harness.owed import DAY, now, owe
from harness.statement import expand

SCOPES = {"scope_province": ("15", {"reach": "region", "region": "15"}),
          "scope_city": ("1506", {"reach": "region", "region": "1506"}),
          "scope_county": ("150622", {"reach": "region", "region": "150622"}),
          "scope_town": ("150622101", {"reach": "region", "region": "150622101"}),
          "scope_unit": (UNIT.id, {"reach": "unit", "unit": UNIT.id})}
MANY = """
    insert into anze.case_file (kind, kind_version, state, level, unit_id, title, region_code, sector, opened_at)
    select 'test_matter', 1, 'new', 2, u.id, '众多', u.region_code, u.sector, now() - g * interval '1 hour'
    from anze.unit u, generate_series(1, 600) g where u.kind = 'enterprise';
    insert into anze.deadline (subject, subject_id, clock, title_zh, title_en, starts_at, due_at, owed_by, region_code, sector, met_at)
    select 'case', c.id, 'answer', '时限', 'Clock', c.opened_at, c.opened_at + interval '10 days', c.unit_id, c.region_code, c.sector,
        case when abs(hashtext(c.id::text)) % 3 > 0 then c.opened_at end
    from anze.case_file c;
    insert into anze.deadline (subject, subject_id, clock, title_zh, title_en, rule, rule_version, starts_at, due_at, owed_by,
        region_code, sector, details)
    select 'accident', gen_random_uuid(), 'unit_report', '时限', 'Clock', 'ACC.RPT.UNIT', 1, c.opened_at,
        c.opened_at + interval '1 hour', c.unit_id, c.region_code, c.sector, '{"kind": "report"}' from anze.case_file c;
"""
OBLIGATIONS = """
    insert into anze.obligation (id, duty, duty_version, clause, unit_id, unit_kind, period, period_start, period_end, due_at,
        missed_from, required, region_code, sector, planned_at)
    select gen_random_uuid(), o.duty, 1, o.clause, c.unit_id, 'enterprise', o.period, o.period_start, o.period_end, c.opened_at,
        c.opened_at, 1, c.region_code, c.sector, o.planned_at
    from anze.obligation o, anze.case_file c where o.id = %s
"""


@pytest.fixture(scope="module")
def crowded(cluster, make_database):
    """12,600 cases, deadlines, clocks of accidents and duties over all enterprises."""
    database = make_database(cluster)
    with database.owner() as owner:
        cases.install(owner)
        first = owe(owner, now() - DAY)
    with database.admin() as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(MANY)
        admin.execute(OBLIGATIONS, (first,))
        admin.execute("vacuum analyze")
    return database


def plan(service, statement, values) -> str:
    text, parameters = expand(statement, values)
    service.execute(f"prepare looked_at as {text}")
    rows = service.execute(sql.SQL("explain (costs off) execute looked_at ({})").format(
        sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchall()
    return "\n".join(row[0] for row in rows)


LISTS = {"cases/listCases": (["case_file"], "opened_at, id"),
         "deadlines/listDeadlines": (["deadline", "obligation"], "due_at, ")}
AFTER = ("2026-03-01 00:00:00+00", "00000000-0000-4000-8000-000000000000")
PAGES = {"first": {}, "next": {"cases/listCases": AFTER, "deadlines/listDeadlines": ("2026-01-01 00:00:00+00", *AFTER)},
         "overdue": {"cases/listCases": AFTER, "deadlines/listDeadlines": ("2026-04-01 00:00:00+00", *AFTER)}}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("statement", LISTS)
@pytest.mark.parametrize("scope", SCOPES)
def test_the_lists_read_an_index_under_every_scope(crowded, scope, statement, mode, page):
    value, context = SCOPES[scope]
    tables, order = LISTS[statement]
    after = {f"after_{n}": part for n, part in enumerate(PAGES[page].get(statement, ()), 1)}
    with crowded.service(**context, scopes="cases:read accidents:read duties:read") as service:
        service.execute(f"set local plan_cache_mode = {mode}")
        shown = plan(service, statement, {"limit": "20", scope: value, **after})
    for table in tables:
        assert f"Seq Scan on {table} " not in shown, shown
        if scope in ("scope_city", "scope_county"):
            name = f"{table}_{scope.removeprefix('scope_')}"
            assert f"Index Scan using {name}" in shown, shown
            condition = shown.partition(f"using {name}")[2].partition("Index Cond:")[2].partition("\n")[0]
            assert f"ROW({order}" in condition, shown


def test_pages_of_deadlines_cost_the_same_at_the_end_as_at_the_beginning(crowded):
    """Rows that are read for a page: not more than a page of each kind, wherever it begins."""
    read = {}
    with crowded.admin() as admin:
        late = str(admin.execute("select max(due_at) - interval '2 hours' from anze.deadline where is_running").fetchone()[0])
    long_ago = "2000-01-01 00:00:00+00"
    for name, after in (("first", {}), ("running", {"after_1": long_ago, "after_2": late, "after_3": "0" * 32}),
                        ("overdue", {"after_1": late, "after_2": late, "after_3": "0" * 32})):
        text, parameters = expand("deadlines/listDeadlines", {"limit": "20", "scope_city": "1506", "kind": "{case}", **after})
        with crowded.service(reach="region", region="1506", scopes="cases:read") as service:
            service.execute(f"prepare looked_at as {text}")
            (shown,), = service.execute(sql.SQL("explain (analyze, format json, timing off) execute looked_at ({})").format(
                sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchall()
        read[name] = max(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scans(shown[0]["Plan"]))
    assert max(read.values()) <= 21, read


def scans(node: dict):
    if node.get("Relation Name") == "deadline" and node["Actual Loops"] == 1:
        yield node
    for child in node.get("Plans", []):
        yield from scans(child)


def test_an_idle_sweep_of_deadlines_reads_no_table_whole_and_sorts_nothing(crowded):
    with crowded.owner() as owner:
        shown = "\n".join(r[0] for r in owner.execute(
            "explain (costs off) select d.id from anze.deadline d where d.subject = 'accident' and d.is_running and"
            " d.next_notice_at < 'infinity' and d.next_notice_at <= now() order by d.next_notice_at limit 100 for no key update skip locked"))
    assert "Index Scan using deadline_notice" in shown and "Seq Scan" not in shown and "Sort" not in shown, shown
