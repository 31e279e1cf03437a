"""警示提醒: each stage on both sides of its moment, once, and to whom it goes."""
import json

import psycopg
import pytest

from harness import tree
from harness.owed import DAY, JUST, SOON, UNIT, add_duty, now, owe, pass_time, stages, sweep, told

GOVERNMENT, OFFICE = tree.body("government", "150622"), tree.body("office", "150622")
CITY_OFFICE = tree.body("office", "150600")
ALL = ["reminder", "warning", "escalation_superior", "escalation_office", "escalation_upper"]


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


# Days from the end of grace to the stage, by period: the rules NOTICE.… as they are shipped.
MOMENTS = [(period, -7, "reminder") for period in ("month", "quarter", "half_year", "year", "once")] + [
    (period, -1, "reminder_short") for period in ("week", "event")] + [
    ("month", 0, "warning"), ("week", 0, "warning"), ("month", 7, "escalation_superior"),
    ("year", 15, "escalation_office"), ("month", 30, "escalation_upper")]


@pytest.mark.parametrize("period, days, stage", MOMENTS)
def test_a_stage_is_told_at_its_moment_and_not_before(owner, period, days, stage):
    early = owe(owner, now() - days * DAY + SOON, period=period)
    late = owe(owner, now() - days * DAY - JUST, period=period)
    sweep(owner)
    assert stage not in stages(owner, early)
    assert stages(owner, late)[-1:] == [stage]


def test_a_reminder_counts_from_the_due_day_and_a_warning_from_the_end_of_grace(owner):
    within_grace = owe(owner, now() + SOON, grace=10 * DAY)
    over = owe(owner, now() - JUST, grace=10 * DAY)
    sweep(owner)
    assert stages(owner, within_grace) == ["reminder"] and stages(owner, over) == ["warning"]


def test_the_stages_follow_one_another_each_told_once(owner):
    obligation = owe(owner, now() + 8 * DAY)
    seen = []
    for days in (2, 3, 5, 3, 4, 8, 15, 30):
        pass_time(owner, obligation, days * DAY)
        sweep(owner), sweep(owner)
        seen.append(stages(owner, obligation))
    assert seen == [ALL[:1], ALL[:1], ALL[:2], ALL[:2], ALL[:3], ALL[:4], ALL, ALL]
    assert owner.execute("select next_notice_at from anze.obligation where id = %s and next_notice_at < 'infinity'",
                         (obligation,)).fetchone() is None


def test_of_several_stages_that_fell_due_only_the_latest_is_told_and_the_earlier_are_passed(owner):
    obligation = owe(owner, now() - 16 * DAY)
    sweep(owner)
    assert stages(owner, obligation) == ["escalation_office"]
    pass_time(owner, obligation, 15 * DAY)
    sweep(owner)
    assert stages(owner, obligation) == ["escalation_office", "escalation_upper"]


def test_after_a_clock_that_was_set_back_nothing_is_told_again(owner):
    obligation = owe(owner, now() - 8 * DAY)
    sweep(owner)
    pass_time(owner, obligation, -7 * DAY)  # the warning's time comes a second time
    owner.execute("update anze.obligation set next_notice_at = due_at where id = %s", (obligation,))
    sweep(owner)
    assert stages(owner, obligation) == ["escalation_superior"]
    pass_time(owner, obligation, 15 * DAY)
    sweep(owner)
    assert stages(owner, obligation) == ["escalation_superior", "escalation_office"]


def test_a_reminder_that_was_due_before_planning_is_none(owner):
    late = owe(owner, now() + 3 * DAY, planned_at=now())
    in_time = owe(owner, now() + 3 * DAY, planned_at=now() - 5 * DAY)
    sweep(owner)
    assert stages(owner, late) == [] and stages(owner, in_time) == ["reminder"]
    pass_time(owner, late, 3 * DAY)
    sweep(owner)
    assert stages(owner, late) == ["warning"]


@pytest.mark.parametrize("state", ["done", "done_late", "excused", "withdrawn"])
def test_what_is_settled_is_told_no_more_and_goes_on_when_it_opens_again(owner, state):
    obligation = owe(owner, now() - JUST)
    sweep(owner)
    owner.execute("update anze.obligation set state = %s where id = %s", (state, obligation))
    pass_time(owner, obligation, 8 * DAY)
    sweep(owner)
    assert stages(owner, obligation) == ["warning"]
    owner.execute("update anze.obligation set state = 'open' where id = %s", (obligation,))
    sweep(owner)
    assert stages(owner, obligation) == ["warning", "escalation_superior"]


