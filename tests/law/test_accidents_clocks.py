"""Articles 9 to 11, the coal regulation's article 59 and the order of 2009: who reports to whom by when, and what is
late. A moment exactly at the limit is in time."""
import datetime as dt

import pytest
from desk import CHEMICAL, CHINA, CITY, COUNTY, ENTERPRISE, PROVINCE, TOWN, UNIT, Refused, at, clock, clocks, later, moment

OCCURRED = at("2026-09-10 22:10")
LEARNED = at("2026-09-10 22:30")


def filed_late(desk, received: dt.datetime, learned: dt.datetime = LEARNED, **given) -> dict:
    return desk.file(COUNTY, occurred_at=given.pop("occurred_at", learned), learned_at=learned, received_at=received,
                     **given)


@pytest.mark.parametrize("learned, due", [
    ("2026-09-10 08:00", "2026-09-10 09:00"),
    ("2026-09-10 23:30", "2026-09-11 00:30"),
    ("2026-09-30 23:00:01", "2026-10-01 00:00:01"),
    ("2025-12-31 23:30", "2026-01-01 00:30"),
    ("2024-02-28 23:59:59", "2024-02-29 00:59:59"),
    ("2024-02-29 23:30", "2024-03-01 00:30"),
    ("2023-02-28 23:30", "2023-03-01 00:30"),
])
@pytest.mark.parametrize("delay, late_by", [(-1, None), (0, None), (1, 1), (3661, 3661)])
def test_the_unit_has_one_hour_from_when_its_head_learned(desk, learned, due, delay, late_by):
    learned, due = at(learned), at(due)
    filed = filed_late(desk, later(due, seconds=delay), learned, unit_id=CHEMICAL.id)
    found = clock(filed, "unit_report")
    assert (moment(found["starts_at"]), moment(found["due_at"])) == (learned, due)
    assert found["state"] == ("met" if late_by is None else "met_late")
    assert found.get("late_by_seconds") == late_by
    assert clocks(filed) >= {("unit_report", "unit", "county"), ("pass_up", "county", "city")}


def test_coal_reports_at_once_with_the_hour_as_the_outer_bound(desk):
    filed = filed_late(desk, later(LEARNED, minutes=59))
    found = clock(filed, "unit_report_coal")
    assert (found["immediately"], found["rule"], found["article"]) == (True, "ACC.RPT.COAL", "第五十九条")
    assert moment(found["due_at"]) == later(LEARNED, hours=1)
    assert {r["recipient"] for r in filed["recipients"] if r["level"] == "unit"} == {"coal_regulator",
                                                                                    "mine_safety_agency"}
    assert clock(filed, "unit_report")["rule"] == "ACC.RPT.UNIT"


def test_other_sectors_know_no_coal_clock_nor_recipients(desk):
    filed = filed_late(desk, later(LEARNED, minutes=59), unit_id=CHEMICAL.id)
    assert ("unit_report_coal", "unit", "county") not in clocks(filed)
    assert not [r for r in filed["recipients"] if r["recipient"] in ("coal_regulator", "mine_safety_agency")]


@pytest.mark.parametrize("occurred, sector, recipients, rule", [
    ("2023-01-16 10:00", "coal", set(), None), ("2023-01-16 10:00", "non_coal_mine", set(), None),
    ("2023-02-22 13:00", "coal", {"coal_regulator", "mine_safety_agency"}, "ACC.RPT.MINE"),
    ("2023-03-01 10:00", "non_coal_mine", {"mine_safety_agency"}, "ACC.RPT.MINE"),
    ("2024-05-01 10:00", "coal", {"coal_regulator", "mine_safety_agency"}, "ACC.RPT.COAL"),
    ("2026-09-10 10:00", "non_coal_mine", {"mine_safety_agency"}, "ACC.RPT.MINE"), ("2026-09-10 10:00", "chemical", set(), None)])
def test_all_mines_tell_the_bureau_of_mine_safety_since_2023(desk, occurred, sector, recipients, rule):
    moment_of = at(occurred)
    filed = filed_late(desk, moment_of, moment_of, sector=sector)
    of_unit = {r["recipient"]: r["rule"] for r in filed["recipients"] if r["level"] == "unit"}
    assert of_unit == dict.fromkeys(recipients, rule)


