"""Nobody is exposed: what came from a person against a unit shows the unit neither the person nor the way it came. Marks are
put into whatever may tell, and every answer to the unit's tokens is searched for them."""
import re
import secrets

import pytest

from harness import tree
from harness.accidents import first_report
from harness.files import picture, upload
from harness.hazards import HAZARDS, MINE, filed, filing

COUNTY = "150622"
SCOPES = ["hazards:read", "hazards:report", "hazards:handle", "cases:read", "accidents:read", "accidents:report", "files:read",
          "files:write"]
BUREAU = tree.body("emergency", COUNTY)


@pytest.fixture(scope="module")
def marks():
    return {name: f"mark{secrets.token_hex(6)}" for name in ("found_by", "actor", "delegate", "reporter")}


@pytest.fixture(scope="module")
def house(make_database, cluster, make_service):
    database = make_database(cluster)
    return database, make_service(database)


@pytest.fixture(scope="module")
def told(house, client, marks):
    """A hazard that a worker told the county of, one that another department passed on, and an accident by a telephone call:
    filed by a client whose very name tells the channel."""
    hotline = client(scopes=SCOPES, region=COUNTY, unit=BUREAU.id, sub=marks["delegate"], act={"sub": marks["actor"]}, to=house[1])
    paper = [{"kind": "record", "file_id": upload(hotline, picture(100))["id"]}]
    marks["paper"] = paper[0]["file_id"]
    hazards = [filed(hotline, source=source, found_by=marks["found_by"], evidence=paper) for source in ("tip", "other_department")]
    accident = hotline.post("/v1/accidents", json=first_report(unit_id=MINE.id, reporter_name=marks["reporter"],
                                                               reporter_phone="13912345678"))
    assert accident.status_code == 201, accident.text
    return hotline, hazards, accident.json()


@pytest.fixture(scope="module")
def units(house, client):
    """Whoever speaks for the unit."""
    return [client("enterprise_reporter", unit=MINE.id, sub="mine-1", to=house[1]),
            client("enterprise_reporter", unit=MINE.id, sub="mine-1", act={"sub": "their-system"}, to=house[1])]


def readable(client, told) -> list[str]:
    """Every address that the contract has for reading, of these hazards, their cases, papers and the accident."""
    _, hazards, accident = told
    fills = [{"hazard_id": h["id"], "case_id": h["case_id"], "accident_id": accident["id"], "number": "1", "report_number": "1",
              "unit_id": MINE.id, "kind": "hazard", "version": "1"} for h in hazards]
    paths = []
    for path, item in client.get("/openapi.json").json()["paths"].items():
        names = re.findall(r"\{(\w+)\}", path)
        if "get" in item and path.startswith("/v1/") and set(names) <= set(fills[0]):
            paths += sorted({path.format(**fill) for fill in fills})
    return paths


def test_no_answer_to_the_unit_has_a_mark_of_who_told_or_how(units, told, marks):
    hidden, read = [*marks.values(), "13912345678", "139****5678", '"tip"', '"other_department"'], 0
    for unit in units:
        for path in readable(unit, told):
            if path.startswith(("/v1/rules", "/v1/case-kinds")):
                continue
            answer = unit.get(path)
            read += answer.status_code == 200
            found = [mark for mark in hidden if mark in answer.text or any(mark in value for value in answer.headers.values())]
            assert not found, f"{path}: {found}"
    assert read > 20, "it reads what it may"
    one = units[0].get(f"{HAZARDS}/{told[1][0]['id']}").json()
    assert (one["source"], one["actor"], one["case"]["timeline"][0]["actor"]) == ("authority",) * 3 and "found_by" not in one


def test_the_office_that_took_it_reads_all_of_it(told, marks):
    hotline, hazards, accident = told
    one = hotline.get(f"{HAZARDS}/{hazards[0]['id']}").json()
    assert (one["source"], one["found_by"], one["actor"], one["on_behalf_of"]) == (
        "tip", marks["found_by"], marks["actor"], marks["delegate"])
    assert one["evidence"][0]["file_id"] == marks["paper"] and one["case"]["timeline"][0]["fields"]["source"] == "tip"
    assert hotline.get(f"/v1/accidents/{accident['id']}").json()["reporter"]["name"] == marks["reporter"]


@pytest.mark.parametrize("source", ["tip", "other_department", "inspection"])
def test_no_filter_tells_the_unit_how_it_was_told(units, told, source):
    assert units[0].items(f"{HAZARDS}?source={source}") == []
    assert len(told[0].items(f"{HAZARDS}?source={source}")) == (source != "inspection")


def test_what_a_unit_filed_itself_it_reads_whole(units, house, client):
    mine = units[0].post(HAZARDS, json=filing(source="own_check", found_by="班组长"))
    assert mine.status_code == 201, mine.text
    shown = units[0].get(f"{HAZARDS}/{mine.json()['id']}").json()
    assert (shown["source"], shown["found_by"], shown["actor"]) == ("own_check", "班组长", "mine-1")
    assert shown["case"]["timeline"][0]["actor"] == "mine-1"