def test_the_days_are_rules_that_an_administrator_revises(owner):
    owner.execute("update anze.rule set value = 2 where code = 'NOTICE.WARNING'")
    obligation = owe(owner, now() - 2 * DAY + SOON)
    sweep(owner)
    assert stages(owner, obligation) == ["reminder"], "two days: not yet, and the passed reminder is the latest"
    pass_time(owner, obligation, 2 * SOON)
    sweep(owner)
    assert stages(owner, obligation) == ["reminder", "warning"]


# ---- to whom ----

def everyone_told(owner, unit) -> dict[str, str]:
    """By stage: whom it went to, of an obligation of this unit that nobody ever does."""
    sweep(owner)  # what changed is planned before: planning withdraws what does not follow from the catalogue
    obligation = owe(owner, now() + 7 * DAY - JUST, unit=unit)
    for days in (0, 7, 7, 8, 15):
        pass_time(owner, obligation, days * DAY)
        sweep(owner)
    return dict(told(owner, obligation))


def test_the_unit_its_superior_the_countys_and_the_citys_office_are_told_in_turn(owner):
    assert everyone_told(owner, UNIT) == dict(zip(ALL, [UNIT.id, UNIT.id, GOVERNMENT.id, OFFICE.id, CITY_OFFICE.id]))


def test_an_enterprise_is_told_of_like_any_unit(owner):
    mine = tree.enterprise("150622101", 1)
    assert everyone_told(owner, mine) == dict(zip(ALL, [mine.id, mine.id, GOVERNMENT.id, OFFICE.id, CITY_OFFICE.id]))


def test_who_does_not_exist_is_replaced_by_the_next_above(owner):
    owner.execute("update anze.unit set accountable_to = null where id = %s", (UNIT.id,))
    assert everyone_told(owner, UNIT)["escalation_superior"] == OFFICE.id


def test_a_closed_office_is_told_no_more(owner):
    owner.execute("update anze.unit set closed_on = anze.today() where id = %s", (OFFICE.id,))
    assert everyone_told(owner, UNIT)["escalation_office"] == CITY_OFFICE.id


def test_nobody_is_escalated_to_about_himself_while_there_is_another(owner):
    found = everyone_told(owner, OFFICE)
    assert found["warning"] == OFFICE.id
    assert found["escalation_superior"] == GOVERNMENT.id and found["escalation_office"] == CITY_OFFICE.id


def test_where_nobody_is_above_the_next_below_is_told(owner):
    owner.execute("delete from anze.duty_work where unit_id = %s", (CITY_OFFICE.id,))
    owner.execute("update anze.unit set closed_on = anze.today() where id = %s", (CITY_OFFICE.id,))
    assert everyone_told(owner, UNIT)["escalation_upper"] == OFFICE.id


def test_the_text_names_who_owes_what_until_when_by_which_clause(owner):
    due = now() - 5 * DAY
    person = owner.execute("insert into anze.person (unit_id, name, region_code, is_body) values (%s, '王某', '150622', true)"
                           " returning id::text", (UNIT.id,)).fetchone()[0]
    obligation = owe(owner, due, post="department_head", holder_id=person)
    sweep(owner)
    shown = owner.execute("select anze.notice_json(n) from anze.notice n where subject_id = %s", (obligation,)).fetchone()[0]
    day = (due - JUST / 1e6).astimezone().strftime("%Y")
    assert UNIT.name + "部门主要负责人王某" in shown["text_zh"] and "“带队督导检查”" in shown["text_zh"]
    assert "2.03" in shown["text_zh"] and day in shown["text_zh"] and "逾期" in shown["text_zh"]
    assert "“Lead an inspection”" in shown["text_en"] and "overdue" in shown["text_en"]
    assert shown["person"] == {"id": person, "name": "王某"}


# ---- acknowledging ----

def acknowledge(owner, obligation, version="1", note=None, **caller) -> dict:
    for name in ("reach", "region", "unit", "actor", "sectors"):
        owner.execute("select set_config(%s, %s, true)", (f"anze.{name}", caller.get(name, "")))
    with owner.transaction():
        return json.loads(owner.execute(
            "select body from anze.acknowledge_notice((select id from anze.notice where subject_id = %s), %s, %s)",
            (obligation, version, json.dumps({"note": note} if note else {}))).fetchone()[0])


def test_an_acknowledgement_is_given_once_and_says_who_and_when(owner):
    obligation = owe(owner, now() - JUST)
    sweep(owner)
    shown = acknowledge(owner, obligation, note="已安排", reach="unit", unit=UNIT.id, actor="head")
    assert shown["acknowledged"] and shown["acknowledged_by"] == "head" and shown["note"] == "已安排" and shown["version"] == 2
    with pytest.raises(psycopg.Error) as raised:
        acknowledge(owner, obligation, "2", reach="unit", unit=UNIT.id)
    assert raised.value.sqlstate == "AZ409"


