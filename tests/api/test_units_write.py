"""Opening, changing, closing, merging and splitting units, and what is refused."""
import threading
from functools import partial

import pytest

from harness import tree
from harness.hierarchy import act, appoint, change, day, faults, open_unit, patch, person, unit_body

COUNTY, TOWN = "150622", "150622101"
GOVERNMENT, CITY = tree.body("government", COUNTY), tree.body("government", tree.CITY)


@pytest.fixture(scope="module")
def client(client, register):
    """Clients of the service whose units these tests write."""
    return partial(client, to=register[1])


@pytest.fixture(scope="module")
def county(client):
    return client("county_officer", region=COUNTY)


@pytest.fixture(scope="module")
def city(client):
    return client("city_officer", region="1506")


# ---- opening ----

def test_a_unit_is_opened_once_and_read_as_it_was_given(county):
    body = unit_body(kind="site", site_kind="mine", risk_class="orange", high_risk=["mine"], code="NM-7")
    first = county.post("/v1/units", json=body, key="open-once")
    assert first.status_code == 201 and first.headers["ETag"] == '"1"'
    assert county.post("/v1/units", json=body, key="open-once").content == first.content
    made = first.json()
    shown = county.get(f"/v1/units/{made['id']}").json()
    given = {name: value for name, value in body.items() if name != "document_number"}
    assert given.items() <= made.items() and made.items() <= shown.items()
    assert [u["id"] for u in shown["chain"]] == [GOVERNMENT.id, CITY.id]
    assert [u["id"] for u in county.items("/v1/units?code=NM-7")] == [made["id"]]


def test_a_dry_run_opens_nothing(county):
    body = unit_body(code="DRY-1")
    assert county.post("/v1/units", json=body, headers={"Prefer": "dry-run"}).status_code == 200
    assert county.items("/v1/units?code=DRY-1") == []


@pytest.mark.parametrize("changes, expected", [
    ({"region_code": "150622999", "sector": "no_such", "accountable_to": tree.unit_id("nobody")},
     {("/region_code", "unknown-reference"), ("/sector", "unknown-reference"), ("/accountable_to", "unknown-reference")}),
    ({"kind": "department", "sector": None, "supervision_role": "sector", "supervised_sectors": ["coal", "no_such"]},
     {("/supervised_sectors/1", "unknown-reference")}),
    ({"group_id": GOVERNMENT.id, "zone_id": GOVERNMENT.id}, {("/group_id", "wrong-kind"), ("/zone_id", "wrong-kind")}),
    ({"region_code": "150621100"}, {("/region_code", "out-of-scope")}),
    ({"region_code": "150600"}, {("/region_code", "out-of-scope")}),
    ({"accountable_to": tree.enterprise("150621100", 1).id}, {("/accountable_to", "unknown-reference")}),
    ({"site_kind": "mine"}, {("/site_kind", "rule")}), ({"level": "county"}, {("/level", "rule")}),
    ({"supervision_role": "sector"}, {("/supervision_role", "rule")}),
    ({"kind": "department", "risk_class": "red"}, {("/risk_class", "rule")}),
    ({"kind": "agency", "high_risk": ["mine"]}, {("/risk_class", "rule")}),
    ({"credit_code": "369999190002300738"}, {("/credit_code", "rule")}),
    ({"credit_code": "94350100M000100Y43"}, {("/credit_code", "rule")}),
    ({"surprise": 1}, {("/surprise", "unknown-field")})])
def test_what_does_not_fit_is_refused_where_it_stands(county, changes, expected):
    assert faults(county.post("/v1/units", json=unit_body(**changes))) == expected


def test_a_sectors_officer_writes_units_of_the_sector_alone(client):
    officer = client(scopes=["units:read", "units:write"], region=COUNTY, sectors=["coal"])
    assert open_unit(officer, sector="coal")["sector"] == "coal"
    assert faults(officer.post("/v1/units", json=unit_body(sector="road_traffic"))) == {("/sector", "out-of-scope")}


def test_a_unit_writes_below_itself_alone(client):
    own = tree.enterprise(TOWN, 1).id
    unit = client(scopes=["units:read", "units:write"], unit=own)
    site = open_unit(unit, kind="site", site_kind="mine", accountable_to=own)
    assert unit.get(f"/v1/units/{site['id']}").status_code == 200
    assert faults(unit.post("/v1/units", json=unit_body())) == {("/accountable_to", "out-of-scope")}


def test_a_code_of_a_register_is_taken_once(county):
    open_unit(county, code="TWICE-1")
    assert county.post("/v1/units", json=unit_body(code="TWICE-1")).status_code == 409


# ---- changing ----

