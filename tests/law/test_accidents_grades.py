"""Article 3: grades by deaths, serious injuries and direct loss; 以上 inclusive, 以下 exclusive. Article 13: until when
changes count. The rules in force on the day of the accident decide."""
import datetime as dt
import json

import pytest
from desk import CHINA, CITY, COUNTY, Desk, Refused, at, clock, later

from harness.owed import sweep

DAY = dt.date(2026, 11, 20)
KNOWN = {"deaths": 0, "serious_injuries": 0, "direct_loss_cny": "0.00"}
MILLION = 1_000_000


def grade_of(desk, figures: dict, day: dt.date = DAY):
    return desk.connection.execute("select grade, is_lower_bound, because from anze.accident_grade_of(%s, %s)",
                                   (day, json.dumps(figures))).fetchone()


@pytest.mark.parametrize("dimension, figure, grade", [
    ("deaths", 0, 1), ("deaths", 1, 1), ("deaths", 2, 1), ("deaths", 3, 2), ("deaths", 4, 2), ("deaths", 9, 2),
    ("deaths", 10, 3), ("deaths", 29, 3), ("deaths", 30, 4), ("deaths", 31, 4),
    ("serious_injuries", 0, 1), ("serious_injuries", 9, 1), ("serious_injuries", 10, 2), ("serious_injuries", 49, 2),
    ("serious_injuries", 50, 3), ("serious_injuries", 99, 3), ("serious_injuries", 100, 4),
    ("direct_loss_cny", "0", 1), ("direct_loss_cny", "9999999.99", 1), ("direct_loss_cny", "10000000", 2),
    ("direct_loss_cny", "49999999.99", 2), ("direct_loss_cny", "50000000.00", 3),
    ("direct_loss_cny", "99999999.99", 3), ("direct_loss_cny", "100000000", 4),
])
def test_each_threshold_on_both_sides(desk, dimension, figure, grade):
    found, is_lower_bound, because = grade_of(desk, KNOWN | {dimension: figure})
    assert (found, is_lower_bound) == (grade, False)
    assert (because or {}).get("dimension") == (dimension if grade > 1 else None)


@pytest.mark.parametrize("figures, grade", [
    ({"deaths": 3, "serious_injuries": 50, "direct_loss_cny": "0"}, 3),
    ({"deaths": 10, "serious_injuries": 9, "direct_loss_cny": "100000000"}, 4),
    ({"deaths": 2, "serious_injuries": 9, "direct_loss_cny": "9999999.99"}, 1),
])
def test_the_highest_dimension_decides(desk, figures, grade):
    assert grade_of(desk, figures)[0] == grade


@pytest.mark.parametrize("figures, is_lower_bound", [
    ({}, True),
    ({"deaths": 2}, True),
    (KNOWN, False),
    (KNOWN | {"deaths": None}, True),
    (KNOWN | {"serious_injuries": None}, True),
    (KNOWN | {"direct_loss_cny": None}, True),
    (KNOWN | {"missing": 0}, False),
    (KNOWN | {"missing": 1}, True),
    (KNOWN | {"trapped": 0}, False),
    (KNOWN | {"trapped": 2}, True),
    (KNOWN | {"minor_injuries": None, "evacuated": None}, False),
])
def test_an_unknown_figure_makes_a_lower_bound_and_is_not_zero(desk, figures, is_lower_bound):
    grade, bound, _ = grade_of(desk, figures)
    assert (grade, bound) == (1, is_lower_bound)


@pytest.mark.parametrize("figures, grade", [({"deaths": 2, "missing": 1}, 2), ({"missing": 10}, 3),
                                            ({"deaths": 0, "missing": 2}, 1)])
