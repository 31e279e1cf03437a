"""Clocks of accidents are told before, at and after, level by level: each stage on both sides of its moment, once, and to
whoever answers for the report."""
import datetime as dt
import json

import psycopg
import pytest
from desk import CITY, COUNTY, ENTERPRISE, PROVINCE, Desk, clock

from harness import tree
from harness.owed import JUST, SOON, now, sweep

MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
BUREAU, GOVERNMENT, OFFICE = (tree.body(kind, "150622") for kind in ("emergency", "government", "office"))
CITY_BUREAU, CITY_GOVERNMENT, CITY_OFFICE = (tree.body(kind, "150600") for kind in ("emergency", "government", "office"))
MOMENTS = [(-20, "accident_reminder"), (0, "accident_warning"), (15, "accident_superior"), (30, "accident_office"),
           (60, "accident_upper")]
STAGES = [stage for _, stage in MOMENTS]
TOLD = dict(zip(STAGES, (BUREAU, BUREAU, GOVERNMENT, OFFICE, CITY_OFFICE)))
ITSELF = {"reach": "service"}
NUMBERED = "(details -> 'number')::bigint = %(id)s"  # as getAccident numbers the clocks


@pytest.fixture(scope="module")
def quiet(make_database, cluster):
    return make_database(cluster, catalogue=False)


@pytest.fixture
def owner(quiet):
    """Where time can be made to pass: rolled back."""
    with quiet.owner() as connection:
        sweep(connection)
        connection.execute("alter table anze.deadline disable trigger accident_clock_keeps")
        yield connection
        connection.rollback()


@pytest.fixture
def desk(owner):
    return Desk(owner)


def file(desk, learned: dt.timedelta = 10 * MINUTE, **given) -> dict:
    """An accident of the tree's mine with 2 dead, of which its head learned so long ago, received by the county just now."""
    at = now() - learned
    return desk.file(COUNTY, **{"occurred_at": at - MINUTE, "learned_at": at, "category": "12", "figures": {"deaths": 2}} | given)


def received(desk, before: dt.timedelta) -> dict:
    """An accident that reached the county so long ago, and was told to it at once."""
    return file(desk, learned=before + MINUTE, received_at=now() - before)


def own(desk) -> psycopg.Connection:
    desk.speak_as(ITSELF)
    return desk.connection


def run_until(desk, accident: dict, due_at: dt.datetime, code: str = "pass_up", from_level: str | None = "county",
              term: dt.timedelta = 2 * HOUR) -> int:
    """The clock of the accident, as if it ended then; its id."""
    found = clock(accident, code, from_level)["id"]
    own(desk).execute("update anze.deadline set due_at = %(due)s, starts_at = %(start)s, next_notice_at = (anze.first_looks("
                      "'accident', array[%(due)s], array[anze.accident_reminders_from(%(start)s)]))[1] where " + NUMBERED,
                      {"due": due_at, "start": due_at - term, "id": found})
    return found


def pass_time(desk, one: int, by: dt.timedelta) -> None:
    own(desk).execute("update anze.deadline set due_at = due_at - %(by)s, starts_at = starts_at - %(by)s,"
                      " next_notice_at = next_notice_at - %(by)s where " + NUMBERED, {"by": by, "id": one})


def told(desk, one: int) -> list[tuple[str, str]]:
    return own(desk).execute(
        "select n.stage, n.unit_id::text from anze.notice n join anze.notice_stage s on s.code = n.stage"
        " join anze.deadline d on d.id = n.subject_id where " + NUMBERED + " order by s.place", {"id": one}).fetchall()


def column_of(desk, one: int, column: str):
    return own(desk).execute(f"select {column} from anze.deadline where " + NUMBERED, {"id": one}).fetchone()[0]


def stages(desk, one: int) -> list[str]:
    return [stage for stage, _ in told(desk, one)]


def everyone_told(desk, one: int) -> list[str]:
    """To whom the stages went, of a clock that is let run out."""
    own(desk).execute("update anze.deadline set due_at = %(due)s, starts_at = %(due)s - interval '1 day', next_notice_at ="
                      " %(due)s - interval '20 minutes' where " + NUMBERED, {"due": now() + 20 * MINUTE - JUST, "id": one})
    for minutes in (0, 20, 15, 15, 30):
        pass_time(desk, one, minutes * MINUTE)
        sweep(desk.connection)
    assert stages(desk, one) == STAGES
    return [unit for _, unit in told(desk, one)]


