"""Events after which somebody owes something: recorded by hand, and raised by larger accidents."""
from datetime import datetime, timedelta

import pytest

from harness import tree
from harness.accidents import ago, first_report, follow_up
from harness.duty_records import add_unit, event_kind, faults

COAL, OTHER = tree.enterprise("150622101", 1), tree.enterprise("150621100", 1)
GOVERNMENT = tree.body("government", "150622")
EVENTS, ACCIDENTS = "/v1/duty-events", "/v1/accidents"


@pytest.fixture(scope="module")
def alone(cluster, make_database):
    database = make_database(cluster)
    event_kind(database, "campaign_started")
    event_kind(database, "told_to_check")
    return database


@pytest.fixture(scope="module")
def desk(alone, make_service, client):
    service = make_service(alone)
    return lambda role="city_officer", **grant: client(role, to=service, **{"region": "1506", **grant})


@pytest.fixture(scope="module")
def county(desk):
    return desk("county_officer", region="150622", unit=GOVERNMENT.id, sub="county-7")


def event(**changes) -> dict:
    body = {"kind": "campaign_started", "occurred_at": ago(days=1), "subject": "大检查动员", **changes}
    return {name: value for name, value in body.items() if value is not None}


def recorded(caller, **changes) -> dict:
    answer = caller.post(EVENTS, json=event(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


# ---- by hand ----

def test_an_event_is_recorded_for_the_callers_own_unit_unless_named(county):
    answer = county.post(EVENTS, json=event(note="全旗范围"))
    made = answer.json()
    assert answer.status_code == 201 and made["unit"] == {"id": GOVERNMENT.id, "name": GOVERNMENT.name}
    assert (made["actor"], made["subject"], made["note"], made["is_automatic"]) == ("county-7", "大检查动员", "全旗范围", False)
    read = county.get(f"{EVENTS}/{made['id']}")
    assert read.json() == made and answer.headers["Location"].endswith(f"{EVENTS}/{made['id']}")
    assert county.get(f"{EVENTS}/{made['id']}", if_none_match=read.headers["ETag"].strip('"')).status_code == 304
    assert recorded(county, unit_id=COAL.id)["unit"]["id"] == COAL.id


def test_all_faults_of_an_event_come_at_once(county, alone):
    event_kind(alone, "raised_by_itself", is_automatic=True)
    assert faults(county.post(EVENTS, json=event(
        kind="raised_by_itself", unit_id=OTHER.id, occurred_at="2099-01-01T00:00:00+08:00",
        accident_id=OTHER.id))) == {("/kind", "automatic"), ("/unit_id", "unknown-reference"),
                                    ("/occurred_at", "in-future"), ("/accident_id", "unknown-reference")}
    assert faults(county.post(EVENTS, json=event(kind="end_of_the_world"))) == {("/kind", "unknown-reference")}


def test_the_same_event_of_the_same_accident_is_recorded_once(county, desk):
    accident = desk().post(ACCIDENTS, json=first_report()).json()["id"]
    assert recorded(county, accident_id=accident)["accident_id"] == accident
    assert county.post(EVENTS, json=event(accident_id=accident)).status_code == 409
    assert recorded(county, accident_id=accident, kind="told_to_check")
    elsewhere = desk().post(ACCIDENTS, json=first_report(unit_id=OTHER.id, region_code=OTHER.region_code)).json()["id"]
    assert faults(county.post(EVENTS, json=event(accident_id=elsewhere))) == {("/accident_id", "unknown-reference")}


def test_kinds_are_listed_by_code_with_who_raises_them(county, alone):
    event_kind(alone, "raised_by_itself", is_automatic=True)
    listed = county.items("/v1/duty-event-kinds?limit=1")
    assert [k["code"] for k in listed] == sorted(k["code"] for k in listed)
    shown = {k["code"]: k["is_automatic"] for k in listed}
    assert shown["raised_by_itself"] is True and shown["campaign_started"] is False


def test_events_are_listed_the_latest_first_and_filtered(desk):
    city = desk()
    for n, unit in enumerate((COAL, GOVERNMENT, OTHER, tree.enterprise("150622100", 2))):
        for kind in ("campaign_started", "told_to_check"):
            recorded(city, unit_id=unit.id, kind=kind, occurred_at=ago(days=100 + n, hours=len(kind)))
    world = city.items(f"{EVENTS}?limit=200")
    moment = lambda e: (datetime.fromisoformat(e["occurred_at"]), e["id"])  # noqa: E731
    assert world == sorted(world, key=moment, reverse=True) and len(world) >= 8
    mark = ago(days=101).replace("+", "%2B")
    at = datetime.fromisoformat(ago(days=101))
    for query, holds in {
            f"unit_id={COAL.id}": lambda e: e["unit"]["id"] == COAL.id,
            "kind=told_to_check": lambda e: e["kind"] == "told_to_check",
            "region=150621": lambda e: e["region_code"].startswith("150621"),
            f"occurred_from={mark}": lambda e: moment(e)[0] >= at, f"occurred_to={mark}": lambda e: moment(e)[0] < at}.items():
        expected = [e for e in world if holds(e)]
        assert 0 < len(expected) < len(world), query
        assert city.items(f"{EVENTS}?limit=3&{query}") == expected, query
        counted = city.get(f"{EVENTS}?{query}", headers={"Prefer": "count=exact"}).json()["page"]["total"]
        assert counted == len(expected)
    mine = desk("enterprise_reporter", region=None, unit=COAL.id)
    assert mine.items(EVENTS) == [e for e in world if e["unit"]["id"] == COAL.id]
    coal = desk("sector_officer", sectors=["coal"]).items(EVENTS)
    assert coal == [e for e in world if e.get("sector") == "coal"]
    assert desk("auditor", region="1501").items(EVENTS) == []


# ---- by a larger accident ----

@pytest.fixture(scope="module")
def raising(cluster, make_database, make_service, client):
    """A database with a safety committee, a city officer of it, and the committee."""
    database = make_database(cluster)
    committee = add_unit(database, "safety_committee", "鄂尔多斯市安全生产委员会", "150600", level="city")
    closed = add_unit(database, "safety_committee", "已撤销的委员会", "150600", level="city")
    add_unit(database, "safety_committee", "准格尔旗安全生产委员会", "150622", level="county")
    with database.owner() as owner:
        owner.execute("update anze.unit set closed_on = '2020-01-01' where id = %s", (closed.id,))
    city = client("city_officer", region="1506", to=make_service(database), sub="city-3")
    city.database = database
    return city, committee


def raised(city, accident: str) -> dict[str, dict]:
    listed = city.items(f"{EVENTS}?accident_id={accident}")
    assert len({e["unit"]["id"] for e in listed}) == len(listed)
    return {e["unit"]["id"]: e for e in listed}


def bodies(committee, county: str) -> set[str]:
    return {committee.id, tree.body("emergency", "150600").id, tree.body("emergency", county).id}


def states_of_events(city, events: dict[str, dict]) -> set[str]:
    """What the events made owed, as each obligation says it."""
    return {state for _, state, _ in of_events(city, events)}


def of_events(city, events: dict[str, dict]) -> list[tuple]:
    ids = ",".join(f"'{e['id']}'" for e in events.values())
    with city.database.owner() as owner:
        return owner.execute("select o.id, anze.obligation_state(o.state, o.due_at, o.missed_from, now()), o.duty"
                             f" from anze.obligation o where o.event_id in ({ids})").fetchall()


def test_what_an_event_makes_owed_has_its_day_and_is_in_the_list_of_deadlines(raising):
    city, committee = raising
    accident = city.post(ACCIDENTS, json=first_report(figures={"deaths": 3})).json()["id"]
    of_committee = {committee.id: raised(city, accident)[committee.id]}
    (talk, state, duty), = of_events(city, of_committee)
    shown = city.get(f"/v1/obligations/{talk}").json()
    assert (state, duty, shown["required"]) == ("pending", "C4.09-LARGER", 1)
    occurred = datetime.fromisoformat(of_committee[committee.id]["occurred_at"])
    due = datetime.fromisoformat(shown["due_at"])
    assert (due - timedelta(seconds=1)).date() == occurred.astimezone(due.tzinfo).date() + timedelta(days=15)
    listed = {d["link"]: d for d in city.items("/v1/deadlines?kind=duty&limit=200")}
    assert listed[f"/v1/obligations/{talk}"]["due_at"] == shown["due_at"]


def test_a_talk_that_was_held_stays_done_when_the_accident_turns_out_smaller(raising):
    city, committee = raising
    accident = city.post(ACCIDENTS, json=first_report(figures={"deaths": 3})).json()["id"]
    of_committee = {committee.id: raised(city, accident)[committee.id]}
    with city.database.owner() as owner:
        record = owner.execute("insert into anze.duty_record (kind, unit_id, on_day, title, evidence, event_id, region_code)"
                               " values ('talk', %s, anze.today(), '约谈', '{minutes}', %s, '150600') returning id",
                               (committee.id, of_committee[committee.id]["id"])).fetchone()
        owner.execute("select anze.settle_records(array[%s])", record)
    assert city.post(f"{ACCIDENTS}/{accident}/reports", json=follow_up(figures={"deaths": 1})).status_code == 201
    assert states_of_events(city, of_committee) == {"done"}
    assert "withdrawn_at" in raised(city, accident)[committee.id]


def test_what_an_accident_made_owed_is_withdrawn_with_the_accident(raising, client):
    city, committee = raising
    made = city.post(ACCIDENTS, json=first_report(figures={"deaths": 3})).json()
    of_all = raised(city, made["id"])
    assert states_of_events(city, of_all) == {"pending"}
    other = client("city_officer", region="1506", to=_service_of(city), sub="city-4")
    gone = other.post(f"{ACCIDENTS}/{made['id']}/withdrawal", if_match=str(made["version"]),
                      json={"ground": "false_alarm", "reason": "经核实无人员伤亡"})
    assert gone.status_code == 200, gone.text
    assert states_of_events(city, of_all) == {"withdrawn"}


def test_an_event_that_was_none_is_withdrawn_with_what_it_made_owed(desk, alone):
    city = desk()
    made = recorded(city, unit_id=GOVERNMENT.id, kind="issue_raised", subject="河道采砂")
    target = f"{EVENTS}/{made['id']}/withdrawal"
    owed = [o for o in city.items(f"/v1/obligations?unit_id={GOVERNMENT.id}&duty=C2.09") if o["event_id"] == made["id"]]
    assert [o["state"] for o in owed] == ["pending"] and "due_at" in owed[0]
    assert city.post(target, json={"reason": "登记有误"}).status_code == 428
    assert faults(city.post(target, json={}, if_match="1")) == {("/reason", "required")}
    answer = city.post(target, json={"reason": "登记有误"}, if_match="1")
    assert answer.status_code == 201 and answer.headers["ETag"] == '"2"'
    assert (answer.json()["withdrawal_reason"], answer.json()["version"]) == ("登记有误", 2) and "withdrawn_by" in answer.json()
    assert city.get(f"{EVENTS}/{made['id']}").json() == answer.json()
    assert city.get(f"/v1/obligations/{owed[0]['id']}").json()["state"] == "withdrawn"
    assert city.post(target, json={"reason": "再次"}, if_match="2").status_code == 409
    stranger = desk("county_officer", region="150621")
    assert stranger.post(target, json={"reason": "无权"}, if_match="2").status_code == 404


def test_what_the_service_raised_is_not_withdrawn_by_hand(raising):
    city, committee = raising
    accident = city.post(ACCIDENTS, json=first_report(figures={"deaths": 3})).json()["id"]
    one = raised(city, accident)[committee.id]
    answer = city.post(f"{EVENTS}/{one['id']}/withdrawal", json={"reason": "误报"}, if_match=str(one["version"]))
    assert answer.status_code == 409


def test_a_larger_accident_makes_committee_and_supervisors_owe_something(raising):
    city, committee = raising
    answer = city.post(ACCIDENTS, json=first_report(figures={"deaths": 3}))
    events = raised(city, answer.json()["id"])
    assert set(events) == bodies(committee, "150622")
    one = events[committee.id]
    assert one["kind"] == "accident_larger" and one["is_automatic"] and one["actor"] == "city-3"
    assert one["subject"] == f"较大事故：{COAL.name}"
    assert one["occurred_at"] == answer.json()["updated_at"]


def test_an_ordinary_accident_raises_nothing_until_it_grows_and_then_once(raising):
    city, committee = raising
    accident = city.post(ACCIDENTS, json=first_report(figures={"deaths": 2})).json()["id"]
    assert raised(city, accident) == {}
    assert city.post(f"{ACCIDENTS}/{accident}/reports", json=follow_up(figures={"deaths": 3})).status_code == 201
    first = raised(city, accident)
    assert set(first) == bodies(committee, "150622")
    assert states_of_events(city, first) == {"pending"}
    for deaths, state in ((2, "withdrawn"), (4, "pending"), (11, "pending")):
        assert city.post(f"{ACCIDENTS}/{accident}/reports", json=follow_up(figures={"deaths": deaths})).status_code == 201
        now = raised(city, accident)
        assert set(now) == set(first) and states_of_events(city, first) == {state}
        assert {"withdrawn_at" in e and "起因已更正" in e["withdrawal_reason"] and "withdrawn_by" not in e
                for e in now.values()} == {state == "withdrawn"}
    assert ({e["id"]: {**e, "version": 1} for e in now.values()} == {e["id"]: e for e in first.values()}
            ), "falling and rising again raises nothing anew"


def test_a_corrected_place_brings_in_the_bodies_of_the_right_county(raising):
    city, committee = raising
    made = city.post(ACCIDENTS, json=first_report(figures={"deaths": 3})).json()
    corrected = city.post(f"{ACCIDENTS}/{made['id']}/reports/1/corrections", if_match="1",
                          json={"reason": "地点有误", "region_code": "150621100"})
    assert corrected.status_code == 201, corrected.text
    assert set(raised(city, made["id"])) == bodies(committee, "150622") | bodies(committee, "150621")


def test_a_county_that_files_the_accident_makes_bodies_above_it_owe_too(raising, client, alone):
    city, committee = raising
    county = client("county_officer", region="150602", to=_service_of(city))
    made = county.post(ACCIDENTS, json=first_report(unit_id=tree.enterprise("150602001", 1).id, region_code="150602001",
                                                    figures={"deaths": 5}))
    assert made.status_code == 201, made.text
    assert set(raised(city, made.json()["id"])) == bodies(committee, "150602")
    assert {e["unit"]["id"] for e in county.items(EVENTS)} == {tree.body("emergency", "150602").id}, "it sees its own"


def _service_of(caller):
    """What client(to=…) asks of a service: where it is."""
    return type("There", (), {"url": caller.url})


def test_without_the_kind_an_accident_is_filed_all_the_same(desk, alone):
    with alone.owner() as owner:
        owner.execute("delete from anze.duty where event = 'accident_larger'")
        owner.execute("delete from anze.duty_event_kind where code = 'accident_larger'")
    answer = desk().post(ACCIDENTS, json=first_report(figures={"deaths": 3}))
    assert answer.status_code == 201 and desk().items(f"{EVENTS}?accident_id={answer.json()['id']}") == []
