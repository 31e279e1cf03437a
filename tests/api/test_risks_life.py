"""The risk register: boundaries on both sides, history, maps and counts; major hazard sources with who answers for them."""
import json
from functools import partial

import pytest

from harness import tree
from harness.duty_records import appoint, day, faults
from harness.risks import MEASURE, POINTS, assess, lec, matrix, point, register as registered, source

MINE, PLANT, CARRIER = (tree.enterprise("150622101", n) for n in (1, 2, 3))
TEAM = {**MEASURE, "level": "team", "responsible": "班组长"}


@pytest.fixture(scope="module")
def client(client, register):
    """Clients of the service whose register these tests write."""
    return partial(client, to=register[1])


@pytest.fixture(scope="module")
def reporter(client):
    return client("enterprise_reporter", unit=MINE.id)


# (L, E, C) -> D, grade, colour: each boundary is reached from both sides, and equality counts as reached.
LEC = [((10, 6, 7), 420, 5, "red"), ((10, 3, 15), 450, 5, "red"), ((3, 1, 100), 300, 4, "orange"),
       ((1, 3, 100), 300, 4, "orange"), ((6, 3, 15), 270, 4, "orange"), ((10, 2, 15), 300, 4, "orange"),
       ((3, 3, 15), 135, 3, "yellow"), ((10, 1, 7), 70, 3, "yellow"), ((0.5, 10, 15), 75, 3, "yellow"),
       ((10, 0.5, 15), 75, 3, "yellow"), ((3, 3, 7), 63, 2, "blue"), ((10, 2, 1), 20, 2, "blue"),
       ((6, 3, 1), 18, 1, "blue"), ((0.1, 0.5, 1), 0.05, 1, "blue")]


@pytest.mark.parametrize("factors,score,grade,colour", LEC)
def test_lec_multiplies_and_colours_by_the_boundaries(reporter, factors, score, grade, colour):
    made = assess(reporter, registered(reporter), lec(*factors))
    found = made["history"][0]
    assert (found["score"], found["grade"], found["colour"], made["colour"]) == (score, grade, colour, colour)


# Exactly on a boundary, and just below it: the boundary itself belongs to the graver colour.
EDGES = [("lec", 320, "red"), ("lec", 319.99, "orange"), ("lec", 160, "orange"), ("lec", 159.99, "yellow"),
         ("lec", 70, "yellow"), ("lec", 69.99, "blue"), ("matrix", 20, "red"), ("matrix", 19, "orange"),
         ("matrix", 15, "orange"), ("matrix", 14, "yellow"), ("matrix", 9, "yellow"), ("matrix", 8, "blue")]


@pytest.mark.parametrize("method,score,colour", EDGES)
def test_a_boundary_belongs_to_the_graver_colour(database, method, score, colour):
    reached = database.value("select code from anze.risk_boundary(%s, %s::numeric, '2026-11-20')", method, str(score))
    assert (reached.split(".")[2].lower() if reached else "blue") == colour


@pytest.mark.parametrize("likelihood", range(1, 6))
@pytest.mark.parametrize("severity", range(1, 6))
def test_every_cell_of_the_matrix(client, reporter, likelihood, severity):
    score = likelihood * severity
    expected = "red" if score >= 20 else "orange" if score >= 15 else "yellow" if score >= 9 else "blue"
    found = assess(reporter, registered(reporter), matrix(likelihood, severity))["history"][0]
    assert (found["score"], found["colour"]) == (score, expected) and "grade" not in found


def test_a_value_that_is_not_in_the_table_is_refused_with_all_others(reporter):
    made = registered(reporter)
    answer = reporter.post(f"{POINTS}/{made['id']}/assessments", json=lec(4, 6, 14), if_match="1")
    assert faults(answer) == {("/likelihood", "not-in-table"), ("/consequence", "not-in-table")}
    answer = reporter.post(f"{POINTS}/{made['id']}/assessments", json=matrix(6, 2), if_match="1")
    assert faults(answer) == {("/likelihood", "not-in-table")}


@pytest.mark.parametrize("factors,levels", [((10, 10, 15), {"company"}), ((6, 3, 15), {"company"}),
                                            ((3, 3, 15), {"company", "workshop"}),
                                            ((1, 1, 1), {"company", "workshop", "team", "post"})])
def test_the_graver_the_risk_the_higher_who_answers_for_it(reporter, factors, levels):
    for level in ("company", "workshop", "team", "post"):
        made = registered(reporter)
        answer = reporter.post(f"{POINTS}/{made['id']}/assessments", if_match="1",
                               json=lec(*factors, measures=[{**MEASURE, "level": level}]))
        if level in levels:
            assert answer.status_code == 201, answer.text
        else:
            assert faults(answer) == {("/measures", "control-level")}


