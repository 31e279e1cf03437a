"""Rules of structure, each kept and broken; since when a rule is broken, by the dates of posts, records and units and not
by the day of looking; findings end, and what was stays."""
import datetime as dt
import itertools
import json

import pytest

from harness.credit_code import credit_code

CITY, COUNTY, OTHER_COUNTY, TOWN = "150600", "150622", "150621", "150622101"
numbers = itertools.count(5000)
DAY = dt.timedelta(days=1)
START = dt.date(2022, 1, 1)  # since when the opinion is in force
EVER = dt.date(2020, 1, 1)


class Office:
    """Units, people, posts and records of one test, written as the owner and rolled back."""

    def __init__(self, connection) -> None:
        self.connection = connection
        self.today = self.value("select anze.today()")

    def value(self, query, *parameters):
        row = self.connection.execute(query, parameters).fetchone()
        return row[0] if row else None

    def unit(self, kind, region=COUNTY, level=None, opened=EVER, **more):
        columns = {"kind": kind, "name": f"测试单位{next(numbers)}", "region_code": region, "level": level,
                   "opened_on": opened, **more}
        if kind == "enterprise":
            columns["credit_code"] = credit_code(next(numbers), "150699")
        return self.value(f"insert into anze.unit ({', '.join(columns)}) values ({', '.join(['%s'] * len(columns))})"
                          " returning id", *columns.values())

    def person(self, unit, *qualifications):
        return self.value("insert into anze.person (unit_id, name, qualifications, region_code, sector, is_body) select id,"
                          " '张三', %s, region_code, sector, is_body from anze.unit where id = %s returning id",
                          list(qualifications), unit)

    def appoint(self, unit, post, since=EVER, until=None, person=None, full_time=False, portfolio=(), qualified=()):
        person = person or self.person(unit, *qualified)
        self.value("insert into anze.appointment (person_id, unit_id, post, held, is_full_time, portfolio, region_code, sector,"
                   " is_body) select %s, id, %s, daterange(%s, %s), %s, %s, region_code, sector, is_body from anze.unit"
                   " where id = %s returning id", person, post, since, until, full_time, list(portfolio), unit)
        return person

    def leave(self, unit, post, day):
        self.connection.execute("update anze.appointment set held = daterange(lower(held), %s) where unit_id = %s and"
                                " post = %s", (day, unit, post))

    def record(self, unit, kind, on=EVER, valid=None, published=None):
        return self.value("insert into anze.duty_record (kind, unit_id, on_day, title, valid, published_on, region_code, sector)"
                          " select %s, id, %s, '测试', %s::daterange, %s, region_code, sector from anze.unit where id = %s"
                          " returning id", kind, on, valid, published, unit)

    def judge(self, *units):
        return self.value("select anze.refresh_findings(%s)", list(units))

    def broken(self, unit) -> dict[str, dt.date]:
        """What is broken in a unit now, and since when."""
        self.judge(unit)
        return dict(self.connection.execute("select rule, since from anze.structural_finding where unit_id = %s and"
                                            " ended_on is null", (unit,)).fetchall())

    def history(self, unit, rule) -> list[tuple]:
        self.judge(unit)
        return self.connection.execute("select since, ended_on from anze.structural_finding where unit_id = %s and rule = %s"
                                       " order by found_at, since", (unit, rule)).fetchall()


@pytest.fixture
def office(database):
    with database.owner() as owner:
        yield Office(owner)
        owner.rollback()


# ---- each rule, kept and broken ----

def held(kind, post, **unit):
    """The post is held, by one."""
    return [(kind, unit, lambda o, u: o.appoint(u, post))]


def standing_leader(office, unit, region=COUNTY):
    """A leader in charge who sits on the standing committee of the region."""
    committee = office.unit("party_committee", region)
    person = office.appoint(committee, "party_standing_member")
    office.appoint(unit, "government_safety_leader", person=person)


def deputy_of_emergency(office, unit, full_time=True, role="comprehensive", region=CITY):
    department = office.unit("department", region, "city", supervision_role=role)
    person = office.appoint(department, "department_deputy")
    office.appoint(unit, "office_deputy_director", person=person, full_time=full_time)


def executive_in_charge(office, unit):
    person = office.appoint(unit, "department_executive_deputy")
    office.appoint(unit, "department_safety_deputy", person=person)


