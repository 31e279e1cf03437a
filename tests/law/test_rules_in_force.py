"""Figures of the law as data: their limits, their correction within the day, and the stricter figure of a region."""
import datetime as dt
import json

import psycopg
import pytest

from desk import CHEMICAL, CHINA, COUNTY, Desk, Refused, clock, moment

from harness.hazards import filing
from harness.owed import sweep

ADMINISTRATOR = {"reach": "region", "region": "1506", "actor": "administrator"}


@pytest.fixture
def owner(database):
    with database.owner() as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def hand(owner):
    """An administrator's hand in the owner's transaction, which is rolled back."""
    return Desk(owner)


def today(owner) -> dt.date:
    return owner.execute("select anze.today()").fetchone()[0]


def version(owner, code: str) -> str:
    return str(owner.execute("select max(version) from anze.rule where code = %s", (code,)).fetchone()[0])


def revise(hand: Desk, code: str, value, **given) -> dict:
    request = {"value": value, "in_force_from": today(hand.connection).isoformat(), "reason": "试验"} | given
    return hand.call(ADMINISTRATOR, "revise_rule", code, version(hand.connection, code), request)


def value(owner, code: str, *where) -> float | None:
    return owner.execute(f"select anze.rule_value(%s, anze.today(){', %s' * len(where)})", (code, *where)).fetchone()[0]


# Limits -----------------------------------------------------------------------------------------------------------------


def test_every_rule_has_a_unit_and_limits_within_which_its_figure_is(owner):
    wrong = owner.execute(
        "select r.code from anze.rule r left join anze.rule_unit u on u.code = r.unit where u.code is null"
        " or r.minimum < -1e9 or r.maximum > 1e12 or r.value not between r.minimum and r.maximum").fetchall()
    assert wrong == []


@pytest.mark.parametrize("code, refused", [
    ("NOTICE.ACCIDENT.WARNING", [10**12, -1, -5, 525601]), ("NOTICE.ACCIDENT.REMINDER", [1, -525601]),
    ("ACC.RPT.UNIT", [-0.5, 87601]), ("ACC.RPT.TOP.1", [1, 6, 2.5]), ("ACC.RPT.CONT.1", [0, 25]),
    ("HAZ.DUP.SCORE", [-1, 101]), ("HAZ.STAT.YEAR", [0, 32]), ("LIST.HAZ.APPROVE", [-1, 2501, 1.5]),
    ("ACC.GRADE.MISSING", [2, 0.5]), ("LIGHT.RED.MISSED", [0]), ("RISK.LEC.RED", [0])])
def test_a_figure_out_of_its_limits_is_refused_with_them(hand, code, refused):
    for figure in refused:
        with pytest.raises(Refused) as raised:
            revise(hand, code, figure)
        (pointer, rule), = raised.value.faults
        assert pointer == "/value" and rule in ("out-of-limits", "not-whole", "boolean")
        sentence = raised.value.answer["faults"][0]
        if rule == "out-of-limits":
            minimum, maximum = hand.connection.execute(
                "select trim_scale(minimum)::text, trim_scale(maximum)::text from anze.rule where code = %s and version = 1",
                (code,)).fetchone()
            assert all(f"{minimum} … {maximum}" in sentence[language] for language in ("zh", "en")), sentence


def test_the_database_itself_refuses_a_figure_out_of_its_limits(owner):
    for figure, constraint in ((-1, "rule_value_limits"), (1.5, "rule_value_whole")):
        with pytest.raises(psycopg.errors.CheckViolation) as raised, owner.transaction():
            owner.execute("update anze.rule set value = %s where code = 'HAZ.JUDGE'", (figure,))
        assert raised.value.diag.constraint_name == constraint


def test_limits_that_a_release_narrows_take_the_figures_with_them(owner, hand):
    revise(hand, "HAZ.JUDGE", 3000)
    owner.execute("select anze.ship_rule_limit('HAZ.JUDGE', maximum => 30, stricter => 'less')")
    assert value(owner, "HAZ.JUDGE") == 30
    assert owner.execute("select array_agg(maximum order by version) from anze.rule where code = 'HAZ.JUDGE'"
                         ).fetchone()[0] == [30, 30]
    kept = owner.execute("select count(*) from audit.entry e where e.object_type = 'anze.rule'"
                         " and e.action = 'update' and e.change::text like '%%3000%%'").fetchone()[0]
    assert kept > 0


