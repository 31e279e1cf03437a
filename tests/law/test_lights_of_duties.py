"""红黄绿灯: every rule on both sides of its threshold, with its reason named; and when a light is judged again."""
import datetime as dt
import json

import pytest

from harness.owed import DAY, JUST, SOON, UNIT, now, owe, pass_time, stages, sweep


@pytest.fixture(scope="module")
def quiet(make_database, cluster):
    """A database that no service sweeps, and where nothing is owed but what a test says."""
    return make_database(cluster, catalogue=False)


@pytest.fixture
def owner(quiet):
    with quiet.owner() as connection:
        sweep(connection)
        yield connection
        connection.rollback()


numbers = iter(range(10000))


def miss(owner, days: float = 1, **options) -> str:
    """A missed obligation of which nobody is told, so that it is judged by itself."""
    options.setdefault("duty", f"TEST.D{next(numbers)}")
    made = owe(owner, now() - days * DAY, **options)
    owner.execute("update anze.obligation set next_notice_at = 'infinity' where id = %s", (made,))
    return made


def light(owner, unit=UNIT) -> tuple[str, dict]:
    """The colour and the reasons by rule, after a sweep."""
    sweep(owner)
    colour, reasons = owner.execute("select colour, reasons from anze.unit_light where unit_id = %s", (unit.id,)).fetchone()
    return colour, {r["rule"]: r for r in reasons}


def changes(owner, unit=UNIT) -> list[str]:
    return [c for (c,) in owner.execute("select colour from anze.light_change where unit_id = %s order by changed_at",
                                        (unit.id,)).fetchall()]


def test_a_unit_that_owes_nothing_is_green(owner):
    assert light(owner) == ("green", {}) and changes(owner) == ["green"]


def test_what_is_due_later_and_what_is_settled_leaves_it_green(owner):
    owe(owner, now() + DAY, planned_at=now())
    for state in ("done", "done_late", "excused", "withdrawn"):
        miss(owner, state=state)
    assert light(owner) == ("green", {})


def test_overdue_within_grace_is_yellow(owner):
    owe(owner, now() + 3 * DAY + SOON, grace=3 * DAY, planned_at=now())
    assert light(owner) == ("green", {})
    owe(owner, now() + 3 * DAY - JUST, grace=3 * DAY, planned_at=now())
    colour, reasons = light(owner)
    assert colour == "yellow" and set(reasons) == {"yellow_overdue"}
    assert reasons["yellow_overdue"]["value"] == 1 and reasons["yellow_overdue"]["measure"] == "overdue"


def test_one_or_two_missed_are_yellow_and_three_are_red(owner):
    miss(owner)
    assert light(owner)[0] == "yellow"
    miss(owner)
    colour, reasons = light(owner)
    assert colour == "yellow" and set(reasons) == {"yellow_missed"} and reasons["yellow_missed"]["value"] == 2
    miss(owner)
    colour, reasons = light(owner)
    assert colour == "red" and set(reasons) == {"red_missed", "yellow_missed"}
    assert reasons["red_missed"] == {
        "rule": "red_missed", "colour": "red", "measure": "missed", "value": 3, "threshold_rule": "LIGHT.RED.MISSED",
        "threshold": 3, "title_zh": "多项职责未履行", "title_en": "Several duties were missed",
        "instrument": reasons["red_missed"]["instrument"], "article": "十五"}


def test_the_same_duty_missed_in_two_consecutive_periods_is_red(owner):
    first, second, gap = dt.date(2026, 8, 1), dt.date(2026, 9, 1), dt.date(2026, 10, 2)
    miss(owner, 40, duty="TEST.TWICE", start=dt.date(2026, 7, 1), end=first)
    miss(owner, 10, duty="TEST.TWICE", start=gap, end=dt.date(2026, 11, 1))
    assert light(owner)[0] == "yellow", "missed twice, but not in consecutive periods"
    done = miss(owner, 20, duty="TEST.TWICE", start=first, end=second, state="done_late")
    assert light(owner)[0] == "yellow", "the period between was done"
    owner.execute("update anze.obligation set state = 'open' where id = %s", (done,))
    colour, reasons = light(owner)
    assert colour == "red" and reasons["red_missed_twice"]["value"] == 1


