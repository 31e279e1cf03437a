"""People and posts: who is listed, whose telephone is whole, and whose files a caller writes."""
from functools import partial

import pytest

from harness import tree
from harness.hierarchy import appoint, day, faults, open_unit, patch, person

COUNTY, TOWN = "150622", "150622101"
OWN, OTHER = tree.enterprise(TOWN, 1).id, tree.enterprise(TOWN, 2).id


@pytest.fixture(scope="module")
def client(client, register):
    """Clients of the service whose units these tests write."""
    return partial(client, to=register[1])


@pytest.fixture(scope="module")
def county(client):
    return client("county_officer", region=COUNTY)


@pytest.fixture(scope="module")
def reporter(client):
    return client("enterprise_reporter", unit=OWN)


def test_posts_are_listed_with_the_kinds_of_unit_that_have_them(county):
    posts = {p["code"]: p for p in county.items("/v1/posts?limit=9")}
    assert len(posts) > 30 and posts["government_head"]["is_first_responsible"]
    assert posts["government_safety_leader"]["is_in_charge"] and not posts["front_line"]["is_leadership"]
    assert [p for p in posts.values() if "site" in p["unit_kinds"]] == county.items("/v1/posts?unit_kind=site&limit=4")


def test_a_person_is_filed_once_and_read_as_given(county):
    body = {"unit_id": OWN, "code": "E-1", "name": "王建国", "phone": "13812345678", "qualifications": ["safety_education"]}
    first = county.post("/v1/people", json=body, key="file-once")
    assert first.status_code == 201 and county.post("/v1/people", json=body, key="file-once").content == first.content
    shown = county.get(f"/v1/people/{first.json()['id']}").json()
    assert shown == {**first.json(), "appointments": []} and shown["unit"]["id"] == OWN and shown["phone"] == "13812345678"
    assert county.post("/v1/people", json=body).status_code == 409
    assert county.post("/v1/people", json={**body, "unit_id": OTHER}).status_code == 201


def test_a_telephone_is_whole_in_reach_and_masked_in_lists_and_elsewhere(county, reporter, client):
    government = tree.body("government", COUNTY).id
    officer, worker = person(county, government), person(county, OWN)
    masked = "138****0000"
    assert county.get(f"/v1/people/{officer['id']}").json()["phone"] == "13800000000"
    assert reporter.get(f"/v1/people/{worker['id']}").json()["phone"] == "13800000000"
    assert reporter.get(f"/v1/people/{officer['id']}").json()["phone"] == masked
    coal = client("sector_officer", region=COUNTY, sectors=["coal"])
    assert coal.get(f"/v1/people/{worker['id']}").json()["phone"] == "13800000000"
    assert coal.get(f"/v1/people/{officer['id']}").json()["phone"] == masked
    listed = county.items(f"/v1/people?unit_id={OWN}")
    assert listed and all(p["phone"].count("*") == 4 for p in listed if "phone" in p)


def test_who_holds_a_post_of_a_unit_is_seen_with_it_whoever_keeps_the_file(county, client):
    elsewhere, site = open_unit(county, region_code="150622100"), open_unit(county, kind="site")
    who = person(county, elsewhere["id"])
    appoint(county, who, site["id"])
    town = client("town_officer", region=TOWN)
    shown = town.get(f"/v1/people/{who['id']}").json()
    assert shown["name"] == who["name"] and shown["phone"] == "138****0000"
    assert client("town_officer", region="150622101").get(f"/v1/units/{elsewhere['id']}").status_code == 404


def test_a_person_is_shown_with_appointments_past_and_present(county):
    who = person(county, OWN)
    appoint(county, who, OWN, post="team_leader", held_from=day(90), held_until=day(50))
    before = county.get(f"/v1/people/{who['id']}")
    appoint(county, who, OWN, post="workshop_head", held_from=day(50))
    after = county.get(f"/v1/people/{who['id']}")
    assert [(a["post"]["code"], a["held_from"], a.get("held_until")) for a in after.json()["appointments"]] == [
        ("workshop_head", day(50), None), ("team_leader", day(90), day(50))]
    assert before.headers["ETag"] != after.headers["ETag"]
    assert county.get(f"/v1/people/{who['id']}", headers={"If-None-Match": after.headers["ETag"]}).status_code == 304
    assert patch(county, f"/v1/people/{who['id']}", after.headers["ETag"].strip('"'), name="改名").status_code == 200


