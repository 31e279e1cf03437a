"""A state may hide a case from the unit that it is about, until a declared step: the case, its list, papers, deadlines and
notices; and from nobody else."""
import json

import pytest

from harness import cases, tree
from harness.cases import SUPERVISOR, UNIT, day, open_case
from harness.files import picture, upload
from harness.owed import sweep

SCOPES = ["cases:read", "cases:act", "files:read", "files:write", "duties:read", "duties:record"]


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


def test_what_was_told_before_a_state_withheld_the_case_is_withheld_with_it(world, county, subject, by):
    """Of a kind whose review is withheld: the notice of the overdue work was issued while the unit saw the case."""
    page = cases.document("test_hidden_later")
    page["states"][2]["withheld_from"] = ["subject"]
    page["clocks"][1]["states"] += ["review"]  # it is not met by the step that hides it
    with world[0].owner() as owner:
        cases.ship(owner, page)
        case = open_case(owner, kind="test_hidden_later")
        act(owner, case, "assign", {"due_on": day(2)})
        owner.execute("update anze.deadline set starts_at = starts_at - interval '9 days', due_at = due_at - interval '9 days',"
                      " next_notice_at = '-infinity' where subject_id = %s and clock = 'rectify'", (case,))
        sweep(owner)
    told = lambda who: [n for n in who.items("/v1/notices?limit=50") if n.get("deadline", {}).get("case_id") == case]  # noqa: E731
    notice, = told(subject)
    assert [n["id"] for n in told(county)] == [notice["id"]] and notice["about_unit"]["id"] == UNIT.id
    with world[0].owner() as owner:
        act(owner, case, "finish", {"result": "线索核实中"}, [{"kind": "photo"}])
    assert told(subject) == [] and [n["id"] for n in told(county)] == [notice["id"]]
    path = f"/v1/notices/{notice['id']}"
    assert subject.get(path).status_code == 404 and county.get(path).status_code == 200
    assert subject.post(f"{path}/acknowledgement", json={}, if_match=str(notice["version"])).status_code == 404
    with world[0].owner() as owner:
        act(owner, case, "fail", {"why": "未消除"})
    assert [n["id"] for n in told(subject)] == [notice["id"]] and subject.get(path).status_code == 200


def late_cases(owner) -> int:
    owner.execute("select anze.judge_lights(array[%s]::uuid[])", (UNIT.id,))
    reasons, = owner.execute("select reasons from anze.unit_light where unit_id = %s", (UNIT.id,)).fetchone()
    return sum(r["value"] for r in reasons if r["measure"] == "cases_late")


def test_the_light_of_the_unit_does_not_tell_of_it(world, hidden):
    with world[0].owner() as owner:
        before = late_cases(owner)
        owner.execute("update anze.deadline set starts_at = starts_at - interval '9 days', due_at = due_at - interval '9 days'"
                      " where subject_id = %s and clock = 'rectify'", (hidden[0],))
        assert late_cases(owner) == before
        owner.execute("delete from anze.light_note")
        act(owner, hidden[0], "finish", {"result": "已核实"}, [{"kind": "photo"}])
        assert owner.execute("select unit_id::text from anze.light_note").fetchall()[-1:] == [(UNIT.id,)], "it is judged anew"
        assert late_cases(owner) == before + 1


SUCCESSOR, GRANDCHILD = tree.enterprise("150622101", 2), tree.enterprise("150622101", 3)
OFFICE = tree.body("office", "150622")
GROUP, OTHER = tree.enterprise("150622100", 1), tree.enterprise("150622100", 2)


@pytest.fixture(scope="module")
def related(world):
    """The subject merged into one that was split into another; the group of the subject, over it by register alone."""
    with world[0].owner() as owner:
        owner.execute("insert into anze.unit_event (unit_id, kind, on_day, others) values (%s, 'merged_into', '2026-01-01', %s::uuid[]),"
                      " (%s, 'split_into', '2026-02-01', %s::uuid[])", (UNIT.id, [SUCCESSOR.id], SUCCESSOR.id, [GRANDCHILD.id]))
        owner.execute("update anze.unit set kind = 'enterprise_group' where id = %s", (GROUP.id,))
        owner.execute("update anze.unit set group_id = %s where id = %s", (GROUP.id, UNIT.id))


@pytest.mark.parametrize("grant, sees", [
    (dict(region="150622", unit=OFFICE.id, sub=UNIT.id, act={"sub": "clerk"}), False),
    (dict(region="150622", unit=OFFICE.id, sub="somebody", act={"sub": "clerk"}), True),
    (dict(region="150622", unit=OFFICE.id, sub=OTHER.id, act={"sub": "clerk"}), True),
    (dict(region="150622", unit=UNIT.id), False),
    (dict(region="150622", unit=SUCCESSOR.id), False),
    (dict(region="150622", unit=GRANDCHILD.id), False),
    (dict(region="150622", unit=GROUP.id), False),
    (dict(region="150622", unit=OTHER.id), True),
    (dict(region="150622"), True),
], ids=["on behalf of the unit", "on behalf of a person", "on behalf of another unit", "the unit with a region's reach",
        "what it merged into", "what that became", "its group", "another enterprise", "an officer without a unit"])
def test_it_is_withheld_from_whoever_speaks_for_the_unit_however_the_token_says_it(hidden, related, by, grant, sees):
    who = by(**{"sub": "caller", **grant})
    assert {name: value for name, value in seen(who, *hidden).items() if name != "paper"} == {
        "case": sees, "list": sees, "deadline": sees}
    with_paper = who.get(f"/v1/files/{hidden[1]}").status_code == 200
    assert sees or not with_paper


def test_a_body_is_withheld_from_its_own_officers_of_no_unit_and_from_what_it_became(world, by):
    coal = tree.body("coal", "150622")
    with world[0].owner() as owner:
        case = open_case(owner, kind="test_hidden", unit=coal, supervisor=tree.body("emergency", "150600"))
        owner.execute("insert into anze.unit_event (unit_id, kind, on_day, others) values (%s, 'merged_into', '2026-01-01', %s::uuid[])",
                      (coal.id, [SUPERVISOR.id]))
    sees = lambda **grant: by(**grant).get(f"/v1/cases/{case}").status_code == 200  # noqa: E731
    assert not sees(region="150622", unit=coal.id) and not sees(region="150622", unit=SUPERVISOR.id)
    assert not sees(region="150622") and sees(region="1506") and sees(region="1506", unit=tree.body("emergency", "150600").id)
    assert sees(region="150622", unit=OFFICE.id), "another body of its county"