@pytest.mark.parametrize("occurred, rule_set", [("2024-04-30 23:59:59", "general"), ("2024-05-01 00:00", "coal")])
def test_coal_has_a_rule_set_of_its_own_since_its_regulation(desk, occurred, rule_set):
    assert filed_late(desk, at(occurred), at(occurred))["rule_set"] == rule_set


def test_before_the_coal_regulation_coal_had_the_hour_alone(desk):
    before, after = at("2024-04-30 23:00"), at("2024-05-01 00:00")
    assert ("unit_report_coal", "unit", "county") not in clocks(filed_late(desk, before, before))
    assert ("unit_report_coal", "unit", "county") in clocks(filed_late(desk, after, after))


@pytest.mark.parametrize("delay, late_by", [(-1, None), (0, None), (1, 1)])
def test_each_level_has_two_hours_from_its_receipt(desk, delay, late_by):
    received = later(LEARNED, minutes=30)
    filed = filed_late(desk, received, figures={"deaths": 3})
    to_city = later(received, hours=2, seconds=delay)
    passed = desk.pass_up(COUNTY, filed, "city", to_city)
    found = clock(passed, "pass_up", "county", "city")
    assert moment(found["starts_at"]) == received
    assert (found["state"], found.get("late_by_seconds")) == ("met" if late_by is None else "met_late", late_by)
    onward = clock(passed, "pass_up", "city", "province")
    assert (moment(onward["starts_at"]), moment(onward["due_at"])) == (to_city, later(to_city, hours=2))
    passed = desk.pass_up(CITY, passed, "province", later(to_city, hours=2, seconds=delay))
    found = clock(passed, "pass_up", "city", "province")
    assert found.get("late_by_seconds") == late_by


@pytest.mark.parametrize("deaths, chain", [
    (2, [("county", "city")]),
    (3, [("county", "city"), ("city", "province")]),
    (9, [("county", "city"), ("city", "province")]),
    (10, [("county", "city"), ("city", "province"), ("province", "nation")]),
    (30, [("county", "city"), ("city", "province"), ("province", "nation")]),
])
def test_the_grade_says_how_far_up(desk, deaths, chain):
    filed = filed_late(desk, LEARNED, figures={"deaths": deaths})
    filed = desk.pass_up(COUNTY, filed, "city", later(LEARNED, minutes=1))
    filed = desk.pass_up(CITY, filed, "province", later(LEARNED, minutes=2))
    assert sorted((f, t) for code, f, t in clocks(filed) if code == "pass_up") == sorted(chain)
    assert [level["level"] for level in filed["levels"] if level["called_for"]] == ["county"] + [t for _, t in chain]


@pytest.mark.parametrize("deaths, expected", [
    (2, set()),
    (3, {("unit_report_province", "unit", "province"), ("flash", "county", "province"),
         ("flash", "city", "province")}),
    (10, {("unit_report_province", "unit", "province"), ("unit_report_nation", "unit", "nation"),
          ("flash", "county", "nation"), ("flash", "city", "nation"), ("flash", "province", "nation")}),
])
def test_larger_accidents_are_flashed_by_telephone_and_reported_by_the_unit_itself(desk, deaths, expected):
    filed = filed_late(desk, LEARNED, figures={"deaths": deaths})
    filed = desk.pass_up(COUNTY, filed, "city", later(LEARNED, minutes=1))
    filed = desk.pass_up(CITY, filed, "province", later(LEARNED, minutes=2))
    assert {c for c in clocks(filed) if c[0] in ("flash", "unit_report_province", "unit_report_nation")} == expected
    for c in filed["clocks"]:
        if c["code"] in ("flash", "unit_report_province", "unit_report_nation"):
            assert c["confidence"] == "recalled-high"
            assert moment(c["due_at"]) - moment(c["starts_at"]) == dt.timedelta(hours=1)


