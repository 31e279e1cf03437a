"""The clocks of listed supervision, of what grassroots ask upward and of hazards treated as accidents: which step starts
which, who owes it, and when it is due by the calendar; the terms of an extension on both sides."""
import datetime as dt

import psycopg
import pytest

from harness import tree
from harness.cases import day
from harness.listing import CITY_OFFICE, COUNTY, MINE, PLAN, PROVINCE_OFFICE, Hands, hazard_case, notice, papers, pass_days

CHINA = dt.timezone(dt.timedelta(hours=8))
# Value, unit and how sure it is: a second writing of sql/data/rules_listing.sql, from the texts themselves.
FIGURES = {
    "LIST.HAZ.FILE": (3, "workday", "found-local"), "LIST.HAZ.PUBLISH": (5, "workday", "found-local"),
    "LIST.HAZ.UNPUBLISH": (5, "workday", "found-local"), "LIST.HAZ.MAXTERM": (1, "year", "found-local"),
    "LIST.HAZ.EXTENSION.AHEAD": (20, "workday", "found-local"), "LIST.HAZ.EXTENSION.DECIDE": (10, "workday", "found-local"),
    "LIST.HAZ.EXTENSION.TIMES": (1, "count", "recalled-med"), "LIST.HAZ.REVIEW": (10, "day", "found-local"),
    "HAZACC.INVESTIGATE": (60, "day", "recalled-med"), "HAZACC.LIABILITY": (15, "day", "recalled-med"),
    "HAZACC.CLOSE": (1, "year", "recalled-med"),
    # no text has these: defaults
    "LIST.HAZ.APPROVE": (10, "workday", "recalled-low"), "LIST.HAZ.NOTICE": (3, "workday", "recalled-low"),
    "LIST.HAZ.PLAN": (10, "workday", "recalled-low"), "LIST.HAZ.PROGRESS": (1, "month", "recalled-low"),
    "LIST.HAZ.LATE.TIMES": (2, "count", "recalled-low"), "LIST.HAZ.STRIKEOFF": (5, "workday", "recalled-low"), "LIST.HAZ.CLOSURE": (20, "workday", "recalled-low"),
    "ESCALATION.DECIDE": (15, "workday", "recalled-low"), "ESCALATION.ANSWER": (10, "workday", "recalled-low"),
    "ESCALATION.SUPERIOR": (15, "workday", "recalled-low"),
    "CLOSE.PENALTIES.SHORT": (3, "count", "found"), "CLOSE.PENALTIES.SHORT.DAYS": (180, "day", "found"),
    "CLOSE.PENALTIES.YEAR": (4, "count", "found"), "CLOSE.PENALTIES.YEAR.LONG": (1, "year", "found"),
}
KINDS = ["listed_supervision", "escalation", "hazard_as_accident"]


@pytest.fixture
def owner(database):
    with database.owner() as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def hands(owner):
    return Hands(owner)


def today() -> dt.date:
    return dt.date.fromisoformat(day(0))


def working_days_on(owner, start: dt.date, count: int) -> dt.date:
    """The count-th working day after a day: weekdays, but for the days that are announced otherwise."""
    announced = dict(owner.execute("select day, is_working from anze.working_day").fetchall())
    while count:
        start += dt.timedelta(days=1)
        count -= announced.get(start, start.isoweekday() < 6)
    return start


def due(owner, code: str) -> dt.datetime:
    """When a term that begins today is over: at the end of its last day."""
    value, unit, _ = FIGURES[code]
    if unit == "workday":
        last = working_days_on(owner, today(), value)
    elif unit == "day":
        last = today() + dt.timedelta(days=value)
    elif unit == "month":
        last = owner.execute("select (%s::date + interval '1 month')::date", (today(),)).fetchone()[0]
    else:
        last = owner.execute("select (%s::date + interval '1 year')::date", (today(),)).fetchone()[0]
    return dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), CHINA)


def runs(hands: Hands, case: str, clock: str, rule: str, owed_by: str) -> None:
    running = hands.clock(case, clock)
    assert running is not None, f"{clock} does not run"
    assert (running[1], running[2]) == (due(hands.owner, rule), owed_by), clock


@pytest.mark.parametrize("code", FIGURES)
def test_a_figure_is_what_its_text_says_and_says_how_sure_it_is(owner, code):
    assert owner.execute("select value, unit, confidence from anze.rule_on(%s, anze.today())", (code,)).fetchone() == FIGURES[code]


