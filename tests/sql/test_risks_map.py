"""The risk map by cells: what lies in a box is what looking at every point gives, also at the borders of boxes and cells; and
only the cells of the box are read, of each no more than is shown, whatever else the region has."""
import json
import random
import uuid

import pytest
from psycopg import sql

from harness import tree
from harness.statement import expand

TOWN, OWN = "150622101", tree.enterprise("150622101", 1)
COLOURS = ["red", "orange", "yellow", "blue"]
UNITS = [u for u in tree.UNITS.values() if u.kind == "enterprise"]
# caller, its scope as the statement gets it, and whose points those are: a second writing of who sees what
SCOPES = {
    "province": ({"reach": "region", "region": "15"}, {"scope_province": "15"}, lambda p: True),
    "city": ({"reach": "region", "region": "1506"}, {"scope_city": "1506"}, lambda p: p["region"].startswith("1506")),
    "county": ({"reach": "region", "region": "150622"}, {"scope_county": "150622"}, lambda p: p["region"].startswith("150622")),
    "town": ({"reach": "region", "region": TOWN}, {"scope_town": TOWN}, lambda p: p["region"] == TOWN),
    "sector": ({"reach": "region", "region": "1506", "sectors": "{coal}"}, {"scope_city": "1506", "scope_sector": "coal"},
               lambda p: p["region"].startswith("1506") and p["sector"] == "coal"),
    "sectors and own unit": (
        {"reach": "region", "region": "1506", "sectors": "{fire,road_traffic}", "unit": OWN.id},
        {"scope_city": "1506", "scope_sectors": "{fire,road_traffic}", "unit": OWN.id},
        lambda p: p["region"].startswith("1506") and (p["sector"] in ("fire", "road_traffic") or p["unit"] == OWN.id)),
    "unit": ({"reach": "unit", "unit": OWN.id}, {"scope_unit": OWN.id, "unit": OWN.id}, lambda p: p["unit"] == OWN.id),
    "nobody": ({"reach": "none"}, {"scope_none": "true"}, lambda p: False),
}
REGIONS = {"150000": "15", "150600": "1506", "150622": "150622", TOWN: TOWN, "150100": "1501"}
INSERT = """
    insert into anze.risk_point (id, unit_id, name, place, activity, lon, lat, crs, rank, colour, ended_on, end_reason,
        region_code, sector)
    select x.id, x.unit, '顶板', '东翼', '回采', x.lon, x.lat, case when x.lon is not null then 'WGS84' end, x.rank,
        (array['red', 'orange', 'yellow', 'blue'])[x.rank + 1], x.ended, case when x.ended is not null then '拆除' end,
        x.region, x.sector
    from jsonb_to_recordset(%s) as x(id uuid, unit uuid, lon numeric, lat numeric, rank smallint, ended date, region text,
        sector text)
"""


