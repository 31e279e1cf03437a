"""What is owed, what counts, and who answers for it: the duty engine's rules, each on both sides."""
import datetime as dt
import json

import pytest

from harness.duties import Office

CHINA = dt.timezone(dt.timedelta(hours=8))


@pytest.fixture
def office(database):
    with database.owner() as connection:
        connection.execute("insert into anze.instrument (code, title, issued_by, in_force) values"
                           " ('OPINION-ORDOS-2022', '实施意见', '鄂尔多斯市', '[2022-01-01,)') on conflict do nothing")
        yield Office(connection)
        connection.rollback()


def starts(obligations: list[dict]) -> list[str]:
    return [o["period_start"] for o in obligations]


# ------------------------------------------------------------------ periods

@pytest.mark.parametrize("period, since, until, expected", [
    ("week", "2026-06-29", "2026-07-13", ["2026-06-29", "2026-07-06"]),
    ("week", "2026-06-28", "2026-06-29", ["2026-06-22"]),
    ("month", "2026-01-31", "2026-03-01", ["2026-01-01", "2026-02-01"]),
    ("month", "2026-01-31", "2026-03-02", ["2026-01-01", "2026-02-01", "2026-03-01"]),
    ("quarter", "2026-03-31", "2026-04-01", ["2026-01-01"]),
    ("quarter", "2026-03-31", "2026-04-02", ["2026-01-01", "2026-04-01"]),
    ("half_year", "2026-06-30", "2026-07-02", ["2026-01-01", "2026-07-01"]),
    ("year", "2025-12-31", "2026-01-02", ["2025-01-01", "2026-01-01"]),
])
def test_a_duty_is_owed_in_every_period_that_is_touched(office, period, since, until, expected):
    unit, duty = office.unit(), office.duty(period=period)
    office.plan(unit, since, until)
    assert starts(office.obligations(unit, duty)) == expected


@pytest.mark.parametrize("period, start, due", [
    ("month", "2026-02-01", "2026-03-01"), ("month", "2024-02-01", "2024-03-01"), ("quarter", "2026-07-01", "2026-10-01"),
    ("half_year", "2026-01-01", "2026-07-01"), ("year", "2026-01-01", "2027-01-01"), ("week", "2026-12-28", "2027-01-04"),
])
def test_it_is_due_at_the_end_of_the_last_chinese_day_of_the_period(office, period, start, due):
    unit, duty = office.unit(), office.duty(period=period)
    office.plan(unit, start, str(dt.date.fromisoformat(start) + dt.timedelta(days=1)))
    (one,) = office.obligations(unit, duty)
    assert dt.datetime.fromisoformat(one["due_at"]) == dt.datetime.fromisoformat(due).replace(tzinfo=CHINA)


def test_a_deliverable_is_due_its_days_after_the_period_and_missed_after_its_grace(office):
    unit = office.unit()
    duty = office.duty(period="quarter", counting="deliverable", due_days=15, grace_days=5, record_kinds=["hazard_statistics"])
    office.plan(unit, "2026-07-01", "2026-07-02")
    (one,) = office.obligations(unit, duty)
    assert dt.datetime.fromisoformat(one["due_at"]) == dt.datetime(2026, 10, 16, tzinfo=CHINA)
    assert dt.datetime.fromisoformat(one["missed_from"]) == dt.datetime(2026, 10, 21, tzinfo=CHINA)


def test_what_is_owed_once_is_due_by_its_day(office):
    unit = office.unit()
    duty = office.duty(period="once", once_by="2026-12-31", counting="deliverable", record_kinds=["document"])
    office.plan(unit, "2026-11-01", "2026-11-02")
    (one,) = office.obligations(unit, duty)
    assert dt.datetime.fromisoformat(one["due_at"]) == dt.datetime(2027, 1, 1, tzinfo=CHINA)


# ------------------------------------------------------------------ whose duty it is

