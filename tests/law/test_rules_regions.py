"""The stricter figure of one region: whatever judges a unit or a place asks for the figures of its region, so that one of a
county changes what is judged in that county and nowhere else; and what asks without a region has its reason."""
import datetime as dt
import json
import re
from pathlib import Path

import pytest

from harness import cases, tree
from harness.owed import DAY, now, owe
from harness.risks import lec, point

SQL = Path(__file__).parents[2] / "sql"
COUNTY, NEIGHBOUR = "150622", "150621"

# Functions (and statements) that ask for the nation's figure alone, and why.
NATIONAL = {
    "accident_grade_of": "the grades of accidents are the nation's law",
    "accident_supplement_end": "until when casualties move the grade is part of the grade",
    "accident_clock_of_window": "the same",
    "accident_answering_level": "which government answers for a grade is the nation's law",
    "accident_list_recipients": "names the article by which somebody is told; its figure is not asked for",
    "hazard_level": "which level looks after a hazard is settled between levels, not within one",
    "treat_as_accident": "the same",
    "hazard_duplicates": "how two findings are compared is a method",
    "hazard_source_grade": "the grades of a national standard",
    "hazard_source_faults": "the same",
    "judge_lights": "how far lights look back: those of two places are compared",
    "case_kind_clocks": "a kind of case is shown with the nation's figures",
    "getRiskMethods": "the method is shown with the nation's boundaries",
    "rule_value": "the nation's figure itself", "rule_on": "the nation's figure itself",
    "rule_basis": "shows the nation's figure beside a region's",
    "rules_in_force": "takes a region", "listRules": "takes a region",
}


def arguments(text: str, start: int) -> tuple[int, str]:
    """How many arguments stand between a parenthesis and its end, and they themselves."""
    depth, count = 1, 1
    for at in range(start, len(text)):
        depth += (text[at] in "([") - (text[at] in ")]")
        count += text[at] == "," and depth == 1
        if depth == 0:
            return count, text[start:at]
    raise AssertionError(text[start:start + 80])


def asked_without_a_region() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in [*SQL.glob("functions/*/*.sql"), *SQL.glob("queries/*/*.sql")]:
        text = re.sub(r"--(?!\?).*", "", path.read_text(encoding="utf-8"))
        headers = [(m.start(), m[1]) for m in re.finditer(r"create or replace function (?:anze|audit)\.(\w+)", text)]

        def owner(at: int, named=tuple(headers), page=path) -> str:
            return ([name for start, name in named if start < at] or [page.stem])[-1]
        for call in re.finditer(r"(?<!function )anze\.rule_(?:value|on)\(", text):
            count, said = arguments(text, call.end())
            if count == 2:
                found.setdefault(owner(call.start()), []).append(said)
        for read in re.finditer(r"(?:from|join) anze\.rule \w+", text):
            if "in_force @>" in text[read.end():read.end() + 250]:
                found.setdefault(owner(read.start()), []).append(text[read.end():read.end() + 120])
    return found


def test_whoever_asks_without_a_region_is_known_and_has_a_reason():
    assert set(asked_without_a_region()) == set(NATIONAL)


@pytest.fixture(scope="module")
def alone(make_database, cluster):
    return make_database(cluster)


@pytest.fixture
def owner(alone):
    with alone.owner() as connection:
        yield connection
        connection.rollback()


def test_a_rule_that_is_read_without_a_region_has_no_local_figures(owner):
    """A code that stands in the text; one that is computed says by its function what it is."""
    codes = {code for name, said in asked_without_a_region().items() if name not in ("accident_list_recipients",)
             for text in said for code in re.findall(r"'([A-Z]+(?:\.[A-Z0-9]+)+)'", text)}
    assert {"HAZ.LEVEL", "HAZ.DUP.SCORE", "LIGHT.WINDOW", "HAZSOURCE.R1"} <= codes
    assert owner.execute("select code from anze.rule where code = any (%s) and stricter is not null", (sorted(codes),)).fetchall() == []


