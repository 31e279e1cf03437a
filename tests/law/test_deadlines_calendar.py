"""Working days, and what becomes of open deadlines when the calendar changes."""
import datetime as dt
import json

import psycopg
import pytest

from harness import cases
from harness.cases import field
from harness.owed import DAY

CHINA = dt.timezone(dt.timedelta(hours=8))
FIELDS = [field("accident_at", "instant", keep=True), field("due_on", "date", keep=True)]
ACTIONS = {
    "begin": {"takers": ["system"], "from_states": ["new"], "to_state": "working", "fields": FIELDS},
    "end": {"takers": ["system"], "from_states": ["working"], "to_state": "closed"},
}
STATES = [("new", False, False), ("working", False, False), ("closed", True, False)]
PROLONGED = {"code": "SCGO-2020-1", "of_year": 2020, "title": "国务院办公厅关于延长2020年春节假期的通知", "issued_on": "2020-01-26",
             "number": "国办发明电〔2020〕1号", "covers_year": False, "reason": "春节假期延长至2月2日",
             "days": [{"day": f"2020-{day}", "is_working": False, "title_zh": "春节（延长）", "title_en": "Spring Festival, prolonged"}
                      for day in ("01-31", "02-01", "02-02")]}


@pytest.fixture(scope="module")
def alone(make_database, cluster):
    database = make_database(cluster)
    with database.owner() as owner:
        cases.prepare(owner)
        owner.execute("select anze.ship_rule('TEST.FIVE', 1, '2000-01-01', null, '测试', 'Test', 5, 'workday', 'LAW-SAFETY', '一',"
                      " 'recalled-low', null, null)")
    return database


@pytest.fixture
def owner(alone):
    with alone.owner() as connection:
        yield connection
        connection.rollback()


def opened(owner, **clock) -> str:
    page = cases.document("test_calendar", clocks=[], states=STATES, actions=ACTIONS)
    page["clocks"] = [{"code": "c", "title_zh": "时限", "title_en": "Clock", "watched_by": "unit", "states": ["working"],
                       "rule": "TEST.FIVE", "counts_from": "accident", **clock}]
    cases.ship(owner, page)
    return cases.open_case(owner, kind="test_calendar")


def begin(owner, case: str, **fields) -> None:
    owner.execute("select anze.case_act(%s, 'begin', %s, '[]', true)", (case, json.dumps(fields)))


def announce(owner, notice: dict) -> None:
    owner.execute("select anze.add_calendar_notice(%s)", (json.dumps(notice),))


def forget(owner, notice: str) -> None:
    """As if that notice had not been issued yet."""
    owner.execute("delete from anze.calendar_day where notice = %s", (notice,))
    owner.execute("delete from anze.working_day where notice = %s", (notice,))
    owner.execute("delete from anze.calendar_notice where code = %s", (notice,))
    owner.execute("select anze.settle_calendar(null)")
    owner.execute("delete from anze.calendar_work")


def follow(owner) -> None:
    """The step of the sweep, a row at a time, until there is nothing left."""
    while owner.execute("select anze.follow_calendar(1)").fetchone()[0]:
        pass


def clocks(owner, case: str) -> list[dict]:
    """What the case shows of its clock, the one that ended first first."""
    shown = owner.execute("select jsonb_agg(anze.deadline_json(d) order by coalesce(d.superseded_at, 'infinity'))"
                          " from anze.deadline d where d.subject_id = %s", (case,)).fetchone()[0]
    return shown or []


def last_day(clock: dict) -> str:
    return (dt.datetime.fromisoformat(clock["due_at"]).astimezone(CHINA) - DAY).date().isoformat()


def after(owner, day: str, days: int = 5) -> str:
    return owner.execute("select anze.working_day_after(%s, %s)::text", (day, days)).fetchone()[0]


@pytest.mark.parametrize("since, until", [("2024-09-27", "2024-10-10"), ("2023-09-28", "2023-10-11"), ("2020-01-20", "2020-02-04"),
                                          ("2019-04-26", "2019-05-06"), ("2025-09-26", "2025-10-10"), ("2026-02-13", "2026-02-27")])
def test_five_working_days_end_where_the_notices_say(owner, since, until):
    assert after(owner, since) == until


def test_before_the_rest_was_prolonged_they_ended_on_2020_02_01(owner):
    forget(owner, "SCGO-2020-1")
    assert after(owner, "2020-01-20") == "2020-02-01"


def test_a_changed_calendar_moves_the_open_clock_which_shows_both_days_and_why(owner):
    forget(owner, "SCGO-2020-1")
    case = opened(owner)
    begin(owner, case, accident_at="2020-01-20T09:00:00+08:00")
    assert [last_day(c) for c in clocks(owner, case)] == ["2020-02-01"]
    announce(owner, PROLONGED)
    follow(owner)
    old, new = clocks(owner, case)
    assert (last_day(old), last_day(new)) == ("2020-02-01", "2020-02-04")
    assert old["state"].startswith("superseded") and "late_by_seconds" not in old
    assert new["recounted"]["due_at_before"] == old["due_at"] and "工作日安排有变" in new["recounted"]["reason_zh"]
    assert new["recounted"]["notice"] == {key: PROLONGED[key] for key in ("code", "title", "number", "issued_on")}
    assert owner.execute("select count(*) from anze.calendar_work").fetchone()[0] == 0
    assert [c["due_at"] for c in clocks(owner, case)] == [old["due_at"], new["due_at"]], "once"