@pytest.mark.parametrize("duty, unit, owed", [
    ({"unit_kinds": ["department"]}, {"kind": "department"}, True),
    ({"unit_kinds": ["department"]}, {"kind": "enterprise"}, False),
    ({"unit_kinds": ["government"], "levels": ["county"]}, {"kind": "government", "level": "county"}, True),
    ({"unit_kinds": ["government"], "levels": ["county"]}, {"kind": "government", "level": "city"}, False),
    ({"unit_kinds": ["government"], "levels": ["county"]}, {"kind": "government"}, False),
    ({"sectors": ["coal"]}, {"kind": "enterprise", "sector": "coal"}, True),
    ({"sectors": ["coal"]}, {"kind": "enterprise", "sector": "fire"}, False),
    ({"sectors": ["coal"]}, {"kind": "enterprise"}, False),
    ({"high_risk_only": True}, {"kind": "enterprise", "high_risk": ["mine"]}, True),
    ({"high_risk_only": True}, {"kind": "enterprise"}, False),
    ({"unit_kinds": ["site"], "site_kinds": ["mine"]}, {"kind": "site", "site_kind": "mine"}, True),
    ({"unit_kinds": ["site"], "site_kinds": ["mine"]}, {"kind": "site", "site_kind": "tailings_pond"}, False),
    ({"unit_kinds": ["department"], "supervision_role": "comprehensive"},
     {"kind": "department", "supervision_role": "comprehensive"}, True),
    ({"unit_kinds": ["department"], "supervision_role": "comprehensive"},
     {"kind": "department", "supervision_role": "sector"}, False),
])
def test_a_duty_binds_the_units_that_it_names(office, duty, unit, owed):
    duty, unit = office.duty(**duty), office.unit(**unit)
    office.plan(unit, "2026-03-01", "2026-03-02")
    assert len(office.obligations(unit, duty)) == owed


@pytest.mark.parametrize("opened, closed, count, required", [
    ("2026-06-01", None, 1, 1), ("2026-06-16", None, 1, 1), ("2026-06-17", None, 1, None),
    ("2020-01-01", "2026-06-16", 1, 1), ("2020-01-01", "2026-06-15", 1, None),
    ("2026-06-19", None, 5, 2), ("2026-06-13", None, 5, 3), ("2026-06-10", "2026-06-19", 5, 2),
])
def test_of_a_part_of_a_period_its_share_is_owed(office, opened, closed, count, required):
    """June has 30 days: half of it is enough for one; of five, as many as the share gives, rounded."""
    unit, duty = office.unit(opened=opened, closed=closed), office.duty(minimum_count=count)
    office.plan(unit, "2026-06-01", "2026-07-01")
    assert [o["required"] for o in office.obligations(unit, duty)] == ([required] if required else [])


def test_nothing_is_owed_before_the_system_knew_the_unit(office):
    unit, duty = office.unit(begins="2026-05-20"), office.duty()
    office.plan(unit, "2026-01-01", "2026-07-01")
    assert starts(office.obligations(unit, duty)) == ["2026-05-01", "2026-06-01"]


def test_nothing_is_owed_after_a_unit_closed_and_what_was_planned_is_withdrawn(office):
    unit, duty = office.unit(), office.duty()
    office.plan(unit, "2026-05-01", "2026-08-01")
    office.run("select set_config('anze.effective_on', '2026-06-20', true)")
    office.run("update anze.unit set closed_on = '2026-06-20' where id = %s", unit)
    office.plan(unit, "2026-05-01", "2026-08-01")
    assert office.states(unit, duty) == {"2026-05-01": "open", "2026-06-01": "open"}
    assert [o["state"] for o in office.obligations(unit, duty, withdrawn=True)] == ["open", "open", "withdrawn"]


# ------------------------------------------------------------------ versions of the catalogue

@pytest.mark.parametrize("mode, begins, counted", [
    ("first_whole_period", "2026-06-15", [(1, 1), (1, 1), (2, 2)]), ("first_whole_period", "2026-06-01", [(1, 1), (2, 2), (2, 2)]),
    ("running_period", "2026-06-15", [(1, 1), (2, 2), (2, 2)]), ("running_period", "2026-06-30", [(1, 1), (2, 2), (2, 2)]),
])
def test_a_revision_counts_from_its_first_whole_period_unless_it_says_otherwise(office, mode, begins, counted):
    unit = office.unit()
    duty = office.duty(minimum_count=1, in_force=f"[2022-01-01,{begins})")
    office.duty(code=duty, version=2, minimum_count=2, in_force=f"[{begins},)", counts_from=mode)
    office.plan(unit, "2026-05-01", "2026-08-01")
    assert [(o["duty_version"], o["required"]) for o in office.obligations(unit, duty)] == counted


