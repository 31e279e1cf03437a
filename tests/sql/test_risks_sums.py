"""The summary of risks from sums: it is what counting the points one by one gives, before and after folding, under every
scope, whatever was changed; what there was before the sums is counted once; and answering reads no point of a region."""
import json
import random
from collections import Counter
from pathlib import Path

import pytest
from psycopg import sql

from harness import tree
from harness.statement import expand

(FILLING,) = (Path(__file__).parents[2] / "sql/migrations").glob("*_risks_map_and_sums_before.sql")
COUNTS = ("red", "orange", "yellow", "blue", "not_assessed")
TOWN = "150622101"
OWN = tree.body("emergency", "150622")  # it has no sector; its own points are seen by its sector's officers all the same
UNITS = [u for u in tree.UNITS.values() if u.kind == "enterprise"] + [OWN]
# caller, its scope as the statement gets it, and whose points those are: a second writing of who sees what
SCOPES = {
    "province": ({"reach": "region", "region": "15"}, {"scope_province": "15"}, lambda p: True),
    "city": ({"reach": "region", "region": "1506"}, {"scope_city": "1506"}, lambda p: p["region"].startswith("1506")),
    "county": ({"reach": "region", "region": "150622"}, {"scope_county": "150622"}, lambda p: p["region"].startswith("150622")),
    "town": ({"reach": "region", "region": TOWN}, {"scope_town": TOWN}, lambda p: p["region"] == TOWN),
    "sector": ({"reach": "region", "region": "1506", "sectors": "{coal}"}, {"scope_city": "1506", "scope_sector": "coal"},
               lambda p: p["region"].startswith("1506") and p["sector"] == "coal"),
    "sector and own unit": ({"reach": "region", "region": "150622", "sectors": "{coal}", "unit": OWN.id},
                            {"scope_county": "150622", "scope_sector": "coal", "unit": OWN.id},
                            lambda p: p["region"].startswith("150622") and (p["sector"] == "coal" or p["unit"] == OWN.id)),
    "sectors and own unit": ({"reach": "region", "region": "150622", "sectors": "{coal,road_traffic}", "unit": OWN.id},
                             {"scope_county": "150622", "scope_sectors": "{coal,road_traffic}", "unit": OWN.id},
                             lambda p: p["region"].startswith("150622")
                             and (p["sector"] in ("coal", "road_traffic") or p["unit"] == OWN.id)),
    "unit": ({"reach": "unit", "unit": UNITS[0].id}, {"scope_unit": UNITS[0].id, "unit": UNITS[0].id},
             lambda p: p["unit"] == UNITS[0].id),
    "nobody": ({"reach": "none"}, {"scope_none": "true"}, lambda p: False),
}
CHANGES = (  # judged, ended, there again, in another place, of another sector, moved on the map, renamed
    "rank = hashtext(id::text || {n}) & 3, colour = (array['red', 'orange', 'yellow', 'blue'])[(hashtext(id::text || {n}) & 3) + 1]",
    "ended_on = '2026-01-01', end_reason = '拆除'", "ended_on = null, end_reason = null",
    "region_code = '150621100'", f"region_code = '{TOWN}'", "region_code = '150602'", "sector = 'fire'", "sector = null",
    "sector = 'coal'", "lon = null, lat = null, crs = null", "name = '顶板' || {n}", f"unit_id = '{OWN.id}', sector = null",
)


@pytest.fixture
def source() -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed of this test: {seed}")
    return random.Random(seed)


@pytest.fixture
def alone(cluster, make_database):
    return make_database(cluster, catalogue=False)


def insert(owner, source: random.Random, count: int) -> None:
    """So many at once: one statement is one set of differences."""
    rows = [{"unit": u.id, "region": u.region_code, "sector": u.sector, "rank": source.randrange(5)}
            for u in (source.choice(UNITS) for _ in range(count))]
    owner.execute(
        "insert into anze.risk_point (unit_id, name, place, activity, lon, lat, crs, rank, colour, region_code, sector)"
        " select x.unit, '顶板', '东翼', '回采', 110.5, 39.5, 'WGS84', x.rank, (array['red', 'orange', 'yellow', 'blue'])[x.rank + 1],"
        " x.region, x.sector from jsonb_to_recordset(%s) as x(unit uuid, region text, sector text, rank smallint)",
        (json.dumps(rows),))


