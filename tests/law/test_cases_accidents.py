"""A clock that counts from the accident: a case that names one has its moment, whenever it names it, and the clock follows
when the accident's time is corrected."""
import datetime as dt
import json

import pytest
from desk import CHEMICAL, COUNTY, ENTERPRISE, OTHER_COUNTY, Desk

from harness import cases
from harness.cases import day, field
from harness.owed import DAY, now

CHINA = dt.timezone(dt.timedelta(hours=8))
HOUR = dt.timedelta(hours=1)
STATES = [("new", False, False), ("working", False, False), ("appraisal", False, False), ("closed", True, False)]
ACTIONS = {
    "begin": dict(from_states=["new"], to_state="working", fields=[field("accident_id", "line", keep=True)]),
    "link": dict(from_states=["working", "appraisal"], fields=[field("accident_id", "line", keep=True)]),
    "appraise": dict(from_states=["working"], to_state="appraisal"),
    "go_on": dict(from_states=["appraisal"], to_state="working"),
    "end": dict(from_states=["working"], to_state="closed"),
}
CLOCK = {"code": "c", "title_zh": "时限", "title_en": "Clock", "states": ["working"], "rule": "TEST.CASE.DAYS",
         "watched_by": "unit", "counts_from": "accident"}


@pytest.fixture(scope="module")
def database(make_database, cluster):
    made = make_database(cluster)
    with made.owner() as owner:
        cases.prepare(owner)
        for name, clock in (("test_from", CLOCK), ("test_hours", {**CLOCK, "rule": "TEST.CASE.HOURS"}),
                            ("test_paused", {**CLOCK, "pauses_in": ["appraisal"]}), ("test_held", CLOCK)):
            page = cases.document(name, clocks=[], states=STATES,
                                  actions={code: {"takers": ["system"], **row} for code, row in ACTIONS.items()})
            page["clocks"] = [clock | ({"states": ["working", "appraisal"]} if name == "test_held" else {})]
            page["states"][2]["holds_clocks"] = name == "test_held"
            cases.ship(owner, page)
    return made


@pytest.fixture
def world(database):
    with database.owner() as owner, owner.transaction(force_rollback=True):
        yield World(owner)


class World(Desk):
    def open(self, kind: str, **facts) -> str:
        self.speak_as(COUNTY)
        return cases.open_case(self.connection, kind=kind, facts=facts)

    def act(self, case: str, action: str, caller: dict = COUNTY, **fields) -> None:
        self.speak_as(caller)
        self.connection.execute("select anze.case_act(%s, %s, %s, '[]', true)", (case, action, json.dumps(fields)))

    def accident(self, caller: dict = COUNTY, **given) -> dict:
        occurred = at_eight(-3)
        return self.file(caller, **{"occurred_at": occurred, "learned_at": occurred + HOUR, "received_at": occurred + 2 * HOUR} | given)

    def fact(self, case: str) -> dt.datetime | None:
        text = self.value("select facts ->> 'accident_at' from anze.case_file where id = %s", case)
        return dt.datetime.fromisoformat(text) if text else None

    def rows(self, case: str) -> list[tuple]:
        return self.connection.execute(
            "select anze.deadline_state(d), d.due_at from anze.deadline d where d.subject_id = %s"
            " order by coalesce(d.superseded_at, d.met_at, 'infinity')", (case,)).fetchall()


def at_eight(days: int) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{day(days)}T08:00").replace(tzinfo=CHINA)


def end_of(days: int) -> dt.datetime:
    return dt.datetime.fromisoformat(day(days)).replace(tzinfo=CHINA) + DAY


def test_a_case_that_is_opened_for_an_accident_has_its_moment(world):
    accident = world.accident()
    case = world.open("test_from", accident_id=accident["id"])
    assert world.fact(case) == at_eight(-3)
    world.act(case, "begin")
    assert world.rows(case) == [("running", end_of(7))]


@pytest.mark.parametrize("step", ["begin", "link"])
def test_a_case_that_names_an_accident_later_has_its_moment_and_the_clock_runs(world, step):
    accident, case = world.accident(), world.open("test_from")
    assert world.fact(case) is None
    world.act(case, "begin", **({"accident_id": accident["id"]} if step == "begin" else {}))
    if step == "link":
        assert world.rows(case) == []
        world.act(case, "link", accident_id=accident["id"])
    assert world.fact(case) == at_eight(-3) and world.rows(case) == [("running", end_of(7))]