def asked(service, values: dict) -> dict:
    text, parameters = expand("risks/getRiskMap", {"precision": "6", "limit": "5000", **values})
    service.execute(f"prepare asked as {text}")
    body = service.execute(sql.SQL("execute asked ({})").format(
        sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchone()[0]
    service.execute("deallocate asked")
    return json.loads(body) if isinstance(body, str) else body


def box_text(box: list[float]) -> str:
    return "{" + ",".join(map(str, box)) + "}"


def expected(points: list[dict], limit: int, **filters) -> list[str]:
    """The worst first, looking at one point after the other."""
    def fits(p: dict) -> bool:
        box, colours, region, sector = (filters.get(n) for n in ("box", "colours", "region", "sector"))
        return (p["lon"] is not None and p["ended"] is None
                and (box is None or box[0] <= p["lon"] <= box[2] and box[1] <= p["lat"] <= box[3])
                and (colours is None or p["rank"] < 4 and COLOURS[p["rank"]] in colours)
                and (region is None or p["region"].startswith(REGIONS[region])) and (sector is None or p["sector"] == sector))
    return [p["id"] for p in sorted((p for p in points if fits(p)), key=lambda p: (p["rank"], uuid.UUID(p["id"]).bytes))][:limit]


def place(source: random.Random, low: float, high: float) -> float:
    """Often exactly on the border of cells of some size, or a millionth beside it."""
    value = source.uniform(low, high)
    if source.random() < 0.5:
        size = source.choice([1, 4, 16, 64])
        value = round(value * size) / size + source.choice([-0.000001, 0, 0.000001])
    return round(min(max(value, low), high), 6)


def a_box(source: random.Random, points: list[dict]) -> list[float]:
    """Of any width, often with its corners on points."""
    width = source.choice([0, 0.001, 0.02, 0.046875, 0.1, 0.3, 0.75, 1.4, 2.9, 3.5, 40])
    west, south = place(source, 108, 112), place(source, 37, 41)
    box = [west, south, round(west + width, 6), round(south + width * source.choice([0.3, 1, 2]), 6)]
    if source.random() < 0.5:
        one, other = (source.choice([p for p in points if p["lon"] is not None]) for _ in range(2))
        box = [min(one["lon"], other["lon"]), min(one["lat"], other["lat"]), max(one["lon"], other["lon"]),
               max(one["lat"], other["lat"])]
    return box


@pytest.fixture(scope="module")
def mapped(cluster, make_database, seed):
    """A database with 700 points in four degrees by four; the points."""
    database, source = make_database(cluster), random.Random(seed)
    points = []
    for _ in range(700):
        unit, has_place = source.choice([*UNITS, OWN]), source.random() < 0.9
        points.append({
            "id": str(uuid.UUID(int=source.getrandbits(128), version=4)), "unit": unit.id, "sector": unit.sector,
            "region": unit.region_code, "rank": source.randrange(5), "lon": place(source, 108, 112) if has_place else None,
            "lat": place(source, 37, 41) if has_place else None, "ended": "2026-01-01" if source.random() < 0.1 else None})
    with database.admin() as admin:
        admin.execute(INSERT, (json.dumps(points),))
    return database, points


@pytest.mark.parametrize("scope", SCOPES)
def test_a_box_has_what_looking_at_every_point_finds_in_it(mapped, random_source, scope):
    database, points = mapped
    caller, values, is_seen = SCOPES[scope]
    mine = [p for p in points if is_seen(p)]
    found = 0
    with database.service(**caller) as service:
        service.execute("set local plan_cache_mode = force_generic_plan; set local enable_bitmapscan = off")
        for _ in range(60):
            filters = {"box": a_box(random_source, points)}
            given = {**values, "bbox": box_text(filters["box"])}
            if random_source.random() < 0.3:
                filters["colours"] = random_source.sample(COLOURS, 2)
                given["colour"] = "{" + ",".join(filters["colours"]) + "}"
            if random_source.random() < 0.3:
                filters["region"] = given["region"] = random_source.choice(list(REGIONS))
            if random_source.random() < 0.2:
                filters["sector"] = given["sector"] = random_source.choice(["coal", "fire", "road_traffic"])
            if random_source.random() < 0.2:
                given.pop("bbox"), filters.pop("box")
            limit = random_source.choice([1, 7, 5000])
            shown = asked(service, {**given, "limit": str(limit)})
            every = expected(mine, 10000, **filters)
            assert [f["id"] for f in shown["features"]] == every[:limit], given
            assert shown["truncated"] is (len(every) > limit), given
            found += len(every)
    assert (found > 20) is (scope != "nobody")


@pytest.mark.parametrize("width", [0, 0.000001, 0.0156, 0.03125, 0.046875, 0.0625, 0.125, 0.1875, 0.25, 0.5, 0.75, 1, 2, 3])
def test_a_box_is_covered_by_at_most_nine_cells_of_one_size(database, width):
    with database.admin() as admin:
        for west, south in ((110, 39), (110.015624, 39.984375), (109.999999, 39.5), (135.9, 53.9), (73, 3)):
            box = [west, south, west + width, south + width]
            cells = admin.execute("select anze.map_cells(%s::numeric[], 1)", (box_text(box),)).fetchone()[0]
            corners = admin.execute("select array_agg(anze.map_cell(least(x, 136), least(y, 54), s) order by s) from unnest(%s::numeric[]) x,"
                                    " unnest(%s::numeric[]) y, unnest('{1,4,16,64}'::int[]) s group by x, y",
                                    (box_text([box[0], box[2]]), box_text([box[1], box[3]]))).fetchall()
            if cells is None:
                assert width > 2
            else:
                assert 1 <= len(cells) <= 9 and all(set(cells) & set(of_sizes) for of_sizes, in corners), box


@pytest.mark.parametrize("box", [[100, 60, 110, 70], [-10, 10, 20, 20], [111, 39, 110, 40], [110, 40, 111, 39]])
def test_a_box_without_a_place_in_it_reads_nothing(mapped, box):
    caller, values, _ = SCOPES["city"]
    with mapped[0].service(**caller) as service:
        assert asked(service, {**values, "bbox": box_text(box)}) == {
            "type": "FeatureCollection", "features": [], "truncated": False}


def test_a_point_moves_leaves_and_comes_back_with_its_cells(mapped):
    caller, values, _ = SCOPES["city"]
    point, here, there = str(uuid.uuid4()), box_text([115, 45, 115.01, 45.01]), box_text([116, 46, 116.01, 46.01])
    row = {"id": point, "unit": OWN.id, "region": OWN.region_code, "sector": OWN.sector, "rank": 0, "lon": 115.005, "lat": 45.005,
           "ended": None}
    with mapped[0].owner() as owner:
        owner.execute(INSERT, (json.dumps([row]),))

        def change(what: str) -> tuple[bool, bool]:
            owner.execute(f"update anze.risk_point set {what} where id = %s", (point,))
            owner.commit()
            with mapped[0].service(**caller) as service:
                return tuple([f["id"] for f in asked(service, {**values, "bbox": box})["features"]] == [point] for box in (here, there))
        assert change("name = '顶板'") == (True, False)
        assert change("lon = 116.005, lat = 46.005") == (False, True)
        assert change("lon = null, lat = null, crs = null") == (False, False)
        assert change("lon = 115.005, lat = 45.005, crs = 'WGS84'") == (True, False)
        assert change("ended_on = '2026-01-01', end_reason = '拆除'") == (False, False)
        assert change("ended_on = null, end_reason = null") == (True, False)
        assert change("cell_1 = 1, cell_4 = 2, cell_16 = 3, cell_64 = 4") == (True, False), "nobody else says where it is"
        owner.execute("delete from anze.risk_point where id = %s", (point,))


# ---- what is read ----

# Points of a whole city and its neighbours, five in a square of a sixty-fourth of a degree, but for two dense places.
MANY = """
    insert into anze.risk_point (id, unit_id, name, place, activity, lon, lat, crs, rank, colour, ended_on, end_reason,
        region_code, sector)
    select gen_random_uuid(), u.id, '顶板', '东翼', '回采', g.lon, g.lat, 'WGS84', g.n % 5,
        (array['red', 'orange', 'yellow', 'blue'])[g.n % 5 + 1], case when g.n % 4 = 0 then date '2026-01-01' end,
        case when g.n % 4 = 0 then '拆除' end, u.region_code, u.sector
    from (
        select n, 108 + (n % 3989) / 1000.0 as lon, 37 + (n * 7 % 3967) / 1000.0 as lat from generate_series(1, 30000) n
        union all
        select n, 110.2 + (n % 97) / 1000.0, 39.2 + (n % 89) / 1000.0 from generate_series(1, 8000) n) g
    join (select x.*, row_number() over (order by x.id) - 1 as place, count(*) over () as many from anze.unit x
          where x.kind = 'enterprise') u on u.place = g.n % u.many
"""
LIMIT = 50
# of the box: west, south, width, the size of its cells; where only a few lie, and where a city does
BOXES = {"streets": (110.21, 39.21, 0.02, 64), "a suburb": (110.2, 39.2, 0.1, 16), "a town's width": (110.2, 39.2, 0.1, 16),
         "a county's width": (110.0, 39.0, 0.5, 4), "a city's width": (109.1, 38.1, 1.8, 1), "a desert": (108.9, 38.9, 0.1, 16),
         "a corner of each of four cells": (109.3, 38.3, 1.0, 1)}


@pytest.fixture(scope="module")
def many(cluster, make_database):
    database = make_database(cluster)
    with database.admin() as admin:
        admin.execute("alter table anze.risk_point disable trigger audit_record")
        admin.execute(MANY)
        admin.execute("vacuum analyze anze.risk_point")
    return database


def nodes(plan: dict):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def scans(database, caller: dict, values: dict) -> list[dict]:
    text, parameters = expand("risks/getRiskMap", {"precision": "6", "limit": str(LIMIT), **values})
    with database.service(**caller) as service:
        service.execute("set local plan_cache_mode = force_generic_plan; set local enable_bitmapscan = off; set local jit = off")
        service.execute(f"prepare looked_at as {text}")
        rows = service.execute(sql.SQL("explain (analyze, format json) execute looked_at ({})").format(
            sql.SQL(", ").join(sql.Literal(p) for p in parameters))).fetchall()
    return [n for n in nodes(rows[0][0][0]["Plan"]) if n.get("Relation Name") == "risk_point" and n["Actual Loops"] > 0]


def read(found: list[dict]) -> float:
    return sum(n["Actual Loops"] * (n["Actual Rows"] + n.get("Rows Removed by Filter", 0)) for n in found)


WIDEST = {"province": 1, "city": 1, "county": 4, "town": 64, "sector": 1, "sectors and own unit": 1}


@pytest.mark.parametrize("scope", WIDEST)
@pytest.mark.parametrize("box", BOXES)
def test_a_box_is_read_by_its_cells_and_not_by_what_else_there_is(many, scope, box):
    caller, values, _ = SCOPES[scope]
    west, south, width, size = BOXES[box]
    found = scans(many, caller, {**values, "bbox": box_text([west, south, west + width, south + width])})
    if size < WIDEST[scope]:
        assert {n["Index Name"] for n in found if read([n])} <= {f"risk_point_map_{scope}"}
        return
    for node in found:
        assert node["Node Type"] == "Index Scan" and "cell_" in node["Index Cond"], node
    assert {n["Index Name"] for n in found if read([n])} <= {
        *(f"risk_point_cell_{s}" for s in ((size,) if size > 1 else ("province", "city")))}
    with many.admin() as admin:
        condition = f"cell_{size} = any (anze.map_cells('{box_text([west, south, west + width, south + width])}', 1))"
        there, inside = admin.execute(
            f"select count(*), count(*) filter (where lon between {west} and {west + width} and lat between {south} and"
            f" {south + width}) from anze.risk_point where cell_1 > 0 and {condition}").fetchone()
    assert read(found) <= there + 9, "one more for each cell, by rounding"
    assert bool(read(found)) is bool(there)
    if inside > 3000 and scope in ("province", "city"):  # a crowd: of each cell a page, as far as the first one's goes
        print(f"{read(found):.0f} rows of {there} in the cells, {inside} in the box")
        assert read(found) < 15 * LIMIT


@pytest.mark.parametrize("filters", [{}, {"region": "150622"}, {"region": "150600"}, {"colour": "{yellow,blue}"}, {"region": TOWN}])
@pytest.mark.parametrize("scope", ["province", "city", "county", "town"])
def test_a_map_without_a_box_reads_what_it_shows(many, scope, filters):
    caller, values, _ = SCOPES[scope]
    found = scans(many, caller, {**values, **filters})
    assert all(n["Node Type"] == "Index Scan" and n["Index Name"].startswith("risk_point_map_") for n in found), found
    assert 0 < read(found) <= LIMIT + 1


def test_a_unit_reads_its_own_points(many):
    caller, values, _ = SCOPES["unit"]
    for box in ({}, {"bbox": box_text([110.2, 39.2, 110.3, 39.3])}):
        found = [n for n in scans(many, caller, {**values, **box}) if read([n])]
        assert {n["Index Name"] for n in found} == {"risk_point_map_unit"}
        with many.admin() as admin:
            own = admin.execute("select count(*) from anze.risk_point where unit_id = %s and cell_1 > 0", (OWN.id,)).fetchone()[0]
        assert read(found) <= own
