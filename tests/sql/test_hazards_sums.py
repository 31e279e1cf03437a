"""Statistics of hazards: the sums are what counting one by one gives, before and after folding, for every kind of span,
under every scope, whatever was changed; and answering with them reads no hazard."""
import datetime as dt
import json
import random
import threading
import time
from collections import Counter
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from harness import tree
from harness.statement import expand

CHINA = dt.timezone(dt.timedelta(hours=8))
MIGRATION = Path(__file__).parents[2] / "sql/migrations/0033_hazard_sums.sql"
FIGURES = ("found", "major", "rectified", "major_rectified", "overdue", "recurrent")
CRITERIA = [None, "ANY.MAJOR", "COAL.04", "FIRE.EXIT"]
TOWN = "150622101"
OWN = tree.body("emergency", "150622")  # it has no sector; its own hazards are seen by its sector's officers all the same
UNITS = [u for u in tree.UNITS.values() if u.kind == "enterprise"] + [OWN]
COLUMNS = ("id", "unit_id", "found_at", "closed_at", "due_on", "region_code", "sector", "criterion", "severity", "recurrences",
           "merged_into", "state")

# caller, its scope as the statement gets it, and whose hazards those are: a second writing of who sees what
SCOPES = {
    "province": ({"reach": "region", "region": "15"}, {"scope_province": "15"}, lambda h: True),
    "city": ({"reach": "region", "region": "1506"}, {"scope_city": "1506"}, lambda h: h["region_code"].startswith("1506")),
    "county": ({"reach": "region", "region": "150622"}, {"scope_county": "150622"},
               lambda h: h["region_code"].startswith("150622")),
    "town": ({"reach": "region", "region": TOWN}, {"scope_town": TOWN}, lambda h: h["region_code"] == TOWN),
    "sector": ({"reach": "region", "region": "1506", "sectors": "{coal}"}, {"scope_city": "1506", "scope_sector": "coal"},
               lambda h: h["region_code"].startswith("1506") and h["sector"] == "coal"),
    "sectors": ({"reach": "region", "region": "1506", "sectors": "{coal,road_traffic}"},
                {"scope_city": "1506", "scope_sectors": "{coal,road_traffic}"},
                lambda h: h["region_code"].startswith("1506") and h["sector"] in ("coal", "road_traffic")),
    "sector and own unit": ({"reach": "region", "region": "150622", "sectors": "{coal}", "unit": OWN.id},
                            {"scope_county": "150622", "scope_sector": "coal", "unit": OWN.id},
                            lambda h: h["region_code"].startswith("150622")
                            and (h["sector"] == "coal" or h["unit_id"] == OWN.id)),
    "sectors and own unit": ({"reach": "region", "region": "150622", "sectors": "{coal,road_traffic}", "unit": OWN.id},
                             {"scope_county": "150622", "scope_sectors": "{coal,road_traffic}", "unit": OWN.id},
                             lambda h: h["region_code"].startswith("150622")
                             and (h["sector"] in ("coal", "road_traffic") or h["unit_id"] == OWN.id)),
    "unit": ({"reach": "unit", "unit": UNITS[0].id}, {"scope_unit": UNITS[0].id, "unit": UNITS[0].id},
             lambda h: h["unit_id"] == UNITS[0].id),
    "nobody": ({"reach": "none"}, {"scope_none": "true"}, lambda h: False),
}


def today() -> dt.date:
    return dt.datetime.now(CHINA).date()


def day_of(moment: dt.datetime) -> dt.date:
    return moment.astimezone(CHINA).date()


# ---- the spans and the figures, once more ----