def test_whether_the_missing_count_is_a_row_and_the_day_decides(database, desk, figures, grade):
    assert grade_of(desk, figures)[0] == 1
    with database.owner() as owner:
        owner.execute("update anze.rule set in_force = daterange('2007-06-01', '2026-11-20') where code ="
                      " 'ACC.GRADE.MISSING'")
        owner.execute("insert into anze.rule (code, version, in_force, title_zh, title_en, value, unit, instrument,"
                      " article, confidence, origin, reason) select code, 2, daterange('2026-11-20', null), title_zh,"
                      " title_en, 1, unit, instrument, article, confidence, 'administrator', 'statistics'"
                      " from anze.rule where code = 'ACC.GRADE.MISSING'")
        select = "select grade from anze.accident_grade_of(%s, %s)"
        assert owner.execute(select, (DAY, json.dumps(figures))).fetchone()[0] == grade
        assert owner.execute(select, (DAY - dt.timedelta(1), json.dumps(figures))).fetchone()[0] == 1
        owner.rollback()


@pytest.mark.parametrize("figures, dangers", [
    ({"at_risk": 9}, []), ({"at_risk": 10}, ["at_risk"]),
    ({"trapped": 2}, []), ({"trapped": 3}, ["trapped_or_missing"]),
    ({"missing": 2}, []), ({"missing": 3}, ["trapped_or_missing"]),
    ({"trapped": 1, "missing": 2}, ["trapped_or_missing"]), ({"trapped": 1, "missing": 1}, []),
    ({"evacuated": 499}, []), ({"evacuated": 500}, ["evacuated"]),
    ({}, []), ({"at_risk": None, "evacuated": None}, []),
])
def test_seriously_endangering_thresholds_on_both_sides(desk, figures, dangers):
    assert desk.value("select anze.accident_dangers_of(%s, '150622101', %s, null)", DAY, json.dumps(figures)) == dangers


@pytest.mark.parametrize("danger", ["pollution", "power_station", "water_works", "chemical_store", "oil_gas_station",
                                    "transport_hub", "crowded_place", "other"])
def test_what_is_stated_makes_it_seriously_endangering(desk, danger):
    assert desk.value("select anze.accident_dangers_of(%s, '150622101', '{}', %s)", DAY, json.dumps([danger])) == [danger]


@pytest.mark.parametrize("occurred, rule, ends", [
    ("2026-11-20 13:30", "ACC.RPT.SUPPLEMENT", "2026-12-21"),
    ("2026-11-20 00:00", "ACC.RPT.SUPPLEMENT", "2026-12-21"),
    ("2026-11-20 23:59:59", "ACC.RPT.SUPPLEMENT", "2026-12-21"),
    ("2026-11-21 00:00", "ACC.RPT.SUPPLEMENT", "2026-12-22"),
    ("2026-12-31 08:00", "ACC.RPT.SUPPLEMENT", "2027-01-31"),
    ("2024-01-31 08:00", "ACC.RPT.SUPPLEMENT", "2024-03-02"),
    ("2023-01-31 08:00", "ACC.RPT.SUPPLEMENT", "2023-03-03"),
    ("2024-02-29 08:00", "ACC.RPT.SUPPLEMENT", "2024-03-31"),
    ("2026-11-20 13:30", "ACC.RPT.SUPPLEMENT.TRAFFIC.FIRE", "2026-11-28"),
    ("2026-11-20 23:59:59", "ACC.RPT.SUPPLEMENT.TRAFFIC.FIRE", "2026-11-28"),
    ("2026-12-26 01:00", "ACC.RPT.SUPPLEMENT.TRAFFIC.FIRE", "2027-01-03"),
    ("2024-02-22 01:00", "ACC.RPT.SUPPLEMENT.TRAFFIC.FIRE", "2024-03-01"),
    ("2024-02-23 01:00", "ACC.RPT.SUPPLEMENT.TRAFFIC.FIRE", "2024-03-02"),
])
def test_the_time_for_supplements_ends_at_24_hours_of_its_last_day(desk, occurred, rule, ends):
    assert desk.value("select anze.accident_supplement_end(%s, %s)", at(occurred), rule) == at(ends)


