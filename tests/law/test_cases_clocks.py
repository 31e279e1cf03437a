"""Clocks of cases: each unit of time on both sides of its end, over weekends, days off and days worked in their place;
what starts, meets and supersedes them."""
import datetime as dt
import json

import pytest

from harness import cases, tree
from harness.cases import CLOCKS, SUPERVISOR, UNIT, day, open_case
from harness.owed import DAY, now

CHINA = dt.timezone(dt.timedelta(hours=8))
MOMENT, SECOND = dt.timedelta(milliseconds=1), dt.timedelta(seconds=1)


@pytest.fixture(scope="module")
def alone(make_database, cluster):
    database = make_database(cluster)
    with database.owner() as owner:
        cases.install(owner)
    return database


@pytest.fixture
def owner(alone):
    with alone.owner() as connection:
        yield connection
        connection.rollback()


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)


# What happens to clocks -------------------------------------------------------------------------------------------------


def clocks(owner, case: str, clock: str | None = None) -> list[tuple]:
    """(clock, state, due, who owes it) in the order in which they began."""
    return owner.execute(
        "select d.clock, anze.deadline_state(d), d.due_at, d.owed_by::text from anze.deadline d where d.subject_id = %s"
        " and (%s::text is null or d.clock = %s) order by d.starts_at, coalesce(d.superseded_at, 'infinity'), d.due_at",
        (case, clock, clock)).fetchall()


def running(owner, case: str) -> set[str]:
    return {clock for clock, state, *_ in clocks(owner, case) if state in ("running", "overdue")}


def act(owner, case: str, action: str, fields: dict | None = None, evidence: list | None = None) -> None:
    """As time or an effect would, whoever the rows name: here it is the clocks that are looked at."""
    owner.execute("update anze.case_action set takers = takers || '[\"system\"]' where code = %s", (action,))
    owner.execute("select anze.case_act(%s, %s, %s, %s, true)", (case, action, json.dumps(fields or {}), json.dumps(evidence or [])))


def test_opening_starts_the_clocks_of_the_first_state_with_rule_and_version(owner):
    case = open_case(owner)
    assert running(owner, case) == {"answer", "whole"}
    (_, _, due, owed_by), = clocks(owner, case, "answer")
    assert owed_by == SUPERVISOR.id and abs(due - now() - DAY) < dt.timedelta(minutes=1)
    assert owner.execute("select rule, rule_version from anze.deadline where subject_id = %s and clock = 'answer'",
                         (case,)).fetchone() == ("TEST.CASE.HOURS", 1)
    assert owner.execute("select due_at from anze.case_file where id = %s", (case,)).fetchone()[0] == due


def test_a_state_that_is_left_meets_its_clock_and_one_that_is_entered_starts_its_own(owner):
    case = open_case(owner)
    act(owner, case, "assign", {"due_on": day(10)})
    assert running(owner, case) == {"whole", "rectify", "progress"} and len(clocks(owner, case, "whole")) == 1
    assert [state for _, state, *_ in clocks(owner, case, "answer")] == ["met"]
    (_, _, due, owed_by), = clocks(owner, case, "rectify")
    assert owed_by == UNIT.id and due == at(day(10) + "T00:00") + DAY
    act(owner, case, "finish", {"result": "已整改"}, [{"kind": "photo"}])
    assert running(owner, case) == {"whole", "review"}
    act(owner, case, "pass")
    assert running(owner, case) == set()
    assert owner.execute("select due_at::text from anze.case_file where id = %s", (case,)).fetchone()[0] == "infinity"


def test_an_extension_supersedes_the_deadline_and_keeps_it(owner):
    case = open_case(owner)
    act(owner, case, "assign", {"due_on": day(10)})
    act(owner, case, "extend", {"due_on": day(20)})
    assert [(state, due) for _, state, due, _ in clocks(owner, case, "rectify")] == [
        ("superseded", at(day(10) + "T00:00") + DAY), ("running", at(day(20) + "T00:00") + DAY)]


def test_a_clock_that_is_started_again_supersedes_itself(owner):
    case = open_case(owner)
    act(owner, case, "assign", {"due_on": day(10)})
    act(owner, case, "report", {"text": "进展"})
    assert [state for _, state, *_ in clocks(owner, case, "progress")] == ["superseded", "running"]


def test_a_clock_that_returns_after_its_day_is_overdue_at_once(owner):
    case = open_case(owner)
    act(owner, case, "assign", {"due_on": day(10)})
    act(owner, case, "finish", {"result": "已整改"}, [{"kind": "photo"}])
    owner.execute("update anze.case_file set facts = %s, opened_at = opened_at - interval '30 days' where id = %s",
                  (json.dumps({"due_on": day(-5)}), case))
    act(owner, case, "fail", {"why": "未消除"})
    assert [state for _, state, *_ in clocks(owner, case, "rectify")][0] == "overdue"
    assert "overdue" in owner.execute("select anze.case_head(c)->>'overdue', anze.deadline_state(d) from anze.case_file c join"
                                      " anze.deadline d on d.subject_id = c.id and d.clock = 'rectify' and d.is_running"
                                      " where c.id = %s", (case,)).fetchone()


