"""What records leave to be done: listed the soonest due first, completed by whom it falls to."""
import pytest

from harness import tree
from harness.duty_records import RECORDS, day, faults, inspection, record

COAL, CHEMICAL, OTHER = (tree.enterprise("150622101", 1), tree.enterprise("150622101", 2), tree.enterprise("150621100", 1))
GOVERNMENT, CITY = tree.body("government", "150622"), tree.body("government", "150600")
LIST = "/v1/follow-ups"


@pytest.fixture(scope="module")
def desk(cluster, make_database, make_service, client):
    service = make_service(make_database(cluster))
    return lambda role="city_officer", **grant: client(role, to=service, **{"region": "1506", "unit": CITY.id, **grant})


@pytest.fixture(scope="module")
def mine(desk):
    return desk("enterprise_reporter", region=None, unit=COAL.id, sub="mine-1")


def filed(caller, body: dict) -> dict:
    answer = caller.post(RECORDS, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def complete(caller, follow_up: dict, version: int | None = None, **changes):
    return caller.post(f"{RECORDS}/{follow_up['record_id']}/follow-ups/{follow_up['number']}/completion",
                       if_match=str(version or follow_up["version"]),
                       json={"done_on": day(), "result": "已整改到位", **changes})


@pytest.fixture(scope="module")
def world(desk):
    """Findings and decisions for three enterprises and the county, some done; as the lists show them."""
    city, made = desk(), []
    for unit in (COAL, CHEMICAL, OTHER, GOVERNMENT):
        made += filed(city, inspection(
            [{"matter": f"{unit.name}问题{n}", "unit_id": unit.id, "severity": severity, **due}
             for n, (severity, due) in enumerate([
                 ("major", {"due_on": day(-3)}), ("general", {"due_on": day(5)}), ("general", {}),
                 ("general", {"due_on": day(-2)}), ("major", {"due_on": day(5)}), ("general", {"due_on": day()})])],
            on_day=day(-30)))["follow_ups"]
        made += filed(city, record(on_day=day(-30), content={"body": "安委会", "topics": ["x"], "decisions": [
            {"matter": "报送整改方案", "unit_id": unit.id, "responsible": "分管领导", "due_on": day(1)}]}))["follow_ups"]
    for n in (3, 4, 10):
        done = complete(city, made[n])
        assert done.status_code == 200, done.text
    return [city.get(f"{RECORDS}/{f['record_id']}/follow-ups/{f['number']}").json() for f in made]


def order(follow_up: dict):
    return follow_up.get("due_on", "9999"), follow_up["record_id"], follow_up["number"]


FILTERS = {
    "open": ({}, lambda f: f["state"] == "open"),
    "done": ({"state": "done"}, lambda f: f["state"] == "done"),
    "overdue": ({"overdue": "true"}, lambda f: f["state"] == "open" and f.get("due_on", "9999") < day()),
    "in time": ({"overdue": "false"}, lambda f: f["state"] == "open" and f.get("due_on", "9999") >= day()),
    "done late": ({"state": "done", "overdue": "true"}, lambda f: f["state"] == "done" and f["due_on"] < f["done_on"]),
    "unit": ({"unit_id": COAL.id}, lambda f: f["state"] == "open" and f["unit"]["id"] == COAL.id),
    "county": ({"region": "150621"}, lambda f: f["state"] == "open" and f["unit"]["id"] == OTHER.id),
    "decisions": ({"kind": "decision"}, lambda f: f["state"] == "open" and f["kind"] == "decision"),
    "major": ({"severity": "major"}, lambda f: f["state"] == "open" and f.get("severity") == "major"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_keeps_exactly_what_it_says_the_soonest_due_first(desk, world, name):
    filters, holds = FILTERS[name]
    expected = sorted((f for f in world if holds(f)), key=order)
    assert 0 < len(expected) < len(world)
    for limit in (2, 200):
        query = "&".join(f"{n}={v}" for n, v in {**filters, "limit": limit}.items())
        assert desk().items(f"{LIST}?{query}") == expected
    counted = desk().get(f"{LIST}?{query}", headers={"Prefer": "count=exact"}).json()
    assert counted["page"]["total"] == len(expected)


@pytest.mark.parametrize("grant, sees", [
    ({"role": "county_officer", "region": "150622"}, {COAL.id, CHEMICAL.id, GOVERNMENT.id}),
    ({"role": "sector_officer", "sectors": ["coal"], "unit": None}, {COAL.id, OTHER.id}),
    ({"role": "sector_officer", "sectors": ["coal", "gas"], "unit": GOVERNMENT.id}, {COAL.id, OTHER.id, GOVERNMENT.id}),
    ({"role": "auditor", "region": "1501"}, set()), ({"role": "enterprise_reporter", "region": None, "unit": COAL.id}, {COAL.id})])
def test_each_scope_lists_what_its_units_must_do(desk, world, grant, sees):
    listed = desk(**grant).items(f"{LIST}?limit=3")
    assert listed == sorted((f for f in world if f["state"] == "open" and f["unit"]["id"] in sees), key=order)


def test_a_unit_lists_those_that_answer_to_it_when_it_asks_for_them(desk, world):
    government = desk("enterprise_reporter", region=None, unit=GOVERNMENT.id)
    assert {f["unit"]["id"] for f in government.items(f"{LIST}?unit_id={COAL.id}")} == {COAL.id}
    assert government.items(f"{LIST}?unit_id={OTHER.id}") == []


def test_overdue_begins_the_day_after_the_last_day(world):
    for f in world:
        assert f["overdue"] == (f.get("due_on", "9999") < f.get("done_on", day())), f


def test_whom_it_falls_to_knows_where_it_comes_from_and_sees_no_more(mine, world):
    for listed in mine.items(LIST):
        assert listed["record"]["title"] in ("带队暗访煤矿", "安委会全体会议")
        assert listed["record"]["unit"] == {"id": CITY.id, "name": CITY.name}
        assert set(listed["record"]) == {"id", "kind", "title", "on_day", "unit"}
        assert mine.get(f"{RECORDS}/{listed['record_id']}").status_code == 404
        assert mine.get(f"{RECORDS}/{listed['record_id']}/follow-ups/{listed['number']}").json() == listed


def test_another_units_follow_up_looks_like_none_at_all(mine, world):
    theirs = next(f for f in world if f["unit"]["id"] == CHEMICAL.id)
    assert mine.get(f"{RECORDS}/{theirs['record_id']}/follow-ups/{theirs['number']}").status_code == 404
    assert complete(mine, theirs).status_code == 404
    assert complete(mine, {**theirs, "number": 99}).status_code == 404


def test_the_unit_itself_completes_it_once(desk, mine):
    follow_up = filed(desk(), inspection([{"matter": "护栏缺失", "unit_id": COAL.id}], on_day=day(-4)))["follow_ups"][0]
    assert complete(mine, follow_up, version=2).status_code == 412
    answer = complete(mine, follow_up, done_on=day(-4))
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (done["state"], done["done_on"], done["result"], done["version"]) == ("done", day(-4), "已整改到位", 2)
    read = mine.get(f"{RECORDS}/{done['record_id']}/follow-ups/{done['number']}")
    assert read.json() == done and read.headers["ETag"] == answer.headers["ETag"]
    again = complete(mine, done)
    assert again.status_code == 409 and again.json()["code"] == "state-conflict"


def test_it_was_done_between_the_record_and_today(desk, mine):
    follow_up = filed(desk(), inspection([{"matter": "护栏缺失", "unit_id": COAL.id}], on_day=day(-4)))["follow_ups"][0]
    assert faults(complete(mine, follow_up, done_on=day(1))) == {("/done_on", "in-future")}
    assert faults(complete(mine, follow_up, done_on=day(-5))) == {("/done_on", "before-on-day")}
    assert faults(complete(mine, follow_up, result="")) == {("/result", "minLength")}


def test_whoever_only_sees_the_record_does_not_complete_it(desk):
    """An enterprise's own inspection leaves something to the works of another, which its office may complete."""
    city_record = filed(desk(), record(unit_id=CHEMICAL.id, on_day=day(-2), content={
        "body": "x", "topics": ["x"], "decisions": [{"matter": "协助整改", "unit_id": COAL.id}]}))
    follow_up = city_record["follow_ups"][0]
    neighbour = desk("enterprise_reporter", region=None, unit=CHEMICAL.id)
    assert neighbour.get(f"{RECORDS}/{city_record['id']}/follow-ups/1").json()["unit"]["id"] == COAL.id
    refused = complete(neighbour, follow_up)
    assert refused.status_code == 403 and refused.json()["code"] == "forbidden"
    assert complete(desk("town_officer", region="150622101"), follow_up).status_code == 200


def test_what_a_retracted_record_left_to_be_done_is_withdrawn(desk, mine):
    made = filed(desk(), inspection([{"matter": "误报问题", "unit_id": COAL.id}]))
    assert made["id"] in {f["record_id"] for f in mine.items(LIST)}
    assert desk().post(f"{RECORDS}/{made['id']}/retraction", json={"reason": "误登"}, if_match="1").status_code == 200
    assert made["id"] not in {f["record_id"] for f in mine.items(LIST)}
    withdrawn = mine.get(f"{RECORDS}/{made['id']}/follow-ups/1").json()
    assert withdrawn["state"] == "withdrawn"
    assert complete(mine, withdrawn).status_code == 409


def test_decisions_and_findings_are_numbered_through_and_findings_are_general_unless_said(desk):
    made = filed(desk(), inspection([{"matter": "甲"}, {"matter": "乙", "severity": "major"}]))["follow_ups"]
    assert [(f["number"], f["kind"], f["severity"], f["unit"]["id"]) for f in made] == [
        (1, "finding", "general", CITY.id), (2, "finding", "major", CITY.id)]


@pytest.mark.parametrize("query, name", [("state=withdrawn", "state"), ("overdue=1", "overdue"), ("severity=low", "severity")])
def test_a_filter_that_the_contract_does_not_know_is_400_by_name(mine, query, name):
    answer = mine.get(f"{LIST}?{query}")
    assert answer.status_code == 400 and answer.json()["errors"][0]["pointer"] == name


# ---- hazards ----

def hazards_of(caller, unit) -> list[dict]:
    return [h for h in caller.items(f"/v1/hazards?unit_id={unit.id}&limit=200")]


def test_a_major_finding_of_a_led_inspection_becomes_a_hazard_of_the_inspected_unit(desk, mine):
    """Once, with its place and its day; not the general ones, not decisions, not what a body has to do, not other records."""
    county = desk("county_officer", region="150622", unit=tree.body("emergency", "150622").id, sub="county-8")
    before = {h["id"] for h in hazards_of(county, COAL)}
    findings = [{"matter": "采空区封闭不严", "unit_id": COAL.id, "severity": "major", "place": "3号采空区", "due_on": day(9)},
                {"matter": "标志牌缺失", "unit_id": COAL.id, "severity": "general"},
                {"matter": "监管不到位", "unit_id": GOVERNMENT.id, "severity": "major"}]
    made = filed(county, inspection(findings, on_day=day(-2)))
    named = [f.get("hazard_id") for f in made["follow_ups"]]
    assert named[0] and named[1:] == [None, None]
    now = {h["id"]: h for h in hazards_of(county, COAL)}
    assert set(now) - before == {named[0]}
    hazard = county.get(f"/v1/hazards/{named[0]}").json()
    assert (hazard["unit"]["id"], hazard["place"], hazard["source"]) == (COAL.id, "3号采空区", "record_finding")
    assert hazard["description"] == "采空区封闭不严" and hazard["found_at"].startswith(day(-2))
    assert hazard["finding"] == {"record_id": made["id"], "number": 1}
    again = county.post(f"{RECORDS}/{made['id']}/versions", if_match=str(made["version"]), json={
        "reason": "标题有误", "record": inspection(findings, on_day=day(-2), title="带队暗访黑岱沟煤矿")})
    assert again.status_code == 201, again.text
    assert [f.get("hazard_id") for f in again.json()["follow_ups"]] == named, "the next version is of the same hazard"
    assert {h["id"] for h in hazards_of(county, COAL)} - before == {named[0]}
    assert county.get(f"/v1/hazards/{named[0]}").json()["finding"] == {"record_id": again.json()["id"], "number": 1}
    own = filed(mine, record(kind="hazard_check", title="自查", content={"scope": "井下", "found": 1, "major": 1,
                                                                       "findings": [{"matter": "风门失效", "severity": "major"}]}))
    assert "hazard_id" not in own["follow_ups"][0], "what a unit finds itself it files itself"