@pytest.mark.parametrize("minutes, stage", MOMENTS)
def test_a_stage_is_told_at_its_moment_to_whom_it_goes_and_not_before(desk, minutes, stage):
    early = run_until(desk, file(desk), now() - minutes * MINUTE + SOON)
    late = run_until(desk, file(desk), now() - minutes * MINUTE - JUST)
    sweep(desk.connection)
    assert stage not in stages(desk, early)
    assert told(desk, late)[-1:] == [(stage, TOLD[stage].id)]


def test_over_time_every_stage_is_told_once_in_order(desk):
    one = run_until(desk, file(desk), now() + 25 * MINUTE)
    for _ in range(20):
        sweep(desk.connection)
        sweep(desk.connection)
        pass_time(desk, one, 5 * MINUTE)
    assert told(desk, one) == [(stage, TOLD[stage].id) for stage in STAGES]
    assert column_of(desk, one, "next_notice_at::text") == "infinity"


@pytest.mark.parametrize("step", [-15 * MINUTE, 15 * MINUTE, 3 * HOUR])
def test_a_clock_that_steps_and_comes_back_tells_nothing_twice_and_is_caught_up_with(desk, step):
    one = run_until(desk, file(desk), now() + 10 * MINUTE)
    sweep(desk.connection)
    pass_time(desk, one, step)  # the clock of the server is wrong for a while
    sweep(desk.connection)
    pass_time(desk, one, -step)
    before = stages(desk, one)
    sweep(desk.connection)
    assert stages(desk, one) == before, "the time that is told of lies ahead again"
    for _ in range(20):
        pass_time(desk, one, 5 * MINUTE)
        sweep(desk.connection)
    seen = stages(desk, one)
    assert len(seen) == len(set(seen)) and seen[-1] == "accident_upper"


def test_of_stages_that_passed_unseen_the_latest_alone_is_told(desk):
    one = run_until(desk, file(desk), now() - 40 * MINUTE)
    sweep(desk.connection)
    assert stages(desk, one) == ["accident_office"]
    pass_time(desk, one, 20 * MINUTE)
    sweep(desk.connection)
    assert stages(desk, one) == ["accident_office", "accident_upper"]


@pytest.mark.parametrize("term, expected", [(20 * MINUTE, []), (20 * MINUTE + JUST, ["accident_reminder"])])
def test_a_clock_no_longer_than_the_time_of_the_reminder_has_none(desk, term, expected):
    one = run_until(desk, file(desk), now() + 19 * MINUTE, term=term)
    sweep(desk.connection)
    assert stages(desk, one) == expected
    pass_time(desk, one, 19 * MINUTE)
    sweep(desk.connection)
    assert stages(desk, one) == [*expected, "accident_warning"]


def test_an_accident_that_comes_in_hours_late_is_told_of_at_once_its_latest_stage_alone_and_what_is_met_not_at_all(desk):
    filed = file(desk, learned=5 * HOUR, figures={"deaths": 3})
    assert clock(filed, "unit_report")["state"] == clock(filed, "unit_report_coal")["state"] == "met_late"
    sweep(desk.connection)
    sweep(desk.connection)
    assert told(desk, clock(filed, "unit_report_province")["id"]) == [("accident_upper", CITY_OFFICE.id)]
    assert desk.value("select count(*) from anze.notice where subject = 'accident'") == 1


def test_what_is_met_in_time_is_told_no_more(desk):
    filed = received(desk, 105 * MINUTE)
    one = clock(filed, "pass_up", "county")["id"]
    sweep(desk.connection)
    assert clock(desk.pass_up(COUNTY, filed, "city"), "pass_up", "county")["state"] == "met"
    pass_time(desk, one, 2 * HOUR)
    sweep(desk.connection)
    assert stages(desk, one) == ["accident_reminder"]


def test_what_a_regrade_supersedes_is_told_no_more_and_what_it_brings_is(desk):
    filed = file(desk, figures={"deaths": 3})
    one = run_until(desk, filed, now() - JUST, "unit_report_province", "unit")
    sweep(desk.connection)
    lower = desk.correct(COUNTY, filed, 1, figures={"deaths": 2})
    pass_time(desk, one, 2 * HOUR)
    sweep(desk.connection)
    assert stages(desk, one) == ["accident_warning"]
    assert ("unit_report_province", "superseded") in {(c["code"], c["state"]) for c in lower["clocks"]}
    higher = desk.correct(COUNTY, lower, 2, figures={"deaths": 4})
    again = run_until(desk, higher, now() - JUST, "unit_report_province", "unit")
    sweep(desk.connection)
    assert again != one and stages(desk, again) == ["accident_warning"]