def revise(office, duty: str, on: str, **changes) -> None:
    office.run("update anze.duty set in_force = daterange(lower(in_force), %s) where code = %s and upper_inf(in_force)", on, duty)
    office.run("insert into anze.duty select (jsonb_populate_record(d, %s::jsonb)).* from anze.duty d where d.code = %s"
               " order by d.version desc limit 1",
               json.dumps({"version": 2, "in_force": f"[{on},)", "origin": "administrator", **changes}), duty)


def figures(office, duty: str, at=None) -> tuple:
    return office.run("select coalesce(sum(owed), 0)::int, coalesce(sum(done), 0)::int, coalesce(sum(done_late), 0)::int,"
                      " coalesce(sum(missed), 0)::int from anze.compliance_counts('[2026-01-01,2029-01-01)', %s, null)"
                      " where duty = %s", at, duty)[0]


@pytest.mark.parametrize("planned", ["before", "after", "both", "from the day"])
def test_a_revision_in_mid_week_withdraws_nothing_of_fifty_two_weeks(office, planned):
    """2027 has 52 weeks that end in it. Until the week of 28 June (its Wednesday is the day) one check is owed, from 5 July on two."""
    office.run("select set_config('anze.reach', 'region', true), set_config('anze.region', '15', true)")
    unit = office.unit()
    duty = office.duty(period="week")
    if planned != "after":
        office.plan(unit, "2027-01-04", "2027-12-27")
        assert len(office.obligations(unit, duty)) == 51
    office.record(unit, "2027-06-29")
    revise(office, duty, "2027-06-30", minimum_count=2)
    if planned == "from the day":
        office.plan(unit, "2027-06-30", "2028-01-03")
    else:
        office.plan(unit, "2027-01-04", "2028-01-03")
    owed = office.obligations(unit, duty, withdrawn=True)
    assert len(owed) == 52 and {o["state"] for o in owed} == {"open", "done"}
    by_hand = [(1, 1) if dt.date(2027, 1, 4) + dt.timedelta(weeks=n) <= dt.date(2027, 6, 28) else (2, 2) for n in range(52)]
    assert [(o["duty_version"], o["required"]) for o in owed] == by_hand
    assert sum(o["required"] for o in owed) == 26 + 26 * 2
    assert figures(office, duty)[:3] == (52, 1, 0)
    assert office.states(unit, duty)["2027-06-28"] == "done", "one was enough for the week that had begun"
    before = office.obligations(unit, duty)
    assert office.plan(unit, "2027-06-30", "2028-01-03") == 0 and office.obligations(unit, duty) == before
    office.run("select anze.fold_tally(100000)")
    assert figures(office, duty)[:3] == figures(office, duty, dt.datetime.now(dt.timezone.utc))[:3] == (52, 1, 0)


def test_another_period_takes_over_when_it_first_begins_and_nothing_lapses_between(office):
    unit, duty = office.unit(), office.duty(period="week")
    revise(office, duty, "2026-06-17", period="month")
    office.plan(unit, "2026-06-01", "2026-08-01")
    assert [(o["period"], o["period_start"]) for o in office.obligations(unit, duty)] == [
        *[("week", day) for day in ("2026-06-01", "2026-06-08", "2026-06-15", "2026-06-22", "2026-06-29")], ("month", "2026-07-01")]


def test_what_is_owed_once_stays_the_same_obligation_when_it_is_revised(office):
    unit = office.unit()
    duty = office.duty(period="once", once_by="2026-12-31", counting="deliverable", record_kinds=["document"])
    office.plan(unit, "2026-11-01", "2026-11-02")
    office.record(unit, "2026-11-02", kind="document")
    revise(office, duty, "2026-11-10", grace_days=5)
    office.plan(unit, "2026-11-10", "2026-11-11")
    assert [(o["duty_version"], o["state"]) for o in office.obligations(unit, duty, withdrawn=True)] == [(2, "done")]


