"""Notices and lights as clients get them, with the sweeper of the running service at work."""
import time
import uuid

import pytest

from harness import tree
from harness.owed import DAY, JUST, now, owe, sweep

MINE, SHAFT, CARRIER = (tree.enterprise("150622101", n) for n in (1, 2, 3))
TOWNSHIP = tree.enterprise("150622100", 1)


@pytest.fixture(scope="module")
def world(make_database, cluster, make_service, client):
    """A running service, what some units owe, and the clients of an enterprise, its county and another county."""
    database = make_database(cluster, catalogue=False)
    with database.owner() as owner:
        sweep(owner)  # planned already: planning withdraws what does not follow from the catalogue
        made = {"reminder": owe(owner, now() + 3 * DAY, unit=MINE, duty="TEST.A"),
                "warning": owe(owner, now() - JUST, unit=MINE, duty="TEST.B"),
                "escalation": owe(owner, now() - 16 * DAY, unit=SHAFT, duty="TEST.C"),
                "another": owe(owner, now() - 2 * DAY, unit=SHAFT, duty="TEST.D"),
                "grace": owe(owner, now() + 3 * DAY, unit=CARRIER, grace=4 * DAY, planned_at=now() - DAY)}
    service = make_service(database)
    wait_for(lambda: database.value("select count(*) from anze.notice") >= 4
             and not database.value("select count(*) from anze.duty_work where light_is_stale"))
    county = client("county_officer", region="150622", to=service)
    return {"database": database, "service": service, "made": made, "county": county,
            "mine": client("enterprise_reporter", unit=MINE.id, to=service),
            "other": client("county_officer", region="150621", to=service)}


def wait_for(holds, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.05)


def notice_of(world, name: str) -> dict:
    return next(n for n in world["county"].items("/v1/notices") if n["obligation"]["id"] == world["made"][name])


def test_a_county_reads_who_owes_what_in_two_languages(world):
    warning = notice_of(world, "warning")
    assert warning["kind"] == warning["stage"] == "warning" and warning["unit"]["id"] == MINE.id == warning["about_unit"]["id"]
    assert MINE.name in warning["text_zh"] and "带队督导检查" in warning["text_zh"] and "2.03" in warning["text_zh"]
    assert "Lead an inspection" in warning["text_en"] and warning["acknowledged"] is False
    told = notice_of(world, "escalation")
    assert told["stage"] == "escalation_office" and told["unit"]["id"] == tree.body("office", "150622").id
    answer = world["county"].get(f"/v1/notices/{warning['id']}")
    assert answer.json() == warning
    assert world["county"].get(f"/v1/notices/{warning['id']}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("query, names", [
    ("kind=reminder", {"reminder"}), ("kind=warning", {"warning", "another"}),
    ("stage=escalation_office", {"escalation"}), (f"about_unit_id={SHAFT.id}", {"escalation", "another"}),
    (f"unit_id={tree.body('office', '150622').id}", {"escalation"}), ("region=150622101&kind=warning", {"warning", "another"}),
    ("region=150622100", set()), (f"person_id={uuid.uuid4()}", set()), ("acknowledged=true&kind=reminder", set()),
    ("acknowledged=false&kind=escalation", {"escalation"})])
def test_notices_are_filtered(world, query, names):
    found = {n["obligation"]["id"] for n in world["county"].items(f"/v1/notices?{query}")}
    assert found == {world["made"][name] for name in names}


def test_pages_of_notices_go_from_the_newest_to_the_oldest(world):
    shown = world["county"].items("/v1/notices?limit=1")
    assert [n["id"] for n in shown] == [n["id"] for n in world["county"].items("/v1/notices")]
    assert [n["issued_at"] for n in shown] == sorted((n["issued_at"] for n in shown), reverse=True) and len(shown) == 4
    assert world["other"].items("/v1/notices") == []


def test_an_acknowledgement_is_made_once_and_repeats_of_it_are_answered_as_before(world):
    identity = notice_of(world, "warning")["id"]
    target, mine = f"/v1/notices/{identity}/acknowledgement", world["mine"]
    assert world["other"].post(target, json={}, if_match="1").status_code == 404
    assert mine.post(target, json={}).status_code == 428
    assert mine.post(target, json={}, if_match="7").status_code == 412
    assert mine.post(target, json={"note": ""}, if_match="1").status_code == 422
    tried = mine.post(target, json={"note": "试试"}, if_match="1", headers={"Prefer": "dry-run"})
    assert tried.status_code == 200 and not notice_of(world, "warning")["acknowledged"]
    done = mine.post(target, json={"note": "已安排本周检查"}, if_match="1", key="ack-1")
    assert done.status_code == 200, done.text
    assert done.json()["acknowledged_by"] == "tester" and done.json()["note"] == "已安排本周检查"
    again = mine.post(target, json={"note": "已安排本周检查"}, if_match="1", key="ack-1")
    assert again.status_code == 200 and again.headers["Idempotency-Replayed"] == "true" and again.json() == done.json()
    etag = mine.get(f"/v1/notices/{identity}").headers["ETag"].strip('"')
    assert mine.post(target, json={}, if_match=etag).status_code == 409
    assert [n["id"] for n in world["county"].items("/v1/notices?acknowledged=true")] == [identity]