def test_the_time_for_supplements_is_told_to_nobody(desk):
    filed = file(desk)
    one = clock(filed, "supplement")["id"]
    assert column_of(desk, one, "next_notice_at::text") == "infinity"
    desk.connection.execute("update anze.deadline set due_at = %(at)s, starts_at = %(at)s, next_notice_at = %(at)s"
                            " where " + NUMBERED, {"at": now() - JUST, "id": one})
    sweep(desk.connection)
    assert stages(desk, one) == []


def test_telling_changes_nothing_of_what_one_reads_of_the_accident(desk):
    filed = file(desk)
    one = run_until(desk, filed, now() - JUST)
    read = "select to_jsonb(a) from anze.accident a where a.id = %s"
    before = own(desk).execute(read, (filed["id"],)).fetchone()[0]
    sweep(desk.connection)
    assert stages(desk, one) == ["accident_warning"]
    assert own(desk).execute(read, (filed["id"],)).fetchone()[0] == before


def test_the_times_are_rules_in_their_units_that_an_administrator_revises(desk):
    desk.connection.execute("update anze.rule set value = 1, unit = 'hour' where code = 'NOTICE.ACCIDENT.SUPERIOR'")
    desk.connection.execute("update anze.rule set value = 0.5, unit = 'day' where code = 'NOTICE.ACCIDENT.OFFICE'")
    desk.connection.execute("update anze.rule set value = 13, unit = 'hour' where code = 'NOTICE.ACCIDENT.UPPER'")
    seen = []
    for after in (HOUR - SOON, HOUR + JUST, 12 * HOUR - SOON, 12 * HOUR + JUST, 13 * HOUR - SOON, 13 * HOUR + JUST):
        one = run_until(desk, file(desk), now() - after)
        sweep(desk.connection)
        seen += stages(desk, one)
    assert seen == ["accident_warning", "accident_superior", "accident_superior", "accident_office", "accident_office",
                    "accident_upper"]


# ---- to whom ----

def test_what_units_owe_goes_to_the_unit_of_the_accident_and_above_it(desk):
    filed = file(desk, figures={"deaths": 3})
    expected = [unit.id for unit in (ENTERPRISE, ENTERPRISE, GOVERNMENT, OFFICE, CITY_OFFICE)]
    assert everyone_told(desk, clock(filed, "unit_report_province")["id"]) == expected
    assert everyone_told(desk, clock(filed, "follow_up")["id"]) == expected, "the follow-ups of a day likewise"


def test_what_a_level_owes_goes_to_its_emergency_bureau_and_above_it(desk):
    filed = file(desk, figures={"deaths": 10})
    assert everyone_told(desk, clock(filed, "pass_up", "county")["id"]) == [
        unit.id for unit in (BUREAU, BUREAU, GOVERNMENT, OFFICE, CITY_OFFICE)]
    filed = desk.pass_up(CITY, desk.pass_up(COUNTY, filed, "city"), "province")
    other = desk.pass_up(COUNTY, file(desk, figures={"deaths": 10}), "city")
    of_city = [unit.id for unit in (CITY_BUREAU, CITY_BUREAU, CITY_GOVERNMENT, CITY_OFFICE, CITY_OFFICE)]
    assert everyone_told(desk, clock(other, "pass_up", "city")["id"]) == of_city
    assert everyone_told(desk, clock(filed, "pass_up", "province")["id"]) == of_city, "the next below, as there is none above"


@pytest.mark.parametrize("change", ["supervision_role = null", "closed_on = current_date"])
def test_where_there_is_no_emergency_bureau_the_safety_office_of_the_level_is_told(desk, change):
    filed = file(desk)
    desk.connection.execute(f"update anze.unit set {change} where id = %s", (BUREAU.id,))
    assert everyone_told(desk, clock(filed, "pass_up", "county")["id"])[:3] == [OFFICE.id, OFFICE.id, GOVERNMENT.id]


def test_for_a_unit_that_is_declared_the_countys_office_is_told_whether_or_not_the_register_knows_it(desk):
    unknown = {"unit_id": None, "unit_credit_code": "91150622MA0H2B1K4L", "unit_name": "外来施工队", "sector": "construction"}
    for given in (unknown, unknown | {"unit_credit_code": ENTERPRISE.credit_code}):
        one = clock(file(desk, figures={"deaths": 3}, **given), "unit_report_province")["id"]
        assert everyone_told(desk, one) == [unit.id for unit in (OFFICE, OFFICE, GOVERNMENT, CITY_OFFICE, CITY_OFFICE)]
        shown, = own(desk).execute("select anze.notice_json(n) from anze.notice n join anze.deadline d on d.id = n.subject_id"
                                   " where n.stage = 'accident_warning' and " + NUMBERED, {"id": one}).fetchone()
        assert shown["text_zh"].startswith("未登记的事故单位应于") and ENTERPRISE.name not in json.dumps(shown, ensure_ascii=False)