def test_a_duty_that_comes_into_force_within_a_period_is_owed_by_its_share(office):
    unit = office.unit()
    early = office.duty(in_force="[2026-06-10,)")
    late = office.duty(in_force="[2026-06-20,)")
    office.plan(unit, "2026-06-01", "2026-07-02")
    assert starts(office.obligations(unit, early)) == ["2026-06-01", "2026-07-01"]
    assert starts(office.obligations(unit, late)) == ["2026-07-01"]


def test_a_duty_that_ended_is_not_owed_any_more(office):
    unit, duty = office.unit(), office.duty(in_force="[2022-01-01,2026-06-15)")
    office.plan(unit, "2026-05-01", "2026-07-01")
    assert starts(office.obligations(unit, duty)) == ["2026-05-01"]


# ------------------------------------------------------------------ what counts

@pytest.mark.parametrize("on, state", [
    ("2026-05-31", "open"), ("2026-06-01", "done"), ("2026-06-30", "done"), ("2026-07-01", "open"),
])
def test_what_happens_within_the_period_counts_for_it(office, on, state):
    unit, duty = office.unit(), office.duty()
    office.plan(unit, "2026-06-01", "2026-07-01")
    office.record(unit, on)
    assert office.states(unit, duty)["2026-06-01"] == state


def test_what_is_made_up_for_names_its_period_and_is_late(office):
    unit, duty = office.unit(), office.duty()
    office.plan(unit, "2026-06-01", "2026-08-01")
    office.record(unit, "2026-07-05", for_period="2026-06-01")
    assert office.states(unit, duty) == {"2026-06-01": "done_late", "2026-07-01": "open"}


@pytest.mark.parametrize("on, state", [("2026-07-02", "done"), ("2026-10-15", "done"), ("2026-10-16", "done_late"),
                                       ("2026-12-31", "done_late")])
def test_a_deliverable_after_its_due_day_is_late(office, on, state):
    unit = office.unit()
    duty = office.duty(period="quarter", counting="deliverable", due_days=15, record_kinds=["hazard_statistics"])
    office.plan(unit, "2026-07-01", "2026-10-01")
    office.record(unit, on, kind="hazard_statistics", for_period="2026-07-01")
    assert office.states(unit, duty)["2026-07-01"] == state


def test_a_deliverable_that_names_no_period_is_of_the_one_that_has_just_ended(office):
    unit = office.unit()
    duty = office.duty(period="quarter", counting="deliverable", due_days=15, record_kinds=["hazard_statistics"])
    office.plan(unit, "2026-04-01", "2026-10-01")
    office.record(unit, "2026-10-10", kind="hazard_statistics")
    assert office.states(unit, duty) == {"2026-04-01": "open", "2026-07-01": "done"}


@pytest.mark.parametrize("on, named, year", [
    ("2026-12-01", None, "2027"), ("2026-12-28", None, "2027"), ("2026-11-20", "2027-01-01", "2027"), ("2027-01-15", None, "2027"),
    ("2026-12-28", "2026-01-01", "2026"), ("2026-11-20", None, "2026"),
])
def test_a_plan_is_of_the_year_that_it_plans_and_may_come_in_december_before(office, on, named, year):
    unit = office.unit()
    duty = office.duty(period="year", counting="planned", due_days=31, ahead_days=31, record_kinds=["plan"])
    office.plan(unit, "2026-01-01", "2027-01-02")
    owed = {o["period_start"][:4]: o for o in office.obligations(unit, duty)}
    assert dt.datetime.fromisoformat(owed["2027"]["due_at"]) == dt.datetime(2027, 2, 1, tzinfo=CHINA)
    office.record(unit, on, kind="plan", for_period=named)
    states = {o["period_start"][:4]: o["state"] for o in office.obligations(unit, duty)}
    assert states == {"2026": "open", "2027": "open", year: "done_late" if year == "2026" else "done"}