@pytest.mark.parametrize("delay, late_by", [(0, None), (1, 1)])
def test_a_telephone_call_to_the_province_meets_the_flash_and_not_what_is_owed_to_the_city_that_it_jumped(desk, delay, late_by):
    filed = filed_late(desk, LEARNED, figures={"deaths": 3})
    called = desk.pass_up(COUNTY, filed, "province", later(LEARNED, hours=1, seconds=delay), channel="phone")
    assert clock(called, "flash", "county", "province").get("late_by_seconds") == late_by
    assert clock(called, "pass_up", "county", "city")["state"] == "overdue"
    assert {lv["level"] for lv in called["levels"] if "received_at" in lv} == {"county", "province"}
    assert not [c for c in clocks(called) if c[1] == "city"] and not [r for r in called["recipients"] if r["level"] == "city"]
    told = desk.pass_up(COUNTY, called, "city", later(LEARNED, hours=3))
    assert clock(told, "pass_up", "county", "city")["late_by_seconds"] == 3600
    assert moment(clock(told, "pass_up", "city", "province")["starts_at"]) == later(LEARNED, hours=3)


def test_who_passes_it_up_has_it(desk):
    filed = filed_late(desk, LEARNED, figures={"deaths": 3})
    called = desk.pass_up(COUNTY, filed, "province", later(LEARNED, hours=1))
    passed = desk.pass_up(CITY, called, "province", later(LEARNED, hours=2))
    assert {lv["level"] for lv in passed["levels"] if "received_at" in lv} == {"county", "city", "province"}
    assert clock(passed, "pass_up", "city", "province")["state"] == "met"


def test_what_a_town_filed_the_county_has_when_it_is_passed_to_it(desk):
    filed = desk.file(TOWN, occurred_at=LEARNED, learned_at=LEARNED, received_at=later(LEARNED, minutes=10), figures={"deaths": 3})
    assert not [lv for lv in filed["levels"] if "received_at" in lv]
    assert clock(filed, "unit_report")["state"] == "overdue" and not [c for c in clocks(filed) if c[1] == "county"]
    assert clock(filed, "follow_up")["day"] == "2026-09-11", "an authority has it"
    passed = desk.pass_up(TOWN, filed, "county", later(LEARNED, minutes=40))
    assert clock(passed, "unit_report")["state"] == "met"
    assert moment(clock(passed, "pass_up", "county", "city")["starts_at"]) == later(LEARNED, minutes=40)
    assert {r["level"] for r in passed["recipients"]} == {"unit", "county"}


@pytest.mark.parametrize("filer, met", [(COUNTY, {"unit_report"}), (CITY, {"unit_report"}),
                                        (PROVINCE, {"unit_report", "unit_report_province"})])
def test_a_unit_reports_to_the_county_or_above_and_to_the_province_itself(desk, filer, met):
    filed = desk.file(filer, unit_id=CHEMICAL.id, occurred_at=LEARNED, learned_at=LEARNED, received_at=later(LEARNED, minutes=10),
                      figures={"deaths": 3})
    assert {c["code"] for c in filed["clocks"] if c.get("from_level") == "unit" and c["state"] == "met"} == met


def test_the_unit_meets_its_own_report_to_the_province(desk):
    filed = filed_late(desk, LEARNED, figures={"deaths": 3})
    told = desk.pass_up(UNIT, filed, "province", later(LEARNED, hours=1), channel="text")
    assert clock(told, "unit_report_province")["state"] == "met"


def test_a_clock_that_ran_out_is_late_without_anybody_writing(desk):
    long_ago = later(dt.datetime.now(dt.timezone.utc), hours=-5)
    filed = desk.file(COUNTY, occurred_at=long_ago, learned_at=long_ago, received_at=long_ago)
    found = clock(filed, "pass_up")
    assert found["state"] == "overdue"
    assert 3 * 3600 <= found["late_by_seconds"] <= 3 * 3600 + 60
    assert (filed["late"], filed["late_by_seconds"]) == (True, found["late_by_seconds"])
    assert filed["_etag"].startswith("1.1.")


def test_nothing_is_late_while_the_clocks_run(desk):
    now = dt.datetime.now(dt.timezone.utc)
    filed = desk.file(UNIT, occurred_at=later(now, minutes=-50), learned_at=later(now, minutes=-40), notified=[])
    assert filed["late"] is False and filed["_etag"].startswith("1.") and not filed["_etag"].startswith("1.1.")
    assert moment(filed["due_at"]) == moment(clock(filed, "pass_up")["due_at"])


def test_a_late_report_is_taken_and_marked(desk):
    filed = filed_late(desk, later(LEARNED, days=40))
    assert filed["_status"] == "201"
    assert filed["late"] is True
    assert clock(filed, "unit_report")["late_by_seconds"] == 40 * 86400 - 3600


