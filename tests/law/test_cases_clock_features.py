"""What a clock of a kind may say: from which moment it counts, forward or back, where it pauses, how it is extended, who
owes it. Each by a small kind of its own."""
import datetime as dt
import json

import psycopg
import pytest

from harness import cases, tree
from harness.cases import CITY, SUPERVISOR, day, field
from harness.owed import DAY, now

CHINA = dt.timezone(dt.timedelta(hours=8))
MOMENTS = {"accident": "accident_at", "decision": "decided_on", "reply": "replied_on", "field:heard_on": "heard_on"}
FIELDS = [field(name, "date", keep=True) for name in ("due_on", "decided_on", "replied_on", "heard_on")] + [
    field("accident_at", "instant", keep=True), field("body_id", "unit", keep=True)]
ACTIONS = {
    "begin": dict(from_states=["new"], to_state="working", fields=FIELDS, starts=["by_step"]),
    "tell": dict(from_states=["working", "appraisal"], fields=FIELDS),
    "appraise": dict(from_states=["working"], to_state="appraisal"),
    "again": dict(from_states=["appraisal"], to_state="second_appraisal"),
    "go_on": dict(from_states=["appraisal", "second_appraisal"], to_state="working"),
    "stop": dict(from_states=["working", "appraisal"], stops=["by_step"]),
    "end": dict(from_states=["working"], to_state="closed"),
}
STATES = [("new", False, False), ("working", False, False), ("appraisal", False, False), ("second_appraisal", False, False),
          ("closed", True, False)]


@pytest.fixture(scope="module")
def alone(make_database, cluster):
    database = make_database(cluster)
    with database.owner() as owner:
        cases.prepare(owner)
        for code, value, unit in (("TEST.EXTEND.BY", 5, "day"), ("TEST.EXTEND.TIMES", 2, "count")):
            owner.execute("select anze.ship_rule(%s, 1, '2000-01-01', null, '测试', 'Test', %s, %s, 'LAW-SAFETY', '一',"
                          " 'recalled-low', null, null)", (code, value, unit))
    return database


@pytest.fixture
def owner(alone):
    with alone.owner() as connection:
        yield connection
        connection.rollback()


def kind(owner, *clocks: dict, actions: dict | None = None) -> dict:
    """A document with these clocks alone; steps are the system's unless they say otherwise."""
    page = cases.document("test_clocks", clocks=[], states=STATES, actions={
        code: {"takers": ["system"], **row} for code, row in {**ACTIONS, **(actions or {})}.items()})
    page["clocks"] = [{"title_zh": "时限", "title_en": "Clock", "watched_by": "unit", **clock} for clock in clocks]
    known = {clock["code"] for clock in clocks}
    for action in page["actions"]:
        for name in ("starts", "stops"):
            action[name] = [clock for clock in action.get(name, []) if clock in known]
    cases.ship(owner, page)
    return page


def opened(owner, *clocks: dict, facts: dict | None = None, actions: dict | None = None) -> str:
    kind(owner, *clocks, actions=actions)
    return cases.open_case(owner, kind="test_clocks", facts=facts)


def act(owner, case: str, action: str, **fields) -> None:
    owner.execute("select anze.case_act(%s, %s, %s, '[]', true)", (case, action, json.dumps(fields)))


def rows(owner, case: str, clock: str = "c") -> list[tuple]:
    """(state, due) in the order in which they ended."""
    return owner.execute(
        "select anze.deadline_state(d), d.due_at from anze.deadline d where d.subject_id = %s and d.clock = %s"
        " order by coalesce(d.superseded_at, d.met_at, 'infinity'), d.starts_at", (case, clock)).fetchall()


