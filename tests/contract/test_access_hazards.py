"""Hazards of one's own unit and of others, role by role: what lies outside a role's reach does not exist for it."""
import pytest
from test_access_matrix import PLACES, REACHES, sees

from harness.hazards import HAZARDS, filing

HERE = {name: place for name, place in PLACES.items() if place.unit}


@pytest.fixture(scope="module")
def world(cluster, make_database, make_service, client):
    service = make_service(make_database(cluster))
    made = {}
    for name, place in HERE.items():
        filer = client(scopes=["hazards:report"], region=place.region[:6], to=service)
        answer = filer.post(HAZARDS, json=filing(unit_id=place.unit))
        assert answer.status_code == 201, answer.text
        made[name] = answer.json()
    return made, {role: client(role, to=service, **reach) for role, reach in REACHES.items()}


def scopes(contract, role: str) -> set[str]:
    return set(contract.roles[role]["scopes"])


@pytest.mark.parametrize("role", REACHES)
def test_what_is_read_and_changed_of_each_place(contract, world, role):
    made, clients = world
    for name, place in HERE.items():
        path = f"{HAZARDS}/{made[name]['id']}"
        for rest in ("", "/duplicates"):
            expected = 403 if "hazards:read" not in scopes(contract, role) else 200 if sees(role, place) else 404
            assert clients[role].get(path + rest).status_code == expected, f"{role} {name} {rest}"
        for rest, scope, body in (("/judgements", "hazards:report", {"severity": "general"}),
                                  ("/mergers", "hazards:handle", {"into_id": made["own"]["id"], "reason": "同一隐患"}),
                                  ("/mergers/undo", "hazards:handle", {"reason": "两处不同"})):
            expected = 403 if scope not in scopes(contract, role) else 412 if sees(role, place) else 404
            answer = clients[role].post(path + rest, json=body, if_match="99")
            assert answer.status_code == expected, f"{role} {name} {rest}: {answer.text[:200]}"


@pytest.mark.parametrize("role", REACHES)
def test_lists_and_figures_hold_exactly_what_the_role_may_see(contract, world, role):
    made, clients = world
    if "hazards:read" not in scopes(contract, role):
        assert clients[role].get(HAZARDS).status_code == 403
        return
    expected = {made[name]["id"] for name, place in HERE.items() if sees(role, place)}
    known = {hazard["id"] for hazard in made.values()}
    for target in (f"{HAZARDS}?limit=1", f"{HAZARDS}?open=true", f"{HAZARDS}?merged=false"):
        assert {h["id"] for h in clients[role].items(target)} & known == expected, target
    units = {g["key"] for g in clients[role].items("/v1/hazard-statistics?period=2026&group_by=unit")}
    assert units == {place.unit for place in HERE.values() if sees(role, place)}


@pytest.mark.parametrize("role", REACHES)
def test_nobody_files_a_hazard_of_a_unit_outside_its_reach(contract, world, role):
    _, clients = world
    for name, place in HERE.items():
        answer = clients[role].post(HAZARDS, json=filing(unit_id=place.unit, source="own_check"))
        expected = 403 if "hazards:report" not in scopes(contract, role) else 201 if sees(role, place) else 422
        assert answer.status_code == expected, f"{role} {name}: {answer.text[:200]}"
