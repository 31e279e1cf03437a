"""The catalogue holds the obligation matrix whole: each clause is owed, kept by structure, or says what keeps it; each
cadence is the one of the text; shipping and revising leave alone what is not theirs."""
import datetime as dt

import psycopg
import pytest
from desk import Desk, Refused
from obligation_matrix import CLAUSES

from harness import tree

ADMINISTRATOR = {"reach": "region", "region": "1506", "actor": "administrator"}
NATURES = {clause: nature for clause, nature, _ in CLAUSES}

# code: who owes it, how often, how many, how it is counted, days after the period, what proves it
CADENCES = {
    "C1.02": ("party_committee", None, "quarter", 1, "within", 0, ["study_session"]),
    "C1.03": ("party_committee", None, "year", 1, "deliverable", 0, ["plan"]),
    "C1.04": ("party_committee", None, "year", 1, "deliverable", 0, ["document"]),
    "C1.05": ("party_committee", None, "quarter", 1, "within", 0, ["training", "publicity"]),
    "C1.07": ("party_committee", "party_head", "year", 1, "deliverable", 0, ["plenary_report"]),
    "D.PARTY.MEET": ("party_committee", "party_head", "half_year", 1, "within", 0, ["meeting"]),
    "D.PARTY.VISIT": ("party_committee", "party_head", "quarter", 1, "within", 0, ["led_inspection"]),
    "D.LEADER.REPORT.PARTY": ("party_committee", "party_head", "year", 1, "deliverable", 90, ["annual_report"]),
    "D.LEADER.REPORT.STANDING": ("party_committee", "party_standing_member", "year", 1, "deliverable", 90, ["annual_report"]),
    "C1.14": ("party_committee", None, "year", 1, "deliverable", 0, ["assessment"]),
    "C2.02": ("government", None, "quarter", 1, "within", 0, ["study_session"]),
    "C2.03-LIST": ("government", None, "year", 1, "deliverable", 0, ["duty_list"]),
    "C2.03-TASKS": ("government", None, "year", 1, "deliverable", 0, ["task_list"]),
    "C2.04": ("government", None, "half_year", 1, "within", 0, ["supervision_task"]),
    "C2.06": ("government", "government_head", "year", 1, "deliverable", 0, ["plenary_report"]),
    "D.GOV.MEET": ("government", "government_head", "half_year", 1, "within", 0, ["meeting"]),
    "D.GOV.VISIT": ("government", "government_head", "quarter", 1, "within", 0, ["led_inspection"]),
    "D.LEADER.REPORT.GOV": ("government", "government_head", "year", 1, "deliverable", 90, ["annual_report"]),
    "D.LEADER.REPORT.SAFETY": ("government", "government_safety_leader", "year", 1, "deliverable", 90, ["annual_report"]),
    "D.LEADER.REPORT.LEADER": ("government", "government_leader", "year", 1, "deliverable", 90, ["annual_report"]),
    "C2.13": ("government", None, "year", 1, "deliverable", 0, ["budget_line"]),
    "C2.18": ("safety_office", None, "quarter", 1, "within", 0, ["supervision_task"]),
    "D.DEPT.VISIT": ("department", "department_head", "month", 1, "within", 0, ["led_inspection"]),
    "C3.11": ("department", None, "year", 1, "deliverable", 0, ["plan"]),
    "D.DEPT.PLAN": ("department", None, "year", 1, "deliverable", 0, ["plan"]),
    "C4.04": ("department", None, "year", 1, "within", 0, ["assessment"]),
    "D.ENT.CHECK": ("enterprise", "principal", "month", 1, "within", 0, ["hazard_check"]),
    "D.ENT.RISK": ("enterprise", None, "quarter", 1, "within", 0, ["risk_assessment"]),
    "D.ENT.PUBLISH": ("enterprise", None, "year", 1, "deliverable", 90, ["risk_publication"]),
    "D.HAZ.STAT": ("enterprise", None, "quarter", 1, "deliverable", 15, ["hazard_statistics"]),
    "D.HAZ.STAT.YEAR": ("enterprise", None, "year", 1, "deliverable", 31, ["hazard_statistics"]),
    "D.COAL.MAJOR": ("enterprise", None, "quarter", 1, "deliverable", 0, ["major_hazard_report"]),
    "D.BB.TECH": ("site", "hazard_source_technical", "quarter", 1, "within", 0, ["hazard_source_check"]),
    "D.BB.OP": ("site", "hazard_source_operational", "week", 1, "within", 0, ["hazard_source_check"]),
    "D.MINE.LEAD": ("enterprise", "principal", "month", 5, "within", 0, ["mine_shift"]),
    "C5.09-SHIFT": ("site", None, "week", 21, "within", 0, ["mine_shift"]),
    "C5.09-MANAGER": ("site", "mine_manager", "month", 5, "within", 0, ["mine_shift"]),
    "C7.06": ("government", None, "year", 1, "deliverable", 0, ["document"]),
    "C11.02": ("department", None, "year", 1, "deliverable", 0, ["plan"]),
    "C11.12": ("department", None, "half_year", 1, "within", 0, ["bulletin"]),
    "C12.06": ("department", None, "year", 1, "deliverable", 0, ["budget_line"]),
    "C12.07": ("department", None, "year", 1, "within", 0, ["training"]),
    "C15.01": ("department", None, "half_year", 1, "within", 0, ["analysis"]),
    "C16.02": ("safety_office", None, "half_year", 1, "within", 0, ["assessment"]),
}
# What the text leaves without a number: a default of the house, which says so.
ASSUMED_COUNTS = {"C1.02", "C1.03", "C1.05", "C2.02", "C2.04", "C2.18", "C3.11", "C4.04", "C5.09-SHIFT", "C7.06", "C11.12", "C12.07",
                  "C15.01", "C16.02"}
