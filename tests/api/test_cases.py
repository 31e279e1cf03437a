"""Cases: one action at a time, by whom the rows name, with what they ask for; the timeline keeps everything."""
import pytest

from harness import cases, tree
from harness.cases import SUPERVISOR, UNIT, day, open_case

SCOPES = ["cases:read", "cases:act"]


@pytest.fixture(scope="module")
def world(register):
    database, service = register
    with database.owner() as owner:
        cases.install(owner)
    return database, service


@pytest.fixture
def opened(world):
    database, _ = world
    with database.owner() as owner:
        return open_case(owner)


@pytest.fixture(scope="module")
def by(world, client):
    """by(unit=…, region=…, sub=…): a client of that reach."""
    _, service = world
    return lambda scopes=SCOPES, **grant: client(scopes=scopes, to=service, **grant)


@pytest.fixture(scope="module")
def supervisor(by):
    return by(region="150622", unit=SUPERVISOR.id, sub="supervisor-1")


@pytest.fixture(scope="module")
def enterprise(by):
    return by(unit=UNIT.id, sub="enterprise-1")


def read(who, case: str) -> dict:
    answer = who.get(f"/v1/cases/{case}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def act(who, case: str, action: str, fields: dict | None = None, evidence: list | None = None, version=None, **more):
    body = {"action": action, **({"fields": fields} if fields is not None else {}),
            **({"evidence": evidence} if evidence is not None else {})}
    return who.post(f"/v1/cases/{case}/actions", json=body,
                    if_match=str(version or read(who, case)["version"]), **more)


def test_a_case_goes_its_way_to_the_end(opened, supervisor, enterprise):
    assert [a["action"] for a in read(supervisor, opened)["actions"]] == ["assign", "comment"]
    answer = act(supervisor, opened, "assign", {"due_on": day(10)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "working" and answer.json()["facts"] == {"due_on": day(10)}
    answer = act(enterprise, opened, "finish", {"result": "已整改"}, [{"kind": "photo"}])
    assert answer.status_code == 200, answer.text
    timeline = answer.json()["timeline"]
    assert [e["action"] for e in timeline] == ["opened", "assign", "finish"]
