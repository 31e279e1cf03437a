"""Names as they are typed, codes as they were given out, text as it is pasted, instants as libraries write them."""
import pytest

from harness.accidents import first_report
from harness.hierarchy import faults, open_unit, person, unit_body

DOTS = "\u00b7\u2022\u30fb\uff0e\u2027\u22c5"


@pytest.fixture(scope="module")
def county(client, register):
    return client("county_officer", region="150622", to=register[1])


@pytest.mark.parametrize("written", DOTS)
def test_a_name_is_found_by_any_of_its_dots(county, written):
    unit = open_unit(county, name=f"阿拉腾{written}其其格第{ord(written)}商店")
    who = person(county, unit["id"], name=f"阿拉腾{written}其其格{ord(written)}")
    for typed in DOTS:
        found = county.get("/v1/units", params={"name": f"阿拉腾{typed}其其格第{ord(written)}"}).json()["items"]
        assert [u["id"] for u in found] == [unit["id"]]
        people = county.get("/v1/people", params={"name": f"阿拉腾{typed}其其格{ord(written)}"}).json()["items"]
        assert [p["id"] for p in people] == [who["id"]]


def test_a_code_with_a_wrong_check_character_is_entered_marked_and_listed(county):
    marked = open_unit(county, credit_code="91350203M0001QKT19")
    assert marked["credit_code_mismatch"] is True
    plain = open_unit(county, credit_code="91350100M000100Y43")
    assert "credit_code_mismatch" not in plain
    wrong = [u["id"] for u in county.items("/v1/units?credit_code_mismatch=true")]
    right = [u["id"] for u in county.items("/v1/units?credit_code_mismatch=false")]
    assert wrong == [marked["id"]] and plain["id"] in right and marked["id"] not in right
    refused = county.post("/v1/units", json=unit_body(credit_code="369999190002300738"))
    assert faults(refused) == {("/credit_code", "rule")} and "number of a person" in refused.text


def test_a_report_pasted_from_a_phone_is_taken_as_it_came(client):
    course = "👷🏻\u200d♂️到场\u200b救援\ufeff"
    filed = client("county_officer", region="150622").post("/v1/accidents", json=first_report(course=course))
    assert filed.status_code == 201 and filed.json()["course"] == course


@pytest.mark.parametrize("decimals", ["1234567", "123456789", "9999999"])
def test_seven_and_nine_decimals_are_cut_to_what_is_stored(client, decimals):
    county = client("county_officer", region="150622")
    filed = county.post("/v1/accidents", json=first_report(occurred_at=f"2026-11-20T23:59:59.{decimals}+08:00"))
    assert filed.status_code == 201, filed.text
    assert filed.json()["occurred_at"] == f"2026-11-20T23:59:59.{decimals[:3]}+08:00"