EVENTS = {
    "C1.10": "issue_raised", "C2.09": "issue_raised", "C3.03": "supervision_overlap", "C3.07": "issue_raised",
    "C3.13": "delegation_found_wanting", "C3.14": "duty_neglected", "C4.02": "accident_larger",
    "C4.09-LARGER": "accident_larger", "C4.09-PERIOD": "sensitive_period_accident", "C6.11": "beyond_local_power",
}
# "Promptly" and the like: days that are a default of the house as well.
EVENT_DAYS = {"C1.10": 30, "C2.09": 30, "C3.03": 30, "C3.07": 30, "C3.13": 60, "C3.14": 15, "C4.02": 30, "C4.09-LARGER": 15,
              "C4.09-PERIOD": 15, "C6.11": 3}
# Plans, from 2027 on: days after the year has begun.
PLANS = {"C1.03": 90, "C1.04": 90, "C2.03-TASKS": 59, "C2.13": 90, "C3.11": 59, "D.DEPT.PLAN": 59, "C11.02": 59, "C12.06": 90}
# Clauses that no obligation and no rule of structure keeps, by the capability that does.
ELSEWHERE = {
    "accidents": "14.01 14.02",
    "consequences": "1.15 1.16 1.17 4.01 4.03 4.05 4.06 4.07 4.08 5.10 5.11 5.12 6.10 7.08 8.02 8.03 8.04 8.06 10.03 10.04"
                    " 10.05 11.09 14.04 14.05",
    "hazards": "6.02 6.03 6.09",
    "inspection": "6.01 6.04 6.05 6.06 6.07 6.08 7.07 8.01 9.05 9.06 10.01 10.02 11.01 11.03 11.05 11.06 11.07 11.08 11.10"
                  " 11.11 11.13 15.02",
    "registers": "5.06 5.13 7.01 7.04 7.05 7.09 7.10 8.05 9.01 9.02 9.03 9.04 15.04",
    "sharing": "14.03",
    "tips": "13.01 13.02 13.03 13.04 13.05 13.06 13.07 13.08 13.09 13.10",
    "units": "3.04",
}
TITLES = {
    "accidents": "Direct accident reporting, which is in place", "consequences": "Investigation and consequences",
    "hazards": "Risk grading and hazards", "inspection": "Inspection and enforcement", "registers": "Registers",
    "sharing": "Data sharing between departments", "tips": "Whistleblower tips and rewards",
    "units": "The register of units and posts, which is in place",
}