@pytest.mark.parametrize("kind", KINDS)
def test_no_state_that_is_not_final_may_last_for_ever(owner, kind):
    unclocked = owner.execute(
        "select s.code from anze.case_state s where s.kind = %s and not s.is_final and not exists (select from anze.case_clock k"
        " where (k.kind, k.version) = (s.kind, s.version) and s.code = any (k.states))", (kind,)).fetchall()
    assert unclocked == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_clock_has_a_figure_of_this_table_or_a_day_that_a_step_sets(owner, kind):
    for code, rule, due_field in owner.execute("select code, rule, due_field from anze.case_clock where kind = %s", (kind,)):
        if rule is not None:
            assert rule in FIGURES, code
        else:
            kept = owner.execute("select count(*) from anze.case_action a, jsonb_array_elements(a.fields) f where a.kind = %s"
                                 " and f ->> 'name' = %s and (f ->> 'keep')::boolean", (kind, due_field)).fetchone()[0]
            by_effect = owner.execute("select count(*) from anze.case_action a join anze.case_hook h on h.code = any (a.effects)"
                                      " where a.kind = %s and %s = any (h.sets)", (kind, due_field)).fetchone()[0]
            assert kept + by_effect > 0, code


@pytest.mark.parametrize("kind", KINDS)
def test_every_effect_that_a_step_names_is_there(owner, kind):
    missing = owner.execute("select a.code, x from anze.case_action a, unnest(a.effects) x where a.kind = %s and"
                            " to_regprocedure('anze.case_effect_' || x || '(anze.case_file, anze.case_event)') is null",
                            (kind,)).fetchall()
    assert missing == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_is_reached_and_every_open_one_is_left(owner, kind):
    initial = owner.execute("select initial_state from anze.case_kind where code = %s", (kind,)).fetchone()[0]
    rows = owner.execute("select from_states, to_state from anze.case_action where kind = %s and to_state is not null",
                         (kind,)).fetchall()
    states = dict(owner.execute("select code, is_final from anze.case_state where kind = %s", (kind,)).fetchall())
    assert {initial} | {to for _, to in rows} == set(states)
    assert {s for s, final in states.items() if not final} <= {s for froms, to in rows for s in froms if s != to}


def test_the_way_to_the_notice_has_its_clocks(hands):
    case = hands.propose()
    runs(hands, case, "approve", "LIST.HAZ.APPROVE", CITY_OFFICE.id)  # who decides, not whom it is about
    hands.act(case, "city", "approve", hands.decided("city", opinion="同意"))
    assert hands.clock(case, "approve") is None
    runs(hands, case, "notice", "LIST.HAZ.NOTICE", CITY_OFFICE.id)
    hands.act(case, "city", "issue_notice", notice(day(60)), papers("notice"))
    assert hands.clock(case, "notice") is None
    runs(hands, case, "file_upward", "LIST.HAZ.FILE", CITY_OFFICE.id)
    runs(hands, case, "publish", "LIST.HAZ.PUBLISH", CITY_OFFICE.id)
    runs(hands, case, "plan", "LIST.HAZ.PLAN", MINE.id)
    assert hands.clock(case, "rectify")[1:] == (
        dt.datetime.combine(today() + dt.timedelta(days=61), dt.time(), CHINA), MINE.id), "to the end of the day"


def test_progress_is_owed_anew_after_each_report(hands):
    case = hands.rectifying()
    runs(hands, case, "progress", "LIST.HAZ.PROGRESS", MINE.id)
    pass_days(hands.owner, case, 20)
    before = hands.clock(case, "progress")
    hands.act(case, "unit", "report_progress", {"progress": "已完成一半"})
    assert hands.clock(case, "progress")[1] > before[1]
    runs(hands, case, "progress", "LIST.HAZ.PROGRESS", MINE.id)


def test_review_removal_and_its_publication_have_their_clocks(hands):
    case = hands.rectifying()
    hands.act(case, "unit", "ask_review", {"completed_on": day(0), "summary": "已整改", "evaluated_by": "某机构"},
              papers("report", "photo"))
    runs(hands, case, "review", "LIST.HAZ.REVIEW", COUNTY.id)
    assert hands.clock(case, "rectify") is None, "asked in time"
    hands.act(case, "county", "pass_review", {"reviewed_on": day(0), "reviewers": "某", "findings": "合格"}, papers("record", "photo"))
    runs(hands, case, "strike_off", "LIST.HAZ.STRIKEOFF", CITY_OFFICE.id)
    hands.act(case, "city", "strike_off", hands.decided("city", removal_number="x", opinion="同意"), papers("notice"))
    runs(hands, case, "unpublish", "LIST.HAZ.UNPUBLISH", CITY_OFFICE.id)
    hands.act(case, "city", "publish_removal", {"removal_published_on": day(0), "removal_media": "同一媒体"})
    assert hands.owner.execute("select count(*) from anze.deadline where subject_id = %s and is_running", (case,)).fetchone()[0] == 0


