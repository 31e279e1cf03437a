"""Terms of the law: each unit on both sides of its end, forward and back, over weekends, days off and days worked in their
place, month ends and leap days."""
import datetime as dt

import pytest

CHINA = dt.timezone(dt.timedelta(hours=8))


@pytest.fixture
def owner(database):
    with database.owner() as connection:
        yield connection
        connection.rollback()


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)


# begins, length, unit, over at
TERMS = [
    ("2026-03-02T09:30", 24, "hour", "2026-03-03T09:30"),
    ("2026-03-06T17:00", 2, "hour", "2026-03-06T19:00"),
    ("2026-03-02T09:30", 90, "minute", "2026-03-02T11:00"),
    ("2026-03-02T00:00", 10, "day", "2026-03-13T00:00"),       # the first day does not count; 24:00 of the 12th
    ("2026-03-02T23:59", 10, "day", "2026-03-13T00:00"),
    ("2026-03-06T10:00", 1, "day", "2026-03-08T00:00"),        # Friday and a Saturday: calendar days
    ("2026-03-02T10:00", 0, "day", "2026-03-03T00:00"),        # the same day
    ("2026-03-06T10:00", 1, "workday", "2026-03-10T00:00"),    # Friday -> Monday
    ("2026-03-07T10:00", 1, "workday", "2026-03-10T00:00"),    # Saturday -> Monday
    ("2026-03-02T10:00", 5, "workday", "2026-03-10T00:00"),    # Monday + 5 -> the next Monday
    ("2026-02-13T10:00", 1, "workday", "2026-02-15T00:00"),    # Friday before the holiday: Saturday the 14th is worked
    ("2026-02-14T10:00", 1, "workday", "2026-02-25T00:00"),    # over the Spring Festival
    ("2026-02-24T10:00", 5, "workday", "2026-03-03T00:00"),    # Saturday the 28th is worked
    ("2025-09-26T10:00", 1, "workday", "2025-09-29T00:00"),    # Sunday the 28th is worked
    ("2025-09-30T10:00", 2, "workday", "2025-10-11T00:00"),    # 9th, 10th
    ("2025-09-30T10:00", 3, "workday", "2025-10-12T00:00"),    # Saturday the 11th is worked
    ("2028-03-03T10:00", 1, "workday", "2028-03-07T00:00"),    # a year that was not announced: weekdays
    ("2026-01-31T10:00", 1, "month", "2026-03-01T00:00"),      # no 31st: the last of February
    ("2028-01-31T10:00", 1, "month", "2028-03-01T00:00"),      # a leap year: the 29th
    ("2026-02-28T10:00", 1, "month", "2026-03-29T00:00"),
    ("2026-11-30T10:00", 3, "month", "2027-03-01T00:00"),
    ("2028-02-29T10:00", 1, "year", "2029-03-01T00:00"),
    ("2024-02-28T10:00", 1, "day", "2024-03-01T00:00"),        # a leap day
    ("2024-09-27T10:00", 5, "workday", "2024-10-11T00:00"),    # Sunday the 29th is worked, 1st to 7th rest: the 10th
    ("2023-09-28T10:00", 5, "workday", "2023-10-12T00:00"),    # 29th to 6th rest, Saturday and Sunday are worked: the 11th
    ("2026-09-24T10:00", 1, "workday", "2026-09-29T00:00"),    # Thursday, Mid-Autumn, Monday
    ("2026-09-30T10:00", 2, "workday", "2026-10-10T00:00"),    # over National Day: Thursday the 8th, Friday
    ("2026-09-30T10:00", 3, "workday", "2026-10-11T00:00"),    # Saturday the 10th is worked
    ("2026-11-28T23:30", 1, "minute", "2026-11-28T23:31"),
    ("2026-11-28T23:30", 0.5, "hour", "2026-11-29T00:00"),
    ("2026-11-28T10:00", 0, "workday", "2026-11-29T00:00"),    # none: the same day, worked on or not
    ("2026-12-31T10:00", 2, "month", "2027-03-01T00:00"),
    ("2026-03-02T10:00", -1, "workday", "2026-03-01T00:00"),   # counted back: Saturday the 28th of February is worked
]