def test_missed_twice_by_two_persons_is_not_missed_twice_by_one(owner):
    person, other = (owner.execute("insert into anze.person (unit_id, name, region_code, is_body) values"
                                   " (%s, '王某', '150622', true) returning id::text", (UNIT.id,)).fetchone()[0]
                     for _ in range(2))
    miss(owner, 40, duty="TEST.OWN", start=dt.date(2026, 8, 1), end=dt.date(2026, 9, 1), person_id=person)
    second = miss(owner, 10, duty="TEST.OWN", start=dt.date(2026, 9, 1), end=dt.date(2026, 10, 1), person_id=other)
    assert light(owner)[0] == "yellow"
    owner.execute("update anze.obligation set person_id = %s where id = %s", (person, second))
    owner.execute("select anze.mark_lights(array[%s::uuid])", (UNIT.id,))
    assert "red_missed_twice" in light(owner)[1]


def test_two_escalated_are_red_and_one_is_not(owner):
    one, two = owe(owner, now() - 8 * DAY, duty="TEST.A"), owe(owner, now() - 7 * DAY + SOON, duty="TEST.B")
    assert "red_escalated" not in light(owner)[1]
    pass_time(owner, two, 2 * SOON)
    colour, reasons = light(owner)
    assert stages(owner, one)[-1] == stages(owner, two)[-1] == "escalation_superior"
    assert colour == "red" and reasons["red_escalated"]["value"] == 2


@pytest.mark.parametrize("days, rule, colour", [(3, "yellow_unacknowledged", "yellow"), (7, "red_unacknowledged", "red")])
def test_a_warning_that_nobody_acknowledges_turns_the_light_by_time_alone(owner, days, rule, colour):
    obligation = owe(owner, now() - JUST)
    sweep(owner)
    owner.execute("update anze.obligation set next_notice_at = 'infinity' where id = %s", (obligation,))
    age = "update anze.notice set issued_at = clock_timestamp() - make_interval(secs => %s) where subject_id = %s"
    owner.execute(age, (days * 86400 - 30, obligation))
    assert rule not in light(owner)[1]
    due = owner.execute("select light_due_at - clock_timestamp() from anze.duty_work where unit_id = %s", (UNIT.id,)).fetchone()
    assert dt.timedelta(0) < due[0] <= dt.timedelta(seconds=30), "it knows when it changes by itself"
    owner.execute("alter table anze.notice disable trigger lights_updated")
    owner.execute(age, (days * 86400 + 1, obligation))
    owner.execute("update anze.duty_work set light_due_at = now() where unit_id = %s", (UNIT.id,))
    owner.execute("alter table anze.notice enable trigger lights_updated")
    found = light(owner)
    assert found[0] == colour and found[1][rule]["value"] == days
    owner.execute("update anze.notice set acknowledged_at = now(), acknowledged_by = 'x' where subject_id = %s", (obligation,))
    assert light(owner)[0] == "yellow" and rule not in light(owner)[1], "acknowledged: missed, and no more than that"


def break_rule(owner, code: str, check_kind: str, posts: str) -> None:
    owner.execute("insert into anze.structural_rule (code, clause, title_zh, title_en, unit_kinds, check_kind, posts,"
                  " instrument, confidence) values (%s, '1.01', '测试', 'Test', '{department}', %s, %s, 'LAW-SAFETY',"
                  " 'recalled-low')", (code, check_kind, posts))
    owner.execute("insert into anze.structural_finding (unit_id, rule, since, region_code) values (%s, %s, anze.today(),"
                  " '150622')", (UNIT.id, code))


@pytest.mark.parametrize("check_kind, posts, rules", [
    ("sections", "{}", {"yellow_findings"}),
    ("holders", "{department_deputy}", {"yellow_findings"}),
    ("qualified_share", "{department_head}", {"yellow_findings"}),
    ("holders", "{department_head}", {"yellow_findings", "red_first_responsible"})])
