"""A state may hide a case from the unit that it is about, until a declared step: the case, its list, papers, deadlines and
notices; and from nobody else."""
import json

import pytest

from harness import cases, tree
from harness.cases import SUPERVISOR, UNIT, day, open_case
from harness.files import picture, upload

SCOPES = ["cases:read", "cases:act", "files:read", "files:write", "duties:read"]


@pytest.fixture(scope="module")
def world(make_database, cluster, make_service):
    database = make_database(cluster)
    with database.owner() as owner:
        cases.prepare(owner)
        page = cases.document("test_hidden")
        for state in page["states"]:
            if state["code"] in ("new", "working"):
                state["withheld_from"] = ["subject"]
        page["clocks"][1]["states"] += ["review"]  # what the unit owes runs before it knows, and after
        cases.ship(owner, page)
    return database, make_service(database)


@pytest.fixture(scope="module")
def by(world, client):
    return lambda **grant: client(scopes=SCOPES, to=world[1], **grant)


@pytest.fixture(scope="module")
def county(by):
    return by(region="150622", unit=SUPERVISOR.id, sub="county-1")


@pytest.fixture(scope="module")
def subject(by):
    return by(unit=UNIT.id, sub="enterprise-1")


def act(owner, case: str, action: str, fields: dict | None = None, evidence: list | None = None) -> None:
    owner.execute("update anze.case_action set takers = takers || '[\"system\"]' where code = %s and not takers ? 'system'", (action,))
    owner.execute("select anze.case_act(%s, %s, %s, %s, true)", (case, action, json.dumps(fields or {}), json.dumps(evidence or [])))


@pytest.fixture
def hidden(world, county):
    """A case at work, with a paper of the county's."""
    paper = upload(county, picture(2000))
    with world[0].owner() as owner:
        case = open_case(owner, kind="test_hidden")
        assert owner.execute("select withheld_from_unit from anze.case_file where id = %s", (case,)).fetchone() == (True,)
        act(owner, case, "assign", {"due_on": day(2)})
        act(owner, case, "comment", {"note": "线索"})
        owner.execute("select anze.use_files(%s, 'case', %s)", (json.dumps([{"kind": "photo", "file_id": paper["id"]}]), case))
    return case, paper["id"]


def seen(who, case: str, paper: str) -> dict[str, bool]:
    return {"case": who.get(f"/v1/cases/{case}").status_code == 200,
            "list": case in [c["id"] for c in who.items("/v1/cases?limit=50")],
            "deadline": any(d["link"].endswith(case) for d in who.items("/v1/deadlines?kind=case&limit=50")),
            "paper": who.get(f"/v1/files/{paper}").status_code == 200}


def test_the_unit_does_not_see_it_until_the_step_and_everybody_else_does(world, hidden, county, subject, by):
    town, city = by(region="150622101"), by(region="1506", unit=tree.body("emergency", "150600").id)
    assert set(seen(subject, *hidden).values()) == {False}
    for who in (county, town, city):
        assert all(value for name, value in seen(who, *hidden).items() if name != "paper" or who is county)
    assert subject.post(f"/v1/cases/{hidden[0]}/actions", json={"action": "finish"}, if_match="3").status_code == 404
    with world[0].owner() as owner:
        act(owner, hidden[0], "finish", {"result": "已核实"}, [{"kind": "photo"}])
    assert set(seen(subject, *hidden).values()) == {True}
    assert set(seen(county, *hidden).values()) == {True}


def test_the_unit_is_told_nothing_of_it_until_the_step(world, hidden):
    looks = "select next_notice_at < 'infinity' from anze.deadline where subject_id = %s and is_running and owed_by = %s"
    with world[0].owner() as owner:
        assert {told for (told,) in owner.execute(looks, (hidden[0], UNIT.id))} == {False}
        assert {told for (told,) in owner.execute(looks, (hidden[0], SUPERVISOR.id))} == {True}
        act(owner, hidden[0], "finish", {"result": "已核实"}, [{"kind": "photo"}])
        assert {told for (told,) in owner.execute(looks, (hidden[0], UNIT.id))} == {True}