def report_at(desk, accident: dict, number: int, moment_of: dt.datetime, kind: str = "follow_up") -> list[tuple]:
    """A follow-up recorded at a moment of the test's choosing; the daily clocks after it."""
    desk.speak_as(COUNTY)
    desk.connection.execute(
        "insert into anze.accident_report (accident_id, number, kind, root, as_of, recorded_at, moves_grade, level)"
        " values (%s, %s, %s, %s, %s, %s, true, 2)", (accident["id"], number, kind, number, moment_of, moment_of))
    desk.connection.execute("select anze.accident_follow_up(a, %s, %s) from anze.accident a where a.id = %s",
                            (number, moment_of, accident["id"]))
    desk.value("select (anze.accident_store(a, a.updated_at)).version from anze.accident a where a.id = %s", accident["id"])
    return desk.connection.execute(
        "select details ->> 'day', (details -> 'required')::int, met_at is not null, extract(epoch from late)::int"
        " from anze.deadline where subject_id = %s and details ->> 'kind' = 'daily' and superseded_at is null order by 1",
        (accident["id"],)).fetchall()


def test_the_day_of_the_first_report_owes_no_follow_up_and_the_next_does(desk):
    filed = filed_late(desk, at("2026-09-10 23:59:59"))
    owed = clock(filed, "follow_up")
    assert (owed["day"], owed["required"]) == ("2026-09-11", 1)
    assert (moment(owed["starts_at"]), moment(owed["due_at"])) == (at("2026-09-11"), at("2026-09-12"))
    assert report_at(desk, filed, 2, at("2026-09-10 23:59:59")) == [("2026-09-11", 1, False, None)]


@pytest.mark.parametrize("came, daily", [
    ("2026-09-11 00:00", [("2026-09-11", 1, True, None), ("2026-09-12", 1, False, None)]),
    ("2026-09-11 23:59:59", [("2026-09-11", 1, True, None), ("2026-09-12", 1, False, None)]),
    ("2026-09-12 00:00:01", [("2026-09-11", 1, True, 1), ("2026-09-12", 1, True, None),
                             ("2026-09-13", 1, False, None)]),
    ("2026-09-14 06:00", [("2026-09-11", 1, True, 2 * 86400 + 21600), ("2026-09-14", 1, True, None),
                          ("2026-09-15", 1, False, None)]),
])
def test_missed_days_in_a_row_show_as_one_late_clock_and_are_made_good_by_the_next_report(desk, came, daily):
    filed = filed_late(desk, LEARNED)
    assert report_at(desk, filed, 2, at(came)) == daily


def daily_rows(desk, accident: dict) -> int:
    return desk.value("select count(*) from anze.deadline where subject_id = %s and details ->> 'kind' = 'daily'", accident["id"])


@pytest.mark.parametrize("days", [1, 140, 3000])
def test_one_report_after_silent_days_writes_no_row_for_each_of_them(desk, days):
    long_ago = later(dt.datetime.now(dt.timezone.utc), days=-days - 1)
    filed = desk.file(COUNTY, occurred_at=long_ago, learned_at=long_ago, received_at=long_ago)
    owed = clock(filed, "follow_up")
    assert (owed["state"], owed["missed_days"], daily_rows(desk, filed)) == ("overdue", days, 1)
    told = desk.add(COUNTY, filed)
    assert daily_rows(desk, filed) == 3, "the silent days, today and tomorrow"
    made_good = next(c for c in told["clocks"] if c["id"] == owed["id"])
    assert (made_good["state"], made_good["day"], made_good["missed_days"]) == ("met_late", owed["day"], days)
    assert dt.date.fromisoformat(made_good["last_day"]) - dt.date.fromisoformat(owed["day"]) == dt.timedelta(days=days - 1)
    assert told["late_by_seconds"] >= made_good["late_by_seconds"] >= (days - 1) * 86400
    assert [c["state"] for c in told["clocks"] if c["kind"] == "daily"][1:] == ["met", "running"]


