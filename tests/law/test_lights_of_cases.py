"""Lights by hazards, by the deadlines of cases and by accidents: every threshold on both sides, what appears by time alone,
and what goes when something is settled; and that what an office lets pass does not colour the unit."""
import datetime as dt
import json
import time

import pytest
from desk import CHINA

from harness import tree
from harness.cases import day
from harness.hazards import MINE, filing
from harness.listing import COUNTY, Hands, papers
from harness.owed import sweep

SCOPES = "hazards:read hazards:report hazards:handle cases:read cases:act"
OFFICER = {"reach": "region", "region": "150622", "unit": COUNTY.id, "on_behalf_of": COUNTY.id, "actor": "county-1"}
OTHER_OFFICER = {**OFFICER, "actor": "county-2"}
MANAGER = {"reach": "unit", "region": "", "unit": MINE.id, "on_behalf_of": MINE.id, "actor": "mine-1"}
# Two of these are below red.
YELLOW_AND_RED = [(1, "yellow"), (2, "yellow"), (3, "red")]


@pytest.fixture
def owner(quiet):
    with quiet.owner() as connection:
        sweep(connection)
        yield connection
        connection.rollback()


@pytest.fixture(scope="module")
def quiet(make_database, cluster):
    """A database that no service sweeps, and where nothing is owed but what a test says."""
    return make_database(cluster, catalogue=False)


def call(owner, caller: dict, function: str, *arguments) -> dict:
    for name, value in {**caller, "scopes": SCOPES, "sectors": ""}.items():
        owner.execute("select set_config(%s, %s, true)", (f"anze.{name}", value))
    given = [json.dumps(a) if isinstance(a, (dict, list)) else a for a in arguments]
    body = owner.execute(f"select body from anze.{function}({', '.join(['%s'] * len(given))})", given).fetchone()[0]
    return json.loads(body)


def file(owner, days_ago: int = 0, **given) -> dict:
    found_at = dt.datetime.now(CHINA).replace(microsecond=0) - dt.timedelta(days=days_ago)
    return call(owner, OFFICER, "file_hazard", filing(found_at=found_at.isoformat(), **given))


def judge(owner, hazard: dict, severity: str, **given) -> dict:
    return call(owner, OFFICER, "judge_hazard", hazard["id"], str(hazard["version"]), {"severity": severity, **given})


def act(owner, caller: dict, hazard: dict, action: str, *evidence: str, **fields) -> None:
    version = owner.execute("select version from anze.case_file where id = %s", (hazard["case_id"],)).fetchone()[0]
    call(owner, caller, "take_case_action", hazard["case_id"], str(version),
         {"action": action, "fields": fields, "evidence": papers(*evidence)})


def major(owner, **given) -> dict:
    return judge(owner, file(owner, **given), "major", criterion="ANY.MAJOR")


def ordered(owner) -> dict:
    """A general one that the unit is to put right within twenty days."""
    made = judge(owner, file(owner), "general")
    act(owner, OFFICER, made, "order", responsible="机电队长", measures="恢复护栏", due_on=day(20))
    return made


def open_case(owner, kind: str, unit: tree.Unit = MINE) -> str:
    """Its first clock is owed by the county's department, which is asked to decide."""
    return owner.execute("select (anze.open_case(%s, %s, %s, 2::smallint, '事项', '{}', null, '{}', '[]')).id::text",
                         (kind, unit.id, COUNTY.id)).fetchone()[0]


def fall_due(owner, case: str, at: str = "now() - interval '1 second'", clock: str = "%") -> None:
    """Deadlines of a case end then; of which nobody is told, so that the light is judged by itself."""
    owner.execute(f"update anze.deadline set starts_at = least(starts_at, {at} - interval '1 day'), due_at = {at},"
                  " next_notice_at = 'infinity' where subject_id = %s and clock like %s and is_running", (case, clock))


def light(owner, unit: tree.Unit = MINE) -> tuple[str, dict]:
    """The colour and what each rule counted, after a sweep."""
    sweep(owner)
    colour, reasons = owner.execute("select colour, reasons from anze.unit_light where unit_id = %s", (unit.id,)).fetchone()
    return colour, {r["rule"]: r["value"] for r in reasons}