# Corrected within its day -------------------------------------------------------------------------------------------------


def history(answer: dict) -> list[tuple]:
    return [(v["version"], v["value"], v.get("in_force_from"), v.get("in_force_until"), v.get("replaced_by"))
            for v in answer["versions"]]


def test_a_figure_entered_today_is_corrected_today(owner, hand):
    day = today(owner).isoformat()
    before = (today(owner) - dt.timedelta(days=1)).isoformat()
    assert revise(hand, "HAZ.JUDGE", 500)["version"] == 2
    answer = revise(hand, "HAZ.JUDGE", 50)
    assert history(answer) == [(3, 50, day, None, None), (2, 500, None, None, 3), (1, 3, "2008-02-01", before, None)]
    assert value(owner, "HAZ.JUDGE") == 50


def test_a_day_that_was_entered_wrongly_is_corrected_too(owner, hand):
    day = today(owner).isoformat()
    revise(hand, "HAZ.JUDGE", 5, in_force_from="2199-01-01")
    answer = revise(hand, "HAZ.JUDGE", 5)
    assert history(answer)[:2] == [(3, 5, day, None, None), (2, 5, None, None, 3)]


def test_what_counted_on_a_day_that_is_over_stays(owner, hand):
    revise(hand, "HAZ.JUDGE", 500)
    owner.execute("update anze.rule set in_force = daterange(lower(in_force), anze.today() - 2) where code = 'HAZ.JUDGE'"
                  " and version = 1")
    owner.execute("update anze.rule set created_at = created_at - interval '2 days', in_force = daterange(anze.today() - 2,"
                  " null) where code = 'HAZ.JUDGE' and version = 2")
    with pytest.raises(Refused) as raised:
        revise(hand, "HAZ.JUDGE", 50, in_force_from=(today(owner) - dt.timedelta(days=2)).isoformat())
    assert raised.value.faults == [("/in_force_from", "not-after-running-version")]
    assert history(revise(hand, "HAZ.JUDGE", 50))[1][4] is None


def test_what_was_shipped_is_not_taken_back(hand):
    with pytest.raises(Refused) as raised:
        revise(hand, "HAZ.JUDGE", 50, in_force_from="2008-02-01")
    assert raised.value.faults == [("/in_force_from", "not-after-running-version")]


def test_a_version_that_begins_later_is_replaced_on_its_day_alone(owner, hand):
    """What was entered earlier and has not begun stays, but for another word on just that day."""
    later = (today(owner) + dt.timedelta(days=40)).isoformat()
    revise(hand, "HAZ.JUDGE", 5, in_force_from=later)
    owner.execute("update anze.rule set created_at = created_at - interval '2 days' where code = 'HAZ.JUDGE' and version = 2")
    with pytest.raises(Refused):
        revise(hand, "HAZ.JUDGE", 4)
    assert history(revise(hand, "HAZ.JUDGE", 6, in_force_from=later))[0][:3] == (3, 6, later)


# The stricter figure of a region ------------------------------------------------------------------------------------------


def test_a_region_s_figure_counts_where_it_is_stricter(owner, hand):
    revise(hand, "HAZ.JUDGE", 2, region_code="150600")
    revise(hand, "HAZ.JUDGE", 1, region_code="150622")
    revise(hand, "HAZ.JUDGE", 9, region_code="150621")
    assert [value(owner, "HAZ.JUDGE", region) for region in ("150622101", "150621100", "150600", "150100", "150622")] == [
        1, 2, 2, 3, 1]
    assert value(owner, "HAZ.JUDGE") == 3


def test_where_more_is_stricter_the_greater_figure_counts(owner, hand):
    revise(hand, "ACC.RPT.CONT.1", 3, region_code="150622")
    revise(hand, "ACC.RPT.CONT.3", 1, region_code="150622")
    assert [value(owner, code, "150622101") for code in ("ACC.RPT.CONT.1", "ACC.RPT.CONT.3")] == [3, 2]