def officers(good, bad, region=COUNTY):
    def engage(office, unit):
        department = office.unit("department", region, "county", supervision_role="sector")
        for n in range(good + bad):
            office.appoint(department, "enforcement_officer", qualified=["safety_experience"] if n < good else [])
    return engage


def sections(count):
    return lambda o, u: [o.unit("section", CITY, accountable_to=u) for _ in range(count)]


def each(*steps):
    return lambda o, u: [step(o, u) for step in steps]


def post(name, **more):
    return lambda o, u: o.appoint(u, name, **more)


def note(kind, **more):
    return lambda o, u: o.record(u, kind, **more)


def nothing(office, unit):
    return None


CITY_COMPREHENSIVE = {"region": CITY, "level": "city", "supervision_role": "comprehensive"}
OFFICE = {"region": CITY, "level": "city"}
HAZARD_SOURCE = {"site_kind": "major_hazard_source", "sector": "chemical"}
MINE = {"site_kind": "mine", "sector": "coal"}
MINE_POSTS = ["mine_manager", "mine_chief_engineer", "mine_safety_deputy", "mine_production_deputy",
              "mine_electromechanical_deputy"]
SOURCE_POSTS = ["hazard_source_principal", "hazard_source_technical", "hazard_source_operational"]

# rule, kind of unit, what it is, what is so, whether the rule is kept
CASES = [
    ("S1.06", "party_committee", {}, post("party_head"), True),
    ("S1.06", "party_committee", {}, nothing, False),
    ("S1.06", "party_committee", {}, each(post("party_head"), post("party_head")), False),
    ("S1.11", "party_committee", {}, note("duty_list"), True),
    ("S1.11", "party_committee", {}, note("task_list"), False),
    ("S1.12", "party_committee", {"level": "county"}, post("party_standing_member"), True),
    ("S1.12", "party_committee", {"level": "county"}, nothing, False),
    ("S1.12", "party_committee", {"level": "town"}, nothing, True),
    ("S2.03", "government", {}, note("duty_list"), True),
    ("S2.03", "government", {}, nothing, False),
    ("S2.05", "government", {}, post("government_head"), True),
    ("S2.05", "government", {}, nothing, False),
    ("S2.05", "government", {}, each(post("government_head"), post("government_head")), False),
    ("S2.05", "township", {"region": TOWN}, nothing, False),
    ("S2.10", "government", {}, post("government_safety_leader"), True),
    ("S2.10", "government", {}, each(post("government_safety_leader"), post("government_safety_leader")), False),
    ("S2.10", "government", {}, nothing, False),
    ("S2.10-STANDING", "government", {}, standing_leader, True),
    ("S2.10-STANDING", "government", {}, lambda o, u: standing_leader(o, u, OTHER_COUNTY), False),
    ("S2.10-STANDING", "government", {}, post("government_safety_leader"), False),
    ("S2.10-STANDING", "government", {}, nothing, True),
    ("S2.11", "government", {}, post("government_leader", portfolio=["coal"]), True),
    ("S2.11", "government", {}, each(post("government_leader", portfolio=["coal"]), post("government_leader")), False),
    ("S2.15", "safety_office", OFFICE, post("office_director"), True),
    ("S2.15", "safety_office", OFFICE, nothing, False),
    ("S2.15", "safety_office", {"level": "county"}, nothing, True),
    ("S2.16", "safety_office", OFFICE, deputy_of_emergency, True),
    ("S2.16", "safety_office", OFFICE, lambda o, u: deputy_of_emergency(o, u, full_time=False), False),
    ("S2.16", "safety_office", OFFICE, lambda o, u: deputy_of_emergency(o, u, role="sector"), False),
    ("S2.16", "safety_office", OFFICE, lambda o, u: deputy_of_emergency(o, u, region=COUNTY), False),
    ("S2.16", "safety_office", OFFICE, post("office_deputy_director", full_time=True), False),
    ("S2.17", "safety_office", OFFICE, sections(2), True),
    ("S2.17", "safety_office", OFFICE, sections(1), False),
    ("S3.02", "department", {}, note("duty_list", published=EVER), True),
    ("S3.02", "department", {}, note("duty_list"), False),
    ("S3.05", "department", {}, post("department_head"), True),
    ("S3.05", "department", {}, nothing, False),
    ("S3.08", "department", {}, executive_in_charge, True),
    ("S3.08", "department", {}, post("department_executive_deputy"), False),
    ("S3.08-EXECUTIVE", "department", {}, executive_in_charge, True),
    ("S3.08-EXECUTIVE", "department", {}, each(post("department_executive_deputy"), post("department_safety_deputy")), False),
    ("S3.09-BODY", "department", {}, sections(1), True),
    ("S3.09-BODY", "department", {}, nothing, False),
    ("S3.09-STAFF", "department", {}, post("safety_supervisor", full_time=True), True),
    ("S3.09-STAFF", "department", {}, post("safety_supervisor"), False),
    ("S3.10", "department", {}, note("document"), True),
    ("S3.10", "department", {}, nothing, False),
    ("S5.01", "enterprise", {}, each(post("legal_representative"), post("principal")), True),
    ("S5.01", "enterprise", {}, post("legal_representative"), False),
    ("S5.01", "enterprise", {}, each(post("legal_representative"), post("principal"), post("principal")), False),
    ("S5.01-CONTROLLER", "enterprise", {}, each(post("actual_controller"), post("actual_controller")), True),
    ("S5.01-CONTROLLER", "enterprise_group", {}, nothing, False),
    ("S5.05", "enterprise", {}, note("duty_list"), True),
    ("S5.05", "enterprise", {}, nothing, False),
    ("S5.08", "site", HAZARD_SOURCE, each(*map(post, SOURCE_POSTS)), True),
    ("S5.08", "site", HAZARD_SOURCE, each(*map(post, SOURCE_POSTS[:2])), False),
    ("S5.08", "site", {"site_kind": "other"}, nothing, True),
    ("S5.09", "site", MINE, each(*map(post, MINE_POSTS)), True),
    ("S5.09", "site", MINE, each(*map(post, MINE_POSTS[1:])), False),
    ("S5.09", "site", {**MINE, "sector": "non_coal_mine"}, nothing, True),
    ("S5.14", "enterprise", {"high_risk": ["mine"]}, note("insurance_policy", valid="[2025-01-01,2099-01-01)"), True),
    ("S5.14", "enterprise", {"high_risk": ["mine"]}, note("insurance_policy", valid="[2025-01-01,2026-01-01)"), False),
    ("S5.14", "enterprise", {}, nothing, True),
    ("S12.01", "department", CITY_COMPREHENSIVE, note("staff_register"), True),
    ("S12.01", "department", CITY_COMPREHENSIVE, nothing, False),
    ("S12.01", "department", {"supervision_role": "sector"}, nothing, True),
    ("S12.02", "government", {}, officers(3, 1), True),
    ("S12.02", "government", {}, officers(2, 1), False),
    ("S12.02", "government", {}, officers(0, 0), True),
    ("S12.02", "government", {}, officers(0, 1, OTHER_COUNTY), True),
    ("S12.03", "department", CITY_COMPREHENSIVE, post("enforcement_officer"), True),
    ("S12.03", "department", CITY_COMPREHENSIVE, nothing, False),
    ("S12.04", "department", CITY_COMPREHENSIVE, post("department_deputy", qualified=["safety_education"]), True),
    ("S12.04", "department", CITY_COMPREHENSIVE, post("department_deputy", qualified=["chemical_education"]), False),
    ("S12.04", "department", CITY_COMPREHENSIVE, post("safety_supervisor", qualified=["safety_education"]), False),
    ("S12.04", "department", {**CITY_COMPREHENSIVE, "level": "county"}, nothing, True),
    ("S12.05", "chemical_park", {},
     post("park_leader", qualified=["chemical_education", "chemical_experience"]), True),
    ("S12.05", "chemical_park", {}, post("park_leader", qualified=["chemical_education"]), False),
    ("S12.08", "department", CITY_COMPREHENSIVE, note("equipment_register"), True),
    ("S12.08", "department", CITY_COMPREHENSIVE, nothing, False),
]