# What is judged, in the county and beside it ------------------------------------------------------------------------------


def local(owner, code: str, value: float, region: str = COUNTY) -> None:
    owner.execute("insert into anze.rule (code, version, in_force, region_code, title_zh, title_en, value, unit, instrument,"
                  " article, confidence, origin, reason) select r.code, 100, '[2000-01-01,)', %s, r.title_zh, r.title_en, %s, r.unit,"
                  " r.instrument, '地方规定', 'found-local', 'administrator', '从严' from anze.rule r where r.code = %s and r.version = 1",
                  (region, value, code))


def of(region: str) -> tree.Unit:
    """Its department of emergency management, which owes."""
    return tree.body("emergency", region)


def enterprise(region: str) -> tree.Unit:
    return tree.enterprise(tree.TOWNS[region][1], 1)


def light(owner, region: str) -> tuple:
    unit = of(region)
    owe(owner, now() - DAY, unit=unit)
    owner.execute("select anze.judge_lights(array[%s]::uuid[])", (unit.id,))
    colour, reasons = owner.execute("select colour, reasons from anze.unit_light where unit_id = %s", (unit.id,)).fetchone()
    return colour, [(r["threshold_rule"], r["threshold"], r.get("region_code"), r.get("national", {}).get("value"))
                    for r in reasons if r["measure"] == "missed" and r["colour"] == "red"]


def light_by_time(owner, region: str) -> dt.timedelta:
    """When the light turns because a warning is not acknowledged, counted from the warning."""
    made, told = owe(owner, now() - 3 * dt.timedelta(hours=1), unit=of(region)), now()
    owner.execute("insert into anze.notice (id, subject, subject_id, stage, kind, unit_id, about_unit_id, issued_at, region_code, sector)"
                  " select gen_random_uuid(), 'obligation', o.id, s.code, 'warning', o.unit_id, o.unit_id, %s, o.region_code, o.sector"
                  " from anze.obligation o, anze.notice_stage s where o.id = %s and s.subject = 'obligation' and s.kind = 'warning' limit 1",
                  (told, made))
    due, = owner.execute("select due_at from anze.light_measures(array[%s]::uuid[], %s, interval '92 days')", (of(region).id, told)).fetchone()
    return due - told


def region_light(owner, region: str) -> list:
    return [r["threshold"] for r in owner.execute(
        "select anze.light_reasons('{\"red_units_percent\": 5}', anze.today(), %s)", (region,)).fetchone()[0] if r["colour"] == "red"]


def reminder_of_a_case(owner, region: str) -> dt.timedelta:
    cases.install(owner)
    case = cases.open_case(owner, unit=enterprise(region), supervisor=of(region))
    due, looks = owner.execute("select due_at, next_notice_at from anze.deadline where subject_id = %s and clock = 'whole'", (case,)).fetchone()
    return looks - due


def stage_of_a_case(owner, region: str) -> str | None:
    """What the sweeper tells of what is due in four days."""
    return owner.execute("select stage from anze.stage_due('case', (-1)::smallint, now(), now() + interval '4 days', now() + interval '4 days',"
                         " '-infinity', null, %s)", (region,)).fetchone()[0]


def reminder_of_a_duty(owner, region: str) -> dt.timedelta:
    unit, due = of(region), now() + 20 * DAY
    made = owe(owner, due, unit=unit, planned_at=now())
    owner.execute("update anze.obligation set due_at = due_at + interval '1 day', missed_from = missed_from + interval '1 day' where id = %s",
                  (made,))
    owner.execute("select anze.write_obligations(array(select o from (select jsonb_populate_record(x, jsonb_build_object("
                  "'due_at', %s::timestamptz, 'missed_from', %s::timestamptz)) as o from anze.obligation x where x.id = %s) y))", (due, due, made))
    found, looks = owner.execute("select due_at, next_notice_at from anze.obligation where id = %s", (made,)).fetchone()
    return looks - found