def test_a_final_report_after_silent_days_writes_no_row_at_all(desk):
    long_ago = later(dt.datetime.now(dt.timezone.utc), days=-141)
    filed = desk.file(COUNTY, occurred_at=long_ago, learned_at=long_ago, received_at=long_ago)
    final = desk.add(COUNTY, filed, kind="final", figures={"deaths": 2, "missing": 0})
    assert daily_rows(desk, filed) == 1
    shown, = (c for c in final["clocks"] if c["kind"] == "daily")
    assert (shown["state"], shown["missed_days"]) == ("met_late", 140)


def test_a_concealed_accident_found_years_later_has_no_row_for_the_days_before(desk):
    concealed = at("2015-07-13 08:00")
    filed = desk.file(COUNTY, occurred_at=concealed, learned_at=concealed)
    assert daily_rows(desk, filed) == 1 and "missed_days" not in clock(filed, "follow_up")
    assert filed["late_by_seconds"] > 3.5e8


def test_each_silent_day_gives_another_entity_tag(desk):
    tags = set()
    for days in (3, 4):
        long_ago = later(dt.datetime.now(dt.timezone.utc), days=-days)
        filed = desk.file(COUNTY, occurred_at=long_ago, learned_at=long_ago, received_at=long_ago)
        tags.add(filed["_etag"].rpartition(".")[0])
    assert len(tags) == 2


# ---- told and entered ----

def hours_ago(hours: float) -> dt.datetime:
    return later(dt.datetime.now(dt.timezone.utc), hours=-hours)


def at_noon(days: int) -> dt.datetime:
    """Noon in China, so many days ago."""
    return (dt.datetime.now(CHINA) - dt.timedelta(days=days)).replace(hour=12, minute=0, second=0, microsecond=0)


def days(accident: dict) -> list[tuple]:
    """The daily clocks in force: days ago of the first and last day, and the state."""
    today = dt.datetime.now(CHINA).date()
    ago = lambda day: (today - dt.date.fromisoformat(day)).days if day else None  # noqa: E731
    return [(ago(c["day"]), ago(c.get("last_day")), c["state"]) for c in accident["clocks"]
            if c["kind"] == "daily" and c["state"] != "superseded"]


def filed_days_ago(desk, count: int, **given) -> dict:
    moment_of = at_noon(count)
    return desk.file(COUNTY, occurred_at=moment_of, learned_at=moment_of, received_at=moment_of, **given)


def test_a_follow_up_telephoned_yesterday_and_entered_today_is_in_time(desk):
    filed = filed_days_ago(desk, 2)
    assert days(filed) == [(1, 1, "overdue")]
    told = desk.add(COUNTY, filed, kind="follow_up", told_at=at_noon(1), channel="phone")
    assert days(told) == [(1, None, "met"), (0, None, "running")]
    assert moment(next(c for c in told["clocks"] if c["kind"] == "daily")["met_at"]) == at_noon(1)
    report = desk.connection.execute("select told_at, recorded_at > told_at, channel, as_of from anze.accident_report"
                                     " where accident_id = %s and number = 2", (filed["id"],)).fetchone()
    assert report == (at_noon(1), True, "phone", at_noon(1))


@pytest.mark.parametrize("told_days, expected", [
    (4, [(4, None, "met"), (3, 1, "met_late"), (0, None, "met"), (-1, None, "running")]),
    (3, [(4, 4, "met_late"), (3, None, "met"), (2, 1, "met_late"), (0, None, "met"), (-1, None, "running")]),
    (1, [(4, 2, "met_late"), (1, None, "met"), (0, None, "met"), (-1, None, "running")])])
def test_a_day_that_seemed_silent_is_put_right_by_what_was_told_on_it(desk, told_days, expected):
    filed = filed_days_ago(desk, 5)
    silent = desk.add(COUNTY, filed, kind="follow_up")
    assert days(silent) == [(4, 1, "met_late"), (0, None, "met"), (-1, None, "running")]
    told = desk.add(COUNTY, silent, kind="follow_up", told_at=at_noon(told_days))
    assert days(told) == expected
    old, = (c for c in told["clocks"] if c["kind"] == "daily" and c["state"] == "superseded")
    assert (old["because"], old.get("late_by_seconds")) == ("fact_corrected", None)