@pytest.mark.parametrize("rule, kind, what, so, kept", CASES)
def test_a_rule_is_kept_or_broken(office, rule, kind, what, so, kept):
    unit = office.unit(kind, **what)
    so(office, unit)
    assert (rule not in office.broken(unit)) is kept


def test_every_rule_has_a_case_on_both_sides(database):
    with database.owner() as owner:
        rules = {row[0] for row in owner.execute("select code from anze.structural_rule")}
    assert {case[0] for case in CASES if case[4]} == rules == {case[0] for case in CASES if not case[4]}


def test_every_rule_names_posts_records_and_figures_that_are_there(database):
    with database.owner() as owner:
        assert owner.execute(
            "select r.code, p from anze.structural_rule r, unnest(r.posts || r.other_posts) p where not exists (select from"
            " anze.post o where o.code = p) union all select r.code, k from anze.structural_rule r, unnest(r.record_kinds) k"
            " where not exists (select from anze.duty_record_kind d where d.code = k) union all select r.code, f from"
            " anze.structural_rule r, unnest(array[minimum_rule, maximum_rule]) f where f is not null and not exists (select"
            " from anze.rule o where o.code = f)").fetchall() == []


def test_every_constraint_of_these_tables_says_what_it_means(database):
    """中文 | English | /pointer: the service answers with these sentences."""
    with database.owner() as owner:
        rows = owner.execute(
            "select c.conname, obj_description(c.oid, 'pg_constraint') from pg_constraint c join pg_class t on t.oid ="
            " c.conrelid where t.relnamespace = 'anze'::regnamespace and c.contype in ('c', 'u', 'f', 'x', 'p') and t.relname in"
            " ('duty', 'duty_event_kind', 'structural_rule', 'structural_finding')").fetchall()
    assert len(rows) > 20 and [name for name, comment in rows if (comment or "").count("|") != 2] == []


