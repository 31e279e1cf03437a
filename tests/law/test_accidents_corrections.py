"""What is put right afterwards: when it occurred, when it was received and passed up, whose it was; and what never fits."""
import datetime as dt

import pytest
from desk import CITY, COUNTY, ENTERPRISE, TOWN, UNIT, Refused, at, clock, later, moment

REALLY_REGISTERED = "91350203M0001QKT19"  # its check character should be F


@pytest.fixture
def now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc).replace(microsecond=0)


def refusal(function, *arguments, **given) -> Refused:
    with pytest.raises(Refused) as caught:
        function(*arguments, **given)
    return caught.value


def put_right(desk, caller, accident, sent_at, reason="值班记录有误", number=-1):
    return desk.call(caller, "correct_accident_transmission", accident["id"], accident["transmissions"][number]["id"],
                     str(accident["version"]), {"sent_at": sent_at, "reason": reason})


# Without a unit -----------------------------------------------------------------------------------------------------

def test_no_code_no_unit_is_filed_by_place_and_name_and_the_countys_clocks_run_from_its_receipt(desk):
    occurred, received = at("2024-06-29 08:48"), at("2024-06-29 09:20")
    workshop = desk.file(COUNTY, unit_id=None, unit_name="废弃学校内非法烟花爆竹作坊", sector="fireworks", category="14",
                         occurred_at=occurred, received_at=received, place="原村小学教室",
                         figures={"deaths": 4, "serious_injuries": 0, "direct_loss_cny": "5242000"})
    assert workshop["unit"] == {"name": "废弃学校内非法烟花爆竹作坊"} and workshop["grade"] == "larger"
    passing = clock(workshop, "pass_up", "county")
    assert moment(passing["starts_at"]) == received and moment(passing["due_at"]) == later(received, hours=2)
    assert {c["state"] for c in workshop["clocks"] if c.get("from_level") == "unit"} <= {"met", "overdue"}
    assert clock(workshop, "unit_report")["state"] == "met", "a workshop without a head was late for nobody"


def test_without_a_unit_nobody_asks_for_its_sector_and_a_unit_cannot_file_so(desk, now):
    when = {"occurred_at": later(now, hours=-1), "unit_id": None, "unit_name": "某村民自建房"}
    house = desk.file(COUNTY, **when)
    assert house["sector"] == "other" and house["rule_set"] == "general"
    assert refusal(desk.file, UNIT, **when).faults == [("/unit_name", "not-own-unit")]


def test_a_correction_ties_it_to_a_unit_which_then_owes_its_clocks_and_sees_it(desk, now):
    filed = desk.file(COUNTY, unit_id=None, unit_name="某私挖煤窑", occurred_at=later(now, hours=-3),
                      received_at=later(now, hours=-2))
    owed = "select distinct owed_by::text from anze.deadline where subject_id = %s and superseded_at is null"
    assert desk.value(owed, filed["id"]) is None
    assert refusal(desk.call, UNIT, "add_accident_report", filed["id"], {"kind": "follow_up", "narrative": "无"}).code == "AZ404"
    tied = desk.correct(COUNTY, filed, 1, unit_id=ENTERPRISE.id, learned_at=later(now, minutes=-170), reason="查明系该矿越界开采")
    assert tied["unit"]["id"] == ENTERPRISE.id and tied["sector"] == "coal" and tied["rule_set"] == "coal"
    desk.speak_as(UNIT)
    assert desk.value(owed, filed["id"]) == ENTERPRISE.id
    assert "unit_name" not in desk.value("select facts from anze.accident where id = %s", filed["id"])
    untied = desk.correct(COUNTY, tied, tied["report_count"], unit_name="某私挖煤窑", reason="复核后与该矿无关")
    assert untied["unit"] == {"name": "某私挖煤窑"}


def test_a_registered_code_with_a_wrong_check_character_stops_no_accident_and_is_marked(desk, now):
    filed = desk.file(COUNTY, unit_id=None, unit_credit_code=REALLY_REGISTERED, unit_name="某有限公司", sector="industry_trade",
                      occurred_at=later(now, hours=-1), learned_at=later(now, minutes=-50))
    assert filed["unit"] == {"name": "某有限公司", "credit_code": REALLY_REGISTERED, "credit_code_mismatch": True}


# Across editions ----------------------------------------------------------------------------------------------------