def test_once_every_day_was_told_nothing_is_late(desk):
    accident = desk.add(COUNTY, filed_days_ago(desk, 3), kind="follow_up")
    for day in (1, 2):
        accident = desk.add(COUNTY, accident, kind="follow_up", told_at=at_noon(day))
    assert {state for _, _, state in days(accident)} == {"met", "running"}
    assert not [c for c in accident["clocks"] if c["kind"] == "daily" and "late_by_seconds" in c]


def test_two_a_day_are_two_told_on_that_day(desk):
    filed = filed_days_ago(desk, 2, figures={"deaths": 10})
    one = desk.add(COUNTY, filed, kind="follow_up", told_at=at_noon(1))
    assert days(one) == [(1, 1, "overdue")]
    two = desk.add(COUNTY, one, kind="follow_up", told_at=later(at_noon(1), hours=8))
    assert days(two) == [(1, None, "met"), (0, None, "running")]


@pytest.mark.parametrize("caller, told, fault", [
    (UNIT, hours_ago(1), ("/told_at", "not-for-units")), (COUNTY, hours_ago(-1), ("/told_at", "in-future")),
    (COUNTY, at_noon(30), ("/told_at", "before-first-report")), (COUNTY, at_noon(8), ("/told_at", "too-long-ago"))])
def test_only_an_office_says_when_it_was_told_and_not_of_long_ago(desk, caller, told, fault):
    filed = filed_days_ago(desk, 20)
    with pytest.raises(Refused) as refused:
        desk.add(caller, filed, kind="follow_up", told_at=told)
    assert refused.value.faults == [fault]


def test_what_was_told_speaks_of_no_later_moment(desk):
    with pytest.raises(Refused) as refused:
        desk.add(COUNTY, filed_days_ago(desk, 3), told_at=at_noon(1), as_of=later(at_noon(1), hours=1))
    assert refused.value.faults == [("/as_of", "after-told")]


@pytest.mark.parametrize("deaths, required", [(0, 1), (2, 1), (3, 1), (9, 1), (10, 2), (30, 2)])
def test_follow_ups_a_day_by_grade(desk, deaths, required):
    filed = filed_late(desk, LEARNED, figures={"deaths": deaths})
    assert clock(filed, "follow_up")["required"] == required


def test_two_a_day_are_met_by_the_second(desk):
    filed = filed_late(desk, LEARNED, figures={"deaths": 10})
    assert report_at(desk, filed, 2, at("2026-09-11 09:00")) == [("2026-09-11", 2, False, None)]
    assert report_at(desk, filed, 3, at("2026-09-11 23:59:59")) == [("2026-09-11", 2, True, None),
                                                                    ("2026-09-12", 2, False, None)]


@pytest.mark.parametrize("received, first_day", [
    ("2025-12-31 20:00", "2026-01-01"), ("2026-06-30 20:00", "2026-07-01"), ("2024-02-28 20:00", "2024-02-29"),
    ("2024-02-29 20:00", "2024-03-01"),
])
def test_days_go_on_over_the_ends_of_months_and_years(desk, received, first_day):
    received = at(received)
    filed = filed_late(desk, received, received)
    assert clock(filed, "follow_up")["day"] == first_day


def test_the_final_report_ends_the_follow_ups(desk):
    now = dt.datetime.now(dt.timezone.utc)
    filed = desk.file(COUNTY, occurred_at=now, learned_at=now)
    final = desk.add(COUNTY, filed, kind="final", figures={"deaths": 2, "missing": 0})
    assert final["state"] == "final"
    assert [c["because"] for c in final["clocks"] if c["kind"] == "daily"] == ["final"]