def refused(call) -> str:
    """The sqlstate of the refusal."""
    with pytest.raises(psycopg.Error) as found:
        call()
    assert (found.value.sqlstate or "").startswith("AZ"), found.value
    return found.value.sqlstate


def test_the_term_is_a_year_at_most(hands):
    case = hands.propose()
    hands.act(case, "city", "approve", hands.decided("city", opinion="同意"))
    year = hands.owner.execute("select (%s::date + interval '1 year')::date", (today(),)).fetchone()[0]
    over = notice(str(year + dt.timedelta(days=1)))
    assert refused(lambda: hands.act(case, "city", "issue_notice", over, papers("notice"))) == "AZ422"
    assert hands.act(case, "city", "issue_notice", notice(str(year)), papers("notice"))["state"] == "listed"


def days_until(hands: Hands, working: int) -> int:
    return (working_days_on(hands.owner, today(), working) - today()).days


def test_more_time_is_asked_for_twenty_working_days_ahead(hands):
    ask = {"asked_until": day(120), "reason": "冬季冻土"}
    just = hands.rectifying(days_until(hands, 20))
    assert hands.act(just, "unit", "ask_extension", ask, papers("report"))["state"] == "extension_asked"
    runs(hands, just, "extension", "LIST.HAZ.EXTENSION.DECIDE", CITY_OFFICE.id)
    late = hands.rectifying(days_until(hands, 20) - 1)
    assert refused(lambda: hands.act(late, "unit", "ask_extension", ask, papers("report"))) == "AZ409"


def test_more_time_is_given_once_by_others_and_the_clock_goes_on_meanwhile(hands):
    case = hands.rectifying(60)
    ask = {"asked_until": day(90), "reason": "冬季冻土"}
    hands.act(case, "unit", "ask_extension", ask, papers("report"))
    assert hands.clock(case, "rectify") is not None
    hands.act(case, "county", "give_opinion", {"opinion": "建议同意"})
    earlier = hands.decided("city", due_on=day(59), opinion="同意")
    assert refused(lambda: hands.act(case, "city", "grant_extension", earlier)) == "AZ422"
    hands.act(case, "city", "grant_extension", hands.decided("city", due_on=day(90), opinion="同意"))
    assert hands.clock(case, "rectify")[1] == dt.datetime.combine(today() + dt.timedelta(days=91), dt.time(), CHINA)
    again = {"asked_until": day(120), "reason": "再次"}
    assert refused(lambda: hands.act(case, "unit", "ask_extension", again, papers("report"))) == "AZ409"


def test_the_rectification_pauses_while_it_is_suspended_and_what_was_left_is_left(hands):
    case = hands.rectifying(60)
    hands.act(case, "city", "suspend", hands.decided("city", reason="诉讼", resume_by=day(30)), papers("document"))
    assert hands.clock(case, "rectify") is None and hands.clock(case, "progress") is None
    assert hands.clock(case, "resume")[2] == COUNTY.id
    pass_days(hands.owner, case, 10)
    facts = hands.act(case, "city", "resume", {"reason": "诉讼终结"})["facts"]
    assert (facts["due_on"], facts["suspended_days"]) == (day(60), 10)
    assert hands.clock(case, "rectify")[1] == dt.datetime.combine(today() + dt.timedelta(days=61), dt.time(), CHINA)


@pytest.mark.parametrize("days,late", [(40, False), (41, True)])
def test_lateness_is_what_the_clock_says_on_both_sides_of_the_day(hands, days, late):
    case = hands.rectifying(40)
    pass_days(hands.owner, case, days)
    step = lambda: hands.act(case, "city", "note_lateness", {"due_on": day(30), "reason": "逾期"}, papers("document"))  # noqa: E731
    upgrade = lambda: hands.act(case, "province", "upgrade", hands.decided(  # noqa: E731
        "province", upgrade_reason="late", supervisor_id=PROVINCE_OFFICE.id, opinion="提级"), papers("document"))
    if late:
        facts = step()["facts"]
        assert facts["late_count"] == 1 and facts["late"][0]["due_on"] == day(-1)
        assert upgrade()["level"] == 4
    else:
        assert refused(step) == "AZ409" and refused(upgrade) == "AZ422"