def test_a_change_takes_what_is_given_and_null_takes_away(county):
    unit = open_unit(county, risk_class="red", high_risk=["mine"])
    changed = change(county, unit, name="改名后的公司", risk_class=None, high_risk=None)
    assert changed["name"] == "改名后的公司" and "risk_class" not in changed and changed["high_risk"] == []
    assert changed["version"] == 2 and changed["sector"] == unit["sector"]


def test_a_change_that_changes_nothing_makes_no_version(county):
    unit = open_unit(county)
    assert change(county, unit, name=unit["name"])["version"] == 1


def test_a_change_states_the_version_that_it_changes(county):
    unit = open_unit(county)
    change(county, unit, name="先到")
    stale = patch(county, f"/v1/units/{unit['id']}", 1, name="后到")
    assert stale.status_code == 412 and stale.headers["ETag"] == '"2"'
    shown = county.get(f"/v1/units/{unit['id']}").headers["ETag"].strip('"')
    assert patch(county, f"/v1/units/{unit['id']}", shown, name="再来").status_code == 200


@pytest.mark.parametrize("of", [tree.enterprise("150621100", 1).id, CITY.id, tree.unit_id("nobody")])
def test_a_unit_out_of_reach_is_as_absent_as_none(county, of):
    assert patch(county, f"/v1/units/{of}", 1, name="越权").status_code == 404
    assert act(county, {"id": of, "version": 1}, "closure", effective_on=day(0)).status_code == 404


def test_a_unit_is_not_moved_out_of_reach(county):
    unit = open_unit(county)
    assert faults(patch(county, f"/v1/units/{unit['id']}", 1, region_code="150621100")) == {("/region_code", "out-of-scope")}


def test_nobody_answers_to_himself_in_the_end(county):
    top = open_unit(county, kind="enterprise_group")
    middle = open_unit(county, kind="enterprise_group", accountable_to=top["id"], group_id=top["id"])
    for member in ("accountable_to", "group_id"):
        assert faults(patch(county, f"/v1/units/{top['id']}", 1, **{member: middle["id"]})) == {(f"/{member}", "rule")}
    zones = [open_unit(county, kind="management_zone", sector=None)]
    zones.append(open_unit(county, kind="management_zone", sector=None, zone_id=zones[0]["id"]))
    assert faults(patch(county, f"/v1/units/{zones[0]['id']}", 1, zone_id=zones[1]["id"])) == {("/zone_id", "rule")}


def test_two_moves_at_once_close_no_circle(client):
    clients = [client("county_officer", region=COUNTY) for _ in range(2)]
    for _ in range(5):
        pair = [open_unit(clients[0]) for _ in range(2)]
        barrier, answers = threading.Barrier(2), [None, None]

        def move(i):
            barrier.wait()
            answers[i] = patch(clients[i], f"/v1/units/{pair[i]['id']}", 1, accountable_to=pair[1 - i]["id"]).status_code

        threads = [threading.Thread(target=move, args=(i,)) for i in range(2)]
        [t.start() for t in threads], [t.join() for t in threads]
        assert sorted(answers) == [200, 422]


def test_a_kind_is_not_changed_under_those_who_hold_its_posts(county, city):
    unit = open_unit(county)
    appoint(city, person(city, unit["id"]), unit["id"], post="mine_manager")
    assert faults(patch(county, f"/v1/units/{unit['id']}", 1, kind="agency", sector=None)) == {("/kind", "posts-held")}


# ---- closing ----

def test_posts_end_with_their_unit_by_its_document(county, city):
    unit = open_unit(county)
    held = appoint(city, person(city, unit["id"]), unit["id"])
    past = appoint(city, person(city, unit["id"]), unit["id"], post="safety_leader", held_until=day(20))
    closed = act(county, unit, "closure", effective_on=day(3))
    assert closed.status_code == 201 and closed.json()["unit"]["closed_on"] == day(3), closed.text
    assert closed.headers["Location"].endswith(f"/v1/units/{unit['id']}/history")
    ended = city.get(f"/v1/appointments/{held['id']}").json()
    assert (ended["held_until"], ended["ending_document_number"]) == (day(3), "准政发〔2026〕17号")
    assert city.get(f"/v1/appointments/{past['id']}").json() == past


def test_a_closed_unit_is_listed_apart_and_changed_no_more(county):
    unit = open_unit(county, code="GONE-1")
    version = act(county, unit, "closure", effective_on=day(0)).json()["unit"]["version"]
    assert county.items("/v1/units?code=GONE-1") == []
    assert [u["id"] for u in county.items("/v1/units?code=GONE-1&closed=true")] == [unit["id"]]
    assert unit["id"] not in {u["id"] for u in county.get(f"/v1/units/{GOVERNMENT.id}").json()["children"]}
    assert patch(county, f"/v1/units/{unit['id']}", version, name="x").status_code == 409
    assert act(county, {"id": unit["id"], "version": version}, "closure", effective_on=day(0)).status_code == 409
    assert faults(county.post("/v1/units", json=unit_body(accountable_to=unit["id"]))) == {("/accountable_to", "closed-unit")}