def test_the_third_death_after_five_days_brings_the_province(desk):
    """The story of the README: 2 dead and 3 missing, then the third death."""
    occurred = later(dt.datetime.now(dt.timezone.utc), days=-5, hours=-1)
    filed = desk.file(COUNTY, occurred_at=occurred, learned_at=occurred, received_at=later(occurred, minutes=40))
    assert (filed["grade"], filed["grade_is_lower_bound"], filed["seriously_endangering"]) == ("ordinary", True, True)
    filed = desk.pass_up(COUNTY, filed, "city", later(occurred, minutes=90))
    assert [c for c in clocks(filed) if c[2] == "province"] == []
    raised = desk.add(COUNTY, filed, figures={"deaths": 3, "missing": 2})
    assert (raised["grade"], raised["grade_is_lower_bound"]) == ("larger", True)
    assert [(h["grade"], h["report_number"]) for h in raised["grade_history"]] == [("ordinary", 1), ("larger", 2)]
    assert raised["grade_history"][1]["because"]["rule"] == "ACC.GRADE.DEATHS.2"
    raised_at = moment(raised["grade_history"][1]["changed_at"])
    for code, from_level, hours in (("pass_up", "city", 2), ("flash", "city", 1), ("flash", "county", 1),
                                    ("unit_report_province", "unit", 1)):
        found = clock(raised, code, from_level, "province")
        assert (found["starts_from"], found["state"]) == ("grade_changed", "running")
        assert moment(found["starts_at"]) == raised_at
        assert moment(found["due_at"]) == later(raised_at, hours=hours)
    missed, = (c for c in raised["clocks"] if c["kind"] == "daily" and c["state"] == "met_late")
    assert missed["missed_days"] in (4, 5)  # five only in the first minutes of a day
    up = desk.pass_up(CITY, raised, "province")
    assert clock(up, "pass_up", "city", "province")["state"] == "met"
    assert {r["recipient"] for r in up["recipients"] if r["level"] == "province"} >= {"government", "procuratorate"}
    assert "state_council" not in {r["recipient"] for r in up["recipients"]}


def test_a_grade_that_falls_by_correction_supersedes_what_it_called_for(desk):
    now = dt.datetime.now(dt.timezone.utc)
    filed = desk.file(COUNTY, occurred_at=now, learned_at=now, figures={"deaths": 10})
    assert ("flash", "county", "nation") in clocks(filed)
    fallen = desk.correct(COUNTY, filed, 1, figures={"deaths": 1})
    assert fallen["grade"] == "ordinary"
    assert clocks(fallen) == {("unit_report", "unit", "county"), ("unit_report_coal", "unit", "county"),
                              ("pass_up", "county", "city")}
    gone = [c for c in fallen["clocks"] if c["kind"] == "report" and c["state"] == "superseded"]
    assert {c["because"] for c in gone} == {"grade_changed"}
    risen = desk.add(COUNTY, fallen, figures={"deaths": 10})
    assert ("flash", "county", "nation") in clocks(risen)
    assert [h["grade"] for h in risen["grade_history"]] == ["major", "ordinary", "major"]


def test_a_corrected_moment_plans_the_clock_anew_and_voids_the_wrong_lateness(desk):
    filed = filed_late(desk, later(LEARNED, hours=1, minutes=30), occurred_at=OCCURRED)
    assert clock(filed, "unit_report")["late_by_seconds"] == 1800
    right = desk.correct(COUNTY, filed, 1, learned_at=later(LEARNED, minutes=45))
    assert clock(right, "unit_report")["state"] == "met"
    old = [c for c in right["clocks"] if c["code"] == "unit_report" and c["state"] == "superseded"]
    assert [(c["because"], c.get("late_by_seconds")) for c in old] == [("fact_corrected", None)]
    assert old[0]["superseded_by"] == clock(right, "unit_report")["id"]


@pytest.mark.parametrize("deaths, expected", [(2, False), (9, False), (10, True), (30, True)])
def test_the_state_council_hears_of_major_accidents_from_the_province(desk, deaths, expected):
    filed = filed_late(desk, LEARNED, figures={"deaths": deaths})
    filed = desk.pass_up(CITY, filed, "province", LEARNED)
    assert ("province", "state_council") in {(r["level"], r["recipient"]) for r in filed["recipients"]} or not expected
    assert expected or "state_council" not in {r["recipient"] for r in filed["recipients"]}


def test_recipients_of_a_level_come_with_its_receipt_and_are_told_once(desk):
    filed = filed_late(desk, LEARNED)
    peers = {"government", "public_security", "labour_security", "trade_union", "procuratorate", "safety_office"}
    assert {r["recipient"] for r in filed["recipients"] if r["level"] == "county"} == peers
    assert not [r for r in filed["recipients"] if r["level"] == "city"]
    told = desk.tell(COUNTY, filed, "public_security", told_at=later(LEARNED, minutes=5))
    again = desk.tell(COUNTY, told, "public_security", "trade_union")
    by_name = {r["recipient"]: r for r in again["recipients"] if r["level"] == "county"}
    assert moment(by_name["public_security"]["told_at"]) == later(LEARNED, minutes=5)
    assert "told_at" in by_name["trade_union"]
    assert "told_at" not in by_name["procuratorate"]