# ---- since when ----

def test_without_anybody_it_is_broken_since_the_rule_is_in_force(office):
    assert office.broken(office.unit("party_committee"))["S1.06"] == START


def test_a_unit_that_came_later_breaks_it_from_its_first_day(office):
    assert office.broken(office.unit("party_committee", opened=dt.date(2024, 5, 6)))["S1.06"] == dt.date(2024, 5, 6)


def test_a_unit_that_is_not_there_yet_or_any_more_breaks_nothing(office):
    assert office.broken(office.unit("party_committee", opened=office.today + DAY)) == {}
    assert office.broken(office.unit("party_committee", closed_on=office.today)) == {}
    assert office.broken(office.unit("party_committee", closed_on=office.today + DAY)) != {}


def test_it_is_broken_since_the_last_one_left(office):
    unit = office.unit("party_committee")
    office.appoint(unit, "party_head", until=dt.date(2024, 3, 1))
    assert office.broken(unit)["S1.06"] == dt.date(2024, 3, 1)


def test_who_holds_a_post_from_tomorrow_on_does_not_count_today(office):
    unit = office.unit("party_committee")
    office.appoint(unit, "party_head", until=dt.date(2024, 3, 1))
    office.appoint(unit, "party_head", since=office.today + DAY)
    assert office.broken(unit)["S1.06"] == dt.date(2024, 3, 1)


def test_who_leaves_tomorrow_counts_today(office):
    unit = office.unit("party_committee")
    office.appoint(unit, "party_head", until=office.today + DAY)
    assert "S1.06" not in office.broken(unit)


def test_who_begins_today_counts_and_who_left_today_does_not(office):
    begun, left = office.unit("party_committee"), office.unit("party_committee")
    office.appoint(begun, "party_head", since=office.today)
    office.appoint(left, "party_head", until=office.today)
    assert "S1.06" not in office.broken(begun)
    assert office.broken(left)["S1.06"] == office.today


def test_two_heads_are_one_too_many_since_the_second_came(office):
    unit = office.unit("party_committee")
    office.appoint(unit, "party_head")
    office.appoint(unit, "party_head", since=dt.date(2025, 7, 1))
    assert office.broken(unit)["S1.06"] == dt.date(2025, 7, 1)