def age(owner, case: str, by: dt.timedelta) -> None:
    """As if all that happened to the case had happened so much earlier."""
    owner.execute("update anze.deadline set starts_at = starts_at - %s, due_at = due_at - %s, superseded_at = superseded_at - %s,"
                  " met_at = met_at - %s where subject_id = %s", (by, by, by, by, case))
    owner.execute("alter table anze.case_event disable trigger append_only")
    owner.execute("update anze.case_event set at = at - %s where case_id = %s", (by, case))
    owner.execute("alter table anze.case_event enable trigger append_only")
    owner.execute("update anze.case_file set opened_at = opened_at - %s where id = %s", (by, case))


def end_of(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA) + DAY


# From which moment -----------------------------------------------------------------------------------------------------------

TEN_DAYS = {"code": "c", "states": ["working"], "rule": "TEST.CASE.DAYS"}


def given(name: str, days: int) -> str:
    return f"{day(days)}T08:00:00+08:00" if name.endswith("_at") else day(days)


def test_a_clock_counts_from_the_step_that_starts_it(owner):
    case = opened(owner, TEN_DAYS)
    act(owner, case, "begin")
    assert rows(owner, case) == [("running", end_of(day(10)))]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_clock_counts_from_the_moment_that_the_case_names(owner, moment):
    case, name = opened(owner, {**TEN_DAYS, "counts_from": moment}), MOMENTS[moment]
    act(owner, case, "begin", **{name: given(name, -3)})
    assert rows(owner, case) == [("running", end_of(day(7)))]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_clock_waits_for_its_moment_and_is_set_anew_when_that_changes(owner, moment):
    case, name = opened(owner, {**TEN_DAYS, "counts_from": moment}), MOMENTS[moment]
    act(owner, case, "begin")
    assert rows(owner, case) == []
    act(owner, case, "tell", **{name: given(name, -2)})
    assert rows(owner, case) == [("running", end_of(day(8)))]
    act(owner, case, "tell", **{name: given(name, -1)})
    assert rows(owner, case) == [("superseded", end_of(day(8))), ("running", end_of(day(9)))]
    act(owner, case, "end")
    assert [state for state, _ in rows(owner, case)] == ["superseded", "met"]


def test_the_rule_is_the_one_that_was_in_force_at_that_moment(owner):
    owner.execute("select anze.ship_rule('TEST.MOVED', 1, '2000-01-01', %s, '测试', 'Test', 4, 'day', 'LAW-SAFETY', '一',"
                  " 'recalled-low', null, null)", (day(-5),))
    owner.execute("select anze.ship_rule('TEST.MOVED', 2, %s, null, '测试', 'Test', 30, 'day', 'LAW-SAFETY', '一',"
                  " 'recalled-low', null, null)", (day(-5),))
    case = opened(owner, {**TEN_DAYS, "rule": "TEST.MOVED", "counts_from": "accident"})
    act(owner, case, "begin", accident_at=given("accident_at", -6))
    assert rows(owner, case) == [("overdue", end_of(day(-2)))]
    act(owner, case, "tell", accident_at=given("accident_at", -4))
    assert rows(owner, case)[-1] == ("running", end_of(day(26)))


@pytest.mark.parametrize("rule, days", [("TEST.CASE.DAYS", None), ("TEST.CASE.WORKDAYS", 3)])
def test_a_term_that_counts_back_is_due_before_the_day(owner, rule, days):
    case = opened(owner, {"code": "c", "states": ["working"], "rule": rule, "counts_from": "field:due_on", "direction": "backward"})
    act(owner, case, "begin", due_on=day(40))
    if days is None:
        due = end_of(day(30))
    else:
        before = [d for d in range(39, 20, -1) if owner.execute("select anze.is_working_day(%s)", (day(d),)).fetchone()[0]]
        due = end_of(day(before[days - 1]))
    assert rows(owner, case) == [("running", due)]


# Pausing ---------------------------------------------------------------------------------------------------------------------

PAUSING = {"pauses_in": ["appraisal", "second_appraisal"]}