def test_a_finding_is_yellow_and_one_about_the_first_responsible_red(owner, check_kind, posts, rules):
    assert light(owner) == ("green", {})
    break_rule(owner, "TEST-RULE", check_kind, posts)
    colour, reasons = light(owner)
    assert set(reasons) == rules and colour == ("red" if len(rules) == 2 else "yellow")
    owner.execute("update anze.structural_finding set ended_on = anze.today() where rule = 'TEST-RULE'")
    assert light(owner) == ("green", {})


def test_what_was_missed_before_the_window_counts_no_more_and_the_light_changes_by_itself(owner):
    obligation = miss(owner, 92 - SOON / DAY)
    assert light(owner)[0] == "yellow"
    due = owner.execute("select light_due_at - clock_timestamp() from anze.duty_work where unit_id = %s", (UNIT.id,)).fetchone()
    assert dt.timedelta(0) < due[0] <= SOON
    pass_time(owner, obligation, 2 * SOON)
    assert light(owner)[0] == "green"


def test_an_obligation_that_passes_its_time_turns_the_light_though_nobody_writes(owner):
    owe(owner, now() + dt.timedelta(seconds=1.5), planned_at=now())
    assert light(owner)[0] == "green"
    owner.commit()  # clock_timestamp moves on, now() must too
    owner.execute("select pg_sleep(1.7)")
    owner.commit()
    assert light(owner)[0] == "yellow"
    owner.execute("delete from anze.notice")
    owner.execute("delete from anze.obligation")
    owner.execute("select anze.mark_lights(array[%s::uuid])", (UNIT.id,))
    sweep(owner)
    owner.execute("delete from anze.light_change")
    owner.commit()


def revise(owner, code: str, value: int, from_day: int, region: str | None = None) -> None:
    """As an administrator does, from so many days from now."""
    version, = owner.execute("select max(version)::text from anze.rule where code = %s", (code,)).fetchone()
    owner.execute("select anze.revise_rule(%s, %s, jsonb_strip_nulls(jsonb_build_object('value', %s::int, 'in_force_from',"
                  " (anze.today() + %s)::text, 'reason', '安委会决定', 'region_code', %s::text)))", (code, version, value, from_day, region))


def test_a_threshold_is_a_rule_that_an_administrator_revises_and_every_light_is_judged_by_it(owner):
    miss(owner)
    assert light(owner)[0] == "yellow"
    revise(owner, "LIGHT.YELLOW.MISSED", 2, 0)
    assert light(owner) == ("green", {})
    revise(owner, "LIGHT.YELLOW.MISSED", 1, 0)
    assert light(owner)[0] == "yellow", "a correction of the same day"
    revise(owner, "LIGHT.YELLOW.MISSED", 2, 0, region="150621")
    assert owner.execute("select region_prefix from anze.light_work").fetchall() == [("150621",)], "of a county, its units alone"


def test_a_version_of_a_day_to_come_judges_the_lights_on_that_day_and_not_before(owner):
    miss(owner)
    assert light(owner)[0] == "yellow"
    revise(owner, "LIGHT.YELLOW.MISSED", 2, 5)
    assert light(owner)[0] == "yellow"
    assert owner.execute("select begins_on - anze.today(), region_prefix from anze.light_work").fetchall() == [(5, "")]
    # The day comes: the versions lie five days further back, and so does the work that waits for it.
    owner.execute("set constraints all immediate")
    owner.execute("alter table anze.rule disable trigger user")
    owner.execute("update anze.rule set in_force = daterange(lower(in_force) - 5, upper(in_force) - 5) where code = 'LIGHT.YELLOW.MISSED'")
    owner.execute("alter table anze.rule enable trigger user")
    owner.execute("update anze.light_work set begins_on = begins_on - 5")
    assert light(owner) == ("green", {})
    assert owner.execute("select count(*) from anze.light_work").fetchone() == (0,)


def test_how_far_lights_look_back_and_the_light_rules_themselves_reach_the_lights_too(owner):
    miss(owner, days=40)
    assert light(owner)[0] == "yellow"
    revise(owner, "LIGHT.WINDOW", 30, 0)
    assert light(owner) == ("green", {})
    revise(owner, "LIGHT.WINDOW", 92, 0)
    owner.execute("update anze.light_rule set measure = 'findings' where code = 'yellow_missed'")
    assert light(owner) == ("green", {})


