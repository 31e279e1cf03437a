"""The catalogue of duties through the API: lists, filters and pages, the matrix, and revisions by an administrator."""
import uuid

import pytest


@pytest.fixture(scope="module")
def alone(cluster, make_database):
    """A database of its own: revisions change the catalogue for everybody."""
    return make_database(cluster)


@pytest.fixture(scope="module")
def reader(alone, make_service, client):
    """reader(role) on a service over that database."""
    service = make_service(alone)
    return lambda role="county_officer", **grant: client(role, to=service, **{"region": "1506", **grant})


@pytest.fixture(scope="module")
def officer(reader):
    return reader(region="150622")


@pytest.fixture
def duty(alone):
    """A duty of one's own at version 1."""
    code = "TEST." + uuid.uuid4().hex[:12].upper()
    with alone.owner() as owner:
        owner.execute("select anze.ship_duty('16.02', 'R', '测试职责', 'A duty of a test', '政府', %s, unit_kinds =>"
                      " '{government}', record_kinds => '{meeting}', within => 'quarter', evidence => '{minutes}')", (code,))
    return code


def codes(items) -> list[str]:
    return [item["code"] for item in items]


def order(item) -> tuple:
    section, number = item["clause"].split(".")
    return int(section), int(number), item.get("code", "")


# ---- lists ----

def test_the_catalogue_is_listed_by_clause_page_by_page(officer):
    listed = officer.items("/v1/duties?limit=7")
    assert len(listed) > 160 and codes(listed) == codes(sorted(listed, key=order))
    assert len(set(codes(listed))) == len(listed)
    assert codes(officer.items("/v1/duties?limit=200")) == codes(listed)


@pytest.mark.parametrize("query, holds", [
    ("clause=1.08", lambda d: d["clause"] == "1.08"),
    ("section=1", lambda d: d["clause"].startswith("1.")),
    ("section=12", lambda d: d["clause"].startswith("12.")),
    ("nature=K", lambda d: d["nature"] == "K"),
    ("unit_kind=enterprise", lambda d: "enterprise" in d["unit_kinds"]),
    ("post=government_head", lambda d: d.get("post") == "government_head"),
    ("period=half_year", lambda d: d.get("period") == "half_year"),
    ("section=3&nature=R&unit_kind=department&period=year",
     lambda d: d["clause"].startswith("3.") and d["nature"] == "R" and d.get("period") == "year")])
def test_duties_are_filtered(officer, query, holds):
    every = officer.items("/v1/duties?limit=200")
    expected = codes([duty for duty in every if holds(duty)])
    assert 0 < len(expected) < len(every)
    assert codes(officer.items(f"/v1/duties?{query}&limit=3")) == expected


def test_duties_are_those_in_force_on_the_day(officer):
    assert officer.items("/v1/duties?on=2021-12-31") == []
    before, after = codes(officer.items("/v1/duties?on=2024-04-30")), codes(officer.items("/v1/duties?on=2024-05-01"))
    assert set(after) - set(before) == {"D.COAL.MAJOR"} and set(before) <= set(after)


def test_a_total_is_counted_only_when_asked(officer):
    assert "total" not in officer.get("/v1/duties?limit=2").json()["page"]
    counted = officer.get("/v1/duties?limit=2&section=5", headers={"Prefer": "count=exact"})
    assert counted.json()["page"]["total"] == len(officer.items("/v1/duties?section=5"))


@pytest.mark.parametrize("query", ["clause=1", "clause=17.01", "section=0", "section=17", "nature=X", "period=day", "on=x",
                                   "post=%27", "limit=0"])
def test_a_filter_that_cannot_be_is_refused(officer, query):
    assert officer.get(f"/v1/duties?{query}").status_code == 400


def test_a_duty_is_shown_with_its_versions_and_found_again_by_its_etag(officer):
    first = officer.get("/v1/duties/D.HAZ.STAT")
    assert first.headers["ETag"] == '"1"'
    version = first.json()["versions"][0]
    assert (version["period"], version["counting"], version["due_days"], version["instrument"], version["article"]) == (
        "quarter", "deliverable", 15, "SAWS-16", "第十四条")
    again = officer.get("/v1/duties/D.HAZ.STAT", headers={"If-None-Match": '"1"'})
    assert again.status_code == 304 and not again.content
    assert officer.get("/v1/duties/D.NOTHING").status_code == 404


# ---- the matrix ----

def test_the_matrix_has_every_clause_once_in_order(officer):
    matrix = officer.items("/v1/duty-clauses?limit=20")
    assert len(matrix) == 155 and matrix == sorted(matrix, key=order)
    assert [row["section"] for row in matrix] == [int(row["clause"].split(".")[0]) for row in matrix]


@pytest.mark.parametrize("query, holds", [
    ("section=5", lambda c: c["section"] == 5), ("nature=P", lambda c: c["nature"] == "P"),
    ("kept_by=duty", lambda c: c["duties"]), ("kept_by=structure", lambda c: c["structural_rules"]),
    ("kept_by=capability", lambda c: c["elsewhere_zh"]), ("kept_by=principle", lambda c: c["nature"] == "P")])
def test_the_matrix_is_filtered(officer, query, holds):
    every = officer.items("/v1/duty-clauses?limit=200")
    expected = [row for row in every if holds(row)]
    assert 0 < len(expected) < len(every) and officer.items(f"/v1/duty-clauses?{query}") == expected