def test_what_rests_on_a_region_s_figure_shows_the_nation_s_beside_it(owner, hand):
    revise(hand, "HAZ.JUDGE", 1, region_code="150622", article="第八条")
    basis = owner.execute("select anze.rule_basis('HAZ.JUDGE', 2, anze.today())").fetchone()[0]
    assert (basis["rule_version"], basis["region_code"], basis["value"], basis["article"]) == (2, "150622", 1, "第八条")
    assert (basis["national"]["rule_version"], basis["national"]["value"], basis["national"]["article"]) == (1, 3, "第三条")
    assert "national" not in owner.execute("select anze.rule_basis('HAZ.JUDGE', 1)").fetchone()[0]


@pytest.mark.parametrize("code, region, rule", [
    ("ACC.GRADE.DEATHS.2", "150622", "no-local-figure"), ("HAZ.JUDGE", "150699", "unknown-reference"),
    ("HAZ.JUDGE", "150100", "out-of-reach")])
def test_a_region_has_no_figure_where_none_can_be(owner, hand, code, region, rule):
    owner.execute("insert into anze.region (code, name, parent_code) values ('150100', '呼和浩特市', '150000')"
                  " on conflict do nothing")
    with pytest.raises(Refused) as raised:
        revise(hand, code, 1, region_code=region)
    assert raised.value.faults == [("/region_code", rule)]


def test_a_region_s_figure_keeps_the_nation_s_shipped(owner, hand):
    """A newer release still changes the nation's figure, which no administrator revised."""
    revise(hand, "HAZ.JUDGE", 1, region_code="150622")
    owner.execute("select anze.ship_rule('HAZ.JUDGE', 1, '2008-02-01', null, 't', 't', 4, 'day', 'SAWS-16', '第三条', 'found')")
    assert (value(owner, "HAZ.JUDGE"), value(owner, "HAZ.JUDGE", "150622101")) == (4, 1)


def test_a_figure_of_a_region_is_found_by_one_look_up(owner, hand):
    revise(hand, "HAZ.JUDGE", 1, region_code="150622")
    owner.execute("set local enable_seqscan = off")
    plan = json.dumps(owner.execute(
        "explain (format json) select * from anze.rule r where r.code = 'HAZ.JUDGE' and r.in_force @> anze.today()"
        " and (r.region_code is null or starts_with('150622101', r.region_prefix))").fetchone()[0])
    assert '"Index' in plan and "rule" in plan and "code" in plan


# What rests on figures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("begins, ends, due, rule", [
    ("2026-07-01", "2026-10-01", "2026-10-15", "HAZ.STAT.QUARTER"), ("2026-01-01", "2027-01-01", "2027-01-31", "HAZ.STAT.YEAR"),
    ("2026-10-01", "2026-11-01", None, None), ("2026-01-01", "2026-07-01", None, None), ("2006-01-01", "2007-01-01", None, None)])
def test_tables_of_hazards_are_due_on_the_day_that_their_rule_says(owner, begins, ends, due, rule):
    due_on, basis = owner.execute("select due_on::text, basis from anze.hazard_statistics_due(%s, %s, '1506')",
                                  (begins, ends)).fetchone()
    assert (due_on, basis and basis["rule"]) == (due, rule)


def test_a_day_that_the_month_has_not_is_its_last(owner, hand):
    revise(hand, "HAZ.STAT.QUARTER", 31, in_force_from="2026-04-01")
    assert owner.execute("select due_on::text from anze.hazard_statistics_due('2026-07-01', '2026-10-01', '1506')"
                         ).fetchone()[0] == "2026-10-31"
    assert owner.execute("select due_on::text from anze.hazard_statistics_due('2026-01-01', '2026-04-01', '1506')"
                         ).fetchone()[0] == "2026-04-30"


def test_who_answers_for_an_accident_is_the_rule_of_its_grade(owner):
    assert owner.execute("select array_agg(anze.rule_value(g.answering_rule, '2026-11-20')::int order by g.rank)"
                         " from anze.accident_grade g").fetchone()[0] == [2, 3, 4, 5]


# A region's figure in what rests on it --------------------------------------------------------------------------------------


