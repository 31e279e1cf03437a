"""Every figure of the law at its limits: whatever an administrator may enter, what rests on it goes on. Each rule is
revised to its least and its greatest value, and then things happen that ask for it, in a transaction that is rolled back."""
import datetime as dt
import json

import pytest
from desk import CHINA, COUNTY, Desk

from harness import tree
from harness.hazards import MINE, filing
from harness.listing import COUNTY as COUNTY_BODY
from harness.listing import PARTIES, SCOPES, found_province_office, proposal
from harness.owed import DAY, UNIT, now, owe, sweep

ADMINISTRATOR = {"reach": "region", "region": "1506", "actor": "administrator"}
CITY = {"reach": "region", "actor": "city", **PARTIES["city"]}


@pytest.fixture(scope="module")
def quiet(make_database, cluster):
    """Where nothing is owed but what a test says."""
    return make_database(cluster, catalogue=False)


@pytest.fixture
def owner(quiet):
    with quiet.owner() as connection:
        found_province_office(connection)
        sweep(connection)
        yield connection
        connection.rollback()


@pytest.fixture
def hand(owner):
    return Desk(owner)


# What rests on rules ------------------------------------------------------------------------------------------------------


def hazards(hand: Desk) -> None:
    hand.connection.execute("select set_config('anze.scopes', %s, true)", (" ".join(SCOPES),))
    at = dt.datetime.now(CHINA)
    for found_at, severity in ((at - DAY, "general"), (at, "major")):
        given = filing(found_at=found_at.isoformat(), criterion="COAL.06")
        made = hand.call(COUNTY, "file_hazard", given)
        hand.call(COUNTY, "judge_hazard", made["id"], str(made["version"]), {"severity": severity, "criterion": "COAL.06"}
                  if severity == "major" else {"severity": severity, "basis": "经核实不构成"})
    assert hand.value("select anze.hazard_duplicates(h) from anze.hazard h where h.id = %s", made["id"]) is not None
    hand.value("select anze.hazard_statistics_due('2026-07-01', '2026-10-01', '1506')")


def accidents(hand: Desk) -> None:
    at = dt.datetime.now(CHINA) - dt.timedelta(hours=2)
    made = hand.file(COUNTY, occurred_at=at, learned_at=at, category="12", figures={"deaths": 1, "trapped": 4})
    hand.add(COUNTY, made, kind="follow_up", figures={"deaths": 35})
    hand.value("select anze.accident_answering_level(%s)", made["id"])
    sweep(hand.connection)


def listings(hand: Desk) -> None:
    hand.connection.execute("select set_config('anze.scopes', %s, true)", (" ".join(SCOPES),))
    hand.call(CITY, "propose_listing", proposal(unit_id=MINE.id))
    hand.value("select anze.listing_last_day(anze.today(), '150622')")


def duties(hand: Desk) -> None:
    """Owed, missed long ago and to come; told, and lights judged."""
    owe(hand.connection, now() - 3 * DAY)
    owe(hand.connection, now() + 20 * DAY, period="week")
    sweep(hand.connection)
    assert hand.value("select colour from anze.unit_light where unit_id = %s", UNIT.id) in ("red", "yellow", "green")


def structures(hand: Desk) -> None:
    hand.value("select anze.refresh_findings(array(select id from anze.unit limit 20))")


def risks(hand: Desk) -> None:
    for score in (0, 0.01, 71, 1000000):
        for method in ("lec", "matrix"):
            colour = hand.value("select coalesce(lower(split_part((anze.risk_boundary(%s, %s::numeric, anze.today())).code, '.', 3)),"
                                " 'blue')", method, score)
            grade = hand.value("select anze.risk_grade(%s, %s, %s::numeric, anze.today())", method, colour, score)
            assert grade is None if method == "matrix" else 1 <= grade <= 5
        assert 1 <= hand.value("select anze.hazard_source_grade(%s::numeric, anze.today())", score) <= 4


def insurance(hand: Desk) -> None:
    record = {"kind": "insurance_policy", "valid": "[2026-01-01,)", "content": {"limit_cny": "400000"}}
    hand.value("select anze.duty_record_content_faults(jsonb_populate_record(null::anze.duty_record, %s))", json.dumps(record))