def expected(rule: str, count: int) -> tuple[str, dict]:
    """What so many of one kind make of the light of a unit that has no other fault."""
    found = {f"yellow_{rule}": count} if count >= 1 else {}
    if count >= 3:
        found[f"red_{rule}"] = count
    return ("red" if count >= 3 else "yellow" if count else "green"), found


def due_at(owner, unit: tree.Unit = MINE) -> dt.datetime | None:
    """When time alone changes the light; None: never."""
    return owner.execute("select nullif(light_due_at, 'infinity') from anze.duty_work where unit_id = %s", (unit.id,)).fetchone()[0]


# ---- hazards that are open ----

def test_an_open_hazard_that_is_not_major_leaves_it_green(owner):
    judge(owner, file(owner), "general")
    assert light(owner) == ("green", {})


def test_one_or_two_major_hazards_are_yellow_and_three_are_red_until_they_are_settled_or_merged(owner):
    # of different criteria, so that none is a recurrence
    made = []
    for count, criterion in enumerate(("ANY.MAJOR", "COAL.04", "COAL.08"), 1):
        made.append(judge(owner, file(owner), "major", criterion=criterion))
        assert light(owner) == expected("hazards_major", count)
    call(owner, OFFICER, "merge_hazard", made[0]["id"], str(made[0]["version"]), {"into_id": made[1]["id"], "reason": "同一隐患"})
    assert light(owner) == expected("hazards_major", 2)
    act(owner, OTHER_OFFICER, made[2], "regrade_general", basis="复核后不构成重大隐患")
    assert light(owner) == expected("hazards_major", 1)
    act(owner, OFFICER, made[1], "order_major", responsible="矿长", measures="治理", budget_cny="10000.00", due_on=day(30),
        emergency_plan="撤人预案")
    act(owner, MANAGER, made[1], "report_completed", "report", "photo", result="已治理", evaluation="评估合格，示范评价公司")
    assert light(owner) == expected("hazards_major", 1), "reported is not yet closed"
    act(owner, OFFICER, made[1], "pass_acceptance", "record", opinion="现场审查合格")
    assert light(owner) == ("green", {})


def test_a_merger_that_was_undone_counts_again(owner):
    one, other = judge(owner, file(owner), "major", criterion="COAL.04"), judge(owner, file(owner), "major", criterion="COAL.08")
    call(owner, OFFICER, "merge_hazard", one["id"], str(one["version"]), {"into_id": other["id"], "reason": "同一隐患"})
    assert light(owner) == expected("hazards_major", 1)
    version = owner.execute("select version from anze.hazard where id = %s", (one["id"],)).fetchone()[0]
    call(owner, OFFICER, "undo_hazard_merger", one["id"], str(version), {"reason": "两处不同"})
    assert light(owner) == expected("hazards_major", 2)


def test_one_or_two_hazards_found_again_are_yellow_and_three_are_red_until_they_are_no_hazard(owner):
    file(owner, 40, criterion="COAL.07")
    assert light(owner) == ("green", {}), "found once"
    again = []
    for count in (1, 2, 3):
        again.append(file(owner, 40 - 10 * count, criterion="COAL.07"))
        assert light(owner) == expected("hazards_repeated", count)
    for left, hazard in zip((2, 1, 0), again):
        act(owner, OFFICER, hazard, "dismiss", reason="核实无此问题")
        assert light(owner) == expected("hazards_repeated", left)


def test_a_hazard_found_again_that_is_put_right_counts_no_more(owner):
    file(owner, 40, criterion="FIRE.EXIT")
    again = judge(owner, file(owner, criterion="FIRE.EXIT"), "general", criterion="FIRE.EXIT")
    assert light(owner) == expected("hazards_repeated", 1)
    act(owner, OFFICER, again, "order", responsible="机电队长", measures="恢复", due_on=day(20))
    act(owner, MANAGER, again, "report_rectified", "photo", result="已整改")
    act(owner, OFFICER, again, "pass_review", opinion="合格")
    assert light(owner) == ("green", {})


# ---- deadlines of hazards ----

def test_one_or_two_late_hazards_are_yellow_and_three_are_red_until_they_are_reported_put_right(owner):
    made = [ordered(owner) for _ in range(3)]
    assert light(owner) == ("green", {}), "none is due yet"
    for count, hazard in enumerate(made, 1):
        fall_due(owner, hazard["case_id"])
        assert light(owner) == expected("hazards_late", count)
    for left, hazard in zip((2, 1, 0), made):
        act(owner, MANAGER, hazard, "report_rectified", "photo", result="已整改")
        assert light(owner) == expected("hazards_late", left)