def change(owner, source: random.Random) -> None:
    """One of the changes, of some of them at once; sometimes the unit's own sector, which its points follow."""
    if source.random() < 0.1:
        owner.execute("update anze.unit set sector = %s where id = %s",
                      (source.choice(["coal", "fire", "road_traffic"]), source.choice(UNITS[:-1]).id))
        return
    owner.execute(f"update anze.risk_point set {source.choice(CHANGES).format(n=source.randrange(99))}"
                  f" where abs(hashtext(id::text)) % 13 = {source.randrange(13)}")


def fold(owner, rows: int) -> None:
    while owner.execute("select anze.fold_risks(%s)", (rows,)).fetchone()[0]:
        pass


def asked(service, values: dict) -> dict:
    text, parameters = expand("risks/getRiskSummary", values)
    service.execute(f"prepare asked as {text}")
    body = service.execute(sql.SQL("execute asked ({})").format(
        sql.SQL(", ").join(sql.Literal(p) for p in parameters)) if parameters else "execute asked").fetchone()[0]
    service.execute("deallocate asked")
    return json.loads(body)


def below(region: str, asked_for: str) -> str:
    """The region next below the one that is asked for, in which a point is."""
    if len(asked_for) == 2:
        return region[:4] + "00"
    return region[:6] if len(asked_for) == 4 else region[:9]


def counted(points: list[dict], prefix: str, sector: str | None) -> dict[str, Counter]:
    groups: dict[str, Counter] = {}
    for p in points:
        if p["ended"] is None and p["region"].startswith(prefix) and (sector is None or p["sector"] == sector):
            groups.setdefault(below(p["region"], prefix), Counter()).update({COUNTS[p["rank"]]: 1, "total": 1})
    return groups


def figures(counts: Counter) -> dict:
    return {name: counts[name] for name in (*COUNTS, "total")}


def check_all(database, note: str) -> None:
    with database.admin() as admin:
        points = [dict(zip(("unit", "region", "sector", "rank", "ended"), (str(row[0]), *row[1:]))) for row in admin.execute(
            "select unit_id, region_code, sector, rank, ended_on from anze.risk_point")]
    seen = 0
    for scope, (caller, values, is_seen) in SCOPES.items():
        mine = [p for p in points if is_seen(p)]
        with database.service(**caller) as service:
            for region, prefix in ((None, caller.get("region", "")), ("150000", "15"), ("150600", "1506"), ("150622", "150622"),
                                   (TOWN, TOWN), ("150100", "1501")):
                for sector in (None, "coal"):
                    given = {**values, **({"region": region} if region else {}), **({"sector": sector} if sector else {})}
                    answer, expected = asked(service, given), counted(mine, prefix, sector)
                    assert {r["region_code"]: r["points"] for r in answer["regions"]} == {
                        k: figures(c) for k, c in expected.items()}, (note, scope, region, sector)
                    assert answer["total"] == figures(sum(expected.values(), Counter())), (note, scope, region, sector)
                    seen += len(expected)
    assert seen > 60, "there is something to count"


def test_the_sums_are_what_counting_gives_before_amid_and_after_folding(alone, source):
    with alone.owner(autocommit=True) as owner:
        for _ in range(6):
            insert(owner, source, 40)
            change(owner, source)
        for _ in range(10):
            change(owner, source)
        check_all(alone, "not folded")
        assert owner.execute("select anze.fold_risks(20)").fetchone()[0] == 20
        check_all(alone, "folded in part")
        for _ in range(10):
            change(owner, source)
        fold(owner, 7)
        assert owner.execute("select count(*) from anze.risk_tally_delta").fetchone()[0] == 0
        check_all(alone, "folded")
        for _ in range(5):
            insert(owner, source, 3)
            change(owner, source)
        check_all(alone, "and changed again")


def test_what_changes_no_sum_leaves_no_difference(alone, source):
    with alone.owner(autocommit=True) as owner:
        insert(owner, source, 30)
        fold(owner, 1000)
        owner.execute("update anze.risk_point set name = '西翼', lon = 111, version = version + 1")
        assert owner.execute("select count(*) from anze.risk_tally_delta").fetchone()[0] == 0


def test_what_was_there_before_is_counted_once_and_gets_its_cells_while_others_change_it(alone, source):
    backfill = FILLING.read_text(encoding="utf-8").replace("$1", "%s")
    with alone.admin() as admin:
        admin.execute("set session_replication_role = replica")  # as before the triggers
        insert(admin, source, 200)
        admin.execute("set session_replication_role = origin")
        assert admin.execute("select count(*) from anze.risk_point where cell_1 is null").fetchone()[0] == 200
        done = 0
        while rows := admin.execute(backfill, (17,)).fetchone()[0]:
            done += rows
            change(admin, source)
            insert(admin, source, 2)
        assert 0 < done <= 200
        wrong = admin.execute(
            "select count(*) from anze.risk_point p cross join lateral (select p.ended_on is null and p.lon is not null as shown) s"
            " where (cell_1, cell_4, cell_16, cell_64) is distinct from (case when shown then anze.map_cell(lon, lat, 1) else 0 end,"
            " case when shown then anze.map_cell(lon, lat, 4) else 0 end, case when shown then anze.map_cell(lon, lat, 16) else 0 end,"
            " case when shown then anze.map_cell(lon, lat, 64) else 0 end)").fetchone()[0]
        assert wrong == 0
        check_all(alone, "not folded")
        fold(admin, 50)
    check_all(alone, "folded")