def test_one_measure_at_the_level_is_enough_beside_others(reporter):
    assert assess(reporter, registered(reporter), lec(10, 10, 15, measures=[TEAM, MEASURE]))["colour"] == "red"


def test_every_change_of_risk_stays_and_a_past_day_shows_what_counted_then(reporter):
    made = assess(reporter, registered(reporter), lec(10, 10, 15, assessed_on=day(-40)))
    made = assess(reporter, made, lec(1, 1, 7, assessed_on=day(-10)))
    made = assess(reporter, made, matrix(3, 3))
    assert [(h["number"], h["colour"]) for h in made["history"]] == [(3, "yellow"), (2, "blue"), (1, "red")]
    then = lambda on: reporter.get(f"{POINTS}/{made['id']}?on={on}").json()  # noqa: E731
    assert "colour" not in then(day(-41)) and then(day(-41))["history"] == []
    assert (then(day(-40))["colour"], then(day(-11))["colour"]) == ("red", "red")
    assert (then(day(-10))["colour"], then(day())["colour"]) == ("blue", "yellow")
    answer = reporter.post(f"{POINTS}/{made['id']}/assessments", json=lec(1, 1, 1, assessed_on=day(-20)),
                           if_match=str(made["version"]))
    assert faults(answer) == {("/assessed_on", "before-last-assessment")}


def test_an_assessment_cannot_be_changed_by_the_service_itself(register, reporter):
    assess(reporter, registered(reporter), lec(1, 1, 1))
    with register[0].service(reach="unit", unit=MINE.id) as service:
        granted = service.execute("select privilege_type from information_schema.role_table_grants"
                                  " where table_name = 'risk_assessment' and grantee = 'anze_service'").fetchall()
    assert granted == [("SELECT",)]


def test_coordinates_come_whole_and_in_a_known_system(reporter):
    for changes in ({"lat": None}, {"crs": None}, {"lon": None}):
        assert reporter.post(POINTS, json=point(**changes)).status_code == 422
    for crs in ("GCJ-02", "BD-09"):
        assert reporter.post(POINTS, json=point(crs=crs)).status_code == 422
    assert reporter.post(POINTS, json=point(lon=39.8612, lat=111.2143)).status_code == 422, "latitude is not longitude"


def test_a_point_is_patched_and_ended_with_a_reason(reporter):
    made = registered(reporter)
    merge = {"Content-Type": "application/merge-patch+json"}
    patch = lambda body, version: reporter.patch(f"{POINTS}/{made['id']}", json=body, if_match=version, headers=merge)  # noqa: E731
    moved = patch({"lon": None, "lat": None, "crs": None, "name": "西翼顶板"}, "1")
    assert moved.status_code == 200 and "lon" not in moved.json() and moved.json()["name"] == "西翼顶板"
    assert patch({"name": "x"}, "1").status_code == 412
    assert faults(patch({"ended_on": day(1), "end_reason": "已封闭"}, "2")) == {("/ended_on", "in-future")}
    assert patch({"ended_on": day(), "end_reason": "已封闭"}, "2").status_code == 200
    refused = reporter.post(f"{POINTS}/{made['id']}/assessments", json=lec(1, 1, 1), if_match="3")
    assert refused.status_code == 409, "what is there no longer is not assessed"


def test_a_point_lies_where_the_caller_sees_it_again(client, reporter):
    officer = client("county_officer", region="150622")
    assert officer.post(POINTS, json=point(unit_id=MINE.id, region_code="150622100")).status_code == 201
    assert faults(officer.post(POINTS, json=point(unit_id=MINE.id, region_code="150621100"))) == {
        ("/region_code", "unknown-reference")}
    assert faults(officer.post(POINTS, json=point(unit_id=tree.enterprise("150621100", 1).id))) == {
        ("/unit_id", "unknown-reference")}