def test_a_plan_is_counted_when_it_was_due_and_not_before_the_unit_was_known(office):
    known, late = office.unit(), office.unit(begins="2027-04-10")
    duty = office.duty(period="year", counting="planned", due_days=31, record_kinds=["plan"])
    for unit, due in ((known, (2027, 2, 1)), (late, (2027, 5, 11))):
        office.plan(unit, "2027-04-11", "2027-05-01")
        (one,) = office.obligations(unit, duty)
        assert dt.datetime.fromisoformat(one["due_at"]) == dt.datetime(*due, tzinfo=CHINA)
        shown = office.value("select anze.obligation_item(o) from anze.obligation o where o.id = %s", one["id"])
        assert (shown["period_from"], shown["period_until"]) == ("2027-01-01", "2027-12-31")
    office.record(known, "2027-06-01", kind="plan")
    assert office.states(known, duty) == {"2027-01-01": "done_late"}


@pytest.mark.parametrize("on, year", [("2026-12-28", "2026"), ("2026-12-01", "2026"), ("2026-11-30", "2025"), ("2026-02-10", "2025")])
def test_an_annual_report_of_december_is_of_that_year(office, on, year):
    unit = office.unit()
    duty = office.duty(period="year", counting="deliverable", due_days=90, ahead_days=31, record_kinds=["annual_report"])
    office.plan(unit, "2025-01-01", "2026-12-31")
    office.record(unit, on, kind="annual_report")
    assert [o["period_start"][:4] for o in office.obligations(unit, duty) if o["state"] != "open"] == [year]


def test_as_many_as_are_asked_for_must_be_done(office):
    unit, duty = office.unit(), office.duty(minimum_count=3)
    office.plan(unit, "2026-06-01", "2026-07-01")
    for on, expected in (("2026-06-05", "open"), ("2026-06-15", "open"), ("2026-06-25", "done")):
        office.record(unit, on)
        assert office.states(unit, duty) == {"2026-06-01": expected}
    (one,) = office.obligations(unit, duty)
    assert (one["done_count"], one["done_on"]) == (3, "2026-06-25")


def test_a_record_without_the_evidence_does_not_count_and_says_what_it_lacks(office):
    unit, duty = office.unit(), office.duty(evidence=["minutes", "photo"])
    office.plan(unit, "2026-06-01", "2026-07-01")
    record = office.record(unit, "2026-06-05", evidence=["photo"])
    (one,) = office.obligations(unit, duty)
    assert (one["state"], one["lacking"], one["done_count"]) == ("open", ["evidence:minutes"], 0)
    office.run("alter table anze.duty_record disable trigger append_only")  # as if it had been there from the start
    office.run("update anze.duty_record set evidence = '{photo,minutes}' where id = %s", record)
    office.settle(record)
    (one,) = office.obligations(unit, duty)
    assert (one["state"], one["lacking"]) == ("done", [])


@pytest.mark.parametrize("published, state", [(None, "open"), ("2026-12-31", "done"), ("2027-01-01", "done_late")])
def test_what_must_be_published_counts_from_its_publication(office, published, state):
    unit = office.unit()
    duty = office.duty(period="year", counting="deliverable", publicity=True, record_kinds=["risk_publication"])
    office.plan(unit, "2026-01-01", "2027-01-01")
    office.record(unit, "2026-11-01", kind="risk_publication", published=published)
    assert office.states(unit, duty)["2026-01-01"] == state


def test_another_kind_of_record_does_not_count(office):
    unit, duty = office.unit(), office.duty()
    office.plan(unit, "2026-06-01", "2026-07-01")
    office.record(unit, "2026-06-05", kind="training")
    assert office.states(unit, duty) == {"2026-06-01": "open"}


def test_another_units_record_does_not_count(office):
    unit, other, duty = office.unit(), office.unit(), office.duty()
    office.plan(unit, "2026-06-01", "2026-07-01")
    office.record(other, "2026-06-05")
    assert office.states(unit, duty) == {"2026-06-01": "open"}


