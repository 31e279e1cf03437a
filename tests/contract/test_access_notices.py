"""Notices and lights x role x what lies in and outside its reach."""
import pytest
import asked_notices
from harness import tree
from harness.owed import DAY, JUST, now, owe, sweep
from test_access_matrix import REACHES

PLACES = {"own": tree.enterprise("150622101", 1), "other unit of the town": tree.enterprise("150622101", 2),
          "other town": tree.enterprise("150622100", 1), "other county": tree.enterprise("150621100", 1),
          "other city": tree.enterprise("150102001", 1), "county department": tree.body("coal", "150622")}


def sees(role: str, unit) -> bool:
    reach = REACHES[role]
    if "unit" in reach:
        return unit.id == reach["unit"]
    return unit.region_code.startswith(reach["region"]) and unit.sector in reach.get("sectors", [unit.sector])


@pytest.fixture(scope="module")
def world(make_database, cluster, make_service, client):
    """A database of its own with a warning about every place, and a client of every role."""
    alone = make_database(cluster, catalogue=False)
    made = {}
    with alone.owner() as owner:
        for name, unit in PLACES.items():
            obligation = owe(owner, now() - JUST, unit=unit)
            sweep(owner)
            made[name] = owner.execute("select id::text from anze.notice where subject_id = %s", (obligation,)).fetchone()[0]
    service = make_service(alone)
    return made, {role: client(role, to=service, **reach) for role, reach in REACHES.items()}


@pytest.mark.parametrize("role", REACHES)
def test_notices_and_lights_are_seen_in_ones_own_reach_and_nowhere_else(contract, world, role):
    made, clients = world
    may = "duties:read" in contract.roles[role]["scopes"]
    for name, unit in PLACES.items():
        expected = 403 if not may else 200 if sees(role, unit) else 404
        for target in (f"/v1/notices/{made[name]}", f"/v1/units/{unit.id}/light"):
            answer = clients[role].get(target)
            assert answer.status_code == expected, f"{role} {name} {target}: {answer.status_code} {answer.text[:200]}"


@pytest.mark.parametrize("role", REACHES)
def test_the_lists_hold_exactly_what_the_role_may_see(contract, world, role):
    made, clients = world
    if "duties:read" not in contract.roles[role]["scopes"]:
        assert clients[role].get("/v1/notices").status_code == 403
        return
    expected = {name for name, unit in PLACES.items() if sees(role, unit)}
    shown = clients[role].items("/v1/notices?limit=1")
    assert {n["id"] for n in shown} == {made[name] for name in expected}
    lights = {x["unit"]["id"]: x["colour"] for x in clients[role].items("/v1/lights?limit=3")}
    assert set(lights) == {unit.id for unit in tree.UNITS.values() if sees(role, unit)}
    assert {u for u, colour in lights.items() if colour != "green"} == {PLACES[name].id for name in expected}
    for target in ("/v1/notices", "/v1/lights"):
        counted = clients[role].get(target, headers={"Prefer": "count=exact"}).json()["page"]["total"]
        assert counted == len(clients[role].items(target))


@pytest.mark.parametrize("role", REACHES)
def test_a_warning_is_acknowledged_within_reach_by_those_who_may_record(contract, world, role):
    made, clients = world
    may = "duties:record" in contract.roles[role]["scopes"]
    for name, unit in PLACES.items():
        answer = clients[role].post(f"/v1/notices/{made[name]}/acknowledgement", json={}, if_match="999")
        expected = 403 if not may else 412 if sees(role, unit) else 404
        assert answer.status_code == expected, f"{role} {name}: {answer.status_code} {answer.text[:200]}"


@pytest.mark.parametrize("role", REACHES)
def test_regions_are_counted_over_what_the_role_may_see(contract, world, role):
    _, clients = world
    answer = clients[role].get("/v1/region-lights?parent=150600")
    if "duties:read" not in contract.roles[role]["scopes"]:
        assert answer.status_code == 403
        return
    counted = {r["region_code"]: r["units"]["total"] for r in answer.json()["regions"]}
    if "unit" in REACHES[role]:
        assert answer.json() == {"regions": []}
        return
    model: dict[str, int] = {}
    for unit in tree.UNITS.values():
        if sees(role, unit) and unit.region_code.startswith("1506") and unit.region_code != "150600":
            model[unit.county] = model.get(unit.county, 0) + 1
    assert counted == model
    whole = REACHES[role]["region"] in ("15", "1506")
    assert ("parent" in answer.json()) == whole
    assert clients[role].get("/v1/region-lights?parent=150100").json()["regions"] == [] or role == "province_officer"


def test_a_units_superior_sees_and_acknowledges_what_it_was_told(world, client, make_database, cluster, make_service):
    alone = make_database(cluster, catalogue=False)
    with alone.owner() as owner:
        obligation = owe(owner, now() - 8 * DAY, unit=PLACES["own"])
        sweep(owner)
    service = make_service(alone)
    identity = alone.value("select id::text from anze.notice where subject_id = %s", obligation)
    of = lambda unit: client(scopes=["duties:read", "duties:record"], unit=unit.id, to=service)  # noqa: E731
    superior, itself, stranger = (of(tree.body("government", "150622")), of(PLACES["own"]), of(PLACES["other town"]))
    assert [n["id"] for n in superior.items("/v1/notices")] == [n["id"] for n in itself.items("/v1/notices")] == [identity]
    assert stranger.items("/v1/notices") == []
    target = f"/v1/notices/{identity}/acknowledgement"
    assert stranger.post(target, json={}, if_match="1").status_code == 404
    assert itself.post(target, json={}, if_match="1").status_code == 403
    assert superior.post(target, json={}, if_match="1").status_code == 200


def test_the_matrix_asks_every_operation_of_the_tag(contract):
    assert set(asked_notices.ASKED) == {o["operationId"] for _, _, o in contract.operations() if o["tags"] == ["notices"]}