@pytest.fixture(scope="module")
def shipped(database):
    """The catalogue as it is shipped: rows by code."""
    with database.owner() as owner:
        rows = owner.execute("select to_jsonb(d) from anze.duty d where version = 1 and origin = 'shipped'"
                             " and code not like 'TEST%'").fetchall()
    return {row[0]["code"]: row[0] for row in rows}


def rows_of(shipped, clause):
    return [row for row in shipped.values() if row["clause"] == clause]


# ---- the matrix ----

def test_the_matrix_has_155_clauses_each_once():
    assert len(CLAUSES) == len(NATURES) == 155


def test_the_catalogue_has_the_clauses_of_the_matrix_and_no_other(shipped):
    assert {row["clause"] for row in shipped.values()} == set(NATURES)


@pytest.mark.parametrize("clause, nature, title", CLAUSES)
def test_each_clause_is_owed_kept_by_structure_or_says_what_keeps_it(shipped, clause, nature, title):
    rows = rows_of(shipped, clause)
    owed = [row for row in rows if row["period"]]
    held = [row for row in rows if row["structural_rules"]]
    said = [row for row in rows if row["elsewhere_zh"] and row["elsewhere_en"]]
    assert nature in {row["nature"] for row in rows}, title
    if nature == "R":
        assert [row for row in owed if row["nature"] == "R" and row["period"] not in ("event", "once")], title
    elif nature == "E":
        assert said or [row for row in owed if row["period"] == "event"], title
    elif nature == "P":
        assert not owed and not held and not said, title
    else:
        assert owed or held or said, title


@pytest.mark.parametrize("capability, clauses", ELSEWHERE.items())
def test_what_is_kept_elsewhere_names_the_capability(shipped, capability, clauses):
    for clause in clauses.split():
        assert [row["elsewhere_en"] for row in rows_of(shipped, clause)] == [TITLES[capability]], clause


def test_nothing_else_is_kept_elsewhere_alone(shipped):
    alone = {clause for clause, nature, _ in CLAUSES if nature != "P"
             and not any(row["period"] or row["structural_rules"] for row in rows_of(shipped, clause))}
    assert alone == {clause for clauses in ELSEWHERE.values() for clause in clauses.split()}


def test_the_recurring_duties_of_the_seed_data_are_all_there(shipped):
    seed = ["D.PARTY.MEET", "D.PARTY.VISIT", "D.GOV.MEET", "D.GOV.VISIT", "D.DEPT.VISIT", "D.ENT.CHECK", "D.ENT.RISK",
            "D.ENT.PUBLISH", "D.LEADER.REPORT", "D.DEPT.PLAN", "D.HAZ.STAT", "D.COAL.MAJOR", "D.BB.TECH", "D.BB.OP",
            "D.MINE.LEAD"]
    assert [code for code in seed if not any(c == code or c.startswith(code + ".") for c in shipped)] == []


# ---- cadences ----

def test_no_recurring_duty_is_without_a_case_here(shipped):
    assert {code for code, row in shipped.items() if row["period"] and row["period"] != "event"} == set(CADENCES)


@pytest.mark.parametrize("code", CADENCES)
def test_the_cadence_of_each_recurring_duty(shipped, code):
    row = shipped[code]
    assert (row["unit_kinds"][0], row["post"], row["period"], row["minimum_count"], row["counting"], row["due_days"],
            row["record_kinds"]) == CADENCES[code]
    assert row["grace_days"] == 0


def test_each_event_duty_names_its_event(shipped, database):
    assert {code: row["event"] for code, row in shipped.items() if row["period"] == "event"} == EVENTS
    with database.owner() as owner:
        kinds = dict(owner.execute("select code, is_automatic from anze.duty_event_kind").fetchall())
    assert set(kinds) == set(EVENTS.values())
    assert [code for code, automatic in kinds.items() if automatic] == ["accident_larger"]


def test_every_event_duty_has_its_days(shipped):
    assert {code: row["within_days"] for code, row in shipped.items() if row["period"] == "event"} == EVENT_DAYS