def test_lights_come_worst_first_with_their_reasons(world):
    for _ in range(2):
        with world["database"].owner() as owner:
            owe(owner, now() - DAY, unit=SHAFT, duty=f"TEST.{uuid.uuid4().hex[:6].upper()}")
    wait_for(lambda: world["database"].value("select colour from anze.unit_light where unit_id = %s", SHAFT.id) == "red")
    lights = world["county"].items("/v1/lights?limit=2")
    assert [x["colour"] for x in lights] == sorted((x["colour"] for x in lights), key=["red", "yellow", "green"].index)
    by_unit = {x["unit"]["id"]: x for x in lights}
    assert lights[0]["unit"]["id"] == SHAFT.id and lights[0]["unit"]["name"] == SHAFT.name
    assert {r["rule"] for r in by_unit[MINE.id]["reasons"]} == {"yellow_missed"}
    assert {r["rule"] for r in by_unit[CARRIER.id]["reasons"]} == {"yellow_overdue"}
    assert by_unit[TOWNSHIP.id]["reasons"] == [] and by_unit[TOWNSHIP.id]["colour"] == "green"
    assert len(lights) == sum(u.county == "150622" for u in tree.UNITS.values())


@pytest.mark.parametrize("query, model", [
    ("region=150622101", lambda u: u.region_code == "150622101"), ("kind=department", lambda u: u.kind == "department"),
    ("sector=coal", lambda u: u.sector == "coal"), ("colour=yellow", lambda u: u.id in (MINE.id, CARRIER.id))])
def test_lights_are_filtered(world, query, model):
    expected = {u.id for u in tree.UNITS.values() if u.county == "150622" and model(u)}
    assert {x["unit"]["id"] for x in world["county"].items(f"/v1/lights?{query}")} == expected


def test_what_is_done_turns_the_light_and_the_changes_say_so(world):
    database, county = world["database"], world["county"]
    assert county.get(f"/v1/units/{CARRIER.id}/light").json()["colour"] == "yellow"
    with database.owner() as owner:
        owner.execute("update anze.obligation set state = 'done_late' where unit_id = %s", (CARRIER.id,))
    wait_for(lambda: county.get(f"/v1/units/{CARRIER.id}/light").json()["colour"] == "green")
    shown = county.get(f"/v1/units/{CARRIER.id}/light")
    assert [c["colour"] for c in shown.json()["changes"]][:2] == ["green", "yellow"]
    assert shown.json()["changes"][1]["reasons"][0]["rule"] == "yellow_overdue" and shown.json()["reasons"] == []
    assert county.get(f"/v1/units/{CARRIER.id}/light", headers={"If-None-Match": shown.headers["ETag"]}).status_code == 304
    assert world["other"].get(f"/v1/units/{CARRIER.id}/light").status_code == 404


def test_regions_are_judged_by_the_shares_of_their_units(world, client):
    city = client("city_officer", region="1506", to=world["service"])
    shown = city.get("/v1/region-lights").json()
    assert shown["parent"]["region_code"] == "150600" and shown["parent"]["name"] == "鄂尔多斯市"
    assert {r["region_code"] for r in shown["regions"]} == set(tree.COUNTIES)
    worst = shown["regions"][0]
    assert worst["region_code"] == "150622" and worst["units"]["red"] == 1 and worst["colour"] == "red"
    assert {r["rule"] for r in worst["reasons"]} >= {"region_red_units"}, "one of ten units"
    assert [r["colour"] for r in shown["regions"][1:]] == ["green", "green"]
    assert {r["rule"] for r in shown["parent"]["reasons"]} >= {"region_red_regions"}, "one of three counties"
    towns = world["county"].get("/v1/region-lights").json()
    assert {r["region_code"] for r in towns["regions"]} == set(tree.TOWNS["150622"])
    above = world["county"].get("/v1/region-lights?parent=150600").json()
    assert [r["region_code"] for r in above["regions"]] == ["150622"] and "parent" not in above


def test_moments_are_noticed_by_the_running_service_within_seconds(world):
    with world["database"].owner() as owner:
        obligation = owe(owner, now() + 1.5 * JUST, unit=TOWNSHIP, planned_at=now())
    assert world["county"].get(f"/v1/units/{TOWNSHIP.id}/light").json()["colour"] == "green"
    wait_for(lambda: world["county"].get(f"/v1/units/{TOWNSHIP.id}/light").json()["colour"] == "yellow")
    assert [n["obligation"]["id"] for n in world["county"].items(f"/v1/notices?about_unit_id={TOWNSHIP.id}")] == [obligation]