def test_a_hazard_of_which_several_deadlines_are_late_is_one(owner):
    made = major(owner)
    running = owner.execute("select count(*) from anze.deadline where subject_id = %s and is_running and owed_by = %s",
                            (made["case_id"], MINE.id)).fetchone()[0]
    fall_due(owner, made["case_id"])
    colour, reasons = light(owner)
    assert running > 1 and (colour, reasons) == ("yellow", {"yellow_hazards_major": 1, "yellow_hazards_late": 1})


def test_an_office_that_lets_a_hazard_wait_does_not_colour_the_unit(owner):
    made = [file(owner) for _ in range(3)]  # to be judged by the department
    for hazard in made:
        fall_due(owner, hazard["case_id"])
    late = owner.execute("select count(*) from anze.deadline where is_running and due_at <= now() and owed_by = %s",
                         (COUNTY.id,)).fetchone()[0]
    assert late == 3 and light(owner) == ("green", {})
    assert light(owner, COUNTY) == ("green", {}), "and hazards_late is about the own hazards of a unit"


# ---- deadlines of cases of every other kind ----

@pytest.mark.parametrize("kind, owes", [
    ("listed_supervision", tree.body("office", "150622")), ("escalation", COUNTY), ("hazard_as_accident", COUNTY)])
def test_one_or_two_late_cases_are_yellow_and_three_are_red_for_whoever_owes_it(owner, kind, owes):
    made = [open_case(owner, kind) for _ in range(3)]
    assert light(owner, owes) == ("green", {})
    for count, case in enumerate(made, 1):
        fall_due(owner, case)
        assert light(owner, owes) == expected("cases_late", count)
    assert light(owner) == ("green", {}), "the unit that it is about owes nothing"
    for left, case in zip((2, 1, 0), made):
        owner.execute("update anze.deadline set met_at = clock_timestamp() where subject_id = %s and is_running", (case,))
        assert light(owner, owes) == expected("cases_late", left)


def test_a_unit_owes_the_rectification_of_its_listed_case_and_whoever_lists_it_does_not(owner):
    hands = Hands(owner)
    case = hands.rectifying(60)
    assert light(owner) == ("green", {})
    fall_due(owner, case, clock="rectify")
    assert light(owner) == expected("cases_late", 1)
    assert light(owner, COUNTY) == ("green", {})
    fall_due(owner, case, clock="progress")
    assert light(owner) == expected("cases_late", 1), "a case is one, however many of its deadlines are late"
    hands.act(case, "unit", "report_progress", {"progress": "已疏通一半", "percent": 50}, papers("report"))
    assert light(owner) == expected("cases_late", 1), "the rectification is late still"
    owner.execute("update anze.deadline set superseded_at = clock_timestamp() where subject_id = %s and is_running", (case,))
    assert light(owner) == ("green", {})


def test_late_hazards_and_late_cases_are_counted_apart(owner):
    for hazard in (ordered(owner), ordered(owner)):
        fall_due(owner, hazard["case_id"])
    case = Hands(owner).rectifying(60)
    fall_due(owner, case, clock="rectify")
    assert light(owner) == ("yellow", {"yellow_hazards_late": 2, "yellow_cases_late": 1})


@pytest.mark.parametrize("measure", ["HAZARDSMAJOR", "HAZARDSLATE", "HAZARDSREPEATED", "CASESLATE"])
def test_thresholds_are_defaults_of_the_house_and_say_so(owner, measure):
    rows = owner.execute("select code, value, confidence, note_zh, note_en from anze.rule where code like %s order by code",
                         (f"LIGHT.%.{measure}",)).fetchall()
    assert [(r[0], r[1], r[2]) for r in rows] == [(f"LIGHT.RED.{measure}", 3, "recalled-low"),
                                                  (f"LIGHT.YELLOW.{measure}", 1, "recalled-low")]
    assert all("缺省值" in r[3] and "default" in r[4] for r in rows)


# ---- accidents ----