def looks_of_an_accident(owner, region: str) -> dt.timedelta:
    due = now() + dt.timedelta(hours=2)
    looks, = owner.execute("select anze.first_looks('accident', array[%s]::timestamptz[], array['-infinity']::timestamptz[], %s)",
                           (due, region)).fetchone()
    return looks[0] - due


def risk(owner, region: str) -> tuple:
    """A point of 300 by LEC, whose boundary of red is 320."""
    unit = enterprise(region)
    for name, value in (("reach", "unit"), ("unit", unit.id), ("actor", "keeper")):
        owner.execute("select set_config(%s, %s, true)", (f"anze.{name}", value))
    body = lambda call, *given: json.loads(owner.execute(f"select body from anze.{call}", given).fetchone()[0])  # noqa: E731
    made = body("create_risk_point(%s)", json.dumps(point(unit_id=unit.id)))
    made = body("assess_risk_point(%s, '1', %s)", made["id"], json.dumps(lec(10, 2, 15)))
    found = made["history"][0]
    return found["colour"], found["basis"]["at_least"], found["basis"].get("region_code"), found["basis"].get("national", {}).get("value")


def risk_grade(owner, region: str) -> int:
    return owner.execute("select anze.risk_grade('lec', 'blue', 15, anze.today(), %s)", (region,)).fetchone()[0]


def structure(owner, region: str) -> list:
    """An office of a city asks for a director; here of any body: at least one leader of the department."""
    unit = of(region)
    owner.execute("delete from anze.appointment where unit_id = %s", (unit.id,))
    owner.execute("insert into anze.structural_rule (code, clause, title_zh, title_en, unit_kinds, check_kind, posts, minimum_rule,"
                  " instrument, confidence) values ('TEST-LOCAL', '9', '测试', 'Test', '{department}', 'holders', '{department_head}',"
                  " 'STRUCT.OFFICE.SECTIONS', 'OPINION-ORDOS-2022', 'recalled-low') on conflict do nothing")
    for number in range(2):
        owner.execute("with p as (insert into anze.person (unit_id, name, code, region_code, sector, is_body) values (%s, '某', %s, %s, null, true)"
                      " returning id) insert into anze.appointment (person_id, unit_id, post, held, region_code, sector, is_body)"
                      " select p.id, %s, 'department_head', '[2020-01-01,)', %s, null, true from p",
                      (unit.id, f"L{number}", unit.region_code, unit.id, unit.region_code))
    return owner.execute("select since is not null, detail -> 'counts' from anze.structure_verdicts(array[%s]::uuid[]) where rule = 'TEST-LOCAL'",
                         (unit.id,)).fetchone()


def insurance(owner, region: str) -> list:
    return [f["rule"] for f in owner.execute(
        "select anze.duty_record_content_faults(jsonb_populate_record(null::anze.duty_record, jsonb_build_object('kind', 'insurance_policy',"
        " 'valid', '[2026-01-01,2027-01-01)', 'region_code', %s::text, 'content', jsonb_build_object('limit_cny', '450000'))))",
        (enterprise(region).region_code,)).fetchone()[0]]


def entered_late(owner, region: str) -> list:
    """Of four weeks ago, entered by whoever is above."""
    unit = enterprise(region)
    for name, value in (("reach", "region"), ("region", "1506"), ("actor", "city")):
        owner.execute("select set_config(%s, %s, true)", (f"anze.{name}", value))
    return owner.execute("select anze.backdating_faults(anze.today() - 28, '/on_day', %s, %s)", (unit.id, unit.region_code)).fetchone()[0]


def entered_too_late(owner, region: str) -> list:
    return [(f["rule"], "DUTY.BACKDATE.ABOVE" in f["en"]) for f in entered_late(owner, region)]