def test_a_day_across_the_change_of_the_standard_asks_which_category_it_is(desk):
    filed = desk.file(COUNTY, occurred_at=at("2026-07-01 00:30"), learned_at=at("2026-07-01 00:40"), category="12",
                      category_standard="GB 6441-2025", received_at=at("2026-07-01 01:00"))
    assert filed["category"]["title_zh"] == "坍塌"
    earlier = {"occurred_at": at("2026-06-30 23:30")}
    refused = refusal(desk.correct, COUNTY, filed, 1, **earlier)
    assert refused.faults == [("/category", "of-another-standard")]
    assert "GB/T 6441-1986" in refused.answer["faults"][0]["zh"] and "同名类别为 10" in refused.answer["faults"][0]["zh"]
    corrected = desk.correct(COUNTY, filed, 1, category="11", **earlier)
    assert corrected["category"] | {"title_en": ""} == {
        "standard": "GB/T 6441-1986", "code": "11", "title_zh": "冒顶片帮", "title_en": ""}
    back = refusal(desk.correct, COUNTY, corrected, corrected["report_count"], occurred_at=at("2026-07-01 00:30"))
    assert back.faults == [("/category", "of-another-standard")] and "GB 6441-2025" in back.answer["faults"][0]["en"]


def test_a_standard_given_to_be_sure_does_not_outlive_its_day(desk):
    filed = desk.file(COUNTY, occurred_at=at("2026-06-30 23:30"), learned_at=at("2026-07-01 00:40"), category="11",
                      category_standard="GB/T 6441-1986", received_at=at("2026-07-01 01:00"))
    wrong = refusal(desk.correct, COUNTY, filed, 1, occurred_at=at("2026-07-01 00:10"), category="12",
                    category_standard="GB/T 6441-1986")
    assert wrong.faults == [("/category_standard", "not-in-force")]
    assert desk.correct(COUNTY, filed, 1, occurred_at=at("2026-07-01 00:10"), category="12")["category"]["standard"] \
        == "GB 6441-2025"


# All moments together -----------------------------------------------------------------------------------------------

@pytest.fixture
def told(desk, now) -> dict:
    """Occurred at -180, received at -120, followed up as of -100, passed up at -80, procuratorate told at -60."""
    filed = desk.file(COUNTY, occurred_at=later(now, minutes=-180), learned_at=later(now, minutes=-170),
                      received_at=later(now, minutes=-120))
    known = desk.add(COUNTY, filed, as_of=later(now, minutes=-100), figures={"deaths": 2})
    passed = desk.pass_up(COUNTY, known, "city", later(now, minutes=-80))
    return desk.tell(COUNTY, passed, "procuratorate", told_at=later(now, minutes=-60))


@pytest.mark.parametrize("minutes, rules", [
    (-130, []), (-110, ["after-reception"]), (-90, ["after-reception", "after-report"]),
    (-70, ["after-reception", "after-report", "after-transmission"]),
    (-50, ["after-reception", "after-report", "after-transmission", "after-telling"]),
])
def test_a_corrected_occurrence_comes_before_all_that_followed_it(desk, told, now, minutes, rules):
    given = {"occurred_at": later(now, minutes=minutes), "learned_at": later(now, minutes=-10)}
    if rules:
        assert refusal(desk.correct, COUNTY, told, 1, **given).faults == [("/occurred_at", rule) for rule in rules]
    else:
        assert desk.correct(COUNTY, told, 1, **given)["_status"] == "201"


@pytest.mark.parametrize("minutes, rule", [(-190, "before-occurred-at"), (1, "in-future"), (-79, "after-transmission")])
def test_a_corrected_reception_lies_between_occurrence_and_passing_up(desk, told, now, minutes, rule):
    faults = refusal(desk.correct, COUNTY, told, 1, received_at=later(now, minutes=minutes)).faults
    assert ("/received_at", rule) in faults and {pointer for pointer, _ in faults} == {"/received_at"}


def test_all_faults_of_a_correction_come_together(desk, told, now):
    refused = refusal(desk.correct, COUNTY, told, 1, occurred_at=later(now, minutes=-110), as_of=later(now, minutes=-115),
                      received_at=later(now, minutes=-120), learned_at=later(now, minutes=5), region_code="999999")
    assert set(refused.faults) == {("/received_at", "before-occurred-at"), ("/as_of", "before-occurred-at"),
                                   ("/learned_at", "in-future"), ("/region_code", "unknown-reference")}


# Received and passed up at another moment ---------------------------------------------------------------------------