def test_a_disk_that_was_full_for_a_moment_costs_no_clock_its_new_day(owner):
    forget(owner, "SCGO-2020-1")
    case = opened(owner)
    begin(owner, case, accident_at="2020-01-20T09:00:00+08:00")
    announce(owner, PROLONGED)
    owner.execute("create function anze.refused() returns trigger language plpgsql as"
                  " $$ begin raise exception 'full' using errcode = '53100'; end $$")
    owner.execute("create trigger zz_refused before insert or update on anze.deadline for each row"
                  " execute function anze.refused()")
    with pytest.raises(psycopg.errors.DiskFull), owner.transaction():
        owner.execute("select anze.follow_calendar(1)")
    owner.execute("drop trigger zz_refused on anze.deadline")
    follow(owner)
    assert [last_day(c) for c in clocks(owner, case)] == ["2020-02-01", "2020-02-04"]


def test_both_notices_are_kept_and_the_day_says_what_was_said_before(owner):
    told = owner.execute("select anze.working_days_json('2020-02-01', '2020-02-01')").fetchone()[0]
    assert [n["number"] for n in told["years"][0]["notices"]] == ["国办发明电〔2019〕16号", "国办发明电〔2020〕1号"]
    day, = told["days"]
    assert not day["is_working"] and "延长" in day["instrument"]
    before, = day["changed_from"]
    assert before["is_working"] and "国办发明电〔2019〕16号" in before["instrument"]


def test_a_deadline_says_of_each_year_that_it_touches_whether_its_days_off_were_announced(owner):
    case = opened(owner)
    begin(owner, case, accident_at="2026-12-29T09:00:00+08:00")
    clock, = clocks(owner, case)
    assert [(y["year"], y["calendar"]) for y in clock["calendar"]] == [(2026, "announced"), (2027, "weekdays")]
    listed = owner.execute("select anze.case_deadline(id) from anze.deadline where subject_id = %s", (case,)).fetchone()[0]
    assert listed["calendar"] == clock["calendar"]


def test_a_term_that_counts_no_working_days_says_nothing_of_the_calendar_and_stays(owner):
    case = opened(owner, rule="TEST.CASE.DAYS")
    begin(owner, case, accident_at="2027-01-29T09:00:00+08:00")
    before = clocks(owner, case)
    assert "calendar" not in before[0]
    announce(owner, {**PROLONGED, "code": "TEST-2027", "of_year": 2027, "issued_on": "2026-11-01",
                     "days": [{**PROLONGED["days"][0], "day": "2027-02-01"}]})
    follow(owner)
    assert clocks(owner, case) == before


@pytest.mark.parametrize("backward", [False, True])
def test_a_single_day_moves_what_counts_it_in_both_directions(owner, backward):
    clock = {"counts_from": "field:due_on", "direction": "backward"} if backward else {}
    case = opened(owner, **clock)
    begin(owner, case, due_on="2027-03-19", accident_at="2027-03-08T09:00:00+08:00")
    was = last_day(clocks(owner, case)[-1])
    announce(owner, {**PROLONGED, "code": "TEST-2027-2", "of_year": 2027, "issued_on": "2026-11-01",
                     "days": [{**PROLONGED["days"][0], "day": "2027-03-15" if backward else "2027-03-10"}]})
    follow(owner)
    assert (was, last_day(clocks(owner, case)[-1])) == (("2027-03-12", "2027-03-11") if backward else ("2027-03-15", "2027-03-16"))


def test_what_was_added_to_a_clock_is_added_still(owner):
    case = opened(owner)
    begin(owner, case, accident_at="2027-03-08T09:00:00+08:00")
    owner.execute("update anze.deadline set due_at = anze.end_of_day('2027-03-22') where subject_id = %s", (case,))  # ten in all
    announce(owner, {**PROLONGED, "code": "TEST-2027-3", "of_year": 2027, "issued_on": "2026-11-01",
                     "days": [{**PROLONGED["days"][0], "day": "2027-03-10"}]})
    follow(owner)
    assert last_day(clocks(owner, case)[-1]) == "2027-03-23"


def test_the_latest_notice_counts_and_of_the_same_day_the_administrators(owner):
    day = {**PROLONGED["days"][0], "day": "2026-12-07"}
    off = lambda: not owner.execute("select anze.is_working_day('2026-12-07')").fetchone()[0]  # noqa: E731
    announce(owner, {**PROLONGED, "code": "TEST-A", "of_year": 2026, "issued_on": "2025-11-04", "days": [day]})
    assert off()
    announce(owner, {**PROLONGED, "code": "TEST-B", "of_year": 2026, "issued_on": "2026-11-04", "days": [{**day, "is_working": True}]})
    assert not off()
    owner.execute("select anze.ship_calendar_notice('TEST-A', 2026, 'x', 'x', '2026-12-01', 'found', true)")
    owner.execute("select anze.settle_calendar(null)")
    assert not off(), "shipping does not touch what an administrator entered"