@pytest.mark.parametrize("late", [False, True])
def test_a_clock_goes_on_by_its_old_day_after_a_state_that_held_it(owner, late):
    owner.execute("update anze.case_state set holds_clocks = true where (kind, code) = (%s, 'review')", (cases.KIND,))
    case = open_case(owner)
    act(owner, case, "assign", {"due_on": day(10)})
    before = {clock: due for clock, state, due, _ in clocks(owner, case) if state == "running"}
    act(owner, case, "finish", {"result": "已整改"}, [{"kind": "photo"}])
    assert running(owner, case) == set()
    assert {state for clock, state, *_ in clocks(owner, case) if clock in before} == {"superseded"}
    assert owner.execute("select due_at::text from anze.case_file where id = %s", (case,)).fetchone()[0] == "infinity"
    if late:
        owner.execute("update anze.deadline set starts_at = starts_at - interval '40 days', due_at = due_at - interval '40 days'"
                      " where subject_id = %s", (case,))
    act(owner, case, "fail", {"why": "未消除"})
    after = {clock: (state, due) for clock, state, due, _ in clocks(owner, case) if state in ("running", "overdue")}
    assert after == {clock: ("overdue", due - 40 * DAY) if late else ("running", due) for clock, due in before.items()}
    assert owner.execute("select due_at from anze.case_file where id = %s", (case,)).fetchone()[0] == min(
        due for _, due in after.values())


def test_a_clock_that_was_met_before_the_state_that_held_the_others_stays_met(owner):
    owner.execute("update anze.case_state set holds_clocks = true where (kind, code) = (%s, 'review')", (cases.KIND,))
    case = open_case(owner)
    act(owner, case, "assign", {"due_on": day(10)})
    owner.execute("update anze.deadline set met_at = now() - interval '1 hour' where subject_id = %s and clock = 'progress'", (case,))
    act(owner, case, "finish", {"result": "已整改"}, [{"kind": "photo"}])
    act(owner, case, "fail", {"why": "未消除"})
    assert running(owner, case) == {"whole", "rectify"}


@pytest.mark.parametrize("column, ended", [("met_at", "met"), ("superseded_at", "superseded")])
@pytest.mark.parametrize("by, late", [(MOMENT, 0), (3661 * SECOND, 3661), (-MOMENT, None), (0 * MOMENT, None)])
def test_a_clock_that_ends_after_its_time_was_late_however_it_ended_and_at_its_time_not(owner, column, ended, by, late):
    case = open_case(owner)
    owner.execute(f"update anze.deadline set {column} = due_at + %s where subject_id = %s and clock = 'answer'", (by, case))
    (shown,), = owner.execute("select anze.deadline_json(d) from anze.deadline d where d.subject_id = %s and d.clock = 'answer'", (case,))
    assert shown["state"] == (ended if late is None else f"{ended}_late") and shown.get("late_by_seconds") == late


def test_more_time_that_is_given_when_it_is_late_does_not_make_it_punctual(owner):
    case = open_case(owner)
    act(owner, case, "assign", {"due_on": day(10)})
    owner.execute("update anze.deadline set starts_at = starts_at - interval '30 days', due_at = due_at - interval '30 days'"
                  " where subject_id = %s and clock = 'rectify'", (case,))
    act(owner, case, "extend", {"due_on": day(20)})
    assert [state for _, state, *_ in clocks(owner, case, "rectify")] == ["superseded_late", "running"]


def test_what_is_overdue_and_runs_says_the_same_at_every_reading(owner):
    case = open_case(owner)
    owner.execute("update anze.deadline set starts_at = starts_at - interval '30 days', due_at = due_at - interval '30 days'"
                  " where subject_id = %s and clock = 'answer'", (case,))
    read = lambda: owner.execute("select anze.deadline_json(d), pg_sleep(1.1)::text from anze.deadline d where d.subject_id = %s"  # noqa: E731
                                 " and d.clock = 'answer'", (case,)).fetchone()[0]
    first = read()
    assert first["state"] == "overdue" and first == read() and "late_by_seconds" not in first


def test_whoever_supervises_now_owes_the_supervisors_deadlines(owner):
    case = open_case(owner)
    act(owner, case, "take_over")
    city = tree.body("emergency", "150600").id
    before, after = clocks(owner, case, "whole")
    assert (before[1], before[3], after[1], after[3]) == ("superseded", SUPERVISOR.id, "running", city)
    assert before[2] == after[2], "the time stays"


def test_moving_to_other_rules_keeps_common_clocks_ends_lost_ones_and_starts_gained_ones(owner):
    case = open_case(owner)
    owner.execute("update anze.case_kind set in_force = daterange('2000-01-01', anze.today()) where code = %s", (cases.KIND,))
    gained = [*(c for c in CLOCKS if c[0] != "answer"), ("greeting", ["new"], "TEST.CASE.DAYS", None, "unit")]
    cases.install(owner, version=2, in_force_from=day(0), clocks=gained)
    for name, value in (("reach", "region"), ("region", "150622"), ("actor", "mover")):
        owner.execute("select set_config(%s, %s, true)", (f"anze.{name}", value))
    body = owner.execute("select body from anze.move_case_rules(%s, '1', %s)",
                         (case, json.dumps({"reason": "统一适用"}))).fetchone()[0]
    shown = json.loads(body)
    assert shown["rules_version"] == 2 and shown["state"] == "new"
    assert {c["clock"]: c["state"] for c in shown["clocks"]} == {"answer": "superseded", "whole": "running",
                                                                 "greeting": "running"}
    assert shown["timeline"][-1]["action"] == "rules_moved"
    assert shown["timeline"][-1]["fields"] == {"from_version": 1, "to_version": 2, "reason": "统一适用"}