def spans(day: dt.date) -> dict[str, tuple[dt.date, dt.date]]:
    """Every named period that holds a day, with its first day and the first after it."""
    year, week, weekday = day.isocalendar()
    monday = day - dt.timedelta(days=weekday - 1)
    first = {1: day.month, 3: (day.month - 1) // 3 * 3 + 1, 6: (day.month - 1) // 6 * 6 + 1, 12: 1}
    names = {1: f"{day:%Y-%m}", 3: f"{day.year}-Q{(day.month + 2) // 3}", 6: f"{day.year}-H{(day.month + 5) // 6}",
             12: f"{day.year}"}
    found = {f"{year}-W{week:02}": (monday, monday + dt.timedelta(days=7))}
    for months, month in first.items():
        after = month + months
        found[names[months]] = (day.replace(month=month, day=1), dt.date(day.year + (after > 12), (after - 1) % 12 + 1, 1))
    return found


def counted(hazards: list[dict], key, begins: dt.date, ends: dt.date) -> dict[str, Counter]:
    """What the contract promises, one hazard after the other."""
    groups: dict[str, Counter] = {}
    late_before = min(ends, today())
    for h in hazards:
        if h["merged_into"] or h["state"] == "dismissed" or not begins <= day_of(h["found_at"]) < ends:
            continue
        closed_on = h["closed_at"] and day_of(h["closed_at"])
        is_major, is_rectified = h["severity"] == "major", bool(closed_on and closed_on < ends)
        is_late = bool(h["due_on"] and h["due_on"] < late_before and (closed_on is None or closed_on > h["due_on"]))
        groups.setdefault(key(h), Counter()).update({
            "found": 1, "major": is_major, "rectified": is_rectified, "major_rectified": is_major and is_rectified,
            "overdue": is_late, "recurrent": h["recurrences"] > 0})
    return groups


def keys(caller: dict, region: str | None = None) -> dict:
    below = 9 if len(region or caller.get("region", "")) >= 6 else 6
    return {"all": lambda h: "", "unit": lambda h: h["unit_id"], "sector": lambda h: h["sector"] or "",
            "criterion": lambda h: h["criterion"] or "", "region": lambda h: h["region_code"][:below]}


def asked(connection, values: dict) -> tuple[list, str | None]:
    text, parameters = expand("hazards/listHazardStatistics", {"limit": "200", **values})
    connection.execute(f"prepare asked as {text}")
    items, following = connection.execute(sql.SQL("execute asked ({})").format(
        sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchone()
    connection.execute("deallocate asked")
    return json.loads(items), following


def figures(connection, values: dict) -> dict[str, dict]:
    return {g["key"]: {name: g[name] for name in FIGURES} for g in asked(connection, values)[0]}


def hazards_of(connection) -> list[dict]:
    rows = connection.execute(f"select {', '.join(COLUMNS)} from anze.hazard").fetchall()
    return [{**dict(zip(COLUMNS, row)), "unit_id": str(row[1])} for row in rows]


def check_all(database, names: set[str], note: str) -> None:
    """Every period under every scope in every grouping, against the hazards themselves."""
    with database.admin() as admin:
        hazards = hazards_of(admin)
    seen = 0
    for scope, (caller, values, is_seen) in SCOPES.items():
        mine = [h for h in hazards if is_seen(h)]
        with database.service(**caller) as service:
            for name, (begins, ends) in sorted(names.items()):
                for group_by, key in keys(caller).items():
                    expected = {k: {n: c[n] for n in FIGURES} for k, c in counted(mine, key, begins, ends).items()}
                    assert figures(service, {**values, "period": name, "group_by": group_by}) == expected, (
                        note, scope, name, group_by)
                    seen += len(expected)
    assert seen > 300, "there is something to count"


# ---- changing hazards at random ----

@pytest.fixture
def source(request) -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed of this test: {seed}")
    return random.Random(seed)


@pytest.fixture
def alone(cluster, make_database):
    return make_database(cluster, catalogue=False)


def new_case(owner) -> str:
    """One case for all of them: what is summed does not look at it."""
    return owner.execute("select (anze.open_case('hazard', %s, null, 2::smallint, '隐患', '{}', null, '{}', '[]')).id",
                         (UNITS[0].id,)).fetchone()[0]


def moment(source: random.Random, latest: dt.datetime | None = None) -> dt.datetime:
    """Of the last 500 days; often at the very edge of a day."""
    latest = latest or dt.datetime.now(CHINA) - dt.timedelta(seconds=5)
    found = latest - dt.timedelta(seconds=source.randrange(500 * 86400))
    if source.random() < 0.3:
        edge = found.replace(hour=0, minute=0, second=0, microsecond=0)
        found = source.choice([edge, edge - dt.timedelta(milliseconds=1)])
    return found.replace(microsecond=found.microsecond // 1000 * 1000)


def insert(owner, source: random.Random, case: str, count: int, at: dt.datetime | None = None) -> None:
    """So many at once: one statement is one set of differences."""
    rows = []
    for _ in range(count):
        unit, found_at, is_closed = source.choice(UNITS), at or moment(source), source.random() < 0.4
        rows.append({
            "found_at": found_at.isoformat(), "unit_id": unit.id, "region_code": unit.region_code, "sector": unit.sector,
            "criterion": source.choice(CRITERIA), "recurrences": source.choice([0, 0, 0, 2]),
            "due_on": source.choice([None, str(day_of(found_at) + dt.timedelta(days=source.randrange(60)))]),
            "state": "closed" if is_closed else source.choice(["found", "general", "dismissed"]),
            "closed_at": min(found_at + dt.timedelta(days=source.randrange(90)), dt.datetime.now(CHINA)).isoformat()
            if is_closed else None})
    owner.execute(
        "insert into anze.hazard (id, found_at, case_id, unit_id, description, place, source, category, criterion,"
        " criterion_version, recurrences, due_on, state, is_open, closed_at, region_code, sector)"
        " select h.id, anze.id_moment(h.id), %s, h.unit_id, '护栏缺失', '主井口', 'own_check', 'equipment', h.criterion,"
        " (select min(k.version) from anze.hazard_criterion k where k.code = h.criterion), h.recurrences, h.due_on, h.state,"
        " h.state not in ('closed', 'dismissed'), h.closed_at, h.region_code, h.sector"
        " from (select anze.new_id(x.region_code, x.found_at) as id, x.* from jsonb_to_recordset(%s) as x(found_at timestamptz, unit_id uuid,"
        " region_code text, sector text, criterion text, recurrences smallint, due_on date, state text, closed_at timestamptz)) h",
        (case, json.dumps(rows)))


CHANGES = (  # regraded, put right, opened again, merged, parted, dismissed, given another day, judged by another criterion
    "severity = 'major', judged_at = now(), criterion = 'ANY.MAJOR', criterion_version = 1",
    "severity = 'general', judged_at = now()",
    "state = 'closed', is_open = false, closed_at = now()",
    "state = 'closed', is_open = false, closed_at = least(found_at + interval '3 days', now())",
    "state = 'general', is_open = true, closed_at = null",
    "state = 'merged', is_open = false, merged_into = anze.new_id(region_code, found_at)",
    "state = 'general', is_open = true, merged_into = null",
    "state = 'dismissed', is_open = false, closed_at = null",
    "due_on = anze.day_of(found_at) + 40",
    "due_on = null",
    "recurrences = 3 - least(recurrences, 3)",
    "description = '护栏缺失，未修复'",
)


def change(owner, source: random.Random) -> None:
    """One of the changes, of some of them at once."""
    owner.execute(f"update anze.hazard set {source.choice(CHANGES)} where hashtext(id::text) %% 29 = %s",
                  (source.randrange(-28, 29),))


def named(source: random.Random) -> dict[str, tuple[dt.date, dt.date]]:
    """The spans of today, of a turn of the year and of two days at random."""
    days = [today(), dt.date(today().year, 1, 1), *(today() - dt.timedelta(days=source.randrange(500)) for _ in range(2))]
    return {name: span for day in days for name, span in spans(day).items()}


def test_the_sums_are_what_counting_gives_before_amid_and_after_folding(alone, source):
    with alone.owner(autocommit=True) as owner:
        case = new_case(owner)
        for _ in range(6):
            insert(owner, source, case, 40)
            change(owner, source)
        for _ in range(10):
            change(owner, source)
        check_all(alone, named(source), "not folded")
        assert owner.execute("select anze.fold_hazards(200)").fetchone()[0] == 200
        check_all(alone, named(source), "folded in part")
        for _ in range(10):
            change(owner, source)
        while owner.execute("select anze.fold_hazards(50)").fetchone()[0]:
            pass
        assert owner.execute("select count(*) from anze.hazard_tally_delta").fetchone()[0] == 0
        check_all(alone, named(source), "folded")
        insert(owner, source, case, 10)
        change(owner, source)
        check_all(alone, named(source), "and changed again")


def test_filters_by_unit_sector_and_region_and_pages_count_the_same(alone, source):
    with alone.owner(autocommit=True) as owner:
        insert(owner, source, new_case(owner), 200)
        owner.execute("select anze.fold_hazards(60)")
        hazards = hazards_of(owner)
    name, (begins, ends) = f"{today().year}", spans(today())[f"{today().year}"]
    filters = (("sector", "coal", lambda h: h["sector"] == "coal"),
               ("region", "150622", lambda h: h["region_code"].startswith("150622")),
               ("region", "150600", lambda h: h["region_code"].startswith("1506")),
               ("unit_id", OWN.id, lambda h: h["unit_id"] == OWN.id))
    for caller, scope, is_seen in (SCOPES["city"], SCOPES["sector and own unit"]):
        with alone.service(**caller) as service:
            for filter_name, value, fits in filters:
                mine = [h for h in hazards if is_seen(h) and fits(h)]
                region = value.removesuffix("00") if filter_name == "region" else None
                for group_by, key in keys(caller, region).items():
                    expected = {k: {n: c[n] for n in FIGURES} for k, c in counted(mine, key, begins, ends).items()}
                    given = {**scope, filter_name: value, "period": name, "group_by": group_by}
                    assert figures(service, given) == expected, (filter_name, value, group_by)
                    paged, after = [], {}
                    while True:
                        items, following = asked(service, {**given, **after, "limit": "1"})
                        paged += items
                        if following is None:
                            break
                        after = {"after_1": json.loads(following)[0]}
                    assert [g["key"] for g in paged] == sorted(expected), (filter_name, value, group_by)


def test_two_sweepers_fold_while_others_write_and_every_reader_finds_the_sums_exact(alone, source):
    with alone.owner(autocommit=True) as owner:
        case = new_case(owner)
        insert(owner, source, case, 100)
    until, failures, folded = time.monotonic() + 5, [], Counter()

    def run(name: str, work) -> None:
        try:
            with alone.owner(autocommit=True) as connection:
                while time.monotonic() < until:
                    folded[name] += work(connection) or 0
        except (psycopg.Error, AssertionError) as error:
            failures.append(error)

    def write(own: random.Random):
        return lambda connection: change(connection, own) if own.random() < 0.7 else insert(connection, own, case, 3)

    def fold(connection) -> int:
        return connection.execute("select anze.fold_hazards(20)").fetchone()[0]

    def read(_) -> None:
        caller, scope, is_seen = SCOPES["city"]
        period = {f"{today().year}": spans(today())[f"{today().year}"]}
        with psycopg.connect(alone.cluster.url(alone.name, "admin")) as connection:  # one snapshot for both
            connection.execute("set transaction isolation level repeatable read")
            hazards = [h for h in hazards_of(connection) if is_seen(h)]
            connection.execute("set local role anze_service")
            for setting, value in caller.items():
                connection.execute("select set_config(%s, %s, true)", (f"anze.{setting}", value))
            for name, (begins, ends) in period.items():
                expected = counted(hazards, lambda h: "", begins, ends).get("", Counter())
                assert figures(connection, {**scope, "period": name, "group_by": "all"}) == (
                    {"": {n: expected[n] for n in FIGURES}} if expected else {})
        folded["read"] += 1

    works = [("write", write(random.Random(source.random()))), ("write", write(random.Random(source.random()))),
             ("fold 1", fold), ("fold 2", fold), ("reader", read)]
    threads = [threading.Thread(target=run, args=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and folded["fold 1"] > 0 and folded["fold 2"] > 0 and folded["read"] > 3, folded
    with alone.owner(autocommit=True) as owner:
        while fold(owner):
            pass
    check_all(alone, named(source), "folded by two")


def test_what_becomes_late_by_time_alone_is_late_before_and_after_it_is_put_together(alone, source):
    caller, scope, _ = SCOPES["province"]
    with alone.owner(autocommit=True) as owner:
        insert(owner, source, new_case(owner), 20, dt.datetime.now(CHINA).replace(microsecond=0))
        owner.execute("update anze.hazard set state = 'general', is_open = true, closed_at = null, due_on = null")
        ids = [i for (i,) in owner.execute("select id from anze.hazard order by id limit 7").fetchall()]
        owner.execute("update anze.hazard set due_on = anze.today() where id = any (%s)", (ids,))
        while owner.execute("select anze.fold_hazards(50)").fetchone()[0]:
            pass

        def overdue() -> int:
            with alone.service(**caller) as service:
                whole = figures(service, {**scope, "period": f"{today().year}", "group_by": "all"})
                return whole[""]["overdue"] if whole else 0

        coming = "select count(*) from anze.hazard_tally where late_on > '-infinity' and late_on < 'infinity'"
        before = owner.execute(coming).fetchone()[0]
        # as if a day had gone by
        owner.execute("alter table anze.hazard disable trigger tally_updated")
        owner.execute("update anze.hazard set due_on = due_on - 1 where due_on is not null")
        owner.execute("alter table anze.hazard enable trigger tally_updated")
        assert overdue() == 0
        owner.execute("update anze.hazard_tally set late_on = late_on - 1 where late_on > '-infinity' and late_on < 'infinity'")
        assert overdue() == len(ids)
        assert owner.execute("select anze.fold_hazards(50)").fetchone()[0] == before > 0
        assert overdue() == len(ids) and owner.execute(coming).fetchone()[0] == 0
        owner.execute("update anze.hazard set state = 'dismissed', is_open = false where id = any (%s)", (ids,))
        assert overdue() == 0, "and those that are late no more are taken off where they were put"
        while owner.execute("select anze.fold_hazards(50)").fetchone()[0]:
            pass
        assert overdue() == 0
        assert owner.execute("select count(*) from anze.hazard_tally where found <= 0").fetchone()[0] == 0


def test_rows_that_came_to_nothing_are_gone(alone, source):
    with alone.owner(autocommit=True) as owner:
        insert(owner, source, new_case(owner), 30)
        owner.execute("update anze.hazard set state = 'general', merged_into = null")
        owner.execute("select anze.fold_hazards(1000)")
        assert owner.execute("select count(*) from anze.hazard_tally").fetchone()[0] > 30
        owner.execute("update anze.hazard set state = 'dismissed'")
        owner.execute("select anze.fold_hazards(1000)")
        assert owner.execute("select count(*) from anze.hazard_tally").fetchone()[0] == 0


def test_the_migration_sums_what_was_there_before(alone, source):
    filling = MIGRATION.read_text(encoding="utf-8").partition("insert into anze.hazard_tally (")
    statement = filling[1] + filling[2].partition(";")[0]
    with alone.owner(autocommit=True) as owner:
        insert(owner, source, new_case(owner), 150)
        for _ in range(8):
            change(owner, source)
        while owner.execute("select anze.fold_hazards(500)").fetchone()[0]:
            pass
        everything = "select t::text from anze.hazard_tally t order by 1"
        folded = owner.execute(everything).fetchall()
        owner.execute("delete from anze.hazard_tally")
        owner.execute(statement)
        assert owner.execute(everything).fetchall() == folded and len(folded) > 200


# ---- what it costs ----

MANY = """
    insert into anze.hazard (id, found_at, case_id, unit_id, description, place, source, category, state, due_at, region_code,
        sector)
    select h.id, anze.id_moment(h.id), gen_random_uuid(), h.unit_id, '护栏缺失', '主井口', 'own_check', 'equipment',
        'general', 'infinity', h.region_code, h.sector
    from (select anze.new_id(u.region_code, now() - g * interval '8 hours') as id, u.id as unit_id, u.region_code, u.sector
          from anze.unit u, generate_series(1, 1200) g where u.kind = 'enterprise') h;
    insert into anze.hazard_tally select s.begins_on, s.ends_on, h.region_code, h.sector, '', 'infinity', count(*), 0, 0, 0, 0
        from anze.hazard h cross join lateral anze.hazard_spans(anze.day_of(h.found_at)) s group by 1, 2, 3, 4;
"""


@pytest.fixture(scope="module")
def many(cluster, make_database):
    database = make_database(cluster)
    with database.admin() as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(MANY)
        admin.execute("analyze anze.hazard, anze.hazard_tally, anze.hazard_tally_delta")
    return database


def nodes(plan: dict):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def executed(database, caller: dict, values: dict, mode: str) -> list[dict]:
    text, parameters = expand("hazards/listHazardStatistics", {"limit": "20", **values})
    with database.service(**caller) as service:
        service.execute(f"set local plan_cache_mode = {mode}")
        service.execute(f"prepare looked_at as {text}")
        rows = service.execute(sql.SQL("explain (analyze, format json) execute looked_at ({})").format(
            sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchall()
    return [n for n in nodes(rows[0][0][0]["Plan"]) if n["Actual Loops"] > 0]


def of_hazards(found: list[dict]) -> list[dict]:
    return [n for n in found if n.get("Relation Name", "").startswith("hazard_") and "tally" not in n["Relation Name"]]


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("group_by", ["all", "region", "sector", "criterion"])
@pytest.mark.parametrize("scope", ["province", "city", "county", "town", "sector", "sectors", "nobody"])
def test_statistics_of_regions_and_sectors_read_no_hazard(many, scope, group_by, mode):
    caller, values, _ = SCOPES[scope]
    found = executed(many, caller, {**values, "period": f"{today().year}", "group_by": group_by}, mode)
    # A sector's officer without a unit looks for hazards of no unit, which an index answers without being read.
    assert all("unit_id = " in n.get("Index Cond", n.get("Recheck Cond", "")) and n["Actual Rows"] == 0
               for n in of_hazards(found)) and (mode == "force_generic_plan" and "sector" in scope or not of_hazards(found))
    sums = [n for n in found if n.get("Relation Name") == "hazard_tally"]
    assert {n.get("Index Name", "hazard_tally_pkey") for n in sums} == ({"hazard_tally_pkey"} if scope != "nobody" else set())
    assert all(n["Node Type"] != "Seq Scan" for n in sums)


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("scope", ["unit", "sector and own unit", "sectors and own unit"])
def test_what_is_counted_of_single_units_is_read_by_their_index(many, scope, mode):
    caller, values, _ = SCOPES[scope]
    found = of_hazards(executed(many, caller, {**values, "period": f"{today().year}", "group_by": "all"}, mode))
    assert found and all("unit_id = " in n.get("Index Cond", n.get("Recheck Cond", "")) for n in found), found


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("goes_on", [False, True])
def test_a_page_of_units_ends_with_its_last_unit(many, goes_on, mode):
    caller, values, _ = SCOPES["city"]
    after = {"after_1": min(u.id for u in UNITS)} if goes_on else {}
    found = of_hazards(executed(many, caller, {**values, **after, "period": f"{today().year}", "group_by": "unit", "limit": "1"},
                                mode))
    assert {n["Node Type"] for n in found} == {"Index Scan"}, found
    assert sum(n["Actual Rows"] for n in found) < 5000, "of 25,200 that there are"