def test_a_typing_error_of_when_it_was_received_does_not_stay_late_for_ever(desk, now):
    filed = desk.file(COUNTY, occurred_at=later(now, hours=-5), learned_at=later(now, hours=-4, minutes=-30),
                      received_at=later(now, hours=-1))
    assert filed["late"] is True and clock(filed, "unit_report_coal")["state"] == "met_late"
    right = desk.correct(COUNTY, filed, 1, received_at=later(now, hours=-4), reason="接报登记为4小时前")
    assert moment(right["reported_at"]) == later(now, hours=-4)
    anew = clock(right, "unit_report_coal")
    assert (anew["state"], moment(anew["met_at"])) == ("met", later(now, hours=-4))
    before = [c for c in right["clocks"] if c["code"] == "unit_report_coal" and c["state"] == "superseded"]
    assert [(c["because"], c["superseded_by"]) for c in before] == [("fact_corrected", anew["id"])]
    county = clock(right, "pass_up", "county")
    assert moment(county["due_at"]) == later(now, hours=-2) and county["state"] == "overdue"
    passed = desk.pass_up(COUNTY, right, "city", later(now, hours=-3))
    assert passed["late"] is False and passed["_status"] == "201"
    asked = "select as_of from anze.accident_report where accident_id = %s order by number"
    desk.speak_as(COUNTY)
    assert [row[0] for row in desk.connection.execute(asked, [filed["id"]])] == [later(now, hours=-1), later(now, hours=-4)]


def test_a_report_received_on_a_later_day_owes_no_follow_up_of_the_days_before(desk, now):
    occurred = later(now, days=-9)
    filed = desk.file(COUNTY, occurred_at=occurred, learned_at=occurred, received_at=later(now, days=-8))
    assert [c["missed_days"] for c in filed["clocks"] if c["kind"] == "daily"] == [7]
    right = desk.correct(COUNTY, filed, 1, received_at=later(now, days=-2))
    assert clock(right, "follow_up")["missed_days"] == 1


def test_units_neither_say_nor_correct_when_they_were_heard(desk, now):
    filed = desk.file(UNIT, occurred_at=later(now, hours=-1), learned_at=later(now, minutes=-50))
    assert ("/received_at", "not-for-units") in refusal(
        desk.correct, UNIT, filed, 1, received_at=later(now, minutes=-40)).faults
    again = desk.add(COUNTY, filed)
    assert refusal(desk.correct, COUNTY, again, 2, received_at=later(now, minutes=-40)).faults == [
        ("/received_at", "not-of-this-report")]


def test_a_typing_error_of_when_it_was_passed_up_does_not_stay_late_for_ever(desk, told, now):
    late = desk.pass_up(COUNTY, desk.file(COUNTY, occurred_at=later(now, hours=-5), learned_at=later(now, hours=-4.5),
                                          received_at=later(now, hours=-4), figures={"deaths": 4}),
                        "city", later(now, minutes=-10))
    assert clock(late, "pass_up", "county")["state"] == "met_late" and late["late"] is True
    right = put_right(desk, COUNTY, late, later(now, hours=-3))
    anew = clock(right, "pass_up", "county")
    assert (anew["state"], moment(anew["met_at"])) == ("met", later(now, hours=-3))
    assert moment(right["transmissions"][0]["sent_at"]) == later(now, hours=-3)
    assert moment(clock(right, "pass_up", "city")["starts_at"]) == later(now, hours=-3), "the city had it from then on"
    kept = desk.connection.execute("select was_sent_at, sent_at, reason, level, actor "
                                   "from anze.accident_transmission_correction where accident_id = %s", [late["id"]])
    assert kept.fetchall() == [(later(now, minutes=-10), later(now, hours=-3), "值班记录有误", 2, "county officer")]


@pytest.mark.parametrize("minutes, rule", [(1, "in-future"), (-181, "before-occurred-at")])
def test_a_corrected_sending_lies_between_occurrence_and_now(desk, told, now, minutes, rule):
    assert refusal(put_right, desk, COUNTY, told, later(now, minutes=minutes)).faults == [("/sent_at", rule)]


def test_a_sending_is_corrected_by_the_level_that_sent_it_or_one_above(desk, told, now):
    assert refusal(put_right, desk, TOWN, told, later(now, minutes=-85)).code == "AZ403"
    assert refusal(put_right, desk, UNIT, told, later(now, minutes=-85)).code == "AZ403"
    right = put_right(desk, CITY, told, later(now, minutes=-85))
    assert refusal(put_right, desk, COUNTY, told, later(now, minutes=-85)).code == "AZ412"
    by_system = desk.pass_up(COUNTY, right, "province")
    assert refusal(put_right, desk, COUNTY, by_system, later(now, minutes=-5)).faults == [("/sent_at", "not-for-system")]
    received = desk.acknowledge(CITY, by_system, 0)
    afterwards = dt.datetime.now(dt.timezone.utc)
    assert refusal(put_right, desk, COUNTY, received, afterwards, number=0).faults == [("/sent_at", "after-receipt")]