@pytest.mark.parametrize("accepts, broken", [(True, False), (False, True)])
def test_somebody_acting_fills_the_post_where_the_rule_takes_it_and_holds_it_instead_of_its_holder(office, accepts, broken):
    """For a head who is there as well there are not two; in an empty post somebody is, unless the rule asks for a regular one."""
    office.connection.execute("update anze.structural_rule set accepts_acting = %s where code = 'S3.05'", (accepts,))
    served, empty = office.unit("department", level="county"), office.unit("department", level="county")
    office.appoint(served, "department_head")
    for unit in (served, empty):
        person = office.appoint(unit, "department_head", dt.date(2026, 5, 1))
        office.connection.execute("update anze.appointment set kind = 'acting' where person_id = %s", (person,))
    office.judge(served, empty)
    assert "S3.05" not in office.broken(served)
    assert ("S3.05" in office.broken(empty)) == broken


def test_a_change_of_hands_without_a_gap_breaks_nothing(office):
    unit = office.unit("party_committee")
    office.appoint(unit, "party_head", until=dt.date(2025, 7, 1))
    office.appoint(unit, "party_head", since=dt.date(2025, 7, 1))
    assert "S1.06" not in office.broken(unit)


def test_gaps_that_were_filled_are_not_what_counts(office):
    unit = office.unit("party_committee")
    office.appoint(unit, "party_head", until=dt.date(2023, 1, 1))
    office.appoint(unit, "party_head", since=dt.date(2024, 1, 1), until=dt.date(2025, 1, 1))
    assert office.broken(unit)["S1.06"] == dt.date(2025, 1, 1)


def test_of_several_posts_it_is_broken_since_the_first_that_is_still_empty(office):
    unit = office.unit("site", **HAZARD_SOURCE)
    office.appoint(unit, SOURCE_POSTS[0])
    office.appoint(unit, SOURCE_POSTS[1], until=dt.date(2025, 2, 1))
    office.appoint(unit, SOURCE_POSTS[2], until=dt.date(2024, 2, 1))
    assert office.broken(unit)["S5.08"] == dt.date(2024, 2, 1)
    counts = office.value("select detail -> 'counts' from anze.structural_finding where unit_id = %s and rule = 'S5.08'", unit)
    assert [(c["post"], c["good"], c["minimum"], c["maximum"]) for c in counts] == [
        (SOURCE_POSTS[2], 0, 1, 1), (SOURCE_POSTS[1], 0, 1, 1)]


def test_a_leader_who_left_the_standing_committee_breaks_it_from_that_day(office):
    unit, committee = office.unit("government"), office.unit("party_committee")
    person = office.appoint(committee, "party_standing_member", until=dt.date(2025, 4, 1))
    office.appoint(unit, "government_safety_leader", person=person)
    assert office.broken(unit)["S2.10-STANDING"] == dt.date(2025, 4, 1)
    office.appoint(committee, "party_head", since=dt.date(2025, 6, 1), person=person)
    assert "S2.10-STANDING" not in office.broken(unit)


def test_a_policy_that_ran_out_is_missed_from_its_end(office):
    unit = office.unit("enterprise", high_risk=["mine"])
    office.record(unit, "insurance_policy", valid="[2025-01-01,2026-02-03)")
    assert office.broken(unit)["S5.14"] == dt.date(2026, 2, 3)
    office.record(unit, "insurance_policy", valid="[2026-02-03,2099-01-01)")
    assert "S5.14" not in office.broken(unit)


def test_a_list_counts_from_the_day_on_which_it_was_published(office):
    unit = office.unit("department")
    office.record(unit, "duty_list", valid="[2023-01-01,)", published=dt.date(2024, 9, 1))
    office.broken(unit)
    assert "S3.02" not in office.broken(unit)
    office.connection.execute("alter table anze.duty_record disable trigger append_only")
    office.connection.execute("update anze.duty_record set valid = '[2023-01-01,2025-01-01)' where unit_id = %s", (unit,))
    assert office.broken(unit)["S3.02"] == dt.date(2025, 1, 1)


def test_a_record_that_was_retracted_does_not_count(office):
    unit = office.unit("department")
    record = office.record(unit, "document")
    assert "S3.10" not in office.broken(unit)
    office.connection.execute("update anze.duty_record set retracted_at = now(), retracted_by = 'x', retraction_reason = '误报'"
                              " where id = %s", (record,))
    assert office.broken(unit)["S3.10"] == START


def test_a_section_that_was_closed_is_missed_from_then_on(office):
    unit = office.unit("safety_office", **OFFICE)
    office.unit("section", CITY, accountable_to=unit)
    office.unit("section", CITY, accountable_to=unit, closed_on=dt.date(2025, 8, 1))
    assert office.broken(unit)["S2.17"] == dt.date(2025, 8, 1)


