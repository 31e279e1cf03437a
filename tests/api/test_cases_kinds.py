"""Kinds of case over HTTP: the document that one reads, and the next version that an administrator makes of it."""
import copy

import pytest

from harness import cases
from harness.cases import day, open_case

NEXT = {"version": 2, "in_force_from": day(1), "reason": "新办法"}


@pytest.fixture(scope="module")
def world(make_database, cluster, make_service):
    database = make_database(cluster)
    with database.owner() as owner:
        for kind in (cases.KIND, "test_revised", "test_tried", "test_faulty"):
            cases.install(owner, kind=kind)
    return database, make_service(database)


@pytest.fixture(scope="module")
def administrator(world, client):
    return client(scopes=["rules:read", "rules:write"], to=world[1], region="15", sub="administrator-1")


@pytest.fixture(scope="module")
def reader(world, client):
    return client(scopes=["cases:read", "rules:read"], to=world[1], region="150622")


def versions(who, kind: str) -> list[int]:
    return [k["version"] for k in who.items(f"/v1/case-kinds/{kind}/versions?limit=1")]


def document(who, kind: str, version: int = 1) -> dict:
    answer = who.get(f"/v1/case-kinds/{kind}/versions/{version}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def revise(who, page: dict, **how):
    return who.post(f"/v1/case-kinds/{page['code']}/versions", json=page, **how)


@pytest.mark.parametrize("role", ["administrator", "county_officer", "enterprise_reporter"])
def test_whoever_revises_a_kind_and_whoever_goes_by_it_reads_it(world, client, contract, role):
    """The role of administrators has no cases:read: kinds are read by rules:read, which every role has that reads cases."""
    assert all("rules:read" in granted["scopes"] for granted in contract.roles.values() if "cases:read" in granted["scopes"])
    where = {"unit": cases.UNIT.id} if role == "enterprise_reporter" else {"region": "150622"}
    who = client(role, to=world[1], **where)
    assert who.get(f"/v1/case-kinds/{cases.KIND}").json()["code"] == cases.KIND
    assert cases.KIND in {kind["code"] for kind in who.items("/v1/case-kinds?limit=50")}


def test_what_one_reads_makes_the_next_version(administrator, reader):
    page = document(administrator, "test_revised")
    assert page == reader.get("/v1/case-kinds/test_revised").json() == reader.get("/v1/case-kinds/test_revised?version=1").json()
    page["actions"] = [a for a in page["actions"] if a["code"] != "comment"]
    answer = revise(administrator, {**page, **NEXT}, key="k-revised")
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"].endswith("/v1/case-kinds/test_revised/versions/2")
    made = document(administrator, "test_revised", 2)
    assert made == answer.json()["document"]
    assert (made["origin"], made["reason"], made["is_in_force"], made["in_force_from"]) == ("administrator", "新办法", False, day(1))
    assert made["actions"] == page["actions"] and made["states"] == page["states"] and made["clocks"] == page["clocks"]
    assert document(administrator, "test_revised")["in_force_until"] == day(0)
    assert versions(administrator, "test_revised") == [1, 2]
    assert reader.get("/v1/case-kinds/test_revised").json()["version"] == 1, "the one in force"
    assert reader.get("/v1/case-kinds/test_revised?version=2").json() == made, "one that is yet to come"
    again = revise(administrator, {**page, **NEXT}, key="k-revised")
    assert again.content == answer.content and again.headers["Idempotency-Replayed"] == "true"


def test_a_dry_run_says_what_open_cases_would_do_and_keeps_nothing(world, administrator, client):
    with world[0].owner() as owner:
        opened = [open_case(owner, kind="test_tried") for _ in range(3)]
        owner.execute("update anze.case_action set takers = takers || '[\"system\"]' where (kind, code) = ('test_tried', 'assign')")
        owner.execute("select anze.case_act(%s, 'assign', %s, '[]', true)", (opened[0], '{"due_on": "%s"}' % day(9)))
        owner.execute("select anze.case_act(%s, 'lapse', '{}', '[]', true)", (opened[1],))
    page = {**document(administrator, "test_tried"), **NEXT}
    page["states"] = [s for s in page["states"] if s["code"] != "working"]
    page["actions"] = [
        {**a, "from_states": [s for s in a["from_states"] if s != "working"], "starts": [], "stops": [],
         "to_state": "review" if a["code"] == "assign" else a.get("to_state", a["from_states"][0])}
        for a in page["actions"] if a["code"] not in ("report", "extend", "finish", "fail", "secret", "take_over", "comment")]
    page["actions"] = [{**a, "other_than": [], "to_state": "closed" if a["code"] == "command" else a["to_state"]} for a in page["actions"]]
    whole = {**next(c for c in page["clocks"] if c["code"] == "whole"), "states": ["new", "review"]}
    page["clocks"] = [whole, {**whole, "code": "greeting", "states": ["new"]}]
    answer = revise(administrator, page, headers={"Prefer": "dry-run"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Preference-Applied"] == "dry-run"
    assert answer.json()["open_cases"] == [
        {"version": 1, "state": "new", "cases": 1, "goes_on": True, "clocks_begin": ["greeting"],
         "clocks_end": [{"clock": "answer", "cases": 1}]},
        {"version": 1, "state": "working", "cases": 1, "goes_on": False, "clocks_begin": [], "clocks_end": []}]
    assert versions(administrator, "test_tried") == [1]


def test_everything_that_does_not_hold_is_named_at_once_by_its_place(administrator):
    page = {**document(administrator, "test_faulty"), **NEXT, "version": 7, "in_force_from": "1999-01-01"}
    page["states"].append({"code": "island", "title_zh": "孤岛", "title_en": "Island"})
    page["actions"][0].update(scope="cases:dream", starts=["no_clock"])
    page["clocks"][0]["rule"] = "NO.SUCH.RULE"
    answer = revise(administrator, page)
    assert answer.status_code == 422
    assert {(f["pointer"], f["code"]) for f in answer.json()["errors"]} == {
        ("/version", "not-the-next"), ("/in_force_from", "not-after-running-version"),
        ("/states/4", "never-reached"), ("/states/4", "never-left"), ("/actions/0/scope", "unknown-reference"),
        ("/actions/0/starts/0", "unknown-reference"), ("/clocks/0/rule", "unknown-reference")}
    assert versions(administrator, "test_faulty") == [1]


def test_the_shape_of_a_document_is_the_contracts(administrator):
    page = {**document(administrator, "test_faulty"), **NEXT}
    wrong = copy.deepcopy(page)
    wrong["actions"][0]["takers"] = ["king"]
    wrong["clocks"][0]["watched_by"] = "nobody"
    wrong["states"][0]["colour"] = "red"
    found = {f["pointer"] for f in revise(administrator, wrong).json()["errors"]}
    assert found >= {"/clocks/0/watched_by", "/states/0/colour"} and any(p.startswith("/actions/0/takers/0") for p in found)
    del page["reason"]
    assert [f["pointer"] for f in revise(administrator, page).json()["errors"]] == ["/reason"]


def test_faults_of_the_shape_are_named_first_and_alone_then_what_the_document_says(administrator):
    """Posts stand at takers of actions: nowhere else."""
    page = {**document(administrator, "test_faulty"), **NEXT}
    wrong = copy.deepcopy(page)
    wrong["states"][0]["colour"] = "red"
    wrong["actions"][0]["posts"] = ["department_head"]
    wrong["actions"][0]["to_state"] = "nowhere"
    wrong["clocks"][0]["extension"] = {"by": "TEST.CASE.DAYS", "times": "TEST.CASE.DAYS",
                                       "takers": [{"who": "upper", "posts": ["department_head"]}]}
    named = {(f["pointer"], f["code"]) for f in revise(administrator, wrong).json()["errors"]}
    assert named == {("/states/0/colour", "unknown-field"), ("/actions/0/posts", "unknown-field"),
                     ("/clocks/0/extension/takers/0", "not")}
    del wrong["states"][0]["colour"], wrong["actions"][0]["posts"], wrong["clocks"][0]["extension"]
    wrong["actions"][1]["takers"] = ["unit", {"who": "supervisor", "posts": ["department_head", "emperor"]}]
    assert {("/actions/0/to_state", "unknown-reference"), ("/actions/1/takers/1/posts/1", "unknown-reference")} <= {
        (f["pointer"], f["code"]) for f in revise(administrator, wrong).json()["errors"]}


def test_only_who_keeps_the_rules_revises_and_only_what_is_there(reader, administrator):
    page = {**document(administrator, cases.KIND), **NEXT}
    assert revise(reader, page).status_code == 403
    assert administrator.post("/v1/case-kinds/nothing/versions", json={**page, "code": "nothing"}).status_code == 404
    assert [f["pointer"] for f in administrator.post("/v1/case-kinds/test_faulty/versions", json=page).json()["errors"]] == ["/code"]
    assert administrator.get("/v1/case-kinds/nothing/versions/1").status_code == 404
    assert versions(administrator, "nothing") == []
