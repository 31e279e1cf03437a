"""Units, people and appointments in and outside of each role's reach: what lies outside does not exist."""
from functools import partial

import pytest

from harness import tree
from harness.hierarchy import appoint, day, person

REACHES = {
    "enterprise_reporter": {"unit": tree.enterprise("150622101", 1).id},
    "county_officer": {"region": "150622"},
    "city_officer": {"region": "1506"},
    "committee_office": {"region": "1506"},
    "sector_officer": {"region": "1506", "sectors": ["coal"]},
    "town_officer": {"region": "150622101"},
    "province_officer": {"region": "15"},
    "auditor": {"region": "1506"},
}
UNITS = {"own": ("150622101", 1), "same town": ("150622101", 2), "other county": ("150621100", 1),
         "other city": ("150102001", 1)}
SEES = {
    "enterprise_reporter": {"own"}, "town_officer": {"own", "same town"}, "county_officer": {"own", "same town"},
    "city_officer": {"own", "same town", "other county"}, "committee_office": {"own", "same town", "other county"},
    "auditor": {"own", "same town", "other county"}, "sector_officer": {"own", "other county"},
    "province_officer": set(UNITS),
}
# Reading: what is asked of one unit, its person, its appointment.
READS = {"units:read": ["/v1/units/{unit}", "/v1/units/{unit}/history", "/v1/units/{unit}/tree",
                        "/v1/units/{unit}/tree?by=territory"],
         "people:read": ["/v1/units/{unit}/leadership", "/v1/people/{person}", "/v1/appointments/{appointment}"]}
ACT = {"effective_on": day(1), "document_number": "准政发〔2026〕17号"}
NEW = {"kind": "enterprise", "name": "新", "region_code": "150622101"}
WRITES = [
    ("units:write", "patch", "/v1/units/{unit}", {"name": "x"}), ("units:write", "post", "/v1/units/{unit}/closure", ACT),
    ("units:write", "post", "/v1/units/{unit}/merger", {"new_unit": NEW, **ACT}),
    ("units:write", "post", "/v1/units/{unit}/split", {"successors": [{"new_unit": NEW}, {"new_unit": NEW}], **ACT}),
    ("people:write", "patch", "/v1/people/{person}", {"name": "x"}),
    ("people:write", "patch", "/v1/appointments/{appointment}", {"held_from": day(9), "reason": "x"}),
    ("people:write", "post", "/v1/appointments/{appointment}/end", {"held_until": day(1)}),
]


@pytest.fixture(scope="module")
def client(client, register):
    """Clients of the service whose units these tests write."""
    return partial(client, to=register[1])


@pytest.fixture(scope="module")
def world(client):
    """By the place of the unit: its id, its person's and its appointment's."""
    made = {}
    for name, (town, number) in UNITS.items():
        unit = tree.enterprise(town, number).id
        officer = client("county_officer", region=town[:6])
        who = person(officer, unit)
        made[name] = {"unit": unit, "person": who["id"], "appointment": appoint(officer, who, unit, post="team_leader")["id"]}
    return made


@pytest.mark.parametrize("role", REACHES)
def test_reading_follows_the_reach(contract, client, world, role):
    caller = client(role, **REACHES[role])
    for scope, targets in READS.items():
        assert scope in contract.roles[role]["scopes"]
        for name, ids in world.items():
            for target in targets:
                status = caller.get(target.format(**ids)).status_code
                assert status == (200 if name in SEES[role] else 404), f"{role} {target} {name}: {status}"
    for target, key in (("/v1/units", "unit"), ("/v1/people", "person"), ("/v1/appointments", "appointment")):
        listed = {item["id"] for item in caller.items(f"{target}?limit=200")}
        assert {name for name, ids in world.items() if ids[key] in listed} == SEES[role], f"{role} {target}"


@pytest.mark.parametrize("role", REACHES)
def test_writing_follows_the_scopes_and_the_reach(contract, client, world, role):
    caller = client(role, **REACHES[role])
    for scope, method, target, body in WRITES:
        headers = {"Content-Type": "application/merge-patch+json"} if method == "patch" else {}
        for name, ids in world.items():
            status = caller.request(method, target.format(**ids), json=body, if_match="999", headers=headers).status_code
            expected = 403 if scope not in contract.roles[role]["scopes"] else 412 if name in SEES[role] else 404
            assert status == expected, f"{role} {method} {target} {name}: {status}"