# due at (the end of its day), length, unit, done by
AHEAD = [
    ("2026-03-31T00:00", 20, "workday", "2026-03-03T00:00"),   # due on Monday the 30th: by the end of the 2nd
    ("2026-03-03T00:00", 1, "workday", "2026-03-01T00:00"),    # the Saturday before is worked
    ("2026-02-26T00:00", 2, "workday", "2026-02-15T00:00"),    # Wednesday the 25th: the 24th, and the 14th before the holiday
    ("2026-10-09T00:00", 1, "workday", "2026-10-01T00:00"),    # Thursday the 8th: the 30th of September
    ("2026-03-31T00:00", 10, "day", "2026-03-21T00:00"),
    ("2026-04-01T00:00", 1, "month", "2026-03-01T00:00"),      # the 31st of March: the last of February
    ("2028-03-01T00:00", 1, "year", "2027-03-01T00:00"),       # the 29th of February: the 28th
    ("2026-03-02T09:30", 24, "hour", "2026-03-01T09:30"),
    ("2026-03-02T09:30", 20, "minute", "2026-03-02T09:10"),
]


@pytest.mark.parametrize("begins, length, unit, over", TERMS)
def test_a_term_is_over_when_its_unit_says(owner, begins, length, unit, over):
    ends = owner.execute("select anze.term_end(%s, %s::numeric, %s)", (at(begins), length, unit)).fetchone()[0]
    assert ends == at(over)


@pytest.mark.parametrize("due, length, unit, by", AHEAD)
def test_what_comes_ahead_of_a_day_is_counted_back_from_it(owner, due, length, unit, by):
    ends = owner.execute("select anze.term_ahead(%s, %s::numeric, %s)", (at(due), length, unit)).fetchone()[0]
    assert ends == at(by)


def test_every_unit_of_a_term_has_an_end_and_a_notice(owner):
    """Minutes to years, at the limits of each."""
    units = owner.execute("select code, minimum, maximum from anze.rule_unit where kind = 'duration'").fetchall()
    assert {code for code, *_ in units} == {"minute", "hour", "day", "workday", "month", "year"}
    for code, minimum, maximum in units:
        for length in (minimum, 1, maximum):
            ends, told, before = owner.execute(
                "select anze.term_end(%(at)s, %(n)s, %(unit)s), anze.notice_time(%(at)s, %(n)s, %(unit)s),"
                " anze.term_ahead(%(at)s, %(n)s, %(unit)s)",
                {"at": at("2026-03-02T10:00"), "n": length, "unit": code}).fetchone()
            assert ends >= told >= at("2026-03-02T10:00") and before <= at("2026-03-03T00:00"), (code, length)


def test_a_day_is_worked_on_by_weekday_unless_announced_otherwise(owner):
    working = lambda on: owner.execute("select anze.is_working_day(%s)", (on,)).fetchone()[0]  # noqa: E731
    for on, expected in (("2026-03-06", True), ("2026-03-07", False), ("2026-03-08", False), ("2026-02-14", True),
                         ("2026-02-23", False), ("2026-02-24", True), ("2026-10-10", True), ("2026-10-07", False),
                         ("2026-10-08", True), ("2025-01-26", True), ("2025-02-04", False), ("2025-02-05", True)):
        assert working(on) is expected, on


@pytest.mark.parametrize("year, worked", [(2023, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_an_announced_year_has_as_many_working_days_as_the_notice_leaves(owner, year, worked):
    """A year's weekdays, less its 11 days of festivals (13 since 2025) where they fall on them or are made up for."""
    assert owner.execute("select count(*) from generate_series(make_date(%s, 1, 1)::timestamp, make_date(%s, 12, 31),"
                         " interval '1 day') d where anze.is_working_day(d::date)", (year, year)).fetchone()[0] == worked


def test_working_days_are_counted_like_one_by_one(owner):
    """The n-th working day after any day of two years, against counting them in turn."""
    with_flags = owner.execute("select d::date, anze.is_working_day(d::date) from generate_series(timestamp '2024-06-01',"
                               " '2027-06-30', interval '1 day') d").fetchall()
    days = [d for d, working in with_flags if working]
    for n in (-60, -7, -1, 1, 3, 7, 10, 60):
        wrong = [(start, got) for start, got in owner.execute(
            "select d::date, anze.working_day_after(d::date, %s) from generate_series(timestamp '2025-01-01', '2026-12-31',"
            " interval '9 days') d", (n,)) 
                 if got != ([d for d in days if d > start][n - 1] if n > 0 else [d for d in days if d < start][n])]
        assert wrong == []