def what_is_entered(hand: Desk) -> None:
    """An event after which something is owed promptly; records and plans of long ago."""
    hand.connection.execute("insert into anze.duty (code, version, in_force, clause, nature, title_zh, title_en, actor_zh, unit_kinds,"
                            " record_kinds, counting, period, event, instrument, confidence, origin) values ('T.PROMPT', 1, '[2022-01-01,)',"
                            " '1.10', 'E', '及时', 'Promptly', '单位', %s, '{issue}', 'deliverable', 'event', 'issue_raised',"
                            " 'OPINION-ORDOS-2022', 'found', 'shipped')", ([UNIT.kind],))
    event = hand.value("insert into anze.duty_event (kind, unit_id, occurred_at, region_code) values ('issue_raised', %s, now(), %s)"
                       " returning id", UNIT.id, UNIT.region_code)
    assert hand.value("select anze.plan_event(%s)", event) >= 1
    for caller in (COUNTY, {"reach": "unit", "unit": UNIT.id, "actor": "unit"}):
        hand.speak_as(caller)
        for days in (0, 1, 5000):
            assert hand.value("select jsonb_typeof(anze.backdating_faults(anze.today() - %s, '/on_day', %s, '150622')"
                              " || anze.appointment_backdating_faults(anze.today() - %s, '/held_from', u))"
                              " from anze.unit u where u.id = %s", days, UNIT.id, days, UNIT.id) == "array"


RESTS_ON = {"DUTY.": what_is_entered, "APPOINT.": what_is_entered, "ACC.": accidents,
            "NOTICE.ACCIDENT.": accidents, "HAZ.": hazards, "LIST.": listings, "CLOSE.": listings,
            "ESCALATION.": listings, "HAZACC.": listings, "LIGHT.": duties, "NOTICE.": duties, "STRUCT.": structures, "RISK.": risks,
            "HAZSOURCE.": risks, "INSURE.": insurance}


def prefix_of(code: str) -> str:
    return max((p for p in RESTS_ON if code.startswith(p)), key=len)


def clocks(hand: Desk, code: str) -> None:
    """Each clock of a case that runs by the rule is started, and ends."""
    for kind, clock in hand.connection.execute(
            "select k.kind, k.code from anze.case_clock k where k.rule = %s and k.version = 1", (code,)).fetchall():
        hand.connection.execute(
            "select anze.start_case_clock(c, k, now()) from anze.open_case(%s, %s, %s, 2::smallint, '试验', '{}', null, '{}',"
            " '[]') c, anze.case_clock k where (k.kind, k.version, k.code) = (%s, 1, %s)",
            (kind, MINE.id, COUNTY_BODY.id, kind, clock))


def shipped(database) -> list[tuple]:
    with database.owner() as owner:
        return owner.execute("select code, minimum, maximum from anze.rule where origin = 'shipped' order by code").fetchall()


@pytest.mark.parametrize("prefix", RESTS_ON)
def test_whatever_an_administrator_may_enter_what_rests_on_it_goes_on(quiet, owner, hand, prefix):
    rules = [r for r in shipped(quiet) if prefix_of(r[0]) == prefix]
    assert rules, f"no rule begins with {prefix}"
    for code, minimum, maximum in rules:
        for figure in (minimum, maximum):
            with owner.transaction(force_rollback=True):
                version = str(owner.execute("select max(version) from anze.rule where code = %s", (code,)).fetchone()[0])
                hand.call(ADMINISTRATOR, "revise_rule", code, version,
                          {"value": float(figure), "in_force_from": tree_day(owner), "reason": "试其限"})
                owner.execute("select set_config('anze.reach', 'service', true)")
                try:
                    clocks(hand, code)
                    RESTS_ON[prefix](hand)
                except Exception as broken:
                    raise AssertionError(f"{code} = {figure}: {broken}") from broken


def tree_day(owner) -> str:
    return owner.execute("select anze.today()::text").fetchone()[0]


def test_every_shipped_rule_is_tried(quiet):
    assert [code for code, *_ in shipped(quiet) if not any(code.startswith(p) for p in RESTS_ON)] == []