def test_plans_are_due_when_their_year_begins_and_reports_may_come_in_its_december(shipped, database):
    with database.owner() as owner:
        plans = owner.execute("select code, due_days, counting, period, ahead_days, lower(in_force)::text, reason from anze.duty"
                              " where version = 2 and origin = 'shipped'").fetchall()
    assert {code: due for code, due, *_ in plans} == PLANS
    assert {row[2:6] for row in plans} == {("planned", "year", 31, "2027-01-01")} and all("缺省值" in row[6] for row in plans)
    assert all(shipped[code]["in_force"] == "[2022-01-01,2027-01-01)" for code in PLANS)
    assert {code for code, row in shipped.items() if row["ahead_days"]} == {
        code for code, row in shipped.items() if row["period"] == "year" and row["due_days"]}


def test_a_number_that_the_text_does_not_give_says_so(shipped):
    low = {code for code, row in shipped.items() if row["confidence"] == "recalled-low"}
    assert low == ASSUMED_COUNTS | set(EVENT_DAYS)
    assert all("default of the house" in shipped[code]["reason"] and "缺省值" in shipped[code]["reason"] for code in low)
    assert {code for code, row in shipped.items() if row["due_days"] == 90 and "no day" not in (row["reason"] or "")} == set()


def test_every_leader_reports_for_himself_and_nobody_else_is_personal(shipped):
    assert {code for code, row in shipped.items() if row["is_personal"]} == {
        code for code in shipped if code.startswith("D.LEADER.REPORT")}


def test_plans_of_one_kind_are_told_apart_by_their_evidence(shipped):
    assert {code: row["evidence"] for code, row in shipped.items()
            if row["unit_kinds"] == ["department"] and row["record_kinds"] == ["plan"]} == {
        "C3.11": ["plan"], "D.DEPT.PLAN": ["inspection_plan"], "C11.02": ["enforcement_plan"]}


def test_whom_the_special_regimes_concern(shipped):
    assert all(shipped[code]["site_kinds"] == ["major_hazard_source"] for code in ("C5.08", "D.BB.TECH", "D.BB.OP"))
    assert all(shipped[code]["sectors"] == ["coal"] for code in ("D.COAL.MAJOR", "D.MINE.LEAD", "C5.09-MANAGER", "C5.09-SHIFT"))
    assert {code for code, row in shipped.items() if row["high_risk_only"]} == {"C5.14"}
    assert {code for code, row in shipped.items() if row["publicity"]} == {"C3.02", "D.ENT.PUBLISH", "C11.12"}


def test_everything_that_a_duty_names_is_known(shipped, database):
    with database.owner() as owner:
        known = {name: {row[0] for row in owner.execute(f"select code from anze.{name}")}
                 for name in ("duty_record_kind", "post", "structural_rule", "instrument", "sector")}
        post_kinds = dict(owner.execute("select code, unit_kinds from anze.post").fetchall())
    for code, row in shipped.items():
        assert set(row["record_kinds"]) <= known["duty_record_kind"], code
        assert set(row["structural_rules"]) <= known["structural_rule"], code
        assert row["instrument"] in known["instrument"] and set(row["sectors"] or []) <= known["sector"], code
        if row["post"]:
            assert set(row["unit_kinds"]) <= set(post_kinds[row["post"]]), code
        assert row["article"], code
        assert not (row["elsewhere_en"] and row["period"]), code
    assert known["structural_rule"] == {rule for row in shipped.values() for rule in row["structural_rules"]}


def test_titles_are_said_in_both_languages(shipped):
    for code, row in shipped.items():
        assert any("\u4e00" <= c <= "\u9fff" for c in row["title_zh"]), code
        assert row["title_en"].isascii() and row["title_en"], code


# ---- shipping and revising ----

@pytest.fixture
def prepared(database):
    """A connection as the owner with a duty of one's own, rolled back."""
    with database.owner() as owner:
        ship(owner)
        yield owner
        owner.rollback()