@pytest.mark.parametrize("standard, category, sector, short", [
    ("GB 6441-2025", "12", "coal", False), ("GB 6441-2025", "09", "coal", True), ("GB 6441-2025", "03", "coal", True),
    ("GB/T 6441-1986", "08", "coal", True), ("GB/T 6441-1986", "09", "coal", False),
    ("GB 6441-2025", "04", "road_traffic", False), ("GB 6441-2025", "12", "fire", False),
    ("GB 6441-2025", "12", "water_traffic", False), ("GB 6441-2025", "03", "road_traffic", True),
    ("GB/T 6441-1986", "02", "road_traffic", True), ("GB/T 6441-1986", "02", "coal", False),
    ("GB/T 6441-1986", "03", "road_traffic", False),
])
def test_the_accidents_own_category_gives_road_traffic_and_fire_seven_days_and_not_the_units_sector(
        desk, standard, category, sector, short):
    rule = desk.value("select anze.accident_supplement_rule(%s, %s, %s)", standard, category, sector)
    assert rule == ("ACC.RPT.SUPPLEMENT.TRAFFIC.FIRE" if short else "ACC.RPT.SUPPLEMENT")


@pytest.mark.parametrize("sector, category, inside, outside", [
    ("coal", "12", "2026-10-01 23:59:59", "2026-10-02 00:00"), ("road_traffic", "04", "2026-10-01 23:59:59", "2026-10-02 00:00"),
    ("road_traffic", "03", "2026-09-08 23:59:59", "2026-09-09 00:00"), ("coal", "03", "2026-09-08 23:59:59", "2026-09-09 00:00"),
])
def test_a_death_after_the_time_for_supplements_is_recorded_and_does_not_move_the_grade(desk, sector, category, inside, outside):
    occurred = at("2026-09-01 10:00")
    filed = desk.file(COUNTY, occurred_at=occurred, learned_at=occurred, received_at=later(occurred, minutes=30),
                      sector=sector, category=category, figures={"deaths": 2})
    late_death = desk.add(COUNTY, filed, as_of=at(outside), figures={"deaths": 3})
    assert (late_death["grade"], late_death["figures"]["deaths"]) == ("ordinary", 3)
    assert desk.value("select moves_grade from anze.accident_report where accident_id = %s and number = 2",
                      filed["id"]) is False
    in_time = desk.add(COUNTY, late_death, as_of=at(inside), figures={"deaths": 3})
    assert in_time["grade"] == "larger"
    assert in_time["figures"]["deaths"] == 3


# ---- what happened counts, not when it was told ----

def of_old(desk, occurred: str, figures: dict, caller=COUNTY, received: str | None = None, **given) -> dict:
    """An accident of the past that an office received then, or at another moment."""
    moment = at(occurred)
    return desk.file(caller, occurred_at=moment, learned_at=moment, received_at=at(received) if received else moment,
                     figures=figures, **given)


@pytest.mark.parametrize("came_about, grade, moves", [
    ("2026-09-20 08:00", "larger", True), ("2026-10-01 23:59:59", "larger", True), ("2026-10-02 00:00", "ordinary", False),
    (None, "ordinary", False)])
def test_a_death_within_the_time_counts_whenever_it_is_told(desk, came_about, grade, moves):
    filed = of_old(desk, "2026-09-01 10:00", {"deaths": 2})
    told = desk.add(COUNTY, filed, figures={"deaths": 3}, **({"came_about_at": at(came_about)} if came_about else {}))
    assert (told["grade"], told["figures"]["deaths"]) == (grade, 3)
    assert desk.value("select moves_grade from anze.accident_report where accident_id = %s and number = 2", filed["id"]) is moves
    if not moves:
        assert desk.correct(COUNTY, told, 2, came_about_at=at("2026-09-20 08:00"))["grade"] == "larger", "when was wrong"


@pytest.mark.parametrize("given, fault", [
    ({"came_about_at": at("2026-09-01 09:59")}, "before-occurred-at"),
    ({"came_about_at": at("2026-09-03 00:00"), "as_of": at("2026-09-02 00:00")}, "after-as-of")])
def test_casualties_come_about_between_the_accident_and_the_moment_of_which_the_report_speaks(desk, given, fault):
    filed = of_old(desk, "2026-09-01 10:00", {"deaths": 2})
    with pytest.raises(Refused) as refused:
        desk.add(COUNTY, filed, figures={"deaths": 3}, **given)
    assert refused.value.faults == [("/came_about_at", fault)]


