"""Deadlines of cases are told before, at and after, level by level: each stage on both sides of its moment, once."""
import datetime as dt

import pytest

from harness import cases, tree
from harness.cases import SUPERVISOR, UNIT, open_case
from harness.owed import DAY, JUST, SOON, now, owe, sweep

GOVERNMENT, OFFICE = tree.body("government", "150622"), tree.body("office", "150622")
CITY_OFFICE = tree.body("office", "150600")
MOMENTS = [(-3, "deadline_reminder"), (-1, "deadline_eve"), (0, "deadline_warning"), (1, "deadline_superior"),
           (3, "deadline_office"), (7, "deadline_upper")]
TOLD = {"deadline_reminder": UNIT, "deadline_eve": UNIT, "deadline_warning": UNIT, "deadline_superior": GOVERNMENT,
        "deadline_office": OFFICE, "deadline_upper": CITY_OFFICE}


@pytest.fixture(scope="module")
def quiet(make_database, cluster):
    database = make_database(cluster, catalogue=False)
    with database.owner() as owner:
        cases.install(owner)
    return database


@pytest.fixture
def owner(quiet):
    with quiet.owner() as connection:
        sweep(connection)
        yield connection
        connection.rollback()


def run_until(owner, due_at: dt.datetime, term: dt.timedelta = 60 * DAY, owed_by: tree.Unit = UNIT) -> str:
    """A deadline of a case that ends then; its id."""
    case = open_case(owner)
    return owner.execute(
        "update anze.deadline set due_at = %s, starts_at = %s, owed_by = %s, next_notice_at = anze.first_deadline_notice_at(%s, %s)"
        " where subject_id = %s and clock = 'answer' returning id::text",
        (due_at, due_at - term, owed_by.id, due_at, due_at - term, case)).fetchone()[0]


def pass_time(owner, deadline: str, by: dt.timedelta) -> None:
    owner.execute("update anze.deadline set due_at = due_at - %(by)s, starts_at = starts_at - %(by)s,"
                  " next_notice_at = next_notice_at - %(by)s where id = %(id)s", {"by": by, "id": deadline})


def told(owner, deadline: str) -> list[tuple[str, str]]:
    return owner.execute("select n.stage, n.unit_id::text from anze.notice n join anze.notice_stage s on s.code = n.stage"
                         " where n.subject_id = %s order by s.place", (deadline,)).fetchall()


def stages(owner, deadline: str) -> list[str]:
    return [stage for stage, _ in told(owner, deadline)]


@pytest.mark.parametrize("days, stage", MOMENTS)
def test_a_stage_is_told_at_its_moment_to_whom_it_goes_and_not_before(owner, days, stage):
    early, late = run_until(owner, now() - days * DAY + SOON), run_until(owner, now() - days * DAY - JUST)
    sweep(owner)
    assert stage not in stages(owner, early)
    assert told(owner, late)[-1:] == [(stage, TOLD[stage].id)]


def test_over_time_every_stage_is_told_once_in_order(owner):
    deadline = run_until(owner, now() + 4 * DAY - JUST)
    for _ in range(14):
        sweep(owner)
        sweep(owner)
        pass_time(owner, deadline, DAY)
    assert told(owner, deadline) == [(stage, TOLD[stage].id) for _, stage in MOMENTS]
    assert owner.execute("select next_notice_at::text from anze.deadline where id = %s", (deadline,)).fetchone()[0] == "infinity"


@pytest.mark.parametrize("step", [-2 * DAY, 2 * DAY, 9 * DAY])
def test_a_clock_that_steps_and_comes_back_tells_nothing_twice_and_is_caught_up_with(owner, step):
    deadline = run_until(owner, now() + 2 * DAY)
    sweep(owner)
    pass_time(owner, deadline, step)  # the clock of the server is wrong for a while
    sweep(owner)
    pass_time(owner, deadline, -step)
    before = stages(owner, deadline)
    sweep(owner)
    assert stages(owner, deadline) == before, "the time that is told of lies ahead again"
    for _ in range(20):
        pass_time(owner, deadline, DAY / 2)
        sweep(owner)
    seen = stages(owner, deadline)
    assert len(seen) == len(set(seen)) and seen[-1] == "deadline_upper"


def test_of_stages_that_passed_unseen_the_latest_alone_is_told(owner):
    deadline = run_until(owner, now() - 5 * DAY)
    sweep(owner)
    assert stages(owner, deadline) == ["deadline_office"]


def test_a_reminder_on_the_day_of_the_start_or_before_is_none(owner):
    short = run_until(owner, now() + DAY, dt.timedelta(hours=24, minutes=5))
    sweep(owner)
    assert stages(owner, short) == []


@pytest.mark.parametrize("column", ["met_at", "superseded_at"])
def test_what_was_met_or_superseded_is_told_no_more(owner, column):
    deadline = run_until(owner, now() - DAY)
    owner.execute(f"update anze.deadline set {column} = now() where id = %s", (deadline,))
    sweep(owner)
    assert stages(owner, deadline) == []


def test_what_the_supervisor_owes_is_told_to_the_supervisor_and_above_it(owner):
    deadline = run_until(owner, now() - JUST, owed_by=SUPERVISOR)
    sweep(owner)
    pass_time(owner, deadline, DAY)
    sweep(owner)
    assert told(owner, deadline) == [("deadline_warning", SUPERVISOR.id), ("deadline_superior", GOVERNMENT.id)]


def test_duties_and_deadlines_keep_their_own_stages(owner):
    deadline, obligation = run_until(owner, now() - JUST), owe(owner, now() - JUST, unit=UNIT)
    sweep(owner)
    assert stages(owner, deadline) == ["deadline_warning"]
    assert owner.execute("select array_agg(stage) from anze.notice where subject_id = %s", (obligation,)).fetchone()[0] == [
        "warning"]


def test_a_notice_of_a_deadline_says_who_owes_what_in_both_languages(owner):
    deadline = run_until(owner, now() - 3 * DAY - JUST)
    sweep(owner)
    shown, = owner.execute("select anze.notice_json(n) from anze.notice n where n.subject_id = %s", (deadline,)).fetchone()
    assert shown["deadline"]["state"] == "overdue" and shown["deadline"]["subject"] == "测试事项一件" and "obligation" not in shown
    assert "“时限answer”（测试事项一件），已逾期3天，现时限逾期提级至旗区安委会办公室。" in shown["text_zh"]
    assert "3 days overdue. Escalation of a deadline to the county's safety office." in shown["text_en"]
    assert shown["about_unit"]["id"] == UNIT.id and shown["unit"]["id"] == OFFICE.id