def test_a_closure_is_taken_back(county):
    unit = open_unit(county)
    version = act(county, unit, "closure", effective_on=day(2)).json()["unit"]["version"]
    again = patch(county, f"/v1/units/{unit['id']}", version, closed_on=None, note="误报撤销").json()
    assert "closed_on" not in again
    assert [(s["from"], s.get("until")) for s in county.get(f"/v1/units/{unit['id']}/history").json()["spans"]] == [
        (day(100), None)]


def test_a_closure_of_a_coming_day_leaves_the_unit_open_until_then(county):
    unit = open_unit(county, code="SOON-1")
    assert act(county, unit, "closure", effective_on=day(-30)).status_code == 201
    assert [u["closed_on"] for u in county.items("/v1/units?code=SOON-1")] == [day(-30)]


def test_a_unit_with_dependents_is_not_closed(county):
    unit = open_unit(county)
    site = open_unit(county, kind="site", accountable_to=unit["id"])
    refused = act(county, unit, "closure", effective_on=day(1))
    assert refused.status_code == 409 and refused.json()["allowed"] == ["merger", "split"]
    assert act(county, site, "closure", effective_on=day(1)).status_code == 201
    assert act(county, unit, "closure", effective_on=day(1)).status_code == 201


def test_a_unit_is_not_closed_before_somebody_came_to_it(county, city):
    unit = open_unit(county)
    appoint(city, person(city, unit["id"]), unit["id"], held_from=day(10))
    assert faults(act(county, unit, "closure", effective_on=day(20))) == {("/effective_on", "appointments-after")}


# ---- merging and splitting ----

def test_units_merge_into_a_new_one_which_takes_what_hung_on_them(county, city):
    bureaus = [open_unit(county, kind="department", sector=None, level="county") for _ in range(2)]
    section = open_unit(county, kind="section", sector=None, accountable_to=bureaus[1]["id"])
    held = appoint(city, person(city, bureaus[0]["id"]), bureaus[0]["id"], post="department_head")
    answer = act(county, bureaus[0], "merger", others=[bureaus[1]["id"]], effective_on=day(5),
                 new_unit={"kind": "department", "name": "准格尔旗应急管理和矿山局", "region_code": COUNTY, "level": "county",
                           "accountable_to": GOVERNMENT.id})
    assert answer.status_code == 201, answer.text
    done = answer.json()
    new = done["others"][0]
    assert new["name"] == "准格尔旗应急管理和矿山局" and new["opened_on"] == day(5)
    assert [m["id"] for m in done["moved"]] == [section["id"]]
    assert {u["id"]: u.get("closed_on") for u in [done["unit"], *done["others"]]} == {
        bureaus[0]["id"]: day(5), bureaus[1]["id"]: day(5), new["id"]: None}
    assert county.get(f"/v1/units/{section['id']}").json()["accountable_to"] == new["id"]
    assert city.get(f"/v1/appointments/{held['id']}").json()["held_until"] == day(5)
    events = {u: [(e["kind"], [o["id"] for o in e["others"]]) for e in county.get(f"/v1/units/{u}/history").json()["events"]
                  if e["document_number"] == "准政发〔2026〕17号"] for u in (bureaus[0]["id"], bureaus[1]["id"], new["id"], section["id"])}
    assert events[bureaus[0]["id"]] == events[bureaus[1]["id"]] == [("merged_into", [new["id"]])]
    assert ("changed", [new["id"]]) in events[section["id"]]
    assert {(kind, frozenset(others)) for kind, others in events[new["id"]]} == {
        ("opened", frozenset()), ("absorbed", frozenset(b["id"] for b in bureaus))}


def test_a_unit_that_is_among_the_merged_may_stay(county):
    one, two = open_unit(county), open_unit(county)
    done = act(county, one, "merger", others=[two["id"]], into=one["id"], effective_on=day(1)).json()
    assert "closed_on" not in done["unit"] and [u["closed_on"] for u in done["others"]] == [day(1)]