def test_of_an_accident_that_was_concealed_what_comes_to_light_happened_with_it(desk):
    filed = of_old(desk, "2015-07-13 08:00", {"deaths": 2}, received="2023-05-08 09:00")
    assert (filed["grade"], filed["category"]["standard"], filed["rule_set"]) == ("ordinary", "GB/T 6441-1986", "general")
    assert clock(filed, "unit_report")["late_by_seconds"] == int((at("2023-05-08 09:00") - at("2015-07-13 09:00")).total_seconds())
    found = desk.add(COUNTY, filed, figures={"deaths": 10})
    assert (found["grade"], found["grade_history"][-1]["because"]["figure"]) == ("major", 10)
    hospital = desk.add(COUNTY, found, figures={"deaths": 30}, came_about_at=at("2016-01-02 00:00"))
    assert (hospital["grade"], hospital["figures"]["deaths"]) == ("major", 30)


def test_a_loss_is_fixed_when_it_is_fixed(desk):
    filed = of_old(desk, "2022-06-13 22:25", {"deaths": 2, "serious_injuries": 0}, category="08", sector="fire")
    assert (filed["grade"], filed["grade_is_lower_bound"]) == ("ordinary", True)
    assert filed["supplement_ends_at"] == "2022-06-21T00:00:00.000+08:00"
    late = desk.add(COUNTY, filed, as_of=at("2022-07-01 08:00"), figures={"deaths": 3})
    assert (late["grade"], late["figures"]["deaths"]) == ("ordinary", 3)
    fixed = desk.add(COUNTY, late, as_of=at("2022-09-16 10:00"), figures={"direct_loss_cny": "24305484.00"})
    assert (fixed["grade"], fixed["grade_is_lower_bound"]) == ("larger", False)
    because = fixed["grade_history"][-1]["because"]
    assert (because["dimension"], because["figure"], because["rule"]) == ("direct_loss_cny", 24305484, "ACC.GRADE.LOSS.2")


# ---- who is still missing counts with the dead ----

TODAY = dt.datetime.now(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)


def days_ago(days: int) -> str:
    return (TODAY - dt.timedelta(days=days)).strftime("%Y-%m-%d") + " 11:30"


@pytest.mark.parametrize("category, days, figures, grade, counted", [
    ("12", 31, {"deaths": 9, "missing": 1}, "major", 1), ("12", 30, {"deaths": 9, "missing": 1}, "larger", None),
    ("03", 8, {"deaths": 2, "missing": 1}, "larger", 1), ("03", 7, {"deaths": 2, "missing": 1}, "ordinary", None),
    ("09", 8, {"deaths": 2, "missing": 1}, "larger", 1), ("12", 8, {"deaths": 2, "missing": 1}, "ordinary", None),
    ("12", 31, {"missing": 3}, "larger", 3), ("12", 31, {"deaths": 9, "trapped": 1}, "larger", None),
])
def test_the_missing_count_with_the_dead_after_thirty_days_and_seven_on_roads_and_in_fires(
        desk, category, days, figures, grade, counted):
    filed = of_old(desk, days_ago(days), figures, category=category)
    because = filed["grade_history"][-1].get("because", {})
    assert (filed["grade"], because.get("missing_counted"), filed["grade_is_lower_bound"]) == (grade, counted, True)
    assert {k: v for k, v in filed["figures"].items() if v} == figures, "what was reported stays"
    if counted:
        basis = because["missing_basis"]
        assert (basis["instrument"], basis["confidence"]) == ("生产安全事故统计报表制度", "found")
        assert basis["rule"].startswith("ACC.GRADE.MISSING.AFTER")