def test_the_share_of_officers_counts_from_2023_on_and_by_the_day(office):
    unit = office.unit("government")
    department = office.unit("department", level="county", supervision_role="sector")
    for since, qualified in ((EVER, True), (EVER, True), (EVER, True), (EVER, False), (dt.date(2025, 5, 1), False)):
        office.appoint(department, "enforcement_officer", since=since, qualified=["safety_certificate"] if qualified else [])
    assert office.broken(unit)["S12.02"] == dt.date(2025, 5, 1)
    assert office.value("select detail from anze.structural_finding where unit_id = %s and rule = 'S12.02'", unit) == {
        "counts": [{"good": 3, "whole": 5, "minimum": 75}]}
    office.connection.execute("update anze.person set qualifications = '{}' where unit_id = %s", (department,))
    assert office.broken(unit)["S12.02"] == dt.date(2023, 1, 1)


def test_a_figure_that_an_administrator_raised_counts_from_its_day(office):
    unit = office.unit("government")
    officers(3, 1)(office, unit)
    assert "S12.02" not in office.broken(unit)
    office.connection.execute(
        "select anze.revise_rule('STRUCT.OFFICERS.QUALIFIED', '1', %s)",
        (json.dumps({"value": 80, "in_force_from": "2025-01-01", "reason": "提高要求"}),))
    assert office.broken(unit)["S12.02"] == dt.date(2025, 1, 1)


def test_a_unit_answers_for_what_it_is_from_the_day_on_which_it_became_that(office):
    unit = office.unit("department", **CITY_COMPREHENSIVE)
    office.connection.execute("delete from anze.unit_span where unit_id = %s", (unit,))
    office.connection.execute(
        "insert into anze.unit_span (unit_id, during, kind, name, region_code, level, supervision_role, supervised_sectors,"
        " high_risk, is_body) values (%s, '[2020-01-01,2025-10-01)', 'department', 'x', %s, 'city', 'sector', '{}', '{}', true)",
        (unit, CITY))
    assert office.broken(unit)["S12.04"] == dt.date(2025, 10, 1)


# ---- how findings end, and what stays ----

def test_looking_again_changes_nothing(office):
    unit = office.unit("party_committee")
    assert office.judge(unit) > 0
    before = office.connection.execute("select id, xmin from anze.structural_finding where unit_id = %s order by id",
                                       (unit,)).fetchall()
    assert office.judge(unit) == 0
    assert office.connection.execute("select id, xmin from anze.structural_finding where unit_id = %s order by id",
                                     (unit,)).fetchall() == before


def test_a_finding_ends_on_the_day_on_which_the_rule_is_kept_again(office):
    unit = office.unit("party_committee")
    office.broken(unit)
    office.appoint(unit, "party_head", since=dt.date(2025, 6, 1))
    assert office.history(unit, "S1.06") == [(START, dt.date(2025, 6, 1))]


def test_what_is_broken_again_is_a_finding_of_its_own(office):
    unit = office.unit("party_committee")
    office.broken(unit)
    office.appoint(unit, "party_head", since=dt.date(2025, 6, 1))
    office.broken(unit)
    office.leave(unit, "party_head", dt.date(2026, 6, 1))
    assert office.history(unit, "S1.06") == [(START, dt.date(2025, 6, 1)), (dt.date(2026, 6, 1), None)]


def test_what_was_mended_and_broken_between_two_looks_is_two_findings(office):
    unit = office.unit("party_committee")
    office.broken(unit)
    office.appoint(unit, "party_head", since=dt.date(2025, 6, 1), until=dt.date(2026, 6, 1))
    assert office.history(unit, "S1.06") == [(START, dt.date(2025, 6, 1)), (dt.date(2026, 6, 1), None)]


def test_an_appointment_that_turns_out_to_be_older_leaves_an_empty_finding(office):
    unit = office.unit("party_committee")
    office.broken(unit)
    office.appoint(unit, "party_head", since=EVER)
    assert office.history(unit, "S1.06") == [(START, START)]