@pytest.mark.parametrize("clock", [{**TEN_DAYS, **PAUSING}, {**PAUSING, "code": "by_step", "rule": "TEST.CASE.DAYS"},
                                   {**PAUSING, "code": "c", "states": ["working"], "due_field": "due_on"}])
def test_what_was_left_goes_on_when_the_case_leaves_the_pause(owner, clock):
    case = opened(owner, clock)
    act(owner, case, "begin", due_on=day(10))
    assert rows(owner, case, clock["code"]) == [("running", end_of(day(10)))]
    age(owner, case, 4 * DAY)
    act(owner, case, "appraise")
    assert [state for state, _ in rows(owner, case, clock["code"])] == ["superseded"]
    assert owner.execute("select due_at::text from anze.case_file where id = %s", (case,)).fetchone() == ("infinity",)
    age(owner, case, 30 * DAY)
    act(owner, case, "again")
    age(owner, case, 2 * DAY)
    act(owner, case, "go_on")
    assert rows(owner, case, clock["code"]) == [("superseded", end_of(day(-26))), ("running", end_of(day(6)))], "six days were left"
    if "due_field" in clock:
        assert owner.execute("select facts ->> 'due_on' from anze.case_file where id = %s", (case,)).fetchone() == (day(6),)


def test_hours_go_on_as_they_were_left_and_working_days_as_many_as_were_left(owner):
    case = opened(owner, {**TEN_DAYS, **PAUSING, "rule": "TEST.CASE.HOURS"},
                  {**TEN_DAYS, **PAUSING, "code": "w", "rule": "TEST.CASE.WORKDAYS"})
    act(owner, case, "begin")
    age(owner, case, dt.timedelta(hours=5))
    act(owner, case, "appraise")
    left = owner.execute("select due_at - superseded_at from anze.deadline where subject_id = %s and clock = 'c'", (case,)).fetchone()[0]
    paused_on, last = owner.execute(
        "select anze.day_of(superseded_at), anze.day_of(due_at - interval '1 second') from anze.deadline where subject_id = %s"
        " and clock = 'w'", (case,)).fetchone()
    working = sum(owner.execute("select anze.is_working_day(%s)", (paused_on + n * DAY,)).fetchone()[0]
                  for n in range(1, (last - paused_on).days + 1))
    age(owner, case, 7 * DAY)
    act(owner, case, "go_on")
    since, due = owner.execute("select starts_at, due_at from anze.deadline where subject_id = %s and clock = 'c' and is_running",
                               (case,)).fetchone()
    assert due - since == left and dt.timedelta(hours=18) < left < dt.timedelta(hours=20)
    assert rows(owner, case, "w")[-1][1] == end_of(str(owner.execute(
        "select anze.working_day_after(anze.today(), %s)", (working,)).fetchone()[0]))


def test_what_was_late_when_it_was_paused_is_late_afterwards(owner):
    case = opened(owner, {**TEN_DAYS, **PAUSING})
    act(owner, case, "begin")
    age(owner, case, 13 * DAY)
    act(owner, case, "appraise")
    age(owner, case, 20 * DAY)
    act(owner, case, "go_on")
    assert [state for state, _ in rows(owner, case)] == ["superseded_late", "overdue"]
    late = now() - rows(owner, case)[-1][1]
    assert 2 * DAY < late < 3 * DAY, "by as much as then: the pause adds nothing"


def test_a_clock_that_was_stopped_in_the_pause_or_never_ran_does_not_go_on(owner):
    case = opened(owner, {**PAUSING, "code": "by_step", "rule": "TEST.CASE.DAYS"})
    act(owner, case, "begin")
    act(owner, case, "stop")
    act(owner, case, "appraise")
    act(owner, case, "go_on")
    assert [state for state, _ in rows(owner, case, "by_step")] == ["met"]