def test_the_list_has_the_worst_first_and_filters(client, register):
    own = client("enterprise_reporter", unit=CARRIER.id)
    for factors in ((1, 1, 1), (10, 10, 15), (3, 3, 15), None, (6, 3, 15)):
        made = registered(own, name=str(factors))
        if factors:
            assess(own, made, lec(*factors))
    listed = own.items(f"{POINTS}?limit=2")
    assert [p.get("colour") for p in listed] == ["red", "orange", "yellow", "blue", None]
    assert [p["colour"] for p in own.items(f"{POINTS}?colour=blue,red")] == ["red", "blue"]
    assert len(own.items(f"{POINTS}?not_assessed_since={day()}")) == 1
    assert own.get(POINTS, headers={"Prefer": "count=exact"}).json()["page"]["total"] == 5
    officer = client("county_officer", region="150622")
    assert [p["unit"]["id"] for p in officer.items(f"{POINTS}?sector=road_traffic&unit_id={CARRIER.id}")] == [CARRIER.id] * 5
    assert client("county_officer", region="150621").items(f"{POINTS}?unit_id={CARRIER.id}") == []


def ring_of(feature: dict) -> list:
    assert set(feature) == {"type", "id", "geometry", "properties"} and feature["type"] == "Feature"
    assert feature["geometry"]["type"] == "Point"
    return feature["geometry"]["coordinates"]


def test_the_map_is_geojson_with_longitude_first(client):
    own = client("enterprise_reporter", unit=PLANT.id)
    assess(own, registered(own, lon=111.1234564, lat=39.7654321), lec(1, 1, 1))
    assess(own, registered(own, lon=111.5, lat=39.9), lec(10, 10, 15))
    registered(own, lon=None, lat=None, crs=None)  # not on the map
    answer = own.get("/v1/risk-map")
    assert answer.headers["Content-Type"] == "application/geo+json"
    shown = json.loads(answer.content)
    assert shown["type"] == "FeatureCollection" and shown["truncated"] is False and "crs" not in shown
    assert [ring_of(f) for f in shown["features"]] == [[111.5, 39.9], [111.123456, 39.765432]]
    assert shown["bbox"] == [111.123456, 39.765432, 111.5, 39.9], "west, south, east, north"
    assert [f["properties"]["colour"] for f in shown["features"]] == ["red", "blue"]
    coarse = own.get("/v1/risk-map?precision=2").json()
    assert ring_of(coarse["features"][1]) == [111.12, 39.77]
    cut = own.get("/v1/risk-map?limit=1").json()
    assert cut["truncated"] and [f["properties"]["colour"] for f in cut["features"]] == ["red"], "the worst stays"
    within = own.get("/v1/risk-map?bbox=111.4,39.8,111.6,40").json()
    assert [ring_of(f) for f in within["features"]] == [[111.5, 39.9]]
    empty = own.get("/v1/risk-map?bbox=100,30,101,31").json()
    assert empty == {"type": "FeatureCollection", "features": [], "truncated": False}
    officer = client("county_officer", region="150621").get("/v1/risk-map?region=150622").json()
    assert officer["features"] == [], "another county's map is empty"
    assert own.get("/v1/risk-map?limit=5001").status_code == 400


def test_the_summary_counts_by_region_and_colour(client):
    own = client("enterprise_reporter", unit=tree.enterprise("150602001", 1).id)
    for factors in ((10, 10, 15), (10, 10, 15), (1, 1, 1)):
        assess(own, registered(own), lec(*factors))
    registered(own)
    expected = {"red": 2, "orange": 0, "yellow": 0, "blue": 1, "not_assessed": 1, "total": 4}
    city = client("city_officer", region="1506").get("/v1/risk-summary").json()
    assert {r["region_code"]: r["points"] for r in city["regions"]}["150602"] == expected
    assert city["total"]["total"] == sum(r["points"]["total"] for r in city["regions"])
    county = client("county_officer", region="150602").get("/v1/risk-summary").json()
    assert [(r["region_code"], r["points"]) for r in county["regions"]] == [("150602001", expected)]
    assert own.get("/v1/risk-summary").json()["total"] == expected
    assert client("county_officer", region="150621").get("/v1/risk-summary?region=150602").json()["regions"] == []


def test_a_round_becomes_the_record_of_the_quarter_when_every_point_was_assessed(client):
    own = client("enterprise_reporter", unit=tree.enterprise("150602002", 1).id)
    body = {"on_day": day(), "evidence": [{"kind": "report"}]}
    assert faults(own.post("/v1/risk-rounds", json=body)) == {("/unit_id", "no-risk-points")}
    first, second = registered(own), registered(own)
    assess(own, first, lec(10, 10, 15))
    assert faults(own.post("/v1/risk-rounds", json=body)) == {("/on_day", "not-assessed")}
    assess(own, second, matrix(1, 1))
    filed = own.post("/v1/risk-rounds", json=body)
    assert filed.status_code == 201, filed.text
    assert filed.json()["kind"] == "risk_assessment"
    assert filed.json()["content"]["results"] == {"red": 1, "orange": 0, "yellow": 0, "blue": 1}
    assert own.get(f"/v1/duty-records/{filed.json()['id']}").status_code == 200