def test_what_was_recorded_before_it_was_planned_counts(office):
    unit, duty = office.unit(), office.duty()
    office.record(unit, "2026-06-05")
    office.plan(unit, "2026-06-01", "2026-07-01")
    assert office.states(unit, duty) == {"2026-06-01": "done"}


def test_a_retracted_record_does_not_count_any_more(office):
    unit, duty = office.unit(), office.duty()
    office.plan(unit, "2026-06-01", "2026-07-01")
    office.retract(office.record(unit, "2026-06-05"))
    assert office.states(unit, duty) == {"2026-06-01": "open"}


def test_planning_again_changes_nothing(office):
    unit, duty = office.unit(), office.duty()
    office.plan(unit, "2026-05-01", "2026-07-01")
    office.record(unit, "2026-06-05")
    before = office.obligations(unit, duty)
    assert office.plan(unit, "2026-05-01", "2026-07-01") == 0
    assert office.obligations(unit, duty) == before


# ------------------------------------------------------------------ who answers

def test_a_posts_duty_counts_only_by_who_held_the_post_on_that_day(office):
    unit = office.unit("department", level="county")
    duty = office.duty(unit_kinds=["department"], post="department_head", record_kinds=["led_inspection"])
    before, after = (office.appoint(unit, "department_head", "2025-01-01", "2026-06-11"),
                     office.appoint(unit, "department_head", "2026-06-11"))
    deputy = office.appoint(unit, "department_deputy", "2025-01-01")
    office.plan(unit, "2026-05-01", "2026-08-01")
    office.record(unit, "2026-05-20", kind="led_inspection", person=deputy)
    office.record(unit, "2026-06-20", kind="led_inspection", person=before)
    office.record(unit, "2026-07-20", kind="led_inspection", person=None)
    assert set(office.states(unit, duty).values()) == {"open"}
    office.record(unit, "2026-05-21", kind="led_inspection", person=before)
    office.record(unit, "2026-06-21", kind="led_inspection", person=after)
    assert office.states(unit, duty) == {"2026-05-01": "done", "2026-06-01": "done", "2026-07-01": "open"}


@pytest.mark.parametrize("handover, answers", [("2026-06-15", "after"), ("2026-06-16", "after"), ("2026-06-17", "before"),
                                               ("2026-06-30", "before"), ("2026-06-01", "after")])
def test_who_held_the_post_longest_in_the_period_answers_for_it(office, handover, answers):
    unit = office.unit("department", level="county")
    duty = office.duty(unit_kinds=["department"], post="department_head", record_kinds=["led_inspection"])
    people = {"before": office.appoint(unit, "department_head", "2025-01-01", handover),
              "after": office.appoint(unit, "department_head", handover)}
    office.plan(unit, "2026-06-01", "2026-07-01")
    (one,) = office.obligations(unit, duty)
    assert one["holder_id"] == people[answers]


def act(office, unit: str, post: str, since: str, until: str | None = None) -> str:
    person = office.appoint(unit, post, since, until)
    office.run("update anze.appointment set kind = 'acting' where person_id = %s", person)
    return person


@pytest.mark.parametrize("since, until, answers", [
    ("2026-06-01", "2026-06-16", "acting"), ("2026-06-01", "2026-06-15", "head"), ("2026-05-20", None, "acting")])
def test_who_acts_for_the_head_holds_the_duties_of_these_days_and_the_head_does_not(office, since, until, answers):
    unit = office.unit("department", level="county")
    duty = office.duty(unit_kinds=["department"], post="department_head", record_kinds=["led_inspection"])
    people = {"head": office.appoint(unit, "department_head", "2025-01-01"), "acting": act(office, unit, "department_head", since, until)}
    office.plan(unit, "2026-06-01", "2026-07-01")
    (one,) = office.obligations(unit, duty)
    assert one["holder_id"] == people[answers]
    assert str(office.value("select anze.post_holder(%s, 'department_head', '[2026-06-01,2026-07-01)')", unit)) == people[answers]
    office.record(unit, "2026-06-10", kind="led_inspection", person=people["acting"])
    assert office.states(unit, duty) == {"2026-06-01": "done"}


