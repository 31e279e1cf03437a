"""Risk points, listed cases, escalations and hazards treated as accidents x role x what lies in and outside its reach."""
import json

import pytest

import asked_listing
import asked_risks
from harness import tree
from harness.listing import found_province_office, hazard_case, proposal
from harness.risks import lec, point, source
from test_access_matrix import REACHES

PLACES = {"own": tree.enterprise("150622101", 1), "other unit of the town": tree.enterprise("150622101", 2),
          "other town": tree.enterprise("150622100", 1), "other county": tree.enterprise("150621100", 1),
          "other city": tree.enterprise("150102001", 1)}


def sees(role: str, unit: tree.Unit) -> bool:
    reach = REACHES[role]
    if "unit" in reach:
        return unit.id == reach["unit"]
    return unit.region_code.startswith(reach["region"]) and unit.sector in reach.get("sectors", [unit.sector])


@pytest.fixture(scope="module")
def world(make_database, cluster, make_service, client):
    """By place: a risk point, a source, a listed case and a hazard's case; and a client of every role."""
    alone = make_database(cluster)
    made = {}
    with alone.owner() as owner:
        found_province_office(owner)
        for name, unit in PLACES.items():
            risk = owner.execute("insert into anze.risk_point (unit_id, name, place, activity, lon, lat, crs, region_code, sector)"
                                 " values (%s, '顶板', '东翼', '回采', 111, 39, 'WGS84', %s, %s) returning id::text",
                                 (unit.id, unit.region_code, unit.sector)).fetchone()[0]
            listed = owner.execute("select (anze.open_case('listed_supervision', %s, null, 3::smallint, '挂牌', %s, null, '{}',"
                                   " '[]')).id::text", (unit.id, json.dumps({"category": "other"}))).fetchone()[0]
            made[name] = {"point": risk, "source": source(owner, unit), "listed": listed, "hazard": hazard_case(owner, unit=unit)}
    service = make_service(alone)
    return made, {role: client(role, to=service, **reach) for role, reach in REACHES.items()}


@pytest.mark.parametrize("role", REACHES)
def test_reading_shows_what_lies_in_reach_and_nothing_else(contract, world, role):
    made, clients = world
    if "risks:read" not in contract.roles[role]["scopes"]:
        assert clients[role].get("/v1/risk-points").status_code == 403
        return
    # a unit sees the site that answers to it, wherever a role is bound to its region
    for name, ids in made.items():
        expected = 200 if sees(role, PLACES[name]) else 404
        for target in (f"/v1/risk-points/{ids['point']}", f"/v1/major-hazard-sources/{ids['source']}", f"/v1/cases/{ids['listed']}"):
            assert clients[role].get(target).status_code == expected, f"{role} {target} {name}"
    within = {name for name in PLACES if sees(role, PLACES[name])}
    known = lambda items, key, of: {n for n in made if made[n][of] in {key(i) for i in items}}  # noqa: E731
    by_id = lambda item: item["id"]  # noqa: E731
    assert known(clients[role].items("/v1/risk-points?limit=2"), by_id, "point") == within
    assert known(clients[role].get("/v1/risk-map").json()["features"], by_id, "point") == within
    assert known(clients[role].items("/v1/listed-cases?limit=2"), by_id, "listed") == within
    assert known(clients[role].items("/v1/major-hazard-sources?limit=2"), lambda i: i["unit"]["id"], "source") == within
    assert clients[role].get("/v1/risk-summary").json()["total"]["total"] == len(within)


@pytest.mark.parametrize("role", REACHES)
def test_writing_follows_the_scopes_and_the_reach(contract, world, role):
    made, clients = world
    scopes = set(contract.roles[role]["scopes"])
    merge = {"Content-Type": "application/merge-patch+json"}
    caller = clients[role]
    for name, ids in made.items():
        within = sees(role, PLACES[name])
        for scope, status, answer in (
                ("risks:write", 412, caller.patch(f"/v1/risk-points/{ids['point']}", json={"name": "x"}, if_match="999", headers=merge)),
                ("risks:write", 412, caller.post(f"/v1/risk-points/{ids['point']}/assessments", json=lec(1, 1, 1), if_match="999")),
                ("risks:write", 412, caller.patch(f"/v1/major-hazard-sources/{ids['source']}", json={"substances": "x"},
                                                  if_match="999", headers=merge))):
            expected = 403 if scope not in scopes else status if within else 404
            assert answer.status_code == expected, f"{role} {name}: {answer.status_code} {answer.text[:200]}"
        unit = PLACES[name].id
        dry = {"Prefer": "dry-run"}
        for scope, answer in (
                ("risks:write", caller.post("/v1/risk-points", json=point(unit_id=unit), headers=dry)),
                ("hazards:handle", caller.post("/v1/listed-cases", json=proposal(unit_id=unit, level="province"), headers=dry)),
                ("hazards:handle", caller.post("/v1/escalations", json={"unit_id": unit, "title": "x", "matter": "x",
                                                                        "asks_for": "x"}, headers=dry)),
                ("hazards:handle", caller.post("/v1/hazards-as-accidents", json={"parent_id": ids["hazard"], "grounds": "x"},
                                               headers=dry))):
            expected = 403 if scope not in scopes else 200 if within else 422
            assert answer.status_code == expected, f"{role} {name}: {answer.status_code} {answer.text[:300]}"


def test_the_matrix_asks_every_operation_of_risks_and_listing(contract):
    asked = {o["operationId"] for _, path, o in contract.operations() if o["security"] and (
        o["tags"] == ["risks"] or path.startswith(("/v1/listed-cases", "/v1/escalations", "/v1/hazards-as-accidents")))}
    assert asked == set(asked_risks.ASKED) | set(asked_listing.ASKED)