def test_a_major_hazard_source_shows_its_three_persons_and_their_cadence(client, register):
    database = register[0]
    with database.owner() as owner:
        site = source(owner, PLANT)
    unit = tree.Unit(site, "site", "液氨罐区", PLANT.region_code, sector=PLANT.sector)
    appoint(database, unit, "hazard_source_principal", "[2024-01-01,)", "王某")
    appoint(database, unit, "hazard_source_operational", "[2024-01-01,2025-01-01)", "李某")
    own = client("enterprise_reporter", unit=PLANT.id)
    shown = own.get(f"/v1/major-hazard-sources/{site}").json()
    assert {p["post"]: p.get("person", {}).get("name") for p in shown["persons"]} == {
        "hazard_source_principal": "王某", "hazard_source_technical": None, "hazard_source_operational": None}
    assert shown["vacancies"] == 2 and shown["enterprise"]["id"] == PLANT.id and "grade" not in shown
    assert [d["duty"] for d in shown["duties"]] == ["D.BB.OP", "D.BB.TECH"]
    assert {d["period"] for d in shown["duties"]} == {"week", "quarter"}
    assert [s["unit"]["id"] for s in own.items("/v1/major-hazard-sources")] == [site]
    assert client("enterprise_reporter", unit=MINE.id).get(f"/v1/major-hazard-sources/{site}").status_code == 404
    assert client("county_officer", region="150621").items("/v1/major-hazard-sources") == []


def test_the_cadence_of_a_source_shows_what_is_owed_and_what_was_missed(client, register):
    from harness.owed import DAY, now, owe
    database = register[0]
    with database.owner() as owner:
        site = source(owner, CARRIER, "加油站罐区")
        unit = tree.Unit(site, "site", "加油站罐区", CARRIER.region_code, sector=CARRIER.sector)
        late = owe(owner, now() - 3 * DAY, unit=unit, duty="TEST.OF.SOURCE")
        owner.execute("update anze.obligation set duty = 'D.BB.OP' where id = %s", (late,))
    shown = client("county_officer", region="150622").get(f"/v1/major-hazard-sources/{site}").json()
    weekly = next(d for d in shown["duties"] if d["duty"] == "D.BB.OP")
    assert (weekly["state"], weekly["missed_in_a_year"], weekly["obligation_id"]) == ("missed", 1, late)


@pytest.mark.parametrize("r_value,grade", [(100, "R1"), (99.999, "R2"), (50, "R2"), (49.999, "R3"), (10, "R3"),
                                           (9.999, "R4")])
def test_the_grade_of_a_source_follows_r(client, register, r_value, grade):
    with register[0].owner() as owner:
        site = source(owner, MINE, f"罐区{r_value}")
    own = client("enterprise_reporter", unit=MINE.id)
    merge = {"Content-Type": "application/merge-patch+json"}
    path = f"/v1/major-hazard-sources/{site}"
    put = lambda body, version: own.patch(path, json=body, if_match=version, headers=merge)  # noqa: E731
    answer = put({"r_value": r_value, "graded_on": "2026-03-02"}, "1")
    assert answer.status_code == 200, answer.text
    assert answer.json()["grade"] == grade and answer.json()["version"] == 2
    wrong = "R4" if grade != "R4" else "R1"
    assert faults(put({"grade": wrong}, "2")) == {("/grade", "not-of-r-value")}
    assert put({"substances": "液氨"}, "1").status_code == 412
    assert [s["unit"]["id"] for s in own.items(f"/v1/major-hazard-sources?grade={grade}") if s["unit"]["id"] == site] == [site]


def test_the_methods_say_what_the_boundaries_are(reporter):
    shown = reporter.get("/v1/risk-methods").json()
    limits = {m["method"]: {b["colour"]: b["at_least"] for b in m["boundaries"]} for m in shown["methods"]}
    assert limits == {"lec": {"red": 320, "orange": 160, "yellow": 70}, "matrix": {"red": 20, "orange": 15, "yellow": 9}}
    values = {f["factor"]: [v["value"] for v in f["values"]] for f in shown["methods"][0]["factors"]}
    assert values == {"likelihood": [10, 6, 3, 1, 0.5, 0.2, 0.1], "exposure": [10, 6, 3, 2, 1, 0.5],
                      "consequence": [100, 40, 15, 7, 3, 1]}
    assert [c["colour"] for c in shown["colours"]] == ["red", "orange", "yellow", "blue"]