def appointed_too_late(owner, region: str) -> list:
    owner.execute("select set_config('anze.reach', 'region', true), set_config('anze.region', '1506', true)")
    return [f["rule"] for f in owner.execute("select anze.appointment_backdating_faults(anze.today() - 28, '/held_from', u) from anze.unit u"
                                             " where u.id = %s", (enterprise(region).id,)).fetchone()[0]]


def promptly(owner, region: str) -> int:
    return owner.execute("select anze.duty_event_days(jsonb_populate_record(null::anze.duty, '{}'), anze.today(), %s)", (region,)).fetchone()[0]


HOUR = dt.timedelta(hours=1)
JUDGED = [  # code, the county's figure, what judges, in the county, elsewhere
    ("LIGHT.RED.MISSED", 1, light, ("red", [("LIGHT.RED.MISSED", 1, COUNTY, 3)]), ("yellow", [])),
    ("LIGHT.YELLOW.UNACKNOWLEDGED", 1, light_by_time, DAY, 3 * DAY),
    ("LIGHT.REGION.RED.REDUNITS", 4, region_light, [4], []),
    ("NOTICE.DEADLINE.REMINDER", -5, reminder_of_a_case, -5 * DAY, -3 * DAY),
    ("NOTICE.DEADLINE.REMINDER", -5, stage_of_a_case, "deadline_reminder", None),
    ("NOTICE.REMINDER.LONG", -9, reminder_of_a_duty, -9 * DAY, -7 * DAY),
    ("NOTICE.ACCIDENT.REMINDER", -60, looks_of_an_accident, -HOUR, -HOUR / 3),
    ("RISK.LEC.RED", 200, risk, ("red", 200, COUNTY, 320), ("orange", 160, None, None)),
    ("RISK.LEC.GRADE2", 10, risk_grade, 2, 1),
    ("STRUCT.OFFICE.SECTIONS", 3, structure, (True, [{"post": "department_head", "good": 2, "minimum": 3}]), (False, [])),
    ("INSURE.MIN", 500000, insurance, ["below-minimum"], []),
    ("DUTY.BACKDATE.ABOVE", 20, entered_too_late, [("backdated-too-far", True)], []),
    ("APPOINT.BACKDATE.ABOVE", 20, appointed_too_late, ["backdated-too-far"], []),
    ("DUTY.PROMPT.DAYS", 5, promptly, 5, 15),
]


@pytest.mark.parametrize("code, value, judge, there, elsewhere", JUDGED, ids=[f"{row[2].__name__}" for row in JUDGED])
def test_a_figure_of_a_county_changes_what_is_judged_there_and_nowhere_else(owner, code, value, judge, there, elsewhere):
    assert judge(owner, COUNTY) == elsewhere, "without a figure of its own"
    owner.rollback()
    local(owner, code, value)
    assert judge(owner, COUNTY) == there
    assert judge(owner, NEIGHBOUR) == elsewhere


@pytest.mark.parametrize("code, value, judge, there, elsewhere", JUDGED, ids=[f"{row[2].__name__}" for row in JUDGED])
def test_a_laxer_figure_of_a_county_changes_nothing(owner, code, value, judge, there, elsewhere):
    nation, stricter = owner.execute("select value, stricter from anze.rule where code = %s and version = 1", (code,)).fetchone()
    local(owner, code, float(nation) * (2 if (nation > 0) == (stricter == "less") else 0.5))
    assert judge(owner, COUNTY) == elsewhere


def test_every_prefix_that_may_have_local_figures_is_tried_here_or_with_its_clocks(owner):
    """Clocks of accidents and cases are tried in test_rules_in_force.py and where they run."""
    prefixes = {prefix for (prefix,) in owner.execute("select prefix from anze.rule_limit where stricter is not null")}
    with_clocks = {p for p in prefixes if p.startswith(("ACC.", "HAZ.", "HAZACC.", "LIST.", "ESCALATION."))}
    tried = {max((p for p in prefixes if code.startswith(p)), key=len) for code, *_ in JUDGED}
    assert {p.split(".")[0] for p in prefixes - with_clocks} == {p.split(".")[0] for p in tried}
