"""Ids of case data: UUID version 8 that sort by time and carry moment and city; older ids stay valid."""
import datetime as dt
import json
import uuid

import pytest

from harness import tree
from harness.hazards import filing

MOMENT = dt.datetime(2026, 3, 31, 15, 59, 59, 999000, tzinfo=dt.timezone.utc)
MILLISECONDS = 1774972799999


def new_id(database, region_code: str, at: dt.datetime) -> uuid.UUID:
    return database.value("select anze.new_id(%s, %s)", region_code, at)


@pytest.mark.parametrize("region_code, city", [
    ("150622101", "1506"), ("150622101000", "1506"), ("150600", "1506"), ("150000", "1500"), ("15", "1500"), ("820000", "8200")])
def test_an_id_is_a_uuid_of_version_8_with_moment_and_city(database, region_code, city):
    made = new_id(database, region_code, MOMENT)
    digits = made.hex
    assert (made.variant, made.version) == (uuid.RFC_4122, 8)
    assert (int(digits[:12], 16), digits[13:16] + digits[17]) == (MILLISECONDS, city)
    assert database.value("select row(anze.id_moment(%s::uuid), anze.id_city(%s::uuid))::text", made, made) == (
        database.value("select row(%s::timestamptz, %s::text)::text", MOMENT, city))


@pytest.mark.parametrize("at", ["1970-01-01 00:00:00+00", "2008-02-01 00:00:00.001+08", "2026-11-28 23:59:59.999+08",
                                "2199-12-31 23:59:59.123+08"])
def test_every_millisecond_comes_back_as_it_went_in(database, at):
    assert database.value("select bool_and(anze.id_moment(anze.new_id('150622', m)) = m) from"
                          " (select %s::timestamptz + n * interval '1 millisecond' as m from generate_series(0, 999) n) s", at)


def test_ids_sort_by_time_whatever_the_city(database):
    assert database.value(
        "select array_agg(n order by id) = array_agg(n order by n) from (select n, anze.new_id(case mod(n, 2) when 0 then '650100'"
        " else '110100' end, now() + n * interval '1 millisecond') as id from generate_series(1, 1000) n) s")


def test_ids_of_one_moment_and_city_differ(database):
    assert database.value("select count(distinct anze.new_id('150622', now())) from generate_series(1, 10000)") == 10000


@pytest.mark.parametrize("old, moment, city", [
    ("019d449f-8bff-7b3a-9d52-0123456789ab", MOMENT, None),
    ("b5a2f4a0-6c1d-4e0b-9a54-0123456789ab", "-infinity", None),
    ("a7c1d2e3-0123-5e0b-8a54-0123456789ab", "-infinity", None), (None, None, None)])
def test_ids_of_before_are_read_as_what_they_are(database, old, moment, city):
    query = "select row(anze.id_moment(%s::uuid), anze.id_city(%s::uuid))::text"
    assert database.value(query, old, old) == database.value("select row(%s::timestamptz, %s::text)::text", moment, city)


def test_a_hazard_and_its_case_have_such_ids(database):
    unit = tree.enterprise("150622101", 1)
    with database.service(reach="region", region="150622", actor="tester", scopes="hazards:report") as service:
        given = filing(unit_id=unit.id, found_at="2026-03-31T15:59:59.999900Z")
        body = service.execute("select body::jsonb from anze.file_hazard(%s::text::jsonb)",
                               (json.dumps(given),)).fetchone()[0]
        made, case = uuid.UUID(body["id"]), uuid.UUID(body["case_id"])
    assert (made.version, made.hex[13:16] + made.hex[17], int(made.hex[:12], 16)) == (8, "1506", MILLISECONDS)
    assert (case.version, case.hex[13:16] + case.hex[17]) == (8, "1506")