def test_a_clock_whose_day_is_told_in_the_pause_waits_for_its_end(owner):
    case = opened(owner, {**TEN_DAYS, **PAUSING, "counts_from": "reply"})
    act(owner, case, "begin")
    act(owner, case, "appraise")
    act(owner, case, "tell", replied_on=day(-1))
    assert rows(owner, case) == []
    act(owner, case, "go_on")
    assert rows(owner, case) == [("running", end_of(day(9)))]


# Extending -------------------------------------------------------------------------------------------------------------------

EXTENSION = {"by": "TEST.EXTEND.BY", "times": "TEST.EXTEND.TIMES"}
BY_RULE = {**TEN_DAYS, "extension": EXTENSION}
BY_FIELD = {"code": "c", "states": ["working"], "due_field": "due_on", "extension": EXTENSION}
EXTEND = {"extend": dict(from_states=["working", "appraisal"], extends=["c"], takers=["system", "supervisor", "upper"])}
EXTEND_TO = {"extend": {**EXTEND["extend"], "fields": [field("due_on", "date", required=True, keep=True)]}}


def refused(owner, case: str, action: str, **fields) -> tuple:
    with pytest.raises(psycopg.Error) as error, owner.transaction():
        act(owner, case, action, **fields)
    said = json.loads(error.value.diag.message_primary)
    return error.value.sqlstate, [(f["pointer"], f["rule"]) for f in said.get("faults", [])]


def test_an_extension_is_by_its_rule_and_no_oftener_than_it_says(owner):
    case = opened(owner, BY_RULE, actions=EXTEND)
    act(owner, case, "begin")
    act(owner, case, "extend")
    act(owner, case, "extend")
    assert rows(owner, case) == [("superseded", end_of(day(10))), ("superseded", end_of(day(15))), ("running", end_of(day(20)))]
    assert refused(owner, case, "extend") == ("AZ409", [])


def test_an_extension_to_a_day_is_later_and_not_later_than_its_rule(owner):
    case = opened(owner, BY_FIELD, actions=EXTEND_TO)
    act(owner, case, "begin", due_on=day(10))
    assert refused(owner, case, "extend", due_on=day(10)) == ("AZ422", [("/fields/due_on", "not-later")])
    assert refused(owner, case, "extend", due_on=day(16)) == ("AZ422", [("/fields/due_on", "too-long")])
    act(owner, case, "extend", due_on=day(15))
    act(owner, case, "extend", due_on=day(16))
    assert rows(owner, case) == [("superseded", end_of(day(10))), ("superseded", end_of(day(15))), ("running", end_of(day(16)))]
    assert refused(owner, case, "extend", due_on=day(17)) == ("AZ409", []), "as often as it may be"


def test_what_does_not_run_is_not_extended(owner):
    case = opened(owner, {**BY_RULE, "counts_from": "reply"}, actions=EXTEND)
    act(owner, case, "begin")
    assert refused(owner, case, "extend") == ("AZ409", [])


def speak(owner, **caller) -> None:
    for name in ("reach", "region", "unit", "actor", "scopes"):
        owner.execute("select set_config(%s, %s, true)", (f"anze.{name}", caller.get(name, "")))


def offers(owner, case: str, **caller) -> bool:
    speak(owner, **caller)
    return owner.execute("select exists (select from anze.case_file c, anze.case_actions_now(c, anze.case_standing(c)) n where c.id = %s and n.code = 'extend')",
                         (case,)).fetchone()[0]


def test_an_extension_is_offered_to_whom_it_names_while_it_may_be_taken(owner):
    county = {"reach": "region", "region": "150622", "unit": SUPERVISOR.id, "actor": "county", "scopes": "cases:act"}
    city = {**county, "region": "1506", "unit": tree.body("emergency", "150600").id, "actor": "city"}
    case = opened(owner, {**BY_RULE, "extension": {**EXTENSION, "takers": ["upper"]}}, actions=EXTEND)
    act(owner, case, "begin")
    assert offers(owner, case, **city) and not offers(owner, case, **county)
    assert refused(owner, case, "extend") == ("AZ403", []), "nor by time, which it does not name"
    kind(owner, BY_RULE, actions=EXTEND)
    assert offers(owner, case, **city) and offers(owner, case, **county)
    for _ in range(2):
        act(owner, case, "extend")
    assert not offers(owner, case, **city) and not offers(owner, case, **county), "what always refuses is not offered"


