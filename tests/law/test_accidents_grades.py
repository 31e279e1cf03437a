"""Article 3: grades by deaths, serious injuries and direct loss; 以上 inclusive, 以下 exclusive. Article 13: until when
changes count. The rules in force on the day of the accident decide."""
import datetime as dt
import json

import pytest
from desk import CITY, COUNTY, at, later

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
    ("GB 6441-2025", "12", "road_traffic", True), ("GB 6441-2025", "12", "fire", True),
    ("GB 6441-2025", "12", "water_traffic", False),
])
def test_road_traffic_and_fire_have_seven_days(desk, standard, category, sector, short):
    rule = desk.value("select anze.accident_supplement_rule(%s, %s, %s)", standard, category, sector)
    assert rule == ("ACC.RPT.SUPPLEMENT.TRAFFIC.FIRE" if short else "ACC.RPT.SUPPLEMENT")


@pytest.mark.parametrize("sector, inside, outside", [
    ("coal", "2026-10-01 23:59:59", "2026-10-02 00:00"),
    ("road_traffic", "2026-09-08 23:59:59", "2026-09-09 00:00"),
])
def test_a_death_after_the_time_for_supplements_is_recorded_and_does_not_move_the_grade(desk, sector, inside, outside):
    occurred = at("2026-09-01 10:00")
    filed = desk.file(COUNTY, occurred_at=occurred, learned_at=occurred, received_at=later(occurred, minutes=30),
                      sector=sector, figures={"deaths": 2})
    late_death = desk.add(COUNTY, filed, as_of=at(outside), figures={"deaths": 3})
    assert (late_death["grade"], late_death["figures"]["deaths"]) == ("ordinary", 3)
    assert desk.value("select moves_grade from anze.accident_report where accident_id = %s and number = 2",
                      filed["id"]) is False
    in_time = desk.add(COUNTY, late_death, as_of=at(inside), figures={"deaths": 3})
    assert in_time["grade"] == "larger"
    assert in_time["figures"]["deaths"] == 3


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