def test_somebody_acting_in_a_vacant_post_owes_what_its_holder_owes_for_himself(office):
    unit = office.unit("government", level="county")
    duty = office.duty(unit_kinds=["government"], post="government_head", is_personal=True, period="year",
                       record_kinds=["annual_report"])
    left, acting = office.appoint(unit, "government_head", "2024-01-01", "2026-03-01"), act(office, unit, "government_head", "2026-03-01")
    office.plan(unit, "2026-01-01", "2026-02-01")
    assert [o["person_id"] for o in office.obligations(unit, duty)] == [acting] != [left]


@pytest.fixture
def headed(office):
    """A department whose duty of June is done by the record of somebody who was thought to be its head."""
    unit = office.unit("department", level="county")
    duty = office.duty(unit_kinds=["department"], post="department_head", record_kinds=["led_inspection"])
    head = office.appoint(unit, "department_head", "2025-01-01")
    office.plan(unit, "2026-05-01", "2026-08-01")
    office.record(unit, "2026-06-20", kind="led_inspection", person=head)
    assert office.states(unit, duty)["2026-06-01"] == "done"
    return unit, duty, head


@pytest.mark.parametrize("change, state", [
    ("update anze.appointment set held = daterange(lower(held), '2026-06-20') where person_id = %s", "open"),
    ("update anze.appointment set held = daterange(lower(held), '2026-06-21') where person_id = %s", "done"),
    ("update anze.appointment set held = daterange('2026-06-21', null) where person_id = %s", "open"),
    ("update anze.appointment set post = 'department_deputy' where person_id = %s", "open"),
    ("delete from anze.appointment where person_id = %s", "open"),
])
def test_a_corrected_appointment_counts_its_records_again_at_once(office, headed, change, state):
    unit, duty, head = headed
    office.run(change, head)
    assert office.states(unit, duty)["2026-06-01"] == state
    assert sums(office, unit, duty)[:2] == (3, int(state == "done")), "and the sums follow"


def test_an_appointment_that_was_entered_late_lets_count_what_was_done_in_the_post(office, headed):
    unit, duty, _ = headed
    deputy = office.appoint(unit, "department_deputy", "2025-01-01")
    office.record(unit, "2026-05-20", kind="led_inspection", person=deputy)
    assert office.states(unit, duty)["2026-05-01"] == "open"
    office.appoint(unit, "department_head", "2026-05-15", "2026-05-25", person=deputy)
    assert office.states(unit, duty)["2026-05-01"] == "done"


def test_who_never_held_the_post_does_not_owe_what_he_did_for_himself(office):
    unit = office.unit("government", level="county")
    duty = office.duty(unit_kinds=["government"], post="government_leader", is_personal=True, period="year",
                       record_kinds=["annual_report"])
    leader = office.appoint(unit, "government_leader", "2025-01-01")
    office.plan(unit, "2026-01-01", "2026-02-01")
    office.record(unit, "2026-11-20", kind="annual_report", person=leader)
    assert office.states(unit, duty) == {"2026-01-01": "done"}
    office.run("delete from anze.appointment where person_id = %s", leader)
    office.plan(unit, "2025-01-01", "2026-12-01")
    assert office.states(unit, duty) == {} and sums(office, unit, duty) == (0, 0, 0, 0)


def test_for_a_vacant_post_the_unit_answers(office):
    unit = office.unit("department", level="county")
    duty = office.duty(unit_kinds=["department"], post="department_head", record_kinds=["led_inspection"])
    office.plan(unit, "2026-06-01", "2026-07-01")
    (one,) = office.obligations(unit, duty)
    assert one["holder_id"] is None and one["state"] == "open"


def test_a_personal_duty_is_owed_by_everybody_who_held_the_post_for_half_of_the_period(office):
    unit = office.unit("government", level="county")
    duty = office.duty(unit_kinds=["government"], post="government_leader", is_personal=True, period="year",
                       record_kinds=["annual_report"])
    stayed = office.appoint(unit, "government_leader", "2024-01-01")
    left = office.appoint(unit, "government_leader", "2024-01-01", "2026-03-01")
    came = office.appoint(unit, "government_leader", "2026-03-01")
    office.plan(unit, "2026-01-01", "2026-02-01")
    assert {o["person_id"] for o in office.obligations(unit, duty)} == {stayed, came}
    assert left not in {o["person_id"] for o in office.obligations(unit, duty)}
    office.record(unit, "2026-12-20", kind="annual_report", person=came)
    assert {o["person_id"]: o["state"] for o in office.obligations(unit, duty)} == {stayed: "open", came: "done"}