def test_the_desk_that_files_at_the_city_begins_the_chain_there(desk):
    filed = desk.file(CITY, occurred_at=LEARNED, learned_at=LEARNED, received_at=LEARNED, figures={"deaths": 3})
    assert {c for c in clocks(filed) if c[0] == "pass_up"} == {("pass_up", "city", "province")}
    assert filed["levels"][1]["level"] == "city" and "received_at" in filed["levels"][1]
    assert clock(filed, "unit_report")["state"] == "met"


def test_a_figure_of_the_law_changed_later_leaves_earlier_accidents_alone(database):
    with database.owner() as owner:
        owner.execute("update anze.rule set in_force = daterange(lower(in_force), '2026-09-10') where code ="
                      " 'ACC.RPT.LEVEL'")
        owner.execute("insert into anze.rule (code, version, in_force, title_zh, title_en, value, unit, instrument,"
                      " article, confidence, origin, reason) select code, 2, daterange('2026-09-10', null), title_zh,"
                      " title_en, 1, unit, instrument, article, confidence, 'administrator', 'new'"
                      " from anze.rule where code = 'ACC.RPT.LEVEL'")
        found = [owner.execute("select anze.term_end(now(), allowed, unit) - now(), rule_version from"
                               " anze.accident_clocks_of(%s, '150622101', 'general')"
                               " where code = 'pass_up' and from_level = 2", (day,)).fetchone()
                 for day in ("2026-09-09", "2026-09-10")]
        owner.rollback()
    assert found == [(dt.timedelta(hours=2), 1), (dt.timedelta(hours=1), 2)]


def test_names_of_levels_stand_for_the_ranks_that_rules_use(desk):
    assert desk.value("select array_agg(code order by rank) from anze.level") == [
        "unit", "town", "county", "city", "province", "nation"]
    assert ENTERPRISE.sector == "coal" and PROVINCE["region"] == "15"


# Socially major -----------------------------------------------------------------------------------------------------

def test_an_ordinary_accident_that_moves_the_public_is_telephoned_to_the_province_within_the_hour(desk):
    occurred, received = at("2026-11-20 13:30"), at("2026-11-20 14:00")
    when = {"occurred_at": occurred, "learned_at": occurred, "received_at": received, "figures": {"deaths": 1}}
    quiet, loud = desk.file(COUNTY, **when), desk.file(COUNTY, **when, socially_major=True)
    assert ("flash", "county", "province") not in clocks(quiet)
    assert clocks(loud) - clocks(quiet) == {("flash", "county", "province")}, "the unit owes nothing more, the chain ends at the city"
    telephone = clock(loud, "flash", "county", "province")
    assert moment(telephone["due_at"]) == later(received, hours=1) and loud["grade"] == "ordinary"
    assert [level["level"] for level in loud["levels"] if level["called_for"]] == ["county", "city", "province"]
    passed = desk.pass_up(COUNTY, loud, "city", later(received, minutes=20))
    assert moment(clock(passed, "flash", "city", "province")["due_at"]) == later(received, minutes=80)


def test_who_hears_later_that_it_moves_the_public_has_the_hour_from_then_and_keeps_it_when_the_grade_rises(desk):
    now = dt.datetime.now(dt.timezone.utc)
    filed = desk.file(COUNTY, occurred_at=later(now, hours=-5), learned_at=later(now, hours=-5), received_at=later(now, hours=-4),
                      figures={"deaths": 1})
    loud = desk.correct(COUNTY, filed, 1, socially_major=True)
    telephone = clock(loud, "flash", "county", "province")
    assert telephone["state"] == "running" and moment(telephone["starts_at"]) >= later(now, seconds=-1)
    graver = desk.add(COUNTY, loud, figures={"deaths": 3})
    assert graver["grade"] == "larger" and clock(graver, "flash", "county", "province")["id"] == telephone["id"]
    quiet = desk.correct(COUNTY, desk.correct(COUNTY, graver, 3, figures={"deaths": 1}), 2, socially_major=False)
    assert ("flash", "county", "province") not in clocks(quiet)