# Who owes it -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("watched_by, owes", [
    ("unit", cases.UNIT), ("supervisor", SUPERVISOR), ("office", tree.body("office", "150622")),
    ("upper", tree.body("office", "150600")), ("field:body_id", tree.body("coal", "150622"))])
def test_a_clock_is_owed_by_whom_it_names(owner, watched_by, owes):
    case = opened(owner, {**TEN_DAYS, "watched_by": watched_by})
    speak(owner, reach="region", region="15")
    act(owner, case, "begin", body_id=tree.body("coal", "150622").id)
    who = "select owed_by::text from anze.deadline where subject_id = %s and is_running"
    assert owner.execute(who, (case,)).fetchone() == (owes.id,)


def test_a_clock_follows_whom_a_field_names_and_the_level_of_the_case(owner):
    case = opened(owner, {**TEN_DAYS, "watched_by": "field:body_id"}, {**TEN_DAYS, "code": "o", "watched_by": "office"})
    who = "select owed_by::text from anze.deadline where subject_id = %s and clock = %s and is_running"
    speak(owner, reach="region", region="15")
    act(owner, case, "begin")
    assert owner.execute(who, (case, "c")).fetchone() == (SUPERVISOR.id,), "nobody is named yet"
    owner.execute("update anze.case_file set level = %s where id = %s", (CITY, case))
    act(owner, case, "tell", body_id=tree.body("coal", "150622").id)
    assert owner.execute(who, (case, "c")).fetchone() == (tree.body("coal", "150622").id,)
    assert owner.execute(who, (case, "o")).fetchone() == (tree.body("office", "150600").id,)


# Faults ----------------------------------------------------------------------------------------------------------------------


def faults(owner, page: dict) -> set[tuple[str, str]]:
    return {(f["pointer"], f["rule"]) for f in owner.execute("select anze.case_document_faults(%s)", (json.dumps(page),)).fetchone()[0]}


@pytest.mark.parametrize("changes, found", [
    ({"counts_from": "field:nothing"}, ("/clocks/0/counts_from", "unknown-reference")),
    ({"watched_by": "field:nobody"}, ("/clocks/0/watched_by", "unknown-reference")),
    ({"watched_by": "field:due_on"}, ("/clocks/0/watched_by", "unknown-reference")),
    ({"pauses_in": ["nowhere"]}, ("/clocks/0/pauses_in/0", "unknown-reference")),
    ({"pauses_in": ["working"]}, ("/clocks/0", "runs-and-pauses")),
    ({"direction": "backward"}, ("/clocks/0", "backward")),
    ({"extension": EXTENSION}, ("/clocks/0", "never-extended")),
])
def test_what_a_clock_says_holds(owner, changes, found):
    page = kind(owner, TEN_DAYS)
    page["clocks"][0].update(changes)
    assert faults(owner, page) == {found}


def test_an_extension_names_rules_that_are_there_and_the_new_day(owner):
    page = kind(owner, BY_FIELD, actions=EXTEND_TO)
    at = next(i for i, action in enumerate(page["actions"]) if action["code"] == "extend")
    page["clocks"][0]["extension"] = {"by": "NO.RULE", "times": "NO.OTHER"}
    assert faults(owner, page) == {("/clocks/0/extension/by", "unknown-reference"), ("/clocks/0/extension/times", "unknown-reference")}
    del page["clocks"][0]["extension"]
    page["actions"][at]["fields"] = []
    assert faults(owner, page) == {("/clocks/0", "no-extension"), (f"/actions/{at}/extends/0", "field-needed")}