def test_a_leaving_that_turns_out_to_be_earlier_moves_the_day_and_not_the_finding(office):
    unit = office.unit("party_committee")
    office.appoint(unit, "party_head", until=dt.date(2025, 6, 1))
    office.broken(unit)
    office.leave(unit, "party_head", dt.date(2025, 3, 1))
    assert office.history(unit, "S1.06") == [(dt.date(2025, 3, 1), None)]


def test_the_findings_of_a_unit_end_when_it_is_closed(office):
    unit = office.unit("party_committee")
    office.broken(unit)
    office.connection.execute("update anze.unit set closed_on = '2026-02-01' where id = %s", (unit,))
    assert office.history(unit, "S1.06") == [(START, dt.date(2026, 2, 1))]


def test_a_rule_that_no_longer_concerns_the_unit_ends_today(office):
    unit = office.unit("enterprise", high_risk=["mine"])
    since = office.broken(unit)["S5.14"]
    office.connection.execute("update anze.unit set high_risk = '{}' where id = %s", (unit,))
    assert office.history(unit, "S5.14") == [(since, office.today)]


def test_a_unit_that_moved_takes_its_findings_with_it(office):
    unit = office.unit("enterprise", TOWN)
    office.broken(unit)
    office.connection.execute("update anze.unit set region_code = %s, sector = 'coal' where id = %s", (OTHER_COUNTY, unit))
    office.judge(unit)
    assert office.connection.execute("select distinct region_code, sector from anze.structural_finding where unit_id = %s",
                                     (unit,)).fetchall() == [(OTHER_COUNTY, "coal")]


# ---- who is judged with whom ----

def test_a_change_in_the_party_committee_is_seen_in_the_government(office):
    government, committee = office.unit("government"), office.unit("party_committee")
    person = office.appoint(government, "government_safety_leader")
    assert "S2.10-STANDING" in office.broken(government)
    office.appoint(committee, "party_standing_member", person=person)
    office.judge(committee)
    assert office.value("select count(*) from anze.structural_finding where unit_id = %s and rule = 'S2.10-STANDING' and"
                        " ended_on is null", government) == 0


def test_a_new_section_is_seen_in_whom_it_answers_to(office):
    unit = office.unit("department")
    assert "S3.09-BODY" in office.broken(unit)
    office.judge(office.unit("section", accountable_to=unit))
    assert office.value("select count(*) from anze.structural_finding where unit_id = %s and rule = 'S3.09-BODY' and"
                        " ended_on is null", unit) == 0


def test_an_enterprise_is_judged_alone(office):
    one = office.unit("enterprise")
    assert office.value("select anze.structure_depends(%s)", [one]) == [one]


# ---- what it costs ----

def test_judging_reads_no_table_whole(database, make_database, cluster):
    """With many units, people and records, everything is found by index from the units that are asked for."""
    crowded = make_database(cluster)
    with crowded.admin() as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("insert into anze.unit (kind, name, region_code, sector) select 'enterprise', 'e' || g, '150622101', 'coal'"
                      " from generate_series(1, 5000) g")
        admin.execute("insert into anze.person (unit_id, code, name, region_code, sector, is_body) select u.id, n::text, 'p',"
                      " u.region_code, u.sector, false from anze.unit u, generate_series(1, 6) n where u.kind = 'enterprise'")
        admin.execute("insert into anze.appointment (person_id, unit_id, post, held, region_code, sector, is_body) select p.id,"
                      " p.unit_id, 'team_leader', '[2020-01-01,)', p.region_code, p.sector, false from anze.person p")
        admin.execute("insert into anze.duty_record (kind, unit_id, on_day, title, region_code) select 'training', u.id,"
                      " '2025-01-01', 'x', u.region_code from anze.unit u, generate_series(1, 6) where u.kind = 'enterprise'")
        admin.execute("analyze")
    with crowded.owner() as owner:
        ids = owner.execute("select array_agg(id) from (select id from anze.unit where kind = 'enterprise' order by id"
                            " limit 100) u").fetchone()[0]
        plan = "\n".join(row[0] for row in owner.execute(
            "explain (costs off) select * from anze.structure_verdicts(%s)", (ids,)))
    for table in ("unit", "person", "appointment", "duty_record"):
        assert f"Seq Scan on {table} " not in plan and f"Seq Scan on {table}\n" not in plan, plan
    assert "appointment_once" not in plan