def test_the_backfill_is_no_change_that_the_audit_tells(alone, source):
    with alone.admin() as admin:
        admin.execute("set session_replication_role = replica")
        insert(admin, source, 5)
        admin.execute("set session_replication_role = origin")
        told = "select count(*) from audit.entry where object_type = 'anze.risk_point'"
        before = admin.execute(told).fetchone()[0]
        assert admin.execute(FILLING.read_text(encoding="utf-8").replace("$1", "%s"), (100,)).fetchone()[0] == 5
        assert admin.execute(told).fetchone()[0] == before


def test_one_sweeper_folds_at_a_time_and_the_sweep_has_the_step(alone, source):
    with alone.owner(autocommit=True) as owner, alone.owner() as other:
        insert(owner, source, 20)
        other.execute("select pg_advisory_xact_lock(3615029, 6)")
        assert owner.execute("select anze.fold_risks(100)").fetchone()[0] == 0
        other.rollback()
        place, done = 1, 0
        while done is not None and owner.execute("select count(*) from anze.risk_tally").fetchone()[0] == 0:
            done = owner.execute("select anze.sweep(%s, 1000)", (place,)).fetchone()[0]
            place += 1
        assert owner.execute("select sum(red + orange + yellow + blue + not_assessed) from anze.risk_tally").fetchone()[0] == 20


# ---- what it costs ----

MANY = """
    insert into anze.risk_point (unit_id, name, place, activity, rank, colour, region_code, sector)
    select u.id, '顶板', '东翼', '回采', g % 5, (array['red', 'orange', 'yellow', 'blue'])[g % 5 + 1], u.region_code, u.sector
    from anze.unit u, generate_series(1, 500) g where u.kind = 'enterprise'
"""


@pytest.fixture(scope="module")
def many(cluster, make_database):
    database = make_database(cluster)
    with database.admin() as admin:
        admin.execute("alter table anze.risk_point disable trigger audit_record")
        admin.execute(MANY)
        admin.execute("select anze.fold_risks(1000)")
        admin.execute("analyze anze.risk_point, anze.risk_tally")
    return database


def nodes(plan: dict):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def executed(database, caller: dict, values: dict) -> list[dict]:
    text, parameters = expand("risks/getRiskSummary", values)
    with database.service(**caller) as service:
        service.execute("set local plan_cache_mode = force_generic_plan; set local enable_bitmapscan = off; set local jit = off")
        service.execute(f"prepare looked_at as {text}")
        given = sql.SQL(" ({})").format(sql.SQL(", ").join(sql.Literal(p) for p in parameters)) if parameters else sql.SQL("")
        rows = service.execute(sql.SQL("explain (analyze, format json) execute looked_at") + given).fetchall()
    return [n for n in nodes(rows[0][0][0]["Plan"]) if n["Actual Loops"] > 0]


@pytest.mark.parametrize("region", [None, "150622"])
@pytest.mark.parametrize("scope", ["province", "city", "county", "town", "sector", "sector and own unit", "nobody"])
def test_a_summary_of_a_region_reads_no_point(many, scope, region):
    caller, values, _ = SCOPES[scope]
    found = executed(many, caller, {**values, **({"region": region} if region else {})})
    points = [n for n in found if n.get("Relation Name") == "risk_point"]
    # A sector's officer looks for the points of the own unit, which an index answers: there are none.
    assert all("unit_id = " in n["Index Cond"] and n["Actual Rows"] + n.get("Rows Removed by Filter", 0) == 0 for n in points)
    assert not points or "sector" in scope
    assert sum(n["Actual Rows"] for n in found if n.get("Relation Name") == "risk_tally") < 30


def test_a_unit_counts_its_points_by_its_index(many):
    caller, values, _ = SCOPES["unit"]
    found = [n for n in executed(many, caller, values) if n.get("Relation Name") == "risk_point"]
    assert found and all("unit_id = " in n["Index Cond"] for n in found), found
