"""Records, follow-ups and events of one's own unit and of others, role by role: a second opinion, from a model, of who may
read and write what. What lies outside a role's reach does not exist for it."""
import itertools

import pytest
from test_access_matrix import PLACES, REACHES, sees

from harness import tree
from harness.duty_records import RECORDS, event_kind, inspection, raise_event, training

HERE = {name: place for name, place in PLACES.items() if place.unit}
BODY = tree.body("emergency", "150622")  # a body has no sector: only callers of every sector, or itself, see what is its


@pytest.fixture(scope="module")
def world(cluster, make_database, make_service, client):
    """One record with a finding and one event in every place; a client of every role."""
    database = make_database(cluster)
    kind = event_kind(database, "told_to_check")
    service = make_service(database)
    made = {}
    for name, place in HERE.items():
        filer = client(scopes=["duties:record", "duties:read"], region=place.region[:6], to=service)
        answer = filer.post(RECORDS, json=inspection([{"matter": "护栏缺失"}], unit_id=place.unit))
        assert answer.status_code == 201, answer.text
        made[name] = (answer.json()["id"], raise_event(database, kind, tree.UNITS[place.unit], "2025-06-01T08:00:00+08:00"))
    return made, {role: client(role, to=service, **reach) for role, reach in REACHES.items()}, service


def scopes(contract, role: str) -> set[str]:
    return set(contract.roles[role]["scopes"])


@pytest.mark.parametrize("role", REACHES)
def test_what_is_read_of_each_place(contract, world, role):
    made, clients, _ = world
    caller = clients[role]
    for name, place in HERE.items():
        record, event = made[name]
        expected = 403 if "duties:read" not in scopes(contract, role) else 200 if sees(role, place) else 404
        for path in (f"{RECORDS}/{record}", f"{RECORDS}/{record}/follow-ups/1", f"/v1/duty-events/{event}"):
            answer = caller.get(path)
            assert answer.status_code == expected, f"{role} {name} {path}: {answer.text[:200]}"


@pytest.mark.parametrize("role", REACHES)
def test_a_list_holds_exactly_what_the_role_may_see(contract, world, role):
    made, clients, _ = world
    if "duties:read" not in scopes(contract, role):
        assert clients[role].get(RECORDS).status_code == 403
        return
    expected = {name for name, place in HERE.items() if sees(role, place)}
    by_record, by_event = ({ids[n]: name for name, ids in made.items()} for n in (0, 1))
    assert {by_record[r["id"]] for r in clients[role].items(f"{RECORDS}?limit=1") if r["id"] in by_record} == expected
    assert {by_record[f["record_id"]] for f in clients[role].items("/v1/follow-ups?limit=1")
            if f["record_id"] in by_record} == expected
    assert {by_event[e["id"]] for e in clients[role].items("/v1/duty-events?limit=1") if e["id"] in by_event} == expected


@pytest.mark.parametrize("role", REACHES)
def test_what_is_changed_of_each_place(contract, world, role):
    made, clients, _ = world
    for (name, place), (rest, body) in itertools.product(HERE.items(), {
            "retraction": {"reason": "误登"}, "publication": {"published_on": "2026-01-01"},
            "versions": {"reason": "误登", "record": inspection([])},
            "follow-ups/1/completion": {"done_on": "2026-01-01", "result": "已整改"}}.items()):
        answer = clients[role].post(f"{RECORDS}/{made[name][0]}/{rest}", json=body, if_match="0")
        expected = 403 if "duties:record" not in scopes(contract, role) else 412 if sees(role, place) else 404
        assert answer.status_code == expected, f"{role} {name} {rest}: {answer.status_code} {answer.text[:200]}"


@pytest.mark.parametrize("role", REACHES)
def test_nobody_writes_for_a_unit_outside_its_reach(contract, world, role):
    _, clients, _ = world
    for name, place in HERE.items():
        event = {"kind": "told_to_check", "unit_id": place.unit, "occurred_at": "2025-06-01T08:00:00+08:00", "subject": "x"}
        expected = 403 if "duties:record" not in scopes(contract, role) else 201 if sees(role, place) else 422
        for path, body in ((RECORDS, training(unit_id=place.unit)), ("/v1/duty-events", event)):
            answer = clients[role].post(path, json=body)
            assert answer.status_code == expected, f"{role} {name} {path}: {answer.status_code} {answer.text[:200]}"


def test_a_sectors_officer_keeps_the_records_of_its_own_department_and_of_no_other(world, client):
    _, _, service = world
    officer = client("sector_officer", region="1506", sectors=["coal"], unit=BODY.id, to=service)
    own = officer.post(RECORDS, json=training())
    assert own.status_code == 201 and own.json()["unit"]["id"] == BODY.id
    assert officer.get(f"{RECORDS}/{own.json()['id']}").status_code == 200
    assert own.json()["id"] in {r["id"] for r in officer.items(RECORDS)}
    assert officer.post(RECORDS, json=training(unit_id=tree.body("coal", "150622").id)).status_code == 422


def test_another_units_record_looks_like_none_at_all(world):
    made, clients, _ = world
    reporter = clients["enterprise_reporter"]
    there = reporter.get(f"{RECORDS}/{made['other county'][0]}")
    nowhere = reporter.get(f"{RECORDS}/00000000-0000-4000-8000-000000000000")
    plain = lambda a: {k: v for k, v in a.json().items() if k not in ("instance", "trace_id")}  # noqa: E731
    assert plain(there) == plain(nowhere) and len(there.content) == len(nowhere.content)