def test_a_merger_that_does_not_hold_together_is_refused(county):
    one, group, closed = open_unit(county), open_unit(county, kind="enterprise_group"), open_unit(county)
    member = open_unit(county, group_id=group["id"])
    below = open_unit(county, accountable_to=one["id"])
    act(county, closed, "closure", effective_on=day(9))
    assert faults(act(county, one, "merger", into=one["id"], effective_on=day(1))) == {("/others", "nothing-merged")}
    assert faults(act(county, one, "merger", into=below["id"], effective_on=day(1))) == {("/into", "answers-to-merged")}
    assert faults(act(county, group, "merger", into=member["id"], effective_on=day(1))) == {("/into", "group-needed")}
    assert faults(act(county, one, "merger", into=closed["id"], others=[tree.enterprise("150621100", 1).id],
                      effective_on=day(-1))) == {("/effective_on", "in-future"), ("/into", "closed-unit"),
                                                 ("/others/0", "unknown-reference")}
    assert faults(act(county, one, "merger", effective_on=day(1))) != set()
    assert faults(act(county, one, "merger", effective_on=day(1), new_unit={
        "kind": "enterprise", "name": "甲", "region_code": "150621100"})) == {("/new_unit/region_code", "out-of-scope")}
    assert county.get(f"/v1/units/{one['id']}").json()["version"] == 1


def test_a_unit_splits_and_its_dependents_go_where_they_are_sent(county):
    unit, other = open_unit(county), open_unit(county)
    sites = [open_unit(county, kind="site", accountable_to=unit["id"]) for _ in range(2)]
    new = {"kind": "enterprise", "name": "分立后的新公司", "region_code": TOWN, "sector": "coal", "accountable_to": GOVERNMENT.id}
    left = act(county, unit, "split", effective_on=day(4), successors=[
        {"new_unit": new, "takes": [sites[0]["id"]]}, {"unit_id": other["id"]}])
    assert faults(left) == {("/successors", "dependents-left")}
    done = act(county, unit, "split", effective_on=day(4), successors=[
        {"new_unit": new, "takes": [sites[0]["id"]]}, {"unit_id": other["id"], "takes": [sites[1]["id"]]}])
    assert done.status_code == 201, done.text
    successors = [u["id"] for u in done.json()["others"]]
    assert successors[1] == other["id"] and done.json()["unit"]["closed_on"] == day(4)
    assert [county.get(f"/v1/units/{s['id']}").json()["accountable_to"] for s in sites] == successors
    kinds = {u: {e["kind"] for e in county.get(f"/v1/units/{u}/history").json()["events"]} for u in (unit["id"], *successors)}
    assert "split_into" in kinds[unit["id"]] and all("split_from" in kinds[s] for s in successors)


def test_a_unit_that_continues_gives_a_part_away(county):
    unit = open_unit(county)
    site = open_unit(county, kind="site", accountable_to=unit["id"])
    done = act(county, unit, "split", continues=True, effective_on=day(0), successors=[
        {"new_unit": {"kind": "enterprise", "name": "新公司", "region_code": TOWN, "sector": "coal"}, "takes": [site["id"]]}]).json()
    assert "closed_on" not in done["unit"] and done["unit"]["version"] == 2
    assert [m["id"] for m in done["moved"]] == [site["id"]]


def test_a_split_that_does_not_hold_together_is_refused(county):
    unit = open_unit(county)
    site = open_unit(county, kind="site", accountable_to=unit["id"])
    new = {"new_unit": {"kind": "enterprise", "name": "新公司", "region_code": TOWN, "sector": "coal"}}
    assert faults(act(county, unit, "split", effective_on=day(1), successors=[new])) == {("/successors", "two-needed")}
    assert faults(act(county, unit, "split", effective_on=day(1), successors=[
        {**new, "takes": [site["id"]]}, {**new, "takes": [site["id"], GOVERNMENT.id]}])) == {
            ("/successors/1/takes/0", "taken-twice"), ("/successors/1/takes/1", "not-of-this-unit")}
    assert faults(act(county, unit, "split", continues=True, effective_on=day(1), successors=[{"unit_id": unit["id"]}])) == {
        ("/successors/0/unit_id", "itself")}


# ---- lists ----

def test_units_are_filtered_by_what_they_are(county):
    zone = open_unit(county, kind="management_zone", sector=None)
    group = open_unit(county, kind="enterprise_group")
    mine = open_unit(county, kind="site", site_kind="mine", risk_class="yellow", high_risk=["mine", "civil_explosives"],
                     zone_id=zone["id"], group_id=group["id"])
    open_unit(county, kind="site", site_kind="tailings_pond", risk_class="blue", high_risk=["mine"])
    for query in (f"zone_id={zone['id']}", f"group_id={group['id']}", "high_risk=civil_explosives", "risk_class=yellow",
                  "site_kind=mine&risk_class=yellow"):
        assert [u["id"] for u in county.items(f"/v1/units?{query}")] == [mine["id"]], query
    assert mine["id"] in {u["id"] for u in county.items("/v1/units?site_kind=mine&limit=1")}


@pytest.mark.parametrize("role", ["enterprise_reporter", "town_officer", "sector_officer", "province_officer", "auditor"])
def test_who_may_not_write_units_does_not(client, role):
    assert client(role).post("/v1/units", json=unit_body()).status_code == 403