def ship(owner, within="quarter", times=1):
    owner.execute("select anze.ship_duty('1.08', 'R', '测试职责', 'A duty of a test', '党委', 'TEST.DUTY', unit_kinds =>"
                  " '{government}', post => 'government_head', record_kinds => '{meeting}', within => %s, times => %s)",
                  (within, times))


def versions(owner, code="TEST.DUTY"):
    return owner.execute("select version, lower(in_force)::text, upper(in_force)::text, period, minimum_count, grace_days,"
                         " origin from anze.duty where code = %s order by version", (code,)).fetchall()


def revise(owner, code="TEST.DUTY", if_match="1", **request):
    return Desk(owner).call(ADMINISTRATOR, "revise_duty", code, if_match, {"reason": "新规定"} | request)


def test_shipping_again_changes_what_is_different_and_nothing_else(prepared):
    ship(prepared, "month", 2)
    assert versions(prepared) == [(1, "2022-01-01", None, "month", 2, 0, "shipped")]
    touched = prepared.execute("select xmin from anze.duty where code = 'TEST.DUTY'").fetchone()
    ship(prepared, "month", 2)
    assert prepared.execute("select xmin from anze.duty where code = 'TEST.DUTY'").fetchone() == touched


def test_shipping_never_touches_what_an_administrator_revised(prepared):
    revise(prepared, minimum_count=3, in_force_from="2026-07-01")
    before = versions(prepared)
    ship(prepared, "week", 9)
    assert versions(prepared) == before


def test_a_revision_counts_from_its_day_and_keeps_what_it_does_not_name(prepared):
    body = revise(prepared, minimum_count=2, grace_days=5, in_force_from="2026-07-01")
    assert versions(prepared) == [(1, "2022-01-01", "2026-07-01", "quarter", 1, 0, "shipped"),
                                  (2, "2026-07-01", None, "quarter", 2, 5, "administrator")]
    assert (body["_status"], body["_etag"], body["_location"]) == ("201", "2", "/v1/duties/TEST.DUTY")
    new, old = body["versions"]
    assert old["in_force_until"] == "2026-06-30" and new["reason"] == "新规定"
    kept = set(old) - {"version", "in_force_from", "in_force_until", "minimum_count", "grace_days", "origin", "reason"}
    assert {name: new[name] for name in kept} == {name: old[name] for name in kept}


def test_a_revision_marks_the_units_that_owe_it_and_no_other(prepared):
    prepared.execute("update anze.duty_work set plan_from = null, structure_is_stale = false, light_is_stale = false")
    revise(prepared, minimum_count=2, in_force_from="2026-07-01")
    marked = prepared.execute("select unit_id::text, plan_from from anze.duty_work where plan_from is not null").fetchall()
    assert dict(marked) == {u.id: dt.date(2026, 7, 1) for u in tree.UNITS.values() if u.kind == "government"}


@pytest.mark.parametrize("code, day, changes", [("D.ENT.RISK", 20, {"minimum_count": 2}), ("D.GOV.MEET", 40, {"grace_days": 5})])
def test_a_revision_from_a_day_in_mid_period_withdraws_nothing_that_is_owed(prepared, code, day, changes):
    """Of the running period everything stays owed by the version under which it began, planned again or not; the next by the new."""
    prepared.execute("select set_config('anze.reach', 'service', true)")
    units = prepared.execute("select array_agg(id) from anze.unit where kind in ('enterprise', 'government')").fetchone()[0]
    period, = prepared.execute("select period from anze.duty where code = %s", (code,)).fetchone()
    start, after = prepared.execute("select s, (s + anze.period_step(%s))::date from anze.period_start(%s, anze.today()) s",
                                    (period, period)).fetchone()
    starts = (start + dt.timedelta(days=day)).isoformat()
    plan = lambda since: prepared.execute("select anze.plan_obligations(%s, %s, %s)", (units, since, after + dt.timedelta(days=1)))  # noqa: E731
    owed = lambda: prepared.execute("select period_start, duty_version, state <> 'withdrawn', count(*)::int from anze.obligation"  # noqa: E731
                                    " where duty = %s and period_start >= %s group by 1, 2, 3 order by 1, 2, 3", (code, start)).fetchall()
    plan(start)
    (_, _, _, running), (_, _, _, following) = before = owed()
    assert [row[:3] for row in before] == [(start, 1, True), (after, 1, True)] and running > 2 < following
    revise(prepared, code, in_force_from=starts, **changes)
    prepared.execute("select anze.plan_marked(%s)", (units,))
    plan(starts)
    assert owed() == [(start, 1, True, running), (after, 2, True, following)]