# ------------------------------------------------------------------ events

def test_an_event_makes_its_duties_owed_by_the_units_that_they_bind(office):
    office.run("insert into anze.duty_event_kind (code, title_zh, title_en) values ('test_event', '测试', 'Test')")
    duty = office.duty(unit_kinds=["government"], nature="E", period="event", event="test_event", within_days=15,
                       counting="deliverable", record_kinds=["issue"])
    promptly = office.duty(unit_kinds=["government"], nature="E", period="event", event="test_event",
                           counting="deliverable", record_kinds=["talk"])
    other = office.duty(unit_kinds=["department"], nature="E", period="event", event="test_event",
                        counting="deliverable", record_kinds=["issue"])
    unit = office.unit("government", level="county")
    event = office.value("insert into anze.duty_event (kind, unit_id, occurred_at, region_code)"
                         " values ('test_event', %s, '2026-06-01 10:00+08', '150622101') returning id", unit)
    assert office.value("select anze.plan_event(%s)", event) == 2
    (one,) = office.obligations(unit, duty)
    assert dt.datetime.fromisoformat(one["due_at"]) == dt.datetime(2026, 6, 17, tzinfo=CHINA)
    (prompt,) = office.obligations(unit, promptly)
    assert dt.datetime.fromisoformat(prompt["due_at"]) == dt.datetime(2026, 6, 17, tzinfo=CHINA), "promptly is DUTY.PROMPT.DAYS"
    assert one["next_notice_at"] != "infinity" != prompt["next_notice_at"], "and somebody is told"
    assert office.obligations(unit, other) == []
    office.record(unit, "2026-06-10", kind="issue")
    assert office.states(unit, duty) == {"2026-06-01": "open"}  # it does not name the event
    office.record(unit, "2026-06-17", kind="issue", event=event)
    assert office.states(unit, duty) == {"2026-06-01": "done_late"}


# ------------------------------------------------------------------ sums and the past

def sums(office, unit: str, duty: str) -> tuple:
    return office.run("select coalesce(sum(owed), 0), coalesce(sum(done), 0), coalesce(sum(done_late), 0),"
                      " coalesce(sum(excused), 0) from (select owed, done, done_late, excused from anze.duty_tally where duty = %s union all"
                      " select owed, done, done_late, excused from anze.duty_tally_delta where duty = %s) t", duty, duty)[0]


def test_the_sums_follow_every_change_folded_or_not(office):
    unit, duty = office.unit(), office.duty()
    office.plan(unit, "2026-05-01", "2026-07-01")
    assert sums(office, unit, duty) == (2, 0, 0, 0)
    record = office.record(unit, "2026-06-05")
    assert sums(office, unit, duty) == (2, 1, 0, 0)
    assert office.value("select anze.fold_tally(100000)") > 0
    assert sums(office, unit, duty) == (2, 1, 0, 0)
    office.retract(record)
    office.record(unit, "2026-06-05", for_period="2026-05-01")
    assert sums(office, unit, duty) == (2, 0, 1, 0)
    office.run("update anze.unit set closed_on = '2026-05-31' where id = %s", unit)
    office.plan(unit, "2026-05-01", "2026-07-01")
    office.run("select anze.fold_tally(100000)")
    assert sums(office, unit, duty) == (1, 0, 1, 0)


def test_what_an_obligation_was_is_kept(office):
    unit, duty = office.unit(), office.duty()
    office.plan(unit, "2026-06-01", "2026-07-01")
    office.retract(office.record(unit, "2026-06-05"))
    (one,) = office.obligations(unit, duty)
    past = office.run("select state, done_count from anze.obligation_past where obligation_id = %s order by was", one["id"])
    assert past == [("open", 0), ("done", 1)] and one["state"] == "open"
