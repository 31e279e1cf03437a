"""Lists of notices and lights, and the sweep's own look-outs, read an index in their order under every scope."""
import pytest
from psycopg import sql

from harness import tree
from harness.owed import DAY, now, owe, sweep
from harness.statement import expand

MINE = tree.enterprise("150622101", 1)
SCOPES = {"scope_province": ("15", {"reach": "region", "region": "15"}),
          "scope_city": ("1506", {"reach": "region", "region": "1506"}),
          "scope_county": ("150622", {"reach": "region", "region": "150622"}),
          "scope_town": ("150622101", {"reach": "region", "region": "150622101"}),
          "scope_unit": (MINE.id, {"reach": "unit", "unit": MINE.id})}


@pytest.fixture(scope="module")
def crowded(cluster, make_database):
    """Some thousand units with their lights and a notice each, so that a scan of all of them would show."""
    database = make_database(cluster, catalogue=False)
    with database.owner() as owner:
        owner.execute("insert into anze.unit (kind, name, region_code, sector, accountable_to)"
                      " select 'enterprise', md5(g || r.code), r.code, 'coal', %s from anze.region r,"
                      " generate_series(1, 600) g where r.level = 'town'", (tree.body("government", "150622").id,))
        first = owe(owner, now() - DAY)
        owner.execute(
            "insert into anze.obligation (id, duty, duty_version, clause, unit_id, unit_kind, period, period_start,"
            " period_end, due_at, missed_from, required, region_code, sector, planned_at, next_notice_at)"
            " select gen_random_uuid(), o.duty, 1, o.clause, u.id, u.kind, o.period, o.period_start, o.period_end,"
            " o.due_at, o.missed_from, 1, u.region_code, u.sector, o.planned_at, o.next_notice_at"
            " from anze.obligation o, anze.unit u where o.id = %s", (first,))
        sweep(owner, 10000)
    with database.admin() as admin:
        admin.execute("vacuum analyze")
    return database


def plan(service, statement, values) -> str:
    text, parameters = expand(statement, values)
    service.execute(f"prepare looked_at as {text}")
    rows = service.execute(sql.SQL("explain (costs off) execute looked_at ({})").format(
        sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchall()
    return "\n".join(row[0] for row in rows)


LISTS = {"notices/listNotices": ("notice", "ROW(issued_at, id)"),
         "notices/listLights": ("unit_light", "ROW(place, since, unit_id)")}


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("statement", LISTS)
@pytest.mark.parametrize("scope", SCOPES)
def test_the_lists_read_an_index_under_every_scope(crowded, scope, statement, mode):
    value, context = SCOPES[scope]
    table, row = LISTS[statement]
    with crowded.service(**context) as service:
        service.execute(f"set local plan_cache_mode = {mode}")
        shown = plan(service, statement, {"limit": "20", scope: value})
    assert f"Seq Scan on {table} " not in shown, shown
    if scope in ("scope_city", "scope_county"):
        assert f"{table}_{scope.removeprefix('scope_')}" in shown, shown
        assert row in shown.partition("Index Cond:")[2].partition("\n")[0], shown
        assert "Sort Key: " + row[4:].strip("()").split(",")[0] not in shown, shown


def test_an_idle_sweep_reads_no_table_whole(crowded):
    with crowded.owner() as owner:
        for look_out in (
                "select from anze.duty_work w where w.plan_from is not null or w.planned_until < anze.today() + 7 limit 100",
                "select from anze.duty_work w where w.structure_is_stale or w.structure_checked_on < anze.today() limit 100",
                "select from anze.duty_work w where w.light_is_stale or"
                " w.light_due_at < 'infinity' and w.light_due_at <= now() limit 100",
                "select from anze.obligation o join anze.duty_work w on w.unit_id = o.unit_id where o.is_open and"
                " o.next_notice_at < 'infinity' and o.next_notice_at <= now() order by o.next_notice_at limit 100"):
            shown = "\n".join(r[0] for r in owner.execute("explain (costs off) " + look_out))
            assert "Seq Scan" not in shown, shown