def test_lights_are_judged_anew_in_batches_and_a_later_change_begins_again(owner):
    light(owner)
    units, = owner.execute("select count(*) from anze.duty_work").fetchone()
    owner.execute("delete from anze.light_note")
    revise(owner, "LIGHT.YELLOW.MISSED", 2, 0)
    assert owner.execute("select anze.follow_light_rules(3)").fetchone() == (3,)
    assert owner.execute("select count(*) from anze.light_note").fetchone() == (3,)
    revise(owner, "LIGHT.RED.MISSED", 4, 0)
    while owner.execute("select anze.follow_light_rules(100)").fetchone()[0]:
        pass
    assert owner.execute("select count(*), count(distinct unit_id) from anze.light_note").fetchone() == (units + 3, units)


def test_changes_are_kept_with_their_reasons_and_since_stays_while_the_colour_does(owner):
    light(owner)
    before = len(changes(owner))
    made = [miss(owner)]
    light(owner)
    since = owner.execute("select since from anze.unit_light where unit_id = %s", (UNIT.id,)).fetchone()
    made.append(miss(owner))
    light(owner)
    assert owner.execute("select since from anze.unit_light where unit_id = %s", (UNIT.id,)).fetchone() == since
    owner.execute("update anze.obligation set state = 'done_late' where id = any (%s::uuid[])", (made,))
    assert light(owner) == ("green", {})
    assert changes(owner)[before:] == ["yellow", "green"]


def test_only_units_that_something_happened_to_are_judged_again(owner):
    miss(owner)
    stale = [str(u) for (u,) in owner.execute("select unit_id from anze.duty_work where light_is_stale").fetchall()]
    assert stale == [UNIT.id]
    sweep(owner)
    owner.execute("update anze.obligation set version = version + 1")  # nothing that a light looks at
    owe(owner, now() + DAY, planned_at=now())
    assert owner.execute("select count(*) from anze.duty_work where light_is_stale").fetchone()[0] == 0


def test_a_closed_unit_has_no_light(owner):
    miss(owner)
    light(owner)
    owner.execute("update anze.unit set closed_on = anze.today() where id = %s", (UNIT.id,))
    sweep(owner)
    assert owner.execute("select count(*) from anze.unit_light where unit_id = %s", (UNIT.id,)).fetchone()[0] == 0
    assert changes(owner)[-1] == "yellow"


# ---- regions ----

SHARES = [  # red, yellow of 100 units -> colour and rules
    (0, 19, "green", set()), (0, 20, "yellow", {"region_yellow_units"}),
    (2, 17, "green", set()), (3, 0, "yellow", {"region_yellow_red_units"}),
    (9, 0, "yellow", {"region_yellow_red_units"}), (10, 0, "red", {"region_red_units", "region_yellow_red_units"})]


@pytest.mark.parametrize("red, yellow, colour, rules", SHARES)
def test_a_region_by_the_share_of_its_red_and_yellow_units(owner, red, yellow, colour, rules):
    reasons = owner.execute("select anze.light_reasons(jsonb_build_object('red_units_percent', %s::numeric,"
                            " 'yellow_units_percent', %s::numeric), anze.today())", (red, red + yellow)).fetchone()[0]
    assert {r["rule"] for r in reasons} == rules
    assert owner.execute("select anze.light_colour(%s::jsonb)", (json.dumps(reasons),)).fetchone()[0] == colour


@pytest.mark.parametrize("share, rules", [
    (9.9, set()), (10, {"region_yellow_regions"}), (29.9, {"region_yellow_regions"}),
    (30, {"region_yellow_regions", "region_red_regions"})])
def test_a_region_by_the_share_of_its_red_regions(owner, share, rules):
    reasons = owner.execute("select anze.light_reasons(jsonb_build_object('red_regions_percent', %s::numeric), anze.today())",
                            (share,)).fetchone()[0]
    assert {r["rule"] for r in reasons} == rules