def test_an_accident_colours_the_light_of_its_unit_as_long_as_lights_look_back_and_it_counts(owner):
    happened = dt.datetime.now(CHINA).replace(microsecond=0) - dt.timedelta(hours=2)
    filed = {"unit_id": MINE.id, "region_code": "150622101", "place": "3号工作面", "course": "顶板垮落", "measures": "停止作业",
             "category": "12", "occurred_at": happened.isoformat(), "learned_at": happened.isoformat(), "figures": {"deaths": 1}}
    call(owner, OFFICER, "file_accident", {**filed, "is_drill": True})
    assert light(owner) == ("green", {}), "a drill is none"
    made = call(owner, OFFICER, "file_accident", filed)
    assert light(owner) == ("yellow", {"yellow_accidents": 1})
    assert due_at(owner) == happened + dt.timedelta(days=92)
    grave = call(owner, OFFICER, "add_accident_report", made["id"], {"kind": "follow_up", "narrative": "两人经抢救无效",
                                                                     "figures": {"deaths": 3}})
    assert light(owner) == ("red", {"red_accidents_grave": 1, "yellow_accidents": 1})
    call(owner, OTHER_OFFICER, "withdraw_accident", made["id"], str(grave["version"]), {"ground": "false_alarm", "reason": "误报"})
    assert light(owner) == ("green", {}), "what turned out to be none colours nothing"


# ---- when it is judged ----

def stale(owner) -> set[str]:
    """Units whose light is to be judged again, once the notes are taken up."""
    owner.execute("select anze.take_light_notes(1000)")
    return {str(u) for (u,) in owner.execute("select unit_id from anze.duty_work where light_is_stale").fetchall()}


def test_whoever_owes_a_deadline_is_judged_again_when_it_begins_and_when_it_ends(owner):
    case = open_case(owner, "escalation")
    assert stale(owner) == {COUNTY.id}
    sweep(owner)
    assert due_at(owner, COUNTY) == owner.execute("select due_at from anze.deadline where subject_id = %s", (case,)).fetchone()[0]
    owner.execute("update anze.deadline set next_notice_at = next_notice_at + interval '1 minute' where subject_id = %s", (case,))
    assert stale(owner) == set(), "nothing that a light looks at"
    owner.execute("update anze.deadline set met_at = clock_timestamp() where subject_id = %s", (case,))
    assert stale(owner) == {COUNTY.id}
    sweep(owner)
    assert due_at(owner, COUNTY) is None


def test_a_deadline_of_the_unit_behind_an_earlier_one_of_an_office_is_noticed_too(owner):
    made = ordered(owner)
    act(owner, MANAGER, made, "ask_extension", asked_until=day(40), reason="设备到货延迟")
    sweep(owner)
    first = due_at(owner)
    earliest, = owner.execute("select due_at from anze.hazard where id = %s", (made["id"],)).fetchone()
    assert earliest < first, "the department decides before the unit is to be ready"
    act(owner, OFFICER, made, "grant_extension", due_on=day(35), opinion="同意")
    sweep(owner)
    assert due_at(owner) == first + dt.timedelta(days=15)


@pytest.mark.parametrize("what, rule", [("hazard", "hazards_late"), ("case", "cases_late")])
def test_the_light_turns_when_a_deadline_passes_though_nobody_writes(make_database, cluster, what, rule):
    with make_database(cluster, catalogue=False).owner() as owner:
        unit = MINE if what == "hazard" else COUNTY
        case = ordered(owner)["case_id"] if what == "hazard" else open_case(owner, "escalation")
        fall_due(owner, case, "clock_timestamp() + interval '2 seconds'")
        assert light(owner, unit) == ("green", {})
        owner.commit()  # clock_timestamp moves on, now() must too
        time.sleep(2.1)
        assert stale(owner) == set(), "nobody marked it"
        assert light(owner, unit) == expected(rule, 1)
        assert owner.execute("select count(*) from anze.notice").fetchone()[0] == 0, "nor was anybody told"


def test_who_takes_up_notes_waits_for_nobody_and_loses_none(make_database, cluster):
    database = make_database(cluster, catalogue=False)
    with database.owner() as one, database.owner() as other:
        sweep(one)
        one.execute("insert into anze.light_note (unit_id) values (%s), (%s)", (MINE.id, COUNTY.id))
        one.commit()
        one.execute("select from anze.duty_work where unit_id = %s for no key update", (MINE.id,))  # in hand
        other.execute("set lock_timeout = '1s'")
        assert stale(other) == {COUNTY.id}
        other.commit()
        one.rollback()
        assert stale(other) == {MINE.id, COUNTY.id}