def test_another_accident_sets_the_clock_anew_and_one_that_is_not_seen_has_no_moment(world):
    first = world.accident()
    second = world.accident(unit_id=CHEMICAL.id, category="09", occurred_at=at_eight(-1), learned_at=at_eight(-1) + HOUR,
                            received_at=at_eight(-1) + 2 * HOUR)
    case = world.open("test_from", accident_id=first["id"])
    world.act(case, "begin")
    world.act(case, "link", accident_id=second["id"])
    assert world.fact(case) == at_eight(-1)
    assert world.rows(case) == [("superseded", end_of(7)), ("running", end_of(9))]
    world.act(case, "link", OTHER_COUNTY, accident_id=first["id"])
    assert world.fact(case) is None, "who does not see it is told nothing of it"
    world.act(case, "link", OTHER_COUNTY, accident_id="an accident of long ago")
    assert world.fact(case) is None


def test_a_correction_of_the_accidents_time_moves_the_fact_and_the_clock(world):
    accident = world.accident()
    case, other = world.open("test_from", accident_id=accident["id"]), world.open("test_from")
    for one in (case, other):
        world.act(one, "begin")
    version = world.value("select version from anze.case_file where id = %s", case)
    world.correct(COUNTY, accident, 1, occurred_at=at_eight(-5))
    assert world.fact(case) == at_eight(-5)
    assert world.rows(case) == [("superseded", end_of(7)), ("running", end_of(5))] and world.rows(other) == []
    assert world.value("select due_at from anze.case_file where id = %s", case) == end_of(5)
    assert world.value("select version from anze.case_file where id = %s", case) == version + 1
    shown = world.value("select anze.case_timeline(c) -> -1 from anze.case_file c where id = %s", case)
    assert (shown["action"], shown["title_zh"], shown["from_state"], shown["to_state"]) == (
        "accident_corrected", "事故发生时间更正", "working", "working")
    assert [dt.datetime.fromisoformat(shown["fields"][name]) for name in ("from", "to")] == [at_eight(-3), at_eight(-5)]


def test_a_correction_of_something_else_touches_no_case(world):
    accident = world.accident()
    case = world.open("test_from", accident_id=accident["id"])
    version = world.value("select version from anze.case_file where id = %s", case)
    world.correct(COUNTY, accident, 1, place="5号工作面")
    assert world.value("select version from anze.case_file where id = %s", case) == version


def test_hours_move_by_as_much_as_the_moment_and_the_case_of_another_region_follows_too(world):
    accident = world.accident(occurred_at=now() - 3 * HOUR, learned_at=now() - 2 * HOUR, received_at=now() - HOUR)
    case = world.open("test_hours", accident_id=accident["id"])
    world.act(case, "begin")
    world.connection.execute("update anze.case_file set region_code = '150621' where id = %s", (case,))
    (_, due), = world.rows(case)
    moved = world.fact(case) - 2 * HOUR
    world.correct(COUNTY, accident, 1, occurred_at=moved)
    assert world.rows(case) == [("superseded", due), ("running", due - 2 * HOUR)] and world.fact(case) == moved


def age(world, case: str, by: dt.timedelta) -> None:
    """As if what happened to the case had happened so much earlier; its accident stays when it was."""
    owner = world.connection
    owner.execute("update anze.deadline set superseded_at = superseded_at - %s where subject_id = %s", (by, case))
    owner.execute("alter table anze.case_event disable trigger append_only")
    owner.execute("update anze.case_event set at = at - %s where case_id = %s", (by, case))
    owner.execute("alter table anze.case_event enable trigger append_only")


def test_what_was_added_by_a_pause_is_added_still_after_a_correction(world):
    accident = world.accident()
    case = world.open("test_paused", accident_id=accident["id"])
    world.act(case, "begin")
    world.act(case, "appraise")
    age(world, case, 2 * DAY)
    world.act(case, "go_on")
    assert world.rows(case)[-1] == ("running", end_of(9))
    world.correct(COUNTY, accident, 1, occurred_at=at_eight(-4))
    assert world.rows(case)[-1] == ("running", end_of(8))


@pytest.mark.parametrize("kind", ["test_paused", "test_held"])
def test_a_clock_that_stood_still_during_corrections_goes_on_by_the_right_moment(world, kind):
    accident = world.accident()
    case = world.open(kind, accident_id=accident["id"])
    world.act(case, "begin")
    world.act(case, "appraise")
    accident = world.correct(COUNTY, accident, 1, occurred_at=at_eight(-6))
    world.correct(COUNTY, accident, 2, occurred_at=at_eight(-5))
    assert [state for state, _ in world.rows(case)] == ["superseded"], "nothing runs meanwhile"
    world.act(case, "go_on")
    assert world.rows(case)[-1] == ("running", end_of(5))


def test_a_case_from_before_has_the_moment_after_its_next_step(world):
    accident = world.accident()
    case = world.open("test_from", accident_id=accident["id"])
    world.connection.execute("update anze.case_file set facts = facts - 'accident_at' where id = %s", (case,))
    world.act(case, "begin")
    assert world.fact(case) == at_eight(-3) and world.rows(case) == [("running", end_of(7))]
    assert ENTERPRISE.id == world.value("select unit_id::text from anze.case_file where id = %s", case)