def test_for_a_unit_that_has_closed_the_countys_office_is_told(desk):
    filed = file(desk, figures={"deaths": 3})
    desk.connection.execute("update anze.unit set closed_on = current_date where id = %s", (ENTERPRISE.id,))
    assert everyone_told(desk, clock(filed, "unit_report_province")["id"])[0] == OFFICE.id


def test_where_the_register_has_no_body_at_all_the_sweep_goes_on(desk):
    one = run_until(desk, file(desk), now() - JUST)
    desk.connection.execute("update anze.unit set closed_on = current_date where is_body and province = '15'")
    sweep(desk.connection)
    assert stages(desk, one) == []
    assert column_of(desk, one, "next_notice_at > now()")


# ---- who must know, at once ----

def alerted(desk, accident: dict) -> list[tuple]:
    """Whom an alert went to: level, grade, unit and person."""
    return own(desk).execute(
        "select l.code, g.code, n.unit_id::text, n.person_id is not null from anze.accident_alert x"
        " join anze.notice n on n.subject_id = x.id and n.subject = 'accident_alert' join anze.level l on l.rank = x.level"
        " join anze.accident_grade g on g.rank = x.grade where x.accident_id = %s order by x.grade, x.level, x.rule",
        (accident["id"],)).fetchall()


LEVELS_TOLD = [(level, body.id) for level, bodies in (
    ("county", (BUREAU, GOVERNMENT, OFFICE)), ("city", (CITY_BUREAU, CITY_GOVERNMENT, CITY_OFFICE))) for body in bodies]


@pytest.mark.parametrize("deaths, told_of", [(2, None), (3, "larger"), (10, "major")])
def test_a_larger_accident_reaches_office_department_and_government_of_each_level_at_once(desk, deaths, told_of):
    filed = file(desk, figures={"deaths": deaths})
    sweep(desk.connection)
    sweep(desk.connection)
    assert alerted(desk, filed) == [(level, told_of, unit, False) for level, unit in LEVELS_TOLD if told_of]


def test_it_reaches_them_when_the_grade_rises_and_once_for_each_grade(desk):
    filed = file(desk)
    sweep(desk.connection)
    assert alerted(desk, filed) == []
    larger = desk.add(COUNTY, filed, figures={"deaths": 3})
    sweep(desk.connection)
    lower = desk.correct(COUNTY, larger, 2, figures={"deaths": 2})
    again = desk.add(COUNTY, lower, figures={"deaths": 4})
    sweep(desk.connection)
    assert {grade for _, grade, _, _ in alerted(desk, again)} == {"larger"} and len(alerted(desk, again)) == 6
    desk.add(COUNTY, again, figures={"deaths": 10})
    sweep(desk.connection)
    assert [grade for _, grade, _, _ in alerted(desk, again)] == ["larger"] * 6 + ["major"] * 6


def test_a_grade_that_was_corrected_before_anybody_was_told_and_a_drill_alarm_nobody(desk):
    desk.correct(COUNTY, file(desk, figures={"deaths": 30}), 1, figures={"deaths": 1})
    file(desk, figures={"deaths": 30}, is_drill=True)
    sweep(desk.connection)
    assert desk.value("select count(*) from anze.notice where kind = 'alert'") == 0


def test_the_leaders_are_told_by_name(desk):
    people = [str(row[0]) for row in own(desk).execute(
        "insert into anze.person (unit_id, name, region_code, is_body) select %(unit)s, n, '150622', true"
        " from unnest('{旗长,副旗长,局长}'::text[]) n returning id", {"unit": GOVERNMENT.id}).fetchall()]
    for person, post in zip(people, ("government_head", "government_safety_leader", "government_leader")):
        desk.connection.execute(
            "insert into anze.appointment (person_id, unit_id, post, held, document_number, region_code, is_body)"
            " values (%s, %s, %s, daterange(current_date - 9, null), '任字1号', '150622', true)", (person, GOVERNMENT.id, post))
    filed = file(desk, figures={"deaths": 3})
    sweep(desk.connection)
    assert len([row for row in alerted(desk, filed) if row[2] == GOVERNMENT.id and row[3]]) == 2
    named = own(desk).execute("select array_agg(n.person_id::text) from anze.notice n where n.kind = 'alert'"
                              " and n.person_id is not null").fetchone()[0]
    assert set(named) == set(people[:2])