def test_what_the_matrix_names_can_be_read(officer):
    for row in officer.items("/v1/duty-clauses?section=5&limit=200"):
        for code in row["duties"]:
            assert officer.get(f"/v1/duties/{code}").json()["versions"][0]["clause"] == row["clause"]
    rules = set(codes(officer.items("/v1/structural-rules?limit=200")))
    assert {rule for row in officer.items("/v1/duty-clauses?limit=200") for rule in row["structural_rules"]} == rules


# ---- revisions ----

REVISION = {"minimum_count": 2, "grace_days": 5, "evidence": ["minutes", "photo"], "publicity": True,
            "in_force_from": "2027-01-01", "reason": "新规定提高了次数"}


def test_a_duty_is_revised_once_however_often_it_is_sent(reader, duty):
    target, administrator = f"/v1/duties/{duty}/versions", reader("administrator")
    first = administrator.post(target, json=REVISION, if_match="1", key=f"k-{duty}")
    assert first.status_code == 201 and first.headers["ETag"] == '"2"'
    assert first.headers["Location"].endswith(f"/v1/duties/{duty}")
    new, old = first.json()["versions"]
    assert {name: new[name] for name in REVISION} == REVISION and new["origin"] == "administrator"
    assert (old["minimum_count"], old["in_force_until"], old["origin"]) == (1, "2026-12-31", "shipped")
    again = administrator.post(target, json=REVISION, if_match="1", key=f"k-{duty}")
    assert again.content == first.content and again.headers["Idempotency-Replayed"] == "true"
    assert administrator.get(f"/v1/duties/{duty}").json() == first.json()


@pytest.mark.parametrize("given, shown", [({}, "first_whole_period"), ({"counts_from": "running_period"}, "running_period")])
def test_a_revision_says_from_which_period_it_counts(reader, duty, given, shown):
    target, administrator = f"/v1/duties/{duty}/versions", reader("administrator")
    made = administrator.post(target, json={**REVISION, "in_force_from": "2027-02-10", **given}, if_match="1")
    assert made.status_code == 201 and made.json()["versions"][0]["counts_from"] == shown
    assert "counts_from" not in made.json()["versions"][1], "the first version counts from its beginning"
    third = administrator.post(target, json={"minimum_count": 3, "in_force_from": "2027-08-10", "reason": "再次修订"}, if_match="2")
    assert third.json()["versions"][0]["counts_from"] == "first_whole_period", "each says it for itself"


def test_what_was_in_force_on_a_day_stays_so(reader, duty):
    administrator = reader("administrator")
    assert administrator.post(f"/v1/duties/{duty}/versions", json=REVISION, if_match="1").status_code == 201
    for day, count in (("2026-12-31", 1), ("2027-01-01", 2)):
        listed = administrator.items(f"/v1/duties?clause=16.02&on={day}")
        assert [d["minimum_count"] for d in listed if d["code"] == duty] == [count]


def test_a_revision_states_the_version_that_it_changes(reader, duty):
    target, administrator = f"/v1/duties/{duty}/versions", reader("administrator")
    assert administrator.post(target, json=REVISION).status_code == 428
    stale = administrator.post(target, json=REVISION, if_match="7")
    assert stale.status_code == 412 and stale.headers["ETag"] == '"1"'
    assert administrator.post("/v1/duties/TEST.NOTHING/versions", json=REVISION, if_match="1").status_code == 404


def test_all_faults_of_a_revision_are_named_together(reader, duty):
    target, administrator = f"/v1/duties/{duty}/versions", reader("administrator")
    shape = administrator.post(target, json={"minimum_count": 0, "evidence": ["oath"], "post": "party_head"}, if_match="1")
    assert shape.status_code == 422
    assert {(e["pointer"], e["code"]) for e in shape.json()["errors"]} >= {
        ("/minimum_count", "minimum"), ("/evidence/0", "enum"), ("/post", "unknown-field"), ("/reason", "required")}
    meaning = administrator.post(target, json={**REVISION, "in_force_from": "2022-01-01", "within_days": 3}, if_match="1")
    assert {(e["pointer"], e["code"]) for e in meaning.json()["errors"]} == {
        ("/in_force_from", "not-after-running-version"), ("/within_days", "not-on-event")}
    unknown = administrator.post(target, json={**REVISION, "instrument": "NO-SUCH"}, if_match="1")
    assert [(e["pointer"], e["code"]) for e in unknown.json()["errors"]] == [("/instrument", "unknown-reference")]
    assert administrator.post(target, json={"in_force_from": "2027-01-01", "reason": "无变化"}, if_match="1").status_code == 422


def test_a_dry_run_revises_nothing(reader, duty):
    administrator = reader("administrator")
    would_be = administrator.post(f"/v1/duties/{duty}/versions", json=REVISION, if_match="1", headers={"Prefer": "dry-run"})
    assert would_be.status_code == 200 and would_be.json()["version"] == 2
    assert administrator.get(f"/v1/duties/{duty}").json()["version"] == 1


@pytest.mark.parametrize("role", ["town_officer", "county_officer", "city_officer", "committee_office", "sector_officer",
                                  "province_officer", "auditor"])
def test_only_the_administrator_revises_duties(reader, role, duty):
    answer = reader(role).post(f"/v1/duties/{duty}/versions", json=REVISION, if_match="1")
    assert answer.status_code == 403 and answer.json()["code"] == "insufficient-scope"
