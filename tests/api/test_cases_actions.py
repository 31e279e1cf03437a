"""Cases: one action at a time, by whom the rows name, with what they ask for; the timeline keeps everything."""
import concurrent.futures
import itertools
import json

import pytest

from harness import cases, tree
from harness.accidents import first_report
from harness.cases import SUPERVISOR, UNIT, day, open_case
from harness.files import begin, picture, upload
from harness.owed import DAY, now, owe, sweep
from harness.tokens import Issuer

SCOPES = ["cases:read", "cases:act", "rules:read"]
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def world(make_database, cluster, make_service):
    database = make_database(cluster)
    with database.owner() as owner:
        cases.install(owner)
        cases.install(owner, kind="test_moved")
    return database, make_service(database)


@pytest.fixture
def opened(world):
    database, _ = world
    with database.owner() as owner:
        return open_case(owner)


@pytest.fixture(scope="module")
def by(world, client):
    """by(unit=…, region=…, sub=…): a client of that reach."""
    _, service = world
    return lambda scopes=SCOPES, **grant: client(**{"scopes": scopes, "to": service, **grant})


@pytest.fixture(scope="module")
def supervisor(by):
    return by(region="150622", unit=SUPERVISOR.id, sub="supervisor-1")


@pytest.fixture(scope="module")
def reviewer(by):
    return by(region="150622", unit=SUPERVISOR.id, sub="supervisor-2")


@pytest.fixture(scope="module")
def enterprise(by):
    return by(unit=UNIT.id, sub="enterprise-1")


@pytest.fixture(scope="module")
def database_of_two(world, make_service, issuer, client, tmp_path_factory):
    """A service that trusts a second issuer as well; the issuer; and clients with its tokens."""
    other = Issuer(tmp_path_factory.mktemp("other"), "https://other.example")
    service = make_service(world[0], ANZE_TOKEN_ISSUERS=f"{issuer.setting} {other.setting}")
    return service, other, lambda token: client(bearer=token, to=service)