def test_an_alert_says_of_what_grade_an_accident_is_and_nothing_of_what_happened(desk):
    filed = file(desk, figures={"deaths": 3}, place="不应出现的地点")
    sweep(desk.connection)
    shown, = own(desk).execute("select anze.notice_json(n) from anze.notice n where n.kind = 'alert' and n.unit_id = %s",
                               (OFFICE.id,)).fetchone()
    about = shown["accident_alert"]
    assert (about["id"], about["grade"], about["level"], about["told_as_zh"]) == (
        filed["id"], "larger", "county", "安全生产委员会办公室")
    assert (shown["stage"], shown["region_code"], shown["about_unit"]["id"]) == ("accident_alert", "150622101", OFFICE.id)
    assert shown["text_zh"].startswith("接报一起较大事故") and shown["text_en"].startswith("Larger accident reported")
    text = json.dumps(shown, ensure_ascii=False)
    assert not any(word in text for word in ("不应出现的地点", "顶板", ENTERPRISE.name))


# ---- what is said ----

@pytest.mark.parametrize("after, zh, en", [
    (-20 * MINUTE + JUST, "，还有20分钟到期。", ": 20 minutes are left."),
    (JUST, "，已逾期，请立即办理并签收本警示。", ": overdue. Do it at once and acknowledge this warning."),
    (15 * MINUTE + JUST, "，已逾期15分钟，现事故时限逾期提级至上级责任单位。",
     ": 15 minutes overdue. Escalation of the clock of an accident to the superior unit."),
    (5 * HOUR, "，已逾期5小时，现", ": 5 hours overdue. "), (50 * HOUR, "，已逾期2天，现", ": 2 days overdue. ")])
def test_a_notice_says_who_owes_what_since_when_in_both_languages_and_nothing_of_what_happened(desk, after, zh, en):
    filed = file(desk, place="不应出现的地点")
    one = run_until(desk, filed, now() - after)
    sweep(desk.connection)
    shown, = own(desk).execute("select anze.notice_json(n) from anze.notice n join anze.deadline d on d.id = n.subject_id where "
                               + NUMBERED, {"id": one}).fetchone()
    assert f"{BUREAU.name}应于" in shown["text_zh"] and "前完成“县级上报设区的市级”（一般事故）" + zh in shown["text_zh"]
    assert "“The county passes it up to the city” (Ordinary accident) by " in shown["text_en"] and en in shown["text_en"]
    about = shown["accident"]
    assert (about["id"], about["clock"], about["from_level"], about["to_level"], about["grade"]) == (
        filed["id"], "pass_up", "county", "city", "ordinary")
    assert about["state"] == ("running" if after < JUST else "overdue")
    assert (shown["about_unit"]["id"], shown["region_code"], shown["sector"]) == (BUREAU.id, "150622101", "coal")
    text = json.dumps(shown, ensure_ascii=False)
    assert not any(word in text for word in ("不应出现的地点", "顶板", ENTERPRISE.name)) and "obligation" not in shown


def test_the_state_of_the_clock_is_that_of_now_and_whoever_reads_has_his_own_reach_again(desk):
    filed = received(desk, 121 * MINUTE)
    sweep(desk.connection)
    desk.pass_up(COUNTY, filed, "city")
    desk.speak_as(PROVINCE)
    shown, = desk.connection.execute("select anze.notice_json(n) from anze.notice n where n.stage = 'accident_warning'").fetchone()
    assert shown["accident"]["state"] == "met_late"
    assert desk.value("select anze.reach()") == "region"


# ---- what stays ----

@pytest.mark.parametrize("change", ["due_at = due_at + interval '1 minute'", "starts_at = starts_at - interval '1 minute'",
                                    "id = gen_random_uuid()", "details = details || '{\"required\": 9}'"])
def test_nothing_but_its_end_and_its_next_notice_changes_of_a_clock(quiet, change):
    with quiet.owner() as connection:
        filed = file(Desk(connection))
        Desk(connection).speak_as(ITSELF)
        one = clock(filed, "pass_up", "county")["id"]
        connection.execute("update anze.deadline set next_notice_at = 'infinity' where " + NUMBERED, {"id": one})
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"update anze.deadline set {change} where " + NUMBERED, {"id": one})
        connection.rollback()


def test_the_service_itself_cannot_put_off_a_notice(quiet):
    with quiet.service(reach="region", region="1506") as service, pytest.raises(psycopg.errors.InsufficientPrivilege):
        service.execute("update anze.deadline set next_notice_at = 'infinity'")