def test_thirteen_trapped_five_found_and_eight_never_are_a_major_accident(desk):
    filed = of_old(desk, "2020-11-29 11:30", {"trapped": 13}, category="12")
    assert (filed["grade"], filed["grade_is_lower_bound"]) == ("ordinary", True)
    bodies = desk.add(COUNTY, filed, as_of=at("2020-12-20 12:00"), 
                      figures={"deaths": 5, "missing": 8, "trapped": 0, "serious_injuries": 0})
    because = bodies["grade_history"][-1]["because"]
    assert (bodies["grade"], because["figure"], because["missing_counted"]) == ("major", 13, 8)
    known = desk.add(COUNTY, bodies, figures={"direct_loss_cny": "1.00"})
    assert known["grade_is_lower_bound"] is False, "all of them are counted"
    alive = desk.add(COUNTY, known, figures={"deaths": 5, "missing": 4})
    assert (alive["grade"], alive["grade_history"][-1]["because"]["figure"]) == ("larger", 9), "four were found alive"
    dead = desk.add(COUNTY, alive, figures={"deaths": 9, "missing": 0})
    assert (dead["grade"], dead["figures"]["deaths"]) == ("larger", 9)


def test_before_the_rule_of_statistics_nobody_missing_is_counted(desk):
    filed = of_old(desk, "2015-07-13 08:00", {"deaths": 9, "missing": 1})
    assert (filed["grade"], filed["grade_is_lower_bound"]) == ("larger", True)


def test_the_day_comes_by_itself_and_the_grade_with_it(database):
    with database.owner() as owner:
        desk = Desk(owner)
        filed = of_old(desk, days_ago(10), {"deaths": 9, "missing": 1, "serious_injuries": 0, "direct_loss_cny": "0"})
        assert filed["grade"] == "larger"
        desk.speak_as({"reach": "service"})
        due = desk.value("select recount_at from anze.accident where id = %s", filed["id"])
        assert due == TODAY + dt.timedelta(days=21)
        sweep(owner)
        assert desk.value("select version from anze.accident where id = %s", filed["id"]) == 1, "not yet"
        owner.execute("update anze.accident set occurred_at = occurred_at - interval '21 days', recount_at = now() where id = %s",
                      (filed["id"],))
        sweep(owner)
        desk.speak_as(COUNTY)
        shown = json.loads(desk.value("select body from anze.accident a, anze.accident_shown(a) where a.id = %s", filed["id"]))
        change = shown["grade_history"][-1]
        assert (shown["grade"], shown["version"], change["because"]["missing_counted"]) == ("major", 2, 1)
        assert shown["grade_is_lower_bound"] is False and shown["report_count"] == 1
        assert clock(shown, "flash", "county", "nation")["starts_from"] == "grade_changed"
        assert desk.value("select actor from anze.accident_grade_change where accident_id = %s and number = 2",
                          filed["id"]) == "system:sweeper"
        assert desk.value("select recount_at::text from anze.accident where id = %s", filed["id"]) == "infinity"
        owner.rollback()


@pytest.mark.parametrize("figures, grade", [({"deaths": 2}, "ordinary"), ({"deaths": 3}, "larger"),
                                            ({"deaths": 10}, "major"), ({"deaths": 30}, "exceptional")])
@pytest.mark.parametrize("sector", ["coal", "hazardous_chemicals", "construction"])
def test_both_rule_sets_grade_alike(desk, sector, figures, grade):
    now = later(dt.datetime.now(dt.timezone.utc), hours=-1)
    filed = desk.file(CITY, occurred_at=now, learned_at=now, sector=sector, figures=figures)
    assert (filed["grade"], filed["rule_set"]) == (grade, "coal" if sector == "coal" else "general")


def test_every_rule_that_the_tables_name_is_in_force_today(desk):
    assert desk.value(
        "select array_agg(n.rule) from (select rule from anze.accident_threshold union select rule from"
        " anze.accident_danger union select rule from anze.accident_clock_rule union select outer_rule from"
        " anze.accident_clock_rule where outer_rule is not null union select rule from anze.accident_recipient_rule"
        " union select top_rule from anze.accident_grade union select daily_rule from anze.accident_grade) n"
        " where not exists (select from anze.rule r where r.code = n.rule and r.in_force @> anze.today())") is None
