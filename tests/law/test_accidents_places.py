"""Where an accident lies: codes of divisions that change, levels that a place does not have, codes of units with a slip."""
import datetime as dt

import pytest
from desk import CHINA, COUNTY, Refused, at, clocks

OWN_LEVELS = [
    # region, its parent, the caller of its lowest office, who passes up, what is due of a larger accident
    ("441900003", "441900", "4419", {("unit_report", "unit", "city"), ("pass_up", "city", "province")}),
    ("620201100", "620201", "6202", {("unit_report", "unit", "city"), ("pass_up", "city", "province")}),
    ("419001100", "419001", "419001", {("unit_report", "unit", "county"), ("pass_up", "county", "province")}),
    ("110101001", "110101", "110101", {("unit_report", "unit", "county"), ("pass_up", "county", "province")}),
]


def office(region: str) -> dict:
    return {"reach": "region", "region": region, "actor": f"officer of {region}", "scopes": ""}


def region(database, code: str, parent: str | None, since: str | None = None, until: str | None = None) -> None:
    with database.owner() as owner:
        for row in [(parent, None), (code, parent)] if parent else [(code, None)]:
            owner.execute("insert into anze.region (code, name, parent_code, in_force) values (%s, %s, coalesce(%s, left(%s, 2)"
                          " || '0000'), daterange(%s, %s)) on conflict do nothing", (row[0], f"地{row[0]}", row[1], row[0],
                          *((since, until) if row[0] == code else (None, None))))


@pytest.fixture(scope="module")
def database(cluster, make_database):
    """One of its own, since others count the divisions of the common one."""
    return make_database(cluster)


@pytest.fixture(scope="module")
def changed(database):
    """What became of three places: 610624 is 610603 since 2016, 152723 was 150622 until 2001, 150603 was split from 150602."""
    for code, since, until in [("610624", None, "2016-05-17"), ("610603", "2016-05-17", None), ("152723", None, "2001-02-26"),
                               ("150603", "2016-06-08", None)]:
        region(database, code, None, since, until)


def file(desk, caller: dict, **given) -> dict:
    return desk.file(caller, **{"unit_id": None, "unit_credit_code": "91350203M0001QKT19", "unit_name": "某公司",
                                "sector": "chemical", "figures": {"deaths": 4}, "received_at": given["occurred_at"],
                                "learned_at": given["occurred_at"]} | given)


@pytest.mark.parametrize("code, caller, moment, holds", [
    ("610624", "610624", "2012-08-26 02:30", True), ("610603", "610603", "2012-08-26 02:30", False),
    ("610603", "610603", "2026-11-20 08:00", True), ("610624", "610624", "2026-11-20 08:00", False),
    ("150603", "150603", "2015-06-01 08:00", False), ("150603", "150603", "2017-06-01 08:00", True),
    ("152723", "152723", "2026-11-20 08:00", False)])
def test_an_accident_lies_in_the_division_in_force_on_its_day(desk, changed, code, caller, moment, holds):
    given = {"occurred_at": at(moment), "region_code": code}
    if holds:
        assert file(desk, office(caller), **given)["region_code"] == code
        return
    with pytest.raises(Refused) as refused:
        file(desk, office(caller), **given)
    assert ("/region_code", "not-in-force") in refused.value.faults
    fault = next(f for f in refused.value.answer["faults"] if f["pointer"] == "/region_code")
    assert "it holds" in fault["en"] and "有效期" in fault["zh"] and ("2016-" in fault["en"] or "2001-" in fault["en"])


@pytest.mark.parametrize("code, parent, caller, due", OWN_LEVELS)
def test_levels_that_a_place_does_not_have_owe_nothing(desk, database, code, parent, caller, due):
    region(database, code, parent)
    filed = file(desk, office(caller), occurred_at=at("2026-11-20 08:00"), region_code=code)
    assert filed["_status"] == "201"
    of_chain = {c for c in clocks(filed) if c[0] in ("unit_report", "pass_up")}
    assert of_chain == due
    asked = {level for c in clocks(filed) for level in c[1:]}
    missing = "county" if parent in ("441900", "620201") else "city"
    assert missing not in asked and missing not in {level["level"] for level in filed["levels"]}
    called = [level["level"] for level in filed["levels"] if level["called_for"]]
    assert called == (["city", "province"] if missing == "county" else ["county", "province"])
    to = ("city", "province") if missing == "county" else ("county", "province")
    with pytest.raises(Refused):
        desk.pass_up(office(caller), filed, missing)
    passed = desk.pass_up(office(caller), filed, to[1])
    met = [c for c in passed["clocks"] if c["code"] == "pass_up" and c["state"] != "superseded" and c["from_level"] == to[0]]
    assert [c["state"] in ("met", "met_late") for c in met] == [True]


@pytest.mark.parametrize("code, parent, caller, due", OWN_LEVELS)
def test_where_there_is_no_city_an_ordinary_accident_goes_to_the_next_above(desk, database, code, parent, caller, due):
    region(database, code, parent)
    filed = file(desk, office(caller), occurred_at=at("2026-11-20 08:00"), region_code=code, figures={"deaths": 1})
    assert {c for c in clocks(filed) if c[0] == "pass_up"} == (
        set() if parent in ("441900", "620201") else {("pass_up", "county", "province")})


def test_an_accident_is_never_refused_for_a_check_character_but_for_a_persons_number(desk):
    filed = file(desk, COUNTY, occurred_at=at("2026-11-20 08:00"))
    assert filed["unit"] == {"name": "某公司", "credit_code": "91350203M0001QKT19", "credit_code_mismatch": True}
    right = file(desk, COUNTY, occurred_at=at("2026-11-20 08:00"), unit_credit_code="91350100M000100Y43")
    assert "credit_code_mismatch" not in right["unit"]


@pytest.mark.parametrize("moment, shown", [
    (dt.datetime(1988, 7, 1, 4, 0, tzinfo=dt.timezone.utc), "1988-07-01T12:00:00.000+08:00"),
    (dt.datetime(1991, 9, 1, 4, 0, 0, 999900, tzinfo=dt.timezone.utc), "1991-09-01T12:00:00.999+08:00"),
    (dt.datetime(1900, 1, 1, 0, 0, tzinfo=dt.timezone.utc), "1900-01-01T08:00:00.000+08:00"),
    (dt.datetime(2026, 7, 1, 12, 0, tzinfo=CHINA), "2026-07-01T12:00:00.000+08:00")])
def test_an_instant_is_printed_as_the_same_instant(desk, moment, shown):
    assert desk.value("select anze.instant(%s)", moment) == shown


@pytest.mark.parametrize("code, valid, person", [
    ("91350203M0001QKT19", False, False), ("91350100M000100Y43", True, False), ("91350100M000100Y44", False, False),
    ("369999190002300738", True, True), ("110101199003070738", False, True), ("91110000710929498G", True, False)])
def test_a_check_character_and_a_persons_number_are_told_apart(desk, code, valid, person):
    assert desk.value("select anze.credit_code_is_valid(%s)", code) is valid
    assert desk.value("select anze.looks_like_a_person(%s)", code) is person