@pytest.mark.parametrize("body, expected", [
    ({"unit_id": tree.enterprise("150621100", 1).id}, {("/unit_id", "unknown-reference")}),
    ({"unit_id": tree.body("government", tree.CITY).id}, {("/unit_id", "unknown-reference")}),
    ({"phone": "abc"}, {("/phone", "pattern")}), ({"qualifications": ["wisdom"]}, {("/qualifications/0", "enum")}),
    ({"id_number": "150622199001010011"}, {("/id_number", "unknown-field")})])
def test_what_does_not_fit_is_refused(county, body, expected):
    assert faults(county.post("/v1/people", json={"unit_id": OWN, "name": "甲", **body})) == expected


def test_an_enterprise_files_its_own_people_and_those_of_units_below_it(county, reporter):
    site = open_unit(county, kind="site", accountable_to=OWN)
    assert person(reporter, OWN)["unit"]["id"] == OWN and person(reporter, site["id"])["unit"]["id"] == site["id"]
    assert faults(reporter.post("/v1/people", json={"unit_id": OTHER, "name": "甲"})) == {("/unit_id", "unknown-reference")}
    theirs = person(county, OTHER)
    assert reporter.get(f"/v1/people/{theirs['id']}").status_code == 404
    assert patch(reporter, f"/v1/people/{theirs['id']}", 1, name="乙").status_code == 404


def test_a_file_is_changed_and_goes_to_another_unit(county, reporter):
    who = person(county, OWN, code="MOVE-1")
    changed = patch(county, f"/v1/people/{who['id']}", 1, phone=None, qualifications=["law_examination"], unit_id=OTHER)
    assert changed.status_code == 200 and changed.headers["ETag"] == '"2"'
    shown = changed.json()
    assert "phone" not in shown and shown["qualifications"] == ["law_examination"] and shown["unit"]["id"] == OTHER
    assert reporter.get(f"/v1/people/{who['id']}").status_code == 404
    assert patch(county, f"/v1/people/{who['id']}", 1, name="乙").status_code == 412
    assert faults(patch(county, f"/v1/people/{who['id']}", 2, unit_id=tree.enterprise("150621100", 1).id)) == {
        ("/unit_id", "unknown-reference")}


def test_people_are_filtered(county):
    site = open_unit(county, kind="site", site_kind="mine")
    one = person(county, site["id"], name="特别姓名甲", code="F-1", qualifications=["safety_certificate"])
    two = person(county, site["id"], name="特别姓名乙")
    appoint(county, one, site["id"], held_until=day(10))
    appoint(county, two, site["id"], held_from=day(10))
    for query, expected in [
            (f"unit_id={site['id']}", [one, two]), ("name=%E7%89%B9%E5%88%AB", [one, two]), ("name=%25", []),
            (f"unit_id={site['id']}&code=F-1", [one]), (f"unit_id={site['id']}&post=principal", [two]),
            (f"unit_id={site['id']}&qualification=safety_certificate", [one]), (f"unit_id={site['id']}&region={TOWN}", [one, two]),
            (f"unit_id={site['id']}&region=150621", [])]:
        assert {p["id"] for p in county.items(f"/v1/people?{query}&limit=1")} == {p["id"] for p in expected}, query
    counted = county.get(f"/v1/people?unit_id={site['id']}", headers={"Prefer": "count=exact"})
    assert counted.json()["page"]["total"] == 2


def test_people_and_posts_lie_where_their_unit_lies(client):
    city = client("city_officer", region="1506")
    unit = open_unit(city)
    who = person(city, unit["id"])
    held = appoint(city, who, unit["id"])
    assert patch(city, f"/v1/units/{unit['id']}", 1, region_code="150621100").status_code == 200
    for target in (f"/v1/people/{who['id']}", f"/v1/appointments/{held['id']}"):
        assert client("county_officer", region="150621").get(target).status_code == 200
        assert client("county_officer", region=COUNTY).get(target).status_code == 404


def test_no_telephone_stands_in_the_audit(register, county):
    who = person(county, OWN, phone="13987654321")
    patch(county, f"/v1/people/{who['id']}", 1, phone="13987650000")
    rows = register[0].value("select string_agg(change::text, ' ' order by id) from audit.entry where object_type = 'anze.person'"
                          " and object_id = %s", who["id"])
    assert who["name"] in rows and "***" in rows and "1398765" not in rows


@pytest.mark.parametrize("role", ["town_officer", "sector_officer", "province_officer", "auditor", "administrator"])
def test_who_may_not_write_people_does_not(client, role):
    assert client(role).post("/v1/people", json={"unit_id": OWN, "name": "甲"}).status_code == 403
