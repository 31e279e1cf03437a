"""A unit that moves to another county takes along what is open; what is done stays where it was."""
import uuid

import pytest

from harness import tree
from harness.duty_records import RECORDS, inspection
from harness.hazards import HAZARDS, filed
from harness.hierarchy import change, open_unit
from harness.owed import DAY, owe, now

FROM, TO = "150622", "150621"
TO_TOWN = next(code for code, _, _ in tree.REGIONS if code.startswith(TO) and len(code) == 9)
GOVERNMENT = tree.body("government", FROM)


@pytest.fixture(scope="module")
def moved_database(cluster, make_database):
    return make_database(cluster)


@pytest.fixture(scope="module")
def desk(moved_database, make_service, client):
    service = make_service(moved_database)
    return lambda role="county_officer", **grant: client(role, to=service, **grant)


@pytest.fixture(scope="module")
def city(desk):
    return desk("city_officer", region="1506", sub="city-1")


@pytest.fixture(scope="module")
def county(desk):
    return desk(region=FROM, unit=GOVERNMENT.id, sub="county-1")


def places(database, table: str, where: str, value) -> list[str]:
    with database.admin() as admin:
        return [row[0] for row in admin.execute(f"select region_code from anze.{table} where {where} order by 1", (value,))]


def follow_up_for(county, unit: dict) -> None:
    answer = county.post(RECORDS, json=inspection(
        [{"matter": "护栏缺失", "place": "井口", "severity": "general", "unit_id": unit["id"]}], unit_id=GOVERNMENT.id))
    assert answer.status_code == 201, answer.text


def notice_about(database, unit: dict, acknowledged: bool) -> str:
    there = tree.Unit(**{**tree.enterprise("150622101", 1).__dict__, "id": unit["id"]})
    with database.owner() as owner:
        obligation = owe(owner, now() - DAY, unit=there)
        notice = str(uuid.uuid4())
        owner.execute("insert into anze.notice (id, subject, subject_id, stage, kind, unit_id, about_unit_id, region_code, sector,"
                      " acknowledged_at, acknowledged_by) select %s, 'obligation', %s, s.code, s.kind, %s, %s, %s, 'coal', a, b"
                      " from anze.notice_stage s, (values (case when %s then now() end, case when %s then 'x' end)) v(a, b)"
                      " where s.subject = 'obligation' order by s.place limit 1",
                      (notice, obligation, unit["id"], unit["id"], there.region_code, acknowledged, acknowledged))
    return notice


def test_what_is_open_moves_along_and_what_is_done_stays(moved_database, county, city):
    unit = open_unit(county)
    open_hazard, closed_hazard = (filed(county, unit_id=unit["id"]) for _ in range(2))
    follow_up_for(county, unit)
    waiting, told = (notice_about(moved_database, unit, acknowledged) for acknowledged in (False, True))
    with moved_database.owner() as owner:
        owner.execute("select set_config('anze.reach', 'service', true)")
        owner.execute("update anze.hazard set is_open = false where id = %s", (closed_hazard["id"],))
        owner.execute("update anze.case_file set is_open = false where (facts ->> 'hazard_id') = %s", (closed_hazard["id"],))
        points = {name: owner.execute("insert into anze.risk_point (unit_id, name, place, activity, region_code, sector, ended_on, end_reason)"
                                      " values (%s, %s, '东翼', '回采', %s, 'coal', %s, %s) returning id", (unit["id"], name, place, ended, why)
                                      ).fetchone()[0]
                  for name, place, ended, why in (("in use", "150622101", None, None), ("ended", "150622101", "2026-01-01", "拆除"),
                                                  ("elsewhere", "150622100", None, None))}
    assert county.get(f"{HAZARDS}/{open_hazard['id']}").status_code == 200

    change(city, unit, region_code=TO_TOWN)

    at = "150622101"
    assert places(moved_database, "hazard", "id = %s", open_hazard["id"]) == [TO_TOWN]
    assert places(moved_database, "hazard", "id = %s", closed_hazard["id"]) == [at]
    assert places(moved_database, "case_file", "facts ->> 'hazard_id' = %s", open_hazard["id"]) == [TO_TOWN]
    assert places(moved_database, "case_file", "facts ->> 'hazard_id' = %s", closed_hazard["id"]) == [at]
    of_case = "is_running and subject_id in (select id from anze.case_file where facts ->> 'hazard_id' = %s)"
    clocks = places(moved_database, "deadline", of_case, open_hazard["id"])
    assert clocks and set(clocks) == {TO_TOWN}
    assert places(moved_database, "follow_up", "unit_id = %s", unit["id"]) == [TO_TOWN]
    assert places(moved_database, "notice", "id = %s", waiting) == [TO_TOWN]
    assert places(moved_database, "notice", "id = %s", told) == [at]
    assert {name: places(moved_database, "risk_point", "id = %s", point) for name, point in points.items()} == {
        "in use": [TO_TOWN], "ended": [at], "elsewhere": ["150622100"]}


def test_who_sees_what_moved_is_the_county_where_the_unit_sits_now(moved_database, desk, county, city):
    unit = open_unit(county)
    hazard = filed(county, unit_id=unit["id"])
    other = desk(region=TO, sub="other-county")
    assert other.get(f"{HAZARDS}/{hazard['id']}").status_code == 404
    change(city, unit, region_code=TO_TOWN)
    assert other.get(f"{HAZARDS}/{hazard['id']}").json()["region_code"] == TO_TOWN
    assert desk(region=FROM, sub="county-2").get(f"{HAZARDS}/{hazard['id']}").status_code == 404
    with moved_database.admin() as admin:
        sums = dict(admin.execute("select region_code, sum(found) from (select region_code, found from anze.hazard_tally_delta"
                                  " union all select region_code, found from anze.hazard_tally where ends_on - begins_on > 360)"
                                  " x group by 1"))
        rows = dict(admin.execute("select region_code, count(*) from anze.hazard group by 1"))
    assert {region: n for region, n in sums.items() if n} == rows