@pytest.mark.parametrize("caller, outcome", [
    ({"reach": "unit", "unit": UNIT.id}, None),
    ({"reach": "region", "region": "150622"}, None),
    ({"reach": "region", "region": "1506"}, None),
    ({"reach": "unit", "unit": GOVERNMENT.id}, None),                  # it answers to the government
    ({"reach": "region", "region": "150621"}, "AZ404"),
    ({"reach": "unit", "unit": OFFICE.id}, "AZ404"),
    ({"reach": "region", "region": "150622", "sectors": "{coal}"}, "AZ404")])
def test_the_unit_told_and_those_over_it_acknowledge_and_nobody_else(owner, caller, outcome):
    obligation = owe(owner, now() - JUST)
    sweep(owner)
    if outcome is None:
        assert acknowledge(owner, obligation, **caller)["acknowledged"]
    else:
        with pytest.raises(psycopg.Error) as raised:
            acknowledge(owner, obligation, **caller)
        assert raised.value.sqlstate == outcome


def test_whoever_owes_it_reads_the_escalation_and_cannot_acknowledge_it(owner):
    obligation = owe(owner, now() - 8 * DAY)
    sweep(owner)
    with pytest.raises(psycopg.Error) as raised:
        acknowledge(owner, obligation, reach="unit", unit=UNIT.id)
    assert raised.value.sqlstate == "AZ403"
    assert acknowledge(owner, obligation, reach="unit", unit=GOVERNMENT.id)["acknowledged"]


# ---- the sweep itself ----

def test_a_sweep_leaves_the_callers_context_as_it_was(owner):
    owner.execute("select set_config('anze.reach', 'none', true), set_config('anze.actor', 'someone', true)")
    owe(owner, now() - JUST)
    assert sweep(owner) > 0
    assert owner.execute("select anze.reach(), anze.actor()").fetchone() == ("none", "someone")
    actor = owner.execute("select actor from audit.entry where object_type = 'anze.notice' order by id desc limit 1").fetchone()
    assert actor == ("system:sweeper",)


def test_a_step_that_fails_stops_no_other_and_is_tried_again(owner):
    obligation = owe(owner, now() - JUST)
    warnings = []
    owner.add_notice_handler(lambda notice: warnings.append(notice.message_primary))
    owner.execute("update anze.duty_work set plan_from = anze.today() where unit_id = %s", (UNIT.id,))
    with owner.transaction(force_rollback=True):
        owner.execute("create or replace function anze.plan_obligations(unit_ids uuid[], from_day date, until_day date)"
                      " returns bigint language plpgsql as $$ begin perform 1 / 0; end $$")
        sweep(owner)
        assert stages(owner, obligation) == ["warning"]
        assert warnings == [f"the step plan_due of the sweep sets the unit {UNIT.id} aside: 22012"]
        assert owner.execute("select plan_from is not null from anze.duty_work where unit_id = %s", (UNIT.id,)).fetchone()[0]
    sweep(owner)
    assert owner.execute("select plan_from is null from anze.duty_work where unit_id = %s", (UNIT.id,)).fetchone()[0]


def test_units_are_planned_ahead_of_time_and_again_when_something_changed(owner):
    planned = "select planned_until - anze.today(), plan_from from anze.duty_work where unit_id = %s"
    assert owner.execute(planned, (UNIT.id,)).fetchone() == (30, None)
    assert sweep(owner) == 0
    owner.execute("update anze.duty_work set planned_until = anze.today() + 7 where unit_id = %s", (UNIT.id,))
    assert sweep(owner) == 0
    owner.execute("update anze.duty_work set planned_until = anze.today() + 6 where unit_id = %s", (UNIT.id,))
    assert sweep(owner) == 1
    assert owner.execute(planned, (UNIT.id,)).fetchone() == (30, None)


def test_structures_are_looked_at_daily(owner):
    owner.execute("update anze.duty_work set structure_checked_on = anze.today() - 1 where unit_id = %s", (UNIT.id,))
    assert sweep(owner) == 1 and sweep(owner) == 0


def test_first_notice_at_is_the_first_moment_that_counts(owner):
    add_duty(owner)
    ask = "select anze.first_notice_at(%s, %s, anze.day_of(%s), %s)"
    due, missed = now() + 40 * DAY, now() + 50 * DAY
    assert owner.execute(ask, (due, missed, now(), "month")).fetchone()[0] == due - 7 * DAY
    assert owner.execute(ask, (due, missed, now(), "week")).fetchone()[0] == due - DAY
    assert owner.execute(ask, (due, missed, now(), None)).fetchone()[0] == due - 7 * DAY
    assert owner.execute(ask, (due, missed, due, "month")).fetchone()[0] == due