def read(who, case: str) -> dict:
    answer = who.get(f"/v1/cases/{case}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def act(who, case: str, action: str, fields: dict | None = None, evidence: list | None = None, version=None, **more):
    body = {"action": action, **({"fields": fields} if fields is not None else {}),
            **({"evidence": evidence} if evidence is not None else {})}
    return who.post(f"/v1/cases/{case}/actions", json=body,
                    if_match=str(version or read(who, case)["version"]), **more)


def done(answer) -> dict:
    assert answer.status_code == 200, answer.text
    return answer.json()


def faults(answer) -> set[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}


@pytest.fixture
def working(opened, supervisor):
    done(act(supervisor, opened, "assign", {"due_on": day(10)}))
    return opened


@pytest.fixture
def in_review(working, enterprise):
    done(act(enterprise, working, "finish", {"result": "已整改"}, [{"kind": "photo"}]))
    return working


def test_a_case_goes_its_way_to_the_end_and_its_timeline_says_who_did_what(in_review, reviewer, enterprise):
    shown = done(act(reviewer, in_review, "pass"))
    assert (shown["state"], shown["is_open"], shown["is_public"], shown["version"]) == ("closed", False, True, 4)
    assert [(e["action"], e.get("from_state"), e["to_state"]) for e in shown["timeline"]] == [
        ("opened", None, "new"), ("assign", "new", "working"), ("finish", "working", "review"), ("pass", "review", "closed")]
    finish = shown["timeline"][2]
    assert (finish["actor"], finish["level"], finish["unit"]["id"]) == ("enterprise-1", "unit", UNIT.id)
    assert finish["fields"] == {"result": "已整改"} and finish["evidence"] == [{"kind": "photo"}]
    assert shown["facts"] == {"due_on": day(10), "result": "已整改"}
    assert {c["state"] for c in shown["clocks"]} == {"met"}
    assert [a["action"] for a in read(enterprise, in_review)["actions"]] == ["comment"]


def test_each_caller_is_shown_what_it_may_do_now_and_what_that_needs(working, supervisor, enterprise, by):
    assert [a["action"] for a in read(enterprise, working)["actions"]] == ["report", "finish", "comment"]
    extend, = [a for a in read(supervisor, working)["actions"] if a["action"] == "extend"]
    assert extend["operation_id"] == "takeCaseAction"
    assert {f["name"]: f["required"] for f in extend["fields"]} == {"due_on": True, "person_id": True}
    assert [p["code"] for p in extend["posts"]] == ["department_head"]
    city = by(region="1506", unit=tree.body("emergency", "150600").id)
    assert [a["action"] for a in read(city, working)["actions"]] == ["take_over", "comment"]
    reader = by(["cases:read"], region="150622")
    assert read(reader, working)["actions"] == []


def test_what_is_not_seen_is_not_there(opened, by):
    for who in (by(region="150621"), by(unit=tree.enterprise("150622101", 2).id), by(region="1501")):
        assert who.get(f"/v1/cases/{opened}").status_code == 404
        assert act(who, opened, "comment", {"note": "看"}, version=1).status_code == 404
        assert who.post(f"/v1/cases/{opened}/rules", json={"reason": "看"}, if_match="1").status_code == 404


def test_another_version_is_412_and_a_state_that_does_not_allow_it_is_409_with_what_it_does(working, supervisor):
    answer = act(supervisor, working, "extend", {}, version=1)
    assert answer.status_code == 412 and answer.headers["ETag"] == '"2"'
    answer = act(supervisor, working, "assign", {})
    assert answer.status_code == 409 and answer.json()["allowed"] == ["extend", "comment"]


def test_an_action_that_is_another_s_is_403_and_one_that_no_kind_has_is_422(opened, enterprise, supervisor):
    answer = act(enterprise, opened, "assign", {"due_on": day(3)})
    assert answer.status_code == 403 and answer.json()["code"] == "forbidden"
    assert faults(act(supervisor, opened, "vanish")) == {("/action", "unknown-reference")}
    assert act(supervisor, opened, "lapse").status_code == 403, "time and effects alone"


def test_what_is_refused_changes_nothing(working, supervisor, enterprise):
    before = read(supervisor, working)
    for answer in (act(supervisor, working, "assign", {}), act(enterprise, working, "finish", {}),
                   act(enterprise, working, "extend", {"due_on": day(20)}), act(supervisor, working, "extend", {"due_on": "x"})):
        assert answer.status_code in (403, 409, 422)
    assert read(supervisor, working) == before


def test_all_that_is_wrong_is_told_at_once(working, enterprise):
    assert faults(act(enterprise, working, "finish", {"other": 1}, [{"kind": "list", "file_id": NOWHERE}])) == {
        ("/fields/result", "required"), ("/fields/other", "unknown-field"), ("/evidence", "evidence-needed"),
        ("/evidence/0/file_id", "unknown-reference")}


RIGHT = {"text": "两行\n文字", "line": "一行", "date": "2026-02-28", "instant": "2026-02-28T08:00:00+08:00", "integer": -3,
         "money": "12.50", "boolean": False, "unit": UNIT.id, "choice": "blue"}
WRONG = {"text": [" ", 1, True], "line": ["a\nb", "字" * 201, 1], "date": ["2026-02-29", "2026-2-1", 20260228],
         "instant": ["2026-02-28", "2026-02-28T08:00:00", "2026-02-30T08:00:00+08:00"], "integer": ["3", True],
         "money": ["1.234", "-1", 12, "01"], "boolean": ["true", 1], "unit": [NOWHERE, "x", 1], "person": [NOWHERE, "x"],
         "choice": ["green", 1]}


def test_fields_take_values_of_their_type(working, enterprise):
    shown = done(act(enterprise, working, "report", RIGHT))
    assert shown["timeline"][-1]["fields"] == RIGHT and "text" not in shown["facts"]


@pytest.mark.parametrize("name, value", [(name, value) for name, values in WRONG.items() for value in values])
def test_fields_take_no_others(working, enterprise, name, value):
    (pointer, _), = faults(act(enterprise, working, "report", {name: value}))
    assert pointer == f"/fields/{name}"


def test_a_day_by_which_something_is_due_is_to_come(opened, supervisor):
    assert faults(act(supervisor, opened, "assign", {"due_on": day(-1)})) == {("/fields/due_on", "not-in-future")}
    assert done(act(supervisor, opened, "assign", {"due_on": day(0)}))["state"] == "working", "today is not over"


def test_faults_are_told_in_the_callers_language(opened, supervisor, world, client):
    _, service = world
    chinese = client(scopes=SCOPES, region="150622", unit=SUPERVISOR.id, to=service, language="zh")
    answer = act(chinese, opened, "assign", {"due_on": "x"})
    assert answer.json()["errors"][0]["detail"].startswith("字段due_on：应为日期")
    assert "Field due_on" in act(supervisor, opened, "assign", {"due_on": "x"}).json()["errors"][0]["detail"]


def test_a_file_must_be_complete_and_the_callers_to_see(working, enterprise, by):
    uploader = by(["files:read", "files:write"], unit=UNIT.id)
    whole, half = upload(uploader, picture(100)), begin(uploader, picture(100, 2))
    foreign = upload(by(["files:read", "files:write"], unit=tree.enterprise("150622101", 2).id), picture(100, 3))
    assert faults(act(enterprise, working, "finish", {"result": "好"}, [
        {"kind": "photo"}, {"kind": "photo", "file_id": half["id"]}, {"kind": "photo", "file_id": foreign["id"]}])) == {
            ("/evidence/1/file_id", "not-complete"), ("/evidence/2/file_id", "unknown-reference")}
    shown = done(act(enterprise, working, "finish", {"result": "好"}, [{"kind": "photo", "file_id": whole["id"]}]))
    assert shown["timeline"][-1]["evidence"] == [{"kind": "photo", "file_id": whole["id"]}]


# Another than before, and who decides --------------------------------------------------------------------------------------


def test_neither_who_assigned_nor_anybody_of_who_finished_passes_it(in_review, supervisor, reviewer, by):
    assert act(supervisor, in_review, "pass").status_code == 403, "the same person assigned it"
    assert "pass" not in [a["action"] for a in read(supervisor, in_review)["actions"]]
    delegate = by(region="150622", unit=SUPERVISOR.id, sub="clerk", act={"sub": "supervisor-1"})
    assert act(delegate, in_review, "pass").status_code == 403, "through somebody else"
    assert act(reviewer, in_review, "pass").status_code == 200


def test_who_acted_before_is_another_than_his_namesake_of_another_issuer(database_of_two, by, in_review):
    """supervisor-1 assigned it: not he, nor anybody through whom he acts; another issuer's supervisor-1 is somebody else."""
    service, other, client_of = database_of_two
    claims = {"scope": " ".join(SCOPES), "anze_region": "150622", "anze_unit": SUPERVISOR.id}
    first = by(region="150622", unit=SUPERVISOR.id, sub="supervisor-1", to=service)
    assert act(first, in_review, "pass").status_code == 403
    namesake = client_of(other.mint(sub="supervisor-1", **claims))
    assert "pass" in [a["action"] for a in read(namesake, in_review)["actions"]]
    done(act(namesake, in_review, "pass"))


def test_who_acts_by_another_issuer_is_the_same_in_person_and_through_somebody(database_of_two, opened, enterprise):
    _, other, client_of = database_of_two
    claims = {"scope": " ".join(SCOPES), "anze_region": "150622", "anze_unit": SUPERVISOR.id}
    zhang = client_of(other.mint(sub="zhang", **claims))
    done(act(zhang, opened, "assign", {"due_on": day(5)}))
    done(act(enterprise, opened, "finish", {"result": "已办"}, [{"kind": "photo"}]))
    for token in (other.mint(sub="zhang", **claims), other.mint(sub="clerk", act={"sub": "zhang"}, **claims),
                  other.mint(sub="zhang", act={"sub": "clerk"}, **claims)):
        assert act(client_of(token), opened, "pass").status_code == 403
    done(act(client_of(other.mint(sub="clerk", **claims)), opened, "pass"))


def test_a_colleague_of_another_unit_is_asked_for_where_the_rule_says_unit(world, supervisor, enterprise, by):
    database, _ = world
    body = tree.body("coal", "150622")
    with database.owner() as owner:
        case = open_case(owner, unit=body)
    done(act(supervisor, case, "assign", {"due_on": day(5)}))
    own = by(unit=body.id, sub="coal-1")
    done(act(own, case, "finish", {"result": "已办"}, [{"kind": "photo"}]))
    colleague = by(unit=body.id, sub="coal-2")
    assert act(colleague, case, "pass").status_code == 403
    assert act(by(region="150622", unit=SUPERVISOR.id, sub="supervisor-9"), case, "pass").status_code == 200


@pytest.fixture(scope="module")
def people(world):
    """Who holds or held which post of which unit: name -> person id."""
    database, _ = world
    rows = {"head": (SUPERVISOR, "department_head", "[2020-01-01,)"), "former head": (SUPERVISOR, "department_head", "[2020-01-01,2021-01-01)"),
            "deputy": (SUPERVISOR, "deputy", "[2020-01-01,)"), "head elsewhere": (tree.body("coal", "150622"), "department_head", "[2020-01-01,)")}
    made = {}
    with database.owner() as owner:
        post = owner.execute("select code from anze.post where code <> 'department_head' and 'department' = any (unit_kinds)"
                             " order by code limit 1").fetchone()[0]
        for name, (unit, code, held) in rows.items():
            made[name] = owner.execute(
                "insert into anze.person (unit_id, code, name, region_code, sector, is_body) values (%s, %s, %s, %s, %s, true)"
                " returning id::text", (unit.id, f"P{len(made)}", f"某{len(made)}", unit.region_code, unit.sector)).fetchone()[0]
            owner.execute("insert into anze.appointment (person_id, unit_id, post, held, region_code, sector, is_body)"
                          " values (%s, %s, %s, %s, %s, %s, true)",
                          (made[name], unit.id, post if code == "deputy" else code, held, unit.region_code, unit.sector))
    return made


def test_who_decides_holds_the_post_in_the_callers_unit_today(working, supervisor, people):
    assert faults(act(supervisor, working, "extend", {"due_on": day(20)})) == {("/fields/person_id", "required")}
    for name in ("former head", "deputy", "head elsewhere"):
        answer = act(supervisor, working, "extend", {"due_on": day(20), "person_id": people[name]})
        assert faults(answer) == {("/fields/person_id", "post-needed")}, name
    shown = done(act(supervisor, working, "extend", {"due_on": day(20), "person_id": people["head"]}))
    assert shown["timeline"][-1]["person"]["id"] == people["head"]
    assert [c["state"] for c in shown["clocks"] if c["clock"] == "rectify"] == ["superseded", "running"]


def test_an_officer_without_a_unit_acts_for_the_bodies_of_its_region(working, by, people):
    officer = by(region="150622", sub="officer")
    assert done(act(officer, working, "extend", {"due_on": day(20), "person_id": people["head elsewhere"]}))


def test_each_taker_asks_for_its_own_posts_and_one_for_none(world, supervisor, enterprise, by, people):
    takers = ["unit", {"who": "supervisor", "posts": ["department_head", "committee_director"]}, {"who": "upper", "power": "order",
                                                                                   "posts": ["office_director"]}]
    with world[0].owner() as owner:
        page = cases.document("test_posts", actions={
            "decide": dict(from_states=["new"], takers=takers), "end": dict(from_states=["new"], to_state="closed", takers=["system"])},
            states=[("new", False, False), ("closed", True, False)], clocks=[])
        cases.ship(owner, page)
        case = open_case(owner, kind="test_posts")
    city = by(region="1506", unit=tree.body("emergency", "150600").id, sub="city")
    asked = {"unit": (enterprise, set()), "supervisor": (supervisor, {"department_head", "committee_director"}),
             "upper": (city, {"office_director"})}
    for name, (who, posts) in asked.items():
        shown, = [a for a in read(who, case)["actions"] if a["action"] == "decide"]
        assert ({p["code"] for p in shown["posts"]}, {f["name"] for f in shown["fields"]}) == (
            posts, {"person_id"} if posts else set()), name
    assert faults(act(supervisor, case, "decide")) == {("/fields/person_id", "required")}
    assert faults(act(city, case, "decide", {"person_id": people["head"]})) == {("/fields/person_id", "post-needed")}
    assert faults(act(supervisor, case, "decide", {"person_id": people["deputy"]})) == {("/fields/person_id", "post-needed")}
    assert done(act(supervisor, case, "decide", {"person_id": people["head"]}))["timeline"][-1]["person"]["id"] == people["head"]
    assert done(act(enterprise, case, "decide"))["timeline"][-1]["unit"]["id"] == UNIT.id
    shown, = [a for a in supervisor.get("/v1/case-kinds/test_posts").json()["actions"] if a["code"] == "decide"]
    assert shown["takers"] == takers


def test_a_higher_level_takes_it_over_and_its_effect_runs_with_it(working, by, supervisor):
    city = by(region="1506", unit=tree.body("emergency", "150600").id)
    shown = done(act(city, working, "take_over"))
    assert (shown["level"], shown["supervisor"]["id"]) == ("city", tree.body("emergency", "150600").id)
    assert "extend" not in [a["action"] for a in read(supervisor, working)["actions"]]


# Idempotency, dry runs, many at once ------------------------------------------------------------------------------------------


def test_a_repeat_is_answered_as_the_first_was_and_a_dry_run_keeps_nothing(opened, supervisor):
    body, target = {"action": "comment", "fields": {"note": "已阅"}}, f"/v1/cases/{opened}/actions"
    tried = supervisor.post(target, json=body, if_match="1", headers={"Prefer": "dry-run"})
    assert tried.status_code == 200 and len(tried.json()["timeline"]) == 2 and len(read(supervisor, opened)["timeline"]) == 1
    first = supervisor.post(target, json=body, if_match="1", key="k-once")
    again = supervisor.post(target, json=body, if_match="1", key="k-once")
    assert first.content == again.content and again.headers["Idempotency-Replayed"] == "true"
    assert len(read(supervisor, opened)["timeline"]) == 2


def test_of_50_that_take_the_same_action_at_once_exactly_one_does_and_the_others_learn_it(opened, by):
    desks = [by(region="150622", unit=SUPERVISOR.id, sub=f"officer-{n}") for n in range(50)]

    def patiently(desk, number):
        for _ in range(30):
            answer = act(desk, opened, "assign", {"due_on": day(1 + number % 20)}, version=1)
            if answer.status_code != 503:
                break
        return answer

    with concurrent.futures.ThreadPoolExecutor(len(desks)) as pool:
        answers = list(pool.map(patiently, desks, itertools.count()))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(200) == 1 and set(statuses) <= {200, 409, 412}, statuses
    assert {a.headers["ETag"] for a in answers if a.status_code == 412} == {'"2"'}
    shown = read(desks[0], opened)
    assert len(shown["timeline"]) == 2 and shown["version"] == 2
    assert [c["clock"] for c in shown["clocks"]].count("rectify") == 1


# Kinds and rules -----------------------------------------------------------------------------------------------------------------


def test_a_kind_is_read_whole_as_its_rows_are(supervisor):
    kind = supervisor.get(f"/v1/case-kinds/{cases.KIND}").json()
    assert [s["code"] for s in kind["states"]] == ["new", "working", "review", "closed"]
    assert [a["code"] for a in kind["actions"]] == list(cases.ACTIONS)
    assert {c["code"]: (c.get("value"), c.get("unit"), c.get("due_field")) for c in kind["clocks"]} == {
        "answer": (24, "hour", None), "progress": (3, "workday", None), "rectify": (None, None, "due_on"),
        "review": (10, "day", None), "whole": (1, "month", None)}
    assert supervisor.get("/v1/case-kinds/nothing").status_code == 404
    assert supervisor.get(f"/v1/case-kinds/{cases.KIND}?version=9").status_code == 404


def test_a_case_goes_on_under_the_rules_it_began_with_until_somebody_moves_it(world, supervisor, enterprise, by):
    database, _ = world
    with database.owner() as owner:
        early, stuck = open_case(owner, kind="test_moved"), open_case(owner, kind="test_moved")
    done(act(supervisor, stuck, "assign", {"due_on": day(5)}))
    assert supervisor.post(f"/v1/cases/{early}/rules", json={"reason": "同版"}, if_match="1").status_code == 409
    with database.owner() as owner:
        owner.execute("update anze.case_kind set in_force = daterange('2000-01-01', anze.today()) where code = 'test_moved'")
        cases.install(owner, kind="test_moved", version=2, in_force_from=day(0), clocks=[],
                      states=[("new", False, False), ("closed", True, False)],
                      actions={"settle": dict(from_states=["new"], to_state="closed", takers=["supervisor"])})
        late = open_case(owner, kind="test_moved")
    assert [k["version"] for k in supervisor.items("/v1/case-kinds?code=test_moved&limit=1")] == [1, 2]
    assert supervisor.get("/v1/case-kinds/test_moved").json()["version"] == 2
    assert [a["action"] for a in read(supervisor, late)["actions"]] == ["settle"]
    assert [a["action"] for a in read(supervisor, early)["actions"]] == ["assign", "comment"]
    assert faults(act(supervisor, early, "settle")) == {("/action", "unknown-reference")}
    move = lambda who, case, version: who.post(f"/v1/cases/{case}/rules", if_match=version,  # noqa: E731
                                               json={"reason": "新办法施行", "evidence": [{"kind": "decision"}]})
    assert move(enterprise, early, "1").status_code == 403 and move(supervisor, early, "9").status_code == 412
    assert move(supervisor, stuck, "2").status_code == 409, "its state is not there"
    moved = done(move(supervisor, early, "1"))
    assert (moved["rules_version"], moved["state"], moved["version"]) == (2, "new", 2)
    assert moved["timeline"][-1]["fields"]["reason"] == "新办法施行" and moved["timeline"][-1]["evidence"] == [{"kind": "decision"}]
    assert done(act(supervisor, early, "settle"))["state"] == "closed"
    assert [e["title_en"] for e in read(supervisor, stuck)["timeline"]] == ["Opened", "Action assign"]


# Lists ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def listed(make_database, cluster, make_service, client):
    """A database of its own: cases of three counties and two sectors, one settled, one overdue, one supervised by the city."""
    database = make_database(cluster)
    made = {}
    with database.owner() as owner:
        cases.install(owner)
        for name, unit in {"own": UNIT, "chemicals": tree.enterprise("150622101", 2), "other county": tree.enterprise("150621100", 1),
                           "other city": tree.enterprise("150102001", 1)}.items():
            made[name] = open_case(owner, unit=unit, supervisor=tree.body("emergency", unit.county))
        made["of the city"] = open_case(owner, supervisor=tree.body("emergency", "150600"), level=3)
        made["settled"] = open_case(owner)
        owner.execute("select anze.case_act(%s, 'lapse', '{}', '[]', true)", (made["settled"],))
        owner.execute("update anze.deadline set due_at = starts_at + interval '1 microsecond' where subject_id = %s and clock = 'answer'", (made["chemicals"],))
        owner.execute("update anze.case_file set due_at = opened_at + interval '1 microsecond' where id = %s", (made["chemicals"],))
    service = make_service(database)
    return made, lambda scopes=SCOPES, **grant: client(scopes=scopes, to=service, **grant)


def names(made: dict, items: list[dict]) -> list[str]:
    of = {identity: name for name, identity in made.items()}
    return [of[item["id"]] for item in items]


@pytest.mark.parametrize("grant, expected", [
    ({"region": "1506"}, ["settled", "of the city", "other county", "chemicals", "own"]),
    ({"region": "150622"}, ["settled", "of the city", "chemicals", "own"]),
    ({"region": "1506", "sectors": ["hazardous_chemicals"]}, ["chemicals"]),
    ({"region": "15"}, ["settled", "of the city", "other city", "other county", "chemicals", "own"]),
    ({"unit": UNIT.id}, ["settled", "of the city", "own"]),
    ({"unit": SUPERVISOR.id}, ["settled", "chemicals", "own"]),
    ({"unit": tree.body("emergency", "150600").id}, ["of the city"]),
    ({"unit": tree.enterprise("150622101", 3).id}, [])])
def test_a_list_holds_what_the_caller_sees_the_latest_first(listed, grant, expected):
    made, of = listed
    who = of(**grant)
    for page in (1, 2, 50):
        assert names(made, who.items(f"/v1/cases?limit={page}")) == expected
    assert who.get("/v1/cases", headers={"Prefer": "count=exact"}).json()["page"]["total"] == len(expected)
    for identity in made.values():
        assert (who.get(f"/v1/cases/{identity}").status_code == 200) == (identity in {made[name] for name in expected})


@pytest.mark.parametrize("query, expected", [
    ("open=false", ["settled"]), ("open=true&region=150621", ["other county"]), ("state=closed", ["settled"]),
    ("overdue=true", ["chemicals"]), ("level=city", ["of the city"]), (f"supervisor_id={tree.body('emergency', '150621').id}", ["other county"]),
    (f"unit_id={UNIT.id}&open=true", ["of the city", "own"]), ("sector=hazardous_chemicals", ["chemicals"]), ("kind=nothing", []),
    (f"parent_id={NOWHERE}", [])])
def test_filters_of_the_list(listed, query, expected):
    made, of = listed
    assert names(made, of(region="1506").items(f"/v1/cases?{query}")) == expected


def test_what_runs_out_first_stands_first_and_what_is_overdue_after_it_each_for_whom_it_concerns(listed):
    made, of = listed
    found = of(region="1506").items("/v1/deadlines?limit=3")
    running, late = found[:-1], found[-1]
    assert [d["due_at"] for d in running] == sorted(d["due_at"] for d in running) and len(found) == 8
    assert {d["state"] for d in running} == {"running"}
    assert late["state"] == "overdue" and late["overdue_seconds"] >= 0 and late["subject"] == "测试事项一件"
    assert late["link"] == f"/v1/cases/{made['chemicals']}" and late["basis"]["rule"] == "TEST.CASE.HOURS"
    assert {d["unit"]["id"] for d in of(unit=SUPERVISOR.id).items("/v1/deadlines")} == {SUPERVISOR.id}
    assert len(of(region="150621").items("/v1/deadlines")) == 2 and of(unit=UNIT.id).items("/v1/deadlines") == []


@pytest.mark.parametrize("query, count", [
    ("overdue=true", 1), ("overdue=false", 7), ("state=overdue", 1), ("state=running", 7), ("kind=case", 8), ("kind=duty", 0),
    ("kind=duty,case", 8), (f"unit_id={SUPERVISOR.id}", 4), ("due_before=2020-01-01T00:00:00Z", 0), ("due_after=2020-01-01T00:00:00Z", 8),
    ("due_after=2100-01-01T00:00:00Z", 0), ("due_after=2020-01-01T00:00:00Z&due_before=2100-01-01T00:00:00Z", 8), ("region=150621", 2),
    ("sector=coal", 6)])
def test_filters_of_deadlines(listed, query, count):
    _, of = listed
    who = of(region="1506")
    assert len(who.items(f"/v1/deadlines?{query}")) == count
    assert who.get(f"/v1/deadlines?{query}", headers={"Prefer": "count=exact"}).json()["page"]["total"] == count


def test_what_a_caller_owes_itself_is_asked_by_owed_by_me(listed):
    """Of the county: its department's two clocks of each case; by its own token, by the region alone, or a unit's of nothing."""
    made, of = listed
    mine = of(region="150622", unit=SUPERVISOR.id).items("/v1/deadlines?owed_by=me&limit=1")
    assert len(mine) == 4 and {d["unit"]["id"] for d in mine} == {SUPERVISOR.id}
    assert {d["id"] for d in of(region="150622").items("/v1/deadlines?owed_by=me")} >= {d["id"] for d in mine}
    assert {d["id"] for d in of(unit=SUPERVISOR.id).items("/v1/deadlines?owed_by=me")} == {d["id"] for d in mine}
    assert of(region="150622", unit=UNIT.id).items("/v1/deadlines?owed_by=me") == []
    city = of(region="1506", unit=tree.body("emergency", "150600").id)
    assert {d["link"] for d in city.items("/v1/deadlines?owed_by=me")} == {f"/v1/cases/{made['of the city']}"}
    assert city.get("/v1/deadlines?owed_by=me", headers={"Prefer": "count=exact"}).json()["page"]["total"] == 2


def test_deadlines_accident_clocks_and_duties_are_one_list_for_whom_their_scopes_let_read(make_database, cluster, make_service, client):
    database = make_database(cluster, catalogue=False)
    with database.owner() as owner:
        cases.install(owner)
        open_case(owner)
        sweep(owner)  # planned already: planning withdraws what does not follow from the catalogue
        owe(owner, now() + DAY, unit=UNIT)
    service = make_service(database)
    of = lambda *scopes, **grant: client(scopes=["cases:read", *scopes], to=service, **grant)  # noqa: E731
    filed = client(scopes=["accidents:report"], region="150622", to=service).post("/v1/accidents", json=first_report())
    assert filed.status_code == 201, filed.text
    everything = of("accidents:read", "duties:read", region="1506").items("/v1/deadlines?limit=2")
    assert [d["due_at"] for d in everything] == sorted(d["due_at"] for d in everything)
    assert len({d["id"] for d in everything}) == len(everything)
    kinds = lambda items: {d["kind"] for d in items}  # noqa: E731
    assert kinds(everything) == {"case", "accident", "duty"}
    clocks = [d for d in everything if d["kind"] == "accident"]
    running = [c for c in filed.json()["clocks"] if c["state"] in ("running", "overdue") and c["kind"] != "window"]
    assert {(d["clock"], d["due_at"]) for d in clocks} == {(c["code"], c["due_at"]) for c in running}
    owes = lambda **grant: {d.get("level") for d in of("accidents:read", **grant).items("/v1/deadlines?owed_by=me&kind=accident")}  # noqa: E731
    county, city = (tree.body("emergency", code).id for code in ("150622", "150600"))
    assert owes(region="150622", unit=county) == {"county"} == owes(region="150622"), "what its level passes up"
    assert owes(region="1506", unit=city) <= {"city"} and owes(unit=UNIT.id) <= {"unit", None}, "what others pass up is theirs"
    with database.owner() as owner:
        owner.execute("update anze.deadline set due_at = starts_at + interval '1 millisecond' where subject = 'case'")
        whenever = owe(owner, now() + DAY, unit=UNIT)
        owner.execute("update anze.obligation set due_at = 'infinity', missed_from = 'infinity' where id = %s", (whenever,))
    late = of("accidents:read", "duties:read", region="1506").items("/v1/deadlines?limit=2")
    assert [d["kind"] for d in late if d["state"] == "overdue"] == ["case"] * 2 == [d["kind"] for d in late[-2:]]
    assert {d["id"] for d in late} == {d["id"] for d in everything}, "what has no day is in no list of days"
    reader = client(scopes=["accidents:read", "duties:read", "cases:read"], region="1506", to=service)
    assert all(reader.get(d["link"]).status_code == 200 for d in everything)
    assert kinds(of(region="1506").items("/v1/deadlines")) == {"case"}
    assert kinds(of("duties:read", region="1506").items("/v1/deadlines")) == {"case", "duty"}
    assert kinds(of("accidents:read", "duties:read", region="150621").items("/v1/deadlines")) == set()
    corrected = client(scopes=["accidents:correct", "accidents:read"], region="1506", to=service).post(
        f"/v1/accidents/{filed.json()['id']}/reports/1/corrections", if_match=str(filed.json()["version"]),
        json={"reason": "地点更正", "region_code": "150621100"})
    assert corrected.status_code == 201, corrected.text
    assert kinds(of("accidents:read", region="150621").items("/v1/deadlines")) == {"accident"}, "clocks go with their accident"


@pytest.mark.parametrize("year, calendar, confidence", [(2018, "partly", "recalled-high"), (2023, "announced", "recalled-high"),
                                                        (2026, "announced", "recalled-med"), (2017, "weekdays", None), (2031, "weekdays", None)])
def test_each_year_says_whether_its_days_off_were_announced(by, year, calendar, confidence):
    """Of 2018 only its last days are known, by the notice of 2019."""
    asked = by(region="1506").get(f"/v1/working-days?from={year}-12-30&until={year}-12-31").json()
    said, = asked["years"]
    assert (said["year"], said["calendar"], said.get("confidence")) == (year, calendar, confidence)
    assert ("instrument" in said) == (calendar != "weekdays")


def test_the_years_of_a_span_are_told_one_by_one(by):
    asked = by(region="1506").get("/v1/working-days?from=2026-12-20&until=2028-01-02").json()
    assert [(y["year"], y["calendar"]) for y in asked["years"]] == [(2026, "announced"), (2027, "weekdays"), (2028, "weekdays")]


def test_working_days_are_told_with_their_announcement(by):
    days = by(region="1506").get("/v1/working-days?from=2026-02-13&until=2026-02-24").json()
    assert days["working_days"] == 3 and [d["day"] for d in days["days"] if d["is_working"]] == [
        "2026-02-13", "2026-02-14", "2026-02-24"]
    assert "国办发明电〔2025〕7号" in days["days"][1]["instrument"] and days["days"][1]["confidence"] == "recalled-med"
    for until in ("2026-02-12", "2029-02-13"):
        answer = by(region="1506").get(f"/v1/working-days?from=2026-02-13&until={until}")
        assert answer.status_code == 422 and answer.json()["errors"][0]["code"] == "range"


def test_what_was_done_to_a_case_is_in_the_audit_without_what_it_says(world, working):
    database, _ = world
    with database.admin() as admin:
        entries = [text for (text,) in admin.execute(
            "select to_jsonb(e)::text from audit.entry e where object_type = 'anze.case_event' and object_id::text like %s",
            (f"%{working}%",))]
    assert len(entries) == 2
    assert all(json.loads(text)["actor"] for text in entries) and day(10) not in " ".join(entries)
