"""Kinds of case as documents: what is shipped is what the pages say; a document is refused with all that is wrong with it."""
import copy
import json
import pathlib

import psycopg
import pytest
import yaml

from harness import cases, tree

PAGES = pathlib.Path(__file__).parents[2] / "sql" / "workflows"
KINDS = sorted(page.stem for page in PAGES.glob("*.yaml"))
SHOWN = {"is_in_force", "origin", "instrument", "article", "confidence", "reason"}
SHOWN_OF_CLOCKS = {"value", "unit", "instrument", "article", "confidence"}
DECIDER = {"name": "person_id", "type": "person", "required": True, "title_zh": "决定人", "title_en": "Who decided"}


@pytest.fixture(scope="module")
def alone(make_database, cluster):
    database = make_database(cluster)
    with database.owner() as owner:
        cases.prepare(owner)
    return database


@pytest.fixture
def owner(alone):
    with alone.owner() as connection:
        yield connection
        connection.rollback()


def page(kind: str) -> dict:
    """The document as its page says it, with the groups of fields taken apart; read without the program's compiler."""
    class Plain(yaml.SafeLoader):
        pass
    Plain.yaml_implicit_resolvers = {first: [r for r in resolvers if r[0] != "tag:yaml.org,2002:timestamp"]
                                     for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
    found = yaml.load((PAGES / f"{kind}.yaml").read_text(encoding="utf-8"), Plain)
    del found["common"]
    for action in found["actions"]:
        action["fields"] = [one for entry in action.get("fields", []) for one in (entry if isinstance(entry, list) else [entry])]
        if any(isinstance(taker, dict) and "posts" in taker for taker in action["takers"]):
            action["fields"].append(DECIDER)
    return found


def shown(owner, kind: str, version: int = 1) -> dict:
    return owner.execute("select anze.case_kind_json(%s, %s)", (kind, version)).fetchone()[0]


def said(part: dict, whole: dict) -> bool:
    """Whether a part of the page is shown whole, and nothing is shown beside it that is not a default."""
    return all(whole.get(name) == value for name, value in part.items()) and all(
        value in ([], False, "unit", "event", "forward") for name, value in whole.items() if name not in part and name not in SHOWN_OF_CLOCKS)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_of_a_shipped_kind_is_its_page(owner, kind):
    wanted, found = page(kind), shown(owner, kind)
    for name in set(wanted) - {"states", "actions", "clocks"}:
        assert found[name] == wanted[name], name
    assert set(found) - set(wanted) <= SHOWN
    for name in ("states", "actions"):
        assert [part["code"] for part in found[name]] == [part["code"] for part in wanted[name]]
    for name in ("states", "actions", "clocks"):
        there = {part["code"]: part for part in found[name]}
        assert set(there) == {part["code"] for part in wanted[name]}
        for part in wanted[name]:
            assert said(part, there[part["code"]]), (name, part["code"])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_makes_the_same_rows_again(owner, kind):
    before = shown(owner, kind)
    written = ("select array_agg(r.stamp order by r.stamp) from (" + " union all ".join(
        f"select concat_ws(' ', '{table}', code, xmin, ctid) from anze.{table}"
        for table in ("case_kind", "case_state", "case_action", "case_clock")) + ") r(stamp)")
    rows = owner.execute(written).fetchone()
    cases.ship(owner, before)
    assert shown(owner, kind) == before
    assert owner.execute(written).fetchone() == rows, "a document that says the same writes nothing"


def test_what_the_document_of_a_version_has_no_more_goes(owner):
    document = cases.document()
    cases.ship(owner, document)
    smaller = copy.deepcopy(document)
    smaller["actions"] = [a for a in smaller["actions"] if a["code"] != "comment"]
    smaller["actions"][0]["title_en"] = "Give it to somebody"
    cases.ship(owner, smaller)
    found = {a["code"]: a["title_en"] for a in shown(owner, cases.KIND)["actions"]}
    assert "comment" not in found and found["assign"] == "Give it to somebody"


def test_the_posts_of_an_action_of_the_last_release_became_those_of_its_takers(owner):
    """Also of a kind that an administrator revised, which no release writes anew: the step of the migration itself."""
    path, = PAGES.parent.glob("migrations/*_cases_posts.sql")
    step = next(s for s in path.read_text(encoding="utf-8").split(";\n") if "update anze.case_action" in s)
    owner.execute("create temporary table former (takers jsonb, posts text[])")
    for takers, posts in ((["unit", "system", {"who": "upper", "power": "order"}], ["a", "b"]), (["anyone"], [])):
        owner.execute("insert into former values (%s, %s)", (json.dumps(takers), posts))
    owner.execute(step[step.index("update"):].replace("anze.case_action", "former"))
    assert [row for (row,) in owner.execute("select takers from former order by posts desc")] == [
        [{"who": "unit", "posts": ["a", "b"]}, "system", {"who": "upper", "power": "order", "posts": ["a", "b"]}], ["anyone"]]


# Faults ------------------------------------------------------------------------------------------------------------------


def faults(owner, document: dict) -> set[tuple[str, str]]:
    return {(f["pointer"], f["rule"]) for f in owner.execute("select anze.case_document_faults(%s)", (json.dumps(document),)).fetchone()[0]}


def place(document: dict, what: str, code: str) -> int:
    return next(i for i, part in enumerate(document[what]) if part["code"] == code)


def test_a_document_that_holds_has_no_faults(owner):
    assert faults(owner, cases.document()) == set()


UNKNOWN = [
    ("assign", "to_state", "nowhere", ""), ("assign", "from_states", ["new", "nowhere"], "/1"), ("assign", "starts", ["progress", "no_clock"], "/1"),
    ("finish", "stops", ["no_clock", "progress"], "/0"), ("pass", "other_than", ["unit:nobody", "opened", "assign"], "/0"),
    ("extend", "takers", ["upper", {"who": "supervisor", "posts": ["department_head", "emperor"]}], "/1/posts/1"),
    ("finish", "evidence", ["photo", "hearsay"], "/1"), ("comment", "scope", "cases:dream", ""),
    ("comment", "effects", ["no_effect"], "/0"), ("comment", "guards", ["no_guard"], "/0"),
    ("comment", "basis", {"instrument": "NO-LAW", "confidence": "found"}, "/instrument"),
]


@pytest.mark.parametrize("code, member, value, step", UNKNOWN)
def test_what_an_action_names_is_there(owner, code, member, value, step):
    document = cases.document()
    at = place(document, "actions", code)
    document["actions"][at][member] = value
    assert (f"/actions/{at}/{member}{step}", "unknown-reference") in faults(owner, document)


@pytest.mark.parametrize("member, value, step", [
    ("rule", "NO.SUCH.RULE", ""), ("states", ["new", "nowhere"], "/1")])
def test_what_a_clock_names_is_there(owner, member, value, step):
    document = cases.document()
    at = place(document, "clocks", "answer")
    document["clocks"][at][member] = value
    assert faults(owner, document) == {(f"/clocks/{at}/{member}{step}", "unknown-reference")}


def test_the_day_of_a_clock_is_one_that_an_action_keeps(owner):
    document = cases.document()
    at = place(document, "clocks", "rectify")
    for action in document["actions"]:
        for field in action.get("fields", []):
            if field["name"] == "due_on":
                field["keep"] = False
    assert faults(owner, document) == {(f"/clocks/{at}/due_field", "unknown-reference")}


def test_a_state_that_nothing_reaches_or_leaves_is_a_fault(owner):
    document = cases.document()
    extra = {"title_zh": "状态", "title_en": "State", "is_final": False}
    document["states"] += [{**extra, "code": "island"}, {**extra, "code": "trap"}]
    document["actions"] += [
        {"code": "from_island", "title_zh": "动作", "title_en": "Act", "from_states": ["island"], "to_state": "closed",
         "scope": "cases:act", "takers": ["anyone"]},
        {"code": "into_trap", "title_zh": "动作", "title_en": "Act", "from_states": ["new"], "to_state": "trap",
         "scope": "cases:act", "takers": ["anyone"]}]
    assert faults(owner, document) == {("/states/4", "never-reached"), ("/states/5", "never-left")}


def test_states_that_reach_only_each_other_are_not_reached(owner):
    document = cases.document()
    extra = {"title_zh": "状态", "title_en": "State", "is_final": False}
    document["states"] += [{**extra, "code": "ping"}, {**extra, "code": "pong"}]
    act = {"title_zh": "动作", "title_en": "Act", "scope": "cases:act", "takers": ["anyone"]}
    document["actions"] += [{**act, "code": "a", "from_states": ["ping"], "to_state": "pong"},
                            {**act, "code": "b", "from_states": ["pong"], "to_state": "ping"}]
    assert faults(owner, document) == {("/states/4", "never-reached"), ("/states/5", "never-reached")}


def test_a_kind_without_an_end_is_a_fault(owner):
    document = cases.document()
    document["states"][3]["is_final"] = False
    assert faults(owner, document) == {("/states", "no-end"), ("/states/3", "never-left")}


def test_a_clock_that_nothing_starts_or_stops_is_a_fault(owner):
    document = cases.document()
    for action in document["actions"]:
        action.pop("starts", None), action.pop("stops", None)
    at = place(document, "clocks", "progress")
    assert faults(owner, document) == {(f"/clocks/{at}", "never-started"), (f"/clocks/{at}", "never-stopped")}
    document = cases.document()
    document["clocks"][at]["states"] = ["closed"]
    document["actions"] = [{k: v for k, v in a.items() if k not in ("starts", "stops")} for a in document["actions"]]
    assert faults(owner, document) == {(f"/clocks/{at}", "never-started")}, "a settled case has no clocks"


def test_a_clock_has_a_rule_or_a_field_and_not_both(owner):
    document = cases.document()
    rectify, answer = place(document, "clocks", "rectify"), place(document, "clocks", "answer")
    document["clocks"][rectify]["rule"] = "TEST.CASE.DAYS"
    del document["clocks"][answer]["rule"]
    assert faults(owner, document) == {(f"/clocks/{rectify}", "length"), (f"/clocks/{answer}", "length")}


def test_what_is_there_twice_is_a_fault(owner):
    document = cases.document()
    for name in ("states", "actions", "clocks"):
        document[name].append(copy.deepcopy(document[name][0]))
    document["actions"][0]["fields"].append(copy.deepcopy(document["actions"][0]["fields"][0]))
    assert faults(owner, document) == {("/states/4/code", "duplicate"), (f"/actions/{len(document['actions']) - 1}/code", "duplicate"),
                                       ("/clocks/5/code", "duplicate"), ("/actions/0/fields/2/name", "duplicate")}


def test_an_effect_is_there_when_its_row_and_its_function_are_and_has_the_fields_that_it_reads(owner):
    document = cases.document()
    at = place(document, "actions", "comment")
    owner.execute("insert into anze.case_hook (sort, code, title_zh, title_en) values ('effect', 'test_hollow', '空', 'Hollow')")
    document["actions"][at]["effects"] = ["test_hollow"]
    assert faults(owner, document) == {(f"/actions/{at}/effects/0", "no-function")}
    document["actions"][at]["effects"] = ["test_take_over"]
    owner.execute("update anze.case_hook set asks = '{note,money}' where code = 'test_take_over'")
    there = (place(document, "actions", "take_over"), at)
    assert faults(owner, document) == {(f"/actions/{i}/effects/0", "field-needed") for i in there}
    owner.execute("update anze.case_hook set asks = '{note}' where code = 'test_take_over'")
    assert faults(owner, document) == {(f"/actions/{there[0]}/effects/0", "field-needed")}


def test_an_action_that_goes_back_names_no_other_state_and_a_choice_has_choices(owner):
    document = cases.document()
    back, report = place(document, "actions", "fail"), place(document, "actions", "report")
    document["actions"][back]["goes_back"] = True
    del document["actions"][report]["fields"][-1]["choices"]
    assert faults(owner, document) == {
        (f"/actions/{back}/to_state", "two-ways"),
        (f"/actions/{report}/fields/{len(document['actions'][report]['fields']) - 1}/choices", "required")}


def test_a_document_with_faults_is_not_shipped(owner):
    document = cases.document(kind="test_faulty")
    document["initial_state"] = "nowhere"
    with pytest.raises(psycopg.errors.DataException), owner.transaction():
        cases.ship(owner, document)
    assert owner.execute("select count(*) from anze.case_kind where code = 'test_faulty'").fetchone() == (0,)


# Versions ------------------------------------------------------------------------------------------------------------------


def revise(owner, document: dict, **changes) -> dict:
    body = owner.execute("select body from anze.revise_case_kind(%s, %s)",
                         (document["code"], json.dumps({**document, "reason": "新办法", **changes}))).fetchone()[0]
    return json.loads(body)


def test_what_an_administrator_revised_is_left_alone_by_newer_releases(owner):
    document = cases.document()
    cases.ship(owner, document)
    revise(owner, document, version=2, in_force_from=cases.day(3), title_en="Revised")
    for version in (1, 2):
        cases.ship(owner, {**document, "version": version, "title_en": "Shipped anew"})
    assert [shown(owner, cases.KIND, v)["title_en"] for v in (1, 2)] == ["Test matter", "Revised"]
    assert shown(owner, cases.KIND, 1)["in_force_until"] == cases.day(2), "the earlier one ends the day before"
    assert [shown(owner, cases.KIND, v)["origin"] for v in (1, 2)] == ["shipped", "administrator"]


def test_going_back_leads_to_the_state_from_which_the_case_came(owner):
    actions = {**cases.ACTIONS, "hold": dict(from_states=["new", "working", "review"], to_state="held", takers=["system"]),
               "release": dict(from_states=["held"], goes_back=True, takers=["system"], formerly=["release_new"])}
    cases.install(owner, kind="test_held", actions=actions, states=(*cases.STATES, ("held", False, False)))
    for steps in ([], [("assign", {"due_on": cases.day(5)})]):
        case = cases.open_case(owner, kind="test_held")
        for action, fields in steps:
            owner.execute("update anze.case_action set takers = takers || '[\"system\"]' where code = %s", (action,))
            owner.execute("select anze.case_act(%s, %s, %s, '[]', true)", (case, action, json.dumps(fields)))
        state = owner.execute("select state from anze.case_file where id = %s", (case,)).fetchone()
        for action in ("hold", "release"):
            owner.execute("select anze.case_act(%s, %s, '{}', '[]', true)", (case, action))
        assert owner.execute("select state from anze.case_file where id = %s", (case,)).fetchone() == state
    title = owner.execute("select anze.case_event_title(c, 'release_new') from anze.case_file c where c.id = %s", (case,)).fetchone()[0]
    assert title["title_en"] == "Action release", "earlier events keep a title"


# Guards --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(owner):
    """A case whose step `comment` waits for a fact, by a guard that its kind names."""
    owner.execute("create function anze.case_guard_test_ready(c anze.case_file) returns jsonb stable language sql as"
                  " $$ select anze.refusal_where(not c.facts ? 'ready', '尚未就绪。', 'It is not ready.') $$")
    owner.execute("insert into anze.case_hook (sort, code, title_zh, title_en) values ('guard', 'test_ready', '就绪', 'Ready')")
    actions = {**cases.ACTIONS, "comment": {**cases.ACTIONS["comment"], "guards": ["test_ready"], "takers": ["anyone", "system"]}}
    cases.install(owner, kind="test_guarded", actions=actions)
    return cases.open_case(owner, kind="test_guarded")


def act(owner, case: str, as_system: bool) -> str:
    try:
        with owner.transaction():
            owner.execute("select anze.case_act(%s, 'comment', '{\"note\": \"好\"}', '[]', %s)", (case, as_system))
    except psycopg.Error as error:
        return f"{error.sqlstate} {json.loads(error.diag.message_primary).get('en')}"
    return "done"


def offered(owner, case: str) -> list[str]:
    return [code for (code,) in owner.execute(
        "select n.code from anze.case_file c, anze.case_actions_now(c, anze.case_standing(c)) n where c.id = %s order by n.place", (case,))]


@pytest.mark.parametrize("as_system", [False, True])
def test_an_action_that_a_guard_refuses_is_not_offered_and_not_taken_whoever_takes_it(owner, guarded, as_system):
    for name, value in (("reach", "region"), ("region", "150622"), ("unit", cases.SUPERVISOR.id), ("actor", "desk"),
                        ("scopes", "cases:act")):
        owner.execute("select set_config(%s, %s, true)", (f"anze.{name}", value))
    assert "assign" in offered(owner, guarded) and "comment" not in offered(owner, guarded)
    assert act(owner, guarded, as_system) == "AZ409 It is not ready."
    owner.execute("update anze.case_file set facts = '{\"ready\": true}' where id = %s", (guarded,))
    assert "comment" in offered(owner, guarded) and act(owner, guarded, as_system) == "done"


def test_what_is_wrong_with_what_is_said_is_found_before_anything_is_written(owner):
    """A check of an effect speaks together with the other faults; the effect itself has not run."""
    owner.execute("create function anze.case_check_test_take_over(c anze.case_file, e anze.case_event) returns jsonb stable language sql"
                  " as $$ select jsonb_build_array(anze.fault('/fields/note', e.action, '不行。', 'No.'))"
                  " where not exists (select from anze.case_event x where x.case_id = c.id and x.action = e.action) $$")
    owner.execute("update anze.case_hook set checks = true where code = 'test_take_over'")
    actions = {**cases.ACTIONS, "comment": {**cases.ACTIONS["comment"], "effects": ["test_take_over"], "evidence": ["photo"],
                                            "takers": ["system"]}}
    cases.install(owner, kind="test_checked", actions=actions)
    case = cases.open_case(owner, kind="test_checked")
    with pytest.raises(psycopg.Error) as refused, owner.transaction():
        owner.execute("select anze.case_act(%s, 'comment', '{\"note\": \"好\"}', '[]', true)", (case,))
    assert [(f["pointer"], f["rule"]) for f in json.loads(refused.value.diag.message_primary)["faults"]] == [
        ("/evidence", "evidence-needed"), ("/fields/note", "comment")]


def test_a_check_that_has_no_function_is_a_fault(owner):
    owner.execute("update anze.case_hook set checks = true where code = 'test_take_over'")
    at = place(cases.document(), "actions", "take_over")
    assert faults(owner, cases.document()) == {(f"/actions/{at}/effects/0", "no-function")}