def test_a_clock_of_an_accident_runs_by_the_region_s_stricter_figure(owner, hand):
    at = dt.datetime.now(CHINA) - dt.timedelta(hours=1)
    before = hand.file(COUNTY, unit_id=CHEMICAL.id, occurred_at=at, learned_at=at, category="12")
    day = at.astimezone(CHINA).date().isoformat()
    for code, figure in (("ACC.RPT.UNIT", 0.5), ("ACC.RPT.CONT.1", 3), ("ACC.RPT.LEVEL", 9)):
        revise(hand, code, figure, region_code="150600", in_force_from=day)
    made = hand.file(COUNTY, unit_id=CHEMICAL.id, occurred_at=at, learned_at=at, category="12", figures={"deaths": 1})
    report = clock(made, "unit_report")
    assert moment(report["due_at"]) - moment(report["starts_at"]) == dt.timedelta(minutes=30)
    assert (report["region_code"], report["value"], report["national"]["value"]) == ("150600", 0.5, 1)
    assert clock(made, "follow_up")["required"] == 3
    assert "national" not in clock(made, "pass_up", "county", "city")     # nine hours are not stricter than two
    assert "national" not in clock(before, "unit_report")


def test_a_clock_of_an_accident_may_be_in_any_unit_of_time(owner, hand):
    at = dt.datetime(2026, 11, 20, 10, tzinfo=CHINA)
    for unit, value, over in (("minute", 20, at + dt.timedelta(minutes=20)), ("day", 1, dt.datetime(2026, 11, 22, tzinfo=CHINA)),
                              ("workday", 1, dt.datetime(2026, 11, 24, tzinfo=CHINA)),
                              ("month", 1, dt.datetime(2026, 12, 21, tzinfo=CHINA))):
        owner.execute("update anze.rule set unit = %s, value = %s where code = 'ACC.RPT.UNIT'", (unit, value))
        made = hand.file(COUNTY, unit_id=CHEMICAL.id, occurred_at=at, learned_at=at, category="12")
        assert moment(clock(made, "unit_report")["due_at"]) == over, unit


def test_a_clock_of_a_case_runs_by_the_region_s_stricter_figure(owner, hand):
    revise(hand, "HAZ.JUDGE", 1, region_code="150622", article="第八条")
    owner.execute("select set_config('anze.scopes', 'hazards:read hazards:report', true)")
    made = hand.call(COUNTY, "file_hazard", filing(unit_id=CHEMICAL.id))
    due, version, basis = owner.execute(
        "select anze.day_of(d.due_at - interval '1 second') - anze.today(), d.rule_version,"
        " anze.rule_basis(d.rule, d.rule_version, anze.today()) from anze.deadline d where d.rule = 'HAZ.JUDGE'"
        " and d.subject_id = (select case_id from anze.hazard where id = %s)", (made["id"],)).fetchone()
    assert (due, version, basis["national"]["value"]) == (1, 2, 3)


def test_persons_at_risk_count_by_the_region_s_stricter_figure(owner, hand):
    at = dt.datetime.now(CHINA) - dt.timedelta(hours=1)
    revise(hand, "ACC.ENDANGER.ATRISK", 5, region_code="150622", in_force_from=at.date().isoformat())
    made = hand.file(COUNTY, unit_id=CHEMICAL.id, occurred_at=at, learned_at=at, category="12", figures={"at_risk": 5})
    danger, = made["dangers"]
    assert (danger["code"], danger["national"]["value"]) == ("at_risk", 10)


# What a wrong figure had planned --------------------------------------------------------------------------------------------


def deadlines(owner, subject: str, clock: str) -> list[tuple]:
    return owner.execute("select d.rule_version, anze.deadline_state(d), d.due_at - d.starts_at, d.because from anze.deadline d"
                         " where d.subject_id = %s and d.clock = %s order by d.rule_version", (subject, clock)).fetchall()


