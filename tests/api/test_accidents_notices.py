"""Notices of clocks of accidents as clients get them, told by the sweeper of the running service."""
import time

import pytest

from harness import tree
from harness.accidents import first_report, minutes_ago

MINE, SHAFT = tree.enterprise("150622101", 1), tree.enterprise("150622101", 2)
GOVERNMENT, OFFICE, BUREAU = (tree.body(kind, "150622") for kind in ("government", "office", "emergency"))


def wait_for(holds, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def world(make_database, cluster, make_service, client):
    """Two larger accidents of which the heads learned 76 and 96 minutes ago, filed by their county just now: what the
    units owe the province has run out."""
    database = make_database(cluster, catalogue=False)
    service = make_service(database)
    county = client("county_officer", region="150622", to=service)
    filed = []
    for unit, minutes in ((MINE, 76), (SHAFT, 96)):
        answer = county.post("/v1/accidents", json=first_report(
            unit_id=unit.id, occurred_at=minutes_ago(minutes + 5), learned_at=minutes_ago(minutes), figures={"deaths": 3}))
        assert answer.status_code == 201, answer.text
        filed.append(answer)
    wait_for(lambda: database.value("select count(*) from anze.notice where subject = 'accident'") >= 2)
    of = lambda unit: client(scopes=["duties:read", "duties:record", "accidents:read"], unit=unit.id, to=service)  # noqa: E731
    return {"database": database, "county": county, "filed": filed, "of": of,
            "other": client("county_officer", region="150621", to=service)}


def notice_of(world, number: int) -> dict:
    identity = world["filed"][number].json()["id"]
    return next(n for n in world["county"].items("/v1/notices") if "accident" in n and n["accident"]["id"] == identity)


def test_the_county_reads_of_its_accidents_who_was_told_and_getting_it_says_the_same(world):
    superior, office = notice_of(world, 0), notice_of(world, 1)
    assert (superior["stage"], superior["unit"]["id"], superior["about_unit"]["id"]) == ("accident_superior", GOVERNMENT.id, MINE.id)
    assert (office["stage"], office["unit"]["id"], office["about_unit"]["id"]) == ("accident_office", OFFICE.id, SHAFT.id)
    assert superior["accident"]["clock"] == "unit_report_province" and superior["accident"]["state"] == "overdue"
    assert superior["kind"] == "escalation" and "obligation" not in superior and "deadline" not in superior
    answer = world["county"].get(f"/v1/notices/{superior['id']}")
    assert answer.json() == superior
    assert world["county"].get(f"/v1/notices/{superior['id']}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_the_notice_names_the_clock_as_the_list_of_deadlines_does(world):
    listed = {d["id"]: d for d in world["county"].items("/v1/deadlines?kind=accident")}
    about = notice_of(world, 0)["accident"]
    assert listed[about["deadline_id"]]["due_at"] == about["due_at"]
    assert listed[about["deadline_id"]]["link"] == f"/v1/accidents/{about['id']}"


@pytest.mark.parametrize("query, numbers", [
    ("stage=accident_superior", {0}), ("stage=accident_office", {1}), ("stage=accident_warning", set()),
    ("kind=escalation", {0, 1}), ("kind=warning", set()), (f"unit_id={OFFICE.id}", {1}), (f"about_unit_id={MINE.id}", {0}),
    ("region=150622101", {0, 1}), ("region=150622100", set())])
def test_notices_of_accidents_are_filtered(world, query, numbers):
    found = {n["accident"]["id"] for n in world["county"].items(f"/v1/notices?{query}") if n["kind"] != "alert"}
    assert found == {world["filed"][number].json()["id"] for number in numbers}


def test_who_is_told_reads_the_notice_without_seeing_the_accident_and_a_stranger_reads_neither(world):
    notice = notice_of(world, 1)
    target, accident = f"/v1/notices/{notice['id']}", f"/v1/accidents/{notice['accident']['id']}"
    office = world["of"](OFFICE)
    assert office.get(accident).status_code == 404
    assert office.get(target).json() == notice
    assert [n["id"] for n in office.items("/v1/notices?kind=escalation")] == [notice["id"]]
    assert world["of"](SHAFT).get(target).status_code == 200, "whoever answers for the report sees that it was told"
    for stranger in (world["other"], world["of"](MINE)):
        assert stranger.get(target).status_code == 404
        assert notice["id"] not in [n["id"] for n in stranger.items("/v1/notices")]


def test_it_is_acknowledged_once_by_who_was_told(world):
    notice = notice_of(world, 0)
    target = f"/v1/notices/{notice['id']}/acknowledgement"
    assert world["other"].post(target, json={}, if_match="1").status_code == 404
    assert world["of"](MINE).post(target, json={}, if_match="1").status_code == 403, "its superior was told"
    done = world["of"](GOVERNMENT).post(target, json={"note": "已责成立即补报"}, if_match="1")
    assert done.status_code == 200, done.text
    assert done.json()["acknowledged"] and done.json()["accident"] == notice["accident"]
    assert world["of"](GOVERNMENT).post(target, json={}, if_match="2").status_code == 409
    assert [n["id"] for n in world["county"].items("/v1/notices?acknowledged=true")] == [notice["id"]]


def test_who_must_know_of_a_larger_accident_is_told_at_once_and_its_unit_is_not(world):
    alerts = list(world["county"].items("/v1/notices?kind=alert"))
    filed = {answer.json()["id"] for answer in world["filed"]}
    assert {(n["accident_alert"]["id"], n["unit"]["id"]) for n in alerts if n["accident_alert"]["level"] == "county"} == {
        (accident, unit.id) for accident in filed for unit in (GOVERNMENT, OFFICE, BUREAU)}
    assert {n["accident_alert"]["level"] for n in alerts} == {"county", "city"} and not [n for n in alerts if "accident" in n]
    office = world["of"](OFFICE)
    own = list(office.items("/v1/notices?kind=alert"))
    assert {n["accident_alert"]["id"] for n in own} == filed and {n["unit"]["id"] for n in own} == {OFFICE.id}
    done = office.post(f"/v1/notices/{own[0]['id']}/acknowledgement", json={"note": "已到现场"}, if_match="1")
    assert done.status_code == 200 and done.json()["acknowledged"]
    for stranger in (world["of"](MINE), world["of"](SHAFT), world["other"]):
        assert list(stranger.items("/v1/notices?kind=alert")) == []


def test_telling_changes_neither_the_accident_nor_its_entity_tag(world):
    for filed in world["filed"]:
        read = world["county"].get(f"/v1/accidents/{filed.json()['id']}")
        assert read.json()["version"] == 1 and read.json()["updated_at"] == filed.json()["updated_at"]
    assert read.headers["ETag"] == filed.headers["ETag"], "of the one that no other may be, filed after it"