def test_a_second_revision_needs_the_version_of_the_first(prepared):
    revise(prepared, minimum_count=2, in_force_from="2026-07-01")
    with pytest.raises(Refused) as refused:
        revise(prepared, minimum_count=3, in_force_from="2026-10-01")
    assert refused.value.code == "AZ412" and refused.value.answer == {"etag": "2"}


@pytest.mark.parametrize("code, given, faults", [
    ("TEST.DUTY", {"minimum_count": 2, "in_force_from": "2022-01-01"}, [("/in_force_from", "not-after-running-version")]),
    ("TEST.DUTY", {"within_days": 3, "in_force_from": "2026-01-01"}, [("/within_days", "not-on-event")]),
    ("C1.10", {"period": "month", "due_days": 1, "in_force_from": "2026-01-01"},
     [("/period", "not-recurring"), ("/due_days", "not-recurring")]),
    ("C1.06", {"minimum_count": 2, "grace_days": 1, "evidence": [], "in_force_from": "2021-01-01"},
     [("/in_force_from", "not-after-running-version"), ("/minimum_count", "not-owed"), ("/grace_days", "not-owed"),
      ("/evidence", "not-owed")]),
])
def test_all_faults_of_a_revision_come_together(prepared, code, given, faults):
    with pytest.raises(Refused) as refused:
        revise(prepared, code, **given)
    assert refused.value.faults == faults


def test_days_can_be_set_for_an_event_that_had_none(prepared):
    assert revise(prepared, "C4.02", within_days=30, in_force_from="2026-07-01")["versions"][0]["within_days"] == 30


def test_versions_of_a_duty_never_overlap(prepared):
    with pytest.raises(psycopg.errors.ExclusionViolation) as raised:
        prepared.execute("insert into anze.duty select (jsonb_populate_record(d, '{\"version\": 2}')).* from anze.duty d"
                         " where code = 'TEST.DUTY'")
    assert raised.value.diag.constraint_name == "duty_one_version_at_a_time"


def test_an_evidence_that_is_not_in_the_code_set_is_refused(prepared):
    with pytest.raises(psycopg.errors.CheckViolation) as raised:
        prepared.execute("update anze.duty set evidence = '{oath}' where code = 'TEST.DUTY'")
    assert raised.value.diag.constraint_name == "duty_evidence"


@pytest.mark.parametrize("clause, kept_by, duties, rules", [
    ("1.01", ["principle"], [], []),
    ("1.08", ["duty"], ["D.PARTY.MEET"], []),
    ("2.03", ["duty", "structure"], ["C2.03-LIST", "C2.03-TASKS"], ["S2.03"]),
    ("5.07", ["duty", "capability"], ["D.COAL.MAJOR", "D.HAZ.STAT", "D.HAZ.STAT.YEAR"], []),
    ("5.08", ["duty", "structure"], ["D.BB.OP", "D.BB.TECH"], ["S5.08"]),
    ("12.02", ["structure"], [], ["S12.02"]),
    ("13.07", ["capability"], [], []),
])
def test_the_matrix_says_what_keeps_a_clause(database, clause, kept_by, duties, rules):
    with database.service() as service:
        assert service.execute("select kept_by, duties, structural_rules from anze.duty_clauses('2026-11-25')"
                               " where clause = %s", (clause,)).fetchone() == (kept_by, duties, rules)


def test_the_matrix_shows_each_clause_once_with_its_nature(database):
    with database.service() as service:
        shown = service.execute("select clause, nature, cardinality(kept_by) from anze.duty_clauses('2026-11-25')"
                                " order by key").fetchall()
    assert [(clause, nature) for clause, nature, _ in shown] == [(clause, nature) for clause, nature, _ in CLAUSES]
    assert all(ways for _, _, ways in shown)