@pytest.mark.parametrize("reason", ["refusal", "concealment", "mass_casualty_risk"])
def test_it_is_taken_over_for_other_reasons_without_being_late(hands, reason):
    case = hands.listed()
    taken = hands.act(case, "province", "upgrade", hands.decided(
        "province", upgrade_reason=reason, supervisor_id=PROVINCE_OFFICE.id, opinion="提级"), papers("document"))
    assert (taken["level"], taken["supervisor_id"]) == (4, PROVINCE_OFFICE.id)
    assert hands.clock(case, "publish")[2] == PROVINCE_OFFICE.id, "whoever supervises now owes what its supervisor owes"
    runs(hands, case, "refile", "LIST.HAZ.FILE", PROVINCE_OFFICE.id)
    assert hands.clock(case, "republish") is None, "it was not published yet: the one publication is the new level's"


def test_what_is_taken_over_is_filed_and_published_anew_unless_it_ends_before(hands):
    case = hands.rectifying()
    take = {"upgrade_reason": "refusal", "supervisor_id": PROVINCE_OFFICE.id, "opinion": "提级"}
    assert refused(lambda: hands.act(case, "city", "republish", {"published_on": day(0), "media": "网站"})) == "AZ409"
    hands.act(case, "province", "upgrade", hands.decided("province", **take), papers("document"))
    for code, rule in (("refile", "LIST.HAZ.FILE"), ("republish", "LIST.HAZ.PUBLISH")):
        runs(hands, case, code, rule, PROVINCE_OFFICE.id)
    hands.act(case, "unit", "ask_review", {"completed_on": day(0), "summary": "已整改", "evaluated_by": "某机构"},
              papers("report", "photo"))
    hands.act(case, "province", "pass_review", {"reviewed_on": day(0), "reviewers": "某", "findings": "合格"}, papers("record", "photo"))
    hands.act(case, "province", "strike_off", hands.decided("province", removal_number="x", opinion="同意"), papers("notice"),
              actor="province-2")
    ended = dict(hands.owner.execute("select clock, met_at is null and superseded_at is not null from anze.deadline"
                                     " where subject_id = %s and clock in ('refile', 'republish')", (case,)).fetchall())
    assert ended == {"refile": True, "republish": True}, "what was not done is not met"


def test_what_is_asked_upward_is_decided_in_its_term_and_anew_when_passed_on(hands):
    hands.speak_as("county")
    case = hands.owner.execute("select location from anze.raise_escalation(%s)", (
        '{"unit_id": "%s", "title": "搬迁", "matter": "用地", "asks_for": "指标"}' % MINE.id,)).fetchone()[0].rpartition("/")[2]
    office = tree.body("office", "150622")
    runs(hands, case, "decide", "ESCALATION.DECIDE", office.id)
    # 报告本级安委会和上级主管部门: the department above was told, too, and has its own clock.
    superior = tree.body("coal", "150600").id
    runs(hands, case, "superior", "ESCALATION.SUPERIOR", superior)
    hands.act(case, "city", "advise", {"advice": "同意先行搬迁，指标由市级调剂"})
    assert hands.clock(case, "superior") is None
    pass_days(hands.owner, case, 5)
    hands.act(case, "county", "pass_on", {"supervisor_id": CITY_OFFICE.id, "reason": "超出权限"})
    runs(hands, case, "decide", "ESCALATION.DECIDE", CITY_OFFICE.id)
    hands.act(case, "city", "return", {"reason": "请补充"})
    runs(hands, case, "answer", "ESCALATION.ANSWER", CITY_OFFICE.id)


def test_a_hazard_treated_as_an_accident_has_the_terms_of_an_accident(hands):
    hazard = hazard_case(hands.owner)
    hands.speak_as("city")
    case = hands.owner.execute("select location from anze.treat_as_accident(%s)", (
        '{"parent_id": "%s", "grounds": "查实"}' % hazard,)).fetchone()[0].rpartition("/")[2]
    runs(hands, case, "investigate", "HAZACC.INVESTIGATE", COUNTY.id)
    hands.act(case, "city", "examine_causes", {"causes": "失修", "missed_how": "走过场"}, papers("report"))
    runs(hands, case, "liability", "HAZACC.LIABILITY", COUNTY.id)
    hands.act(case, "city", "find_liability", hands.decided("city", liable="某", proposal="处分"), papers("document"))
    runs(hands, case, "close", "HAZACC.CLOSE", COUNTY.id)


def test_the_plan_has_six_parts_and_each_is_asked_for(hands):
    case = hands.listed()
    hands.act(case, "city", "publish", {"published_on": day(0), "media": "网站"})
    for part in PLAN:
        lacking = {name: text for name, text in PLAN.items() if name != part}
        assert refused(lambda: hands.act(case, "unit", "file_plan", lacking, papers("plan"))) == "AZ422"
    assert hands.act(case, "unit", "file_plan", PLAN, papers("plan"))["state"] == "rectifying"