def test_a_case_s_clock_that_a_wrong_figure_planned_is_planned_anew(owner, hand):
    owner.execute("select set_config('anze.scopes', 'hazards:read hazards:report', true)")
    revise(hand, "HAZ.JUDGE", 500)
    made = hand.call(COUNTY, "file_hazard", filing(unit_id=CHEMICAL.id))
    case = owner.execute("select case_id::text from anze.hazard where id = %s", (made["id"],)).fetchone()[0]
    revise(hand, "HAZ.JUDGE", 2)
    sweep(owner)
    (wrong, state, span, because), (right, new_state, new_span, _) = deadlines(owner, case, "judge")
    assert (wrong, state, span.days, because) == (2, "superseded", 500, "fact_corrected")
    assert (right, new_state, new_span.days) == (3, "running", 2)
    due = owner.execute("select c.due_at = d.due_at and h.due_at = d.due_at from anze.case_file c join anze.hazard h on"
                        " h.case_id = c.id join anze.deadline d on d.subject_id = c.id and d.is_running where c.id = %s",
                        (case,)).fetchone()[0]
    assert due


def test_an_accident_s_clocks_that_a_wrong_figure_planned_are_planned_anew(owner, hand):
    at = dt.datetime.now(CHINA) - dt.timedelta(hours=1)
    day = at.date().isoformat()
    revise(hand, "ACC.RPT.LEVEL", 200, in_force_from=day)
    revise(hand, "ACC.RPT.CONT.1", 20, in_force_from=day)
    made = hand.file(COUNTY, unit_id=CHEMICAL.id, occurred_at=at, learned_at=at, category="12", figures={"deaths": 1})
    revise(hand, "ACC.RPT.LEVEL", 2, in_force_from=day)
    revise(hand, "ACC.RPT.CONT.1", 1, in_force_from=day)
    sweep(owner)
    assert [(v, s, span) for v, s, span, _ in deadlines(owner, made["id"], "pass_up")] == [
        (2, "superseded", dt.timedelta(hours=200)), (3, "running", dt.timedelta(hours=2))]
    assert [(v, s) for v, s, *_ in deadlines(owner, made["id"], "follow_up")] == [(2, "superseded"), (3, "running")]


def test_times_of_notices_are_reckoned_by_the_figure_that_counts_now(owner, hand):
    owner.execute("select set_config('anze.scopes', 'hazards:read hazards:report', true)")
    revise(hand, "NOTICE.DEADLINE.REMINDER", -365)
    made = hand.call(COUNTY, "file_hazard", filing(unit_id=CHEMICAL.id))
    look = ("select d.due_at - d.next_notice_at from anze.deadline d where d.is_running and d.subject_id ="
            " (select case_id from anze.hazard where id = %s)")
    sweep(owner)
    assert owner.execute(look, (made["id"],)).fetchone()[0] == dt.timedelta(days=1)   # a year ahead was none
    revise(hand, "NOTICE.DEADLINE.REMINDER", -2)
    sweep(owner)
    assert owner.execute(look, (made["id"],)).fetchone()[0] == dt.timedelta(days=2)


# Telling never blocks filing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["NOTICE.ACCIDENT.WARNING", "NOTICE.ACCIDENT.REMINDER"])
def test_without_a_rule_of_notices_an_accident_is_filed_and_told_when_it_is_due(owner, hand, code):
    owner.execute("update anze.rule set in_force = '[2000-01-01,2001-01-01)' where code = %s", (code,))
    at = dt.datetime.now(CHINA) - dt.timedelta(hours=3)
    made = hand.file(COUNTY, unit_id=CHEMICAL.id, occurred_at=at, learned_at=at, category="12", received_at=at)
    assert clock(made, "pass_up", "county", "city")["state"] == "overdue"
    assert owner.execute("select bool_and(next_notice_at <= due_at + interval '1 hour') from anze.deadline where"
                         " subject_id = %s and is_running and details ->> 'kind' = 'report'", (made["id"],)).fetchone()[0]


def test_a_time_of_notices_that_cannot_be_reckoned_stops_no_filing(owner, hand):
    """As before there were limits: the first notice is now."""
    owner.execute("alter table anze.rule drop constraint rule_value_limits, disable trigger rule_takes_limits")
    owner.execute("update anze.rule set value = 1e12, unit = 'month' where code = 'NOTICE.ACCIDENT.WARNING'")
    at = dt.datetime.now(CHINA) - dt.timedelta(hours=1)
    made = hand.file(COUNTY, unit_id=CHEMICAL.id, occurred_at=at, learned_at=at, category="12")
    assert owner.execute("select count(*) from anze.deadline where subject_id = %s and next_notice_at <= clock_timestamp()"
                         " and is_running", (made["id"],)).fetchone()[0] > 0
