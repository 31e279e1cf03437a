"""Regions, units and rules: what everything else refers to, read by every role and revised by one."""
import datetime as dt
import uuid

from pathlib import Path

import pytest

from harness import tree

COUNTY, TOWN = "150622", "150622101"


@pytest.fixture(scope="module")
def officer(client):
    return client("county_officer", region=COUNTY)


@pytest.fixture(scope="module")
def administrator(client):
    return client("administrator", region="1506")


# ---- regions ----

def test_a_region_is_shown_with_what_contains_it_and_what_it_contains(officer):
    region = officer.get(f"/v1/regions/{COUNTY}").json()
    assert [a["code"] for a in region["ancestors"]] == ["150000", "150600"]
    assert [c["code"] for c in region["children"]] == list(tree.TOWNS[COUNTY])
    assert region["level"] == "county" and region["prefix"] == COUNTY


@pytest.mark.parametrize("query, codes", [
    (f"parent={COUNTY}", list(tree.TOWNS[COUNTY])),
    (f"within={COUNTY}", [COUNTY, *tree.TOWNS[COUNTY]]),
    ("within=150600&level=county", list(tree.COUNTIES)),
    ("within=150600&name=%E6%B2%99%E5%9C%AA%E5%A0%B5", [TOWN]),
    ("within=150600&name=%25", []), ("within=150600&name=_", []), ("parent=150622999", [])])
def test_regions_are_filtered_and_wildcards_are_letters(officer, query, codes):
    assert [r["code"] for r in officer.items(f"/v1/regions?{query}&limit=2")] == codes


def test_regions_of_a_day_are_those_that_there_were_then_by_the_names_of_then(officer, database):
    with database.owner() as owner:
        for span in (("159100", "旧市", "150000", None, "2016-06-01"), ("159100", "新市", "150000", "2016-06-01", None),
                     ("159121", "撤销旗", "159100", None, "2016-06-01")):
            owner.execute("insert into anze.region_span (code, name, parent_code, in_force) values (%s, %s, %s, daterange(%s, %s))", span)
    named = lambda query: [(r["code"], r["name"]) for r in officer.items(f"/v1/regions?{query}")]  # noqa: E731
    assert named("within=159100&on=2016-05-31") == [("159100", "旧市"), ("159121", "撤销旗")]
    assert named("within=159100&on=2016-06-01") == [("159100", "新市")] == named("parent=150000&on=2016-06-01&name=新市")
    assert named("within=159100") == [("159100", "新市"), ("159121", "撤销旗")], "without a day: what each was last"
    assert officer.get("/v1/regions?within=159100&on=2016-05-31&limit=1", headers={"Prefer": "count=exact"}).json()["page"]["total"] == 2


def test_a_region_that_does_not_exist_is_404(officer):
    assert officer.get("/v1/regions/150699").status_code == 404
    assert officer.get("/v1/regions/x").status_code == 404


def test_a_region_in_hand_is_304(officer):
    first = officer.get(f"/v1/regions/{COUNTY}")
    again = officer.get(f"/v1/regions/{COUNTY}", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.content and again.headers["ETag"] == first.headers["ETag"]


# ---- units ----

@pytest.mark.parametrize("grant, sees", [
    ({"role": "city_officer", "region": "1506"}, lambda u: u.region_code.startswith("1506")),
    ({"role": "county_officer", "region": COUNTY}, lambda u: u.region_code.startswith(COUNTY)),
    ({"role": "town_officer", "region": TOWN}, lambda u: u.region_code.startswith(TOWN)),
    ({"role": "sector_officer", "region": COUNTY, "sectors": ["coal"]},
     lambda u: u.region_code.startswith(COUNTY) and (u.kind != "enterprise" or u.sector == "coal")),
    ({"role": "enterprise_reporter", "unit": tree.enterprise(TOWN, 1).id},
     lambda u: u.id == tree.enterprise(TOWN, 1).id or u.kind != "enterprise" and u.region_code in ("150600", COUNTY))])
def test_each_role_lists_the_units_of_its_scope_page_by_page(client, grant, sees):
    for sort in ("name", "-updated_at"):
        listed = [u["id"] for u in client(**grant).items(f"/v1/units?limit=3&sort={sort}")]
        assert len(listed) == len(set(listed))
        assert set(listed) == {u.id for u in tree.UNITS.values() if sees(u)}


def test_units_are_listed_by_name(officer):
    names = [u["name"] for u in officer.items("/v1/units?limit=4")]
    assert names == sorted(names) and len(names) > 8


@pytest.mark.parametrize("query, expected", [
    ("kind=government", [tree.body("government", COUNTY)]),
    (f"region={TOWN}&sector=coal", [tree.enterprise(TOWN, 1)]),
    (f"credit_code={tree.enterprise(TOWN, 2).credit_code}", [tree.enterprise(TOWN, 2)]),
    ("name=%E5%AE%89%E5%A7%94%E4%BC%9A", [tree.body("office", COUNTY)]),
    (f"credit_code={tree.enterprise(tree.FOREIGN_TOWN, 2).credit_code}", []),
    (f"region={tree.FOREIGN_COUNTY}", []), ("name=%25%25", [])])
def test_units_are_filtered_within_the_scope(officer, query, expected):
    assert {u["id"] for u in officer.items(f"/v1/units?{query}")} == {u.id for u in expected}


def test_a_total_is_counted_only_when_asked(officer):
    assert "total" not in officer.get("/v1/units?limit=2").json()["page"]
    counted = officer.get("/v1/units?limit=2", headers={"Prefer": "count=exact"})
    assert counted.json()["page"]["total"] == sum(u.region_code.startswith(COUNTY) for u in tree.UNITS.values())


def test_a_unit_is_shown_with_its_chain_and_its_children(officer):
    unit = officer.get(f"/v1/units/{tree.enterprise(TOWN, 1).id}").json()
    assert [u["id"] for u in unit["chain"]] == [tree.body("government", COUNTY).id, tree.body("government", "150600").id]
    government = officer.get(f"/v1/units/{tree.body('government', COUNTY).id}").json()
    below = {u.id for u in tree.UNITS.values() if u.accountable_to == government["id"]}
    assert {u["id"] for u in government["children"]} == below and government["has_more_children"] is False


@pytest.mark.parametrize("target", [tree.enterprise(tree.FOREIGN_TOWN, 1).id, tree.body("government", "150621").id,
                                    str(uuid.UUID(int=0)), "x"])
@pytest.mark.parametrize("tail", ["", "/tree"])
def test_a_unit_of_elsewhere_is_as_absent_as_one_that_does_not_exist(officer, target, tail):
    assert officer.get(f"/v1/units/{target}{tail}").status_code == 404


def test_the_tree_goes_down_as_deep_as_asked_and_shows_what_may_be_seen(officer):
    city = tree.body("government", "150600").id
    one = officer.get(f"/v1/units/{city}/tree?depth=1").json()["units"]
    two = officer.get(f"/v1/units/{city}/tree").json()["units"]
    assert {u["depth"] for u in one} == {0, 1} and {u["depth"] for u in two} == {0, 1, 2}
    mine = {u.id for u in tree.UNITS.values() if u.region_code.startswith(COUNTY) or u.region_code == "150600"}
    assert {u["id"] for u in two} == mine
    assert officer.get(f"/v1/units/{city}/tree?depth=6").status_code == 400


def test_a_caller_without_reach_sees_no_unit_and_every_region(client):
    nobody = client(scopes=["units:read", "regions:read"])
    assert nobody.items("/v1/units") == [] and len(nobody.items("/v1/regions?limit=200")) >= len(tree.REGIONS)
    assert nobody.get(f"/v1/units/{tree.enterprise(TOWN, 1).id}").status_code == 404


# ---- code sets and rules ----

def test_code_sets_are_listed(officer):
    assert {s["code"]: s["rule_set"] for s in officer.items("/v1/sectors?limit=7")}["coal"] == "coal"
    assert "SC-493" in {i["code"] for i in officer.items("/v1/instruments?limit=5")}
    old = officer.items("/v1/accident-categories?on=2026-06-30&limit=9")
    new = officer.items("/v1/accident-categories?on=2026-07-01&limit=9")
    assert (len(old), len(new)) == (20, 27)


def test_rules_are_those_in_force_on_the_day(officer):
    rules = officer.items("/v1/rules?on=2026-11-20&code=ACC.&limit=6")
    assert len(rules) > 10 and len({r["code"] for r in rules}) == len(rules)
    assert officer.items("/v1/rules?on=1990-01-01") == []
    some = rules[0]
    assert all(r["instrument"] == some["instrument"]
               for r in officer.items(f"/v1/rules?on=2026-11-20&instrument={some['instrument']}"))
    assert {r["confidence"] for r in officer.items("/v1/rules?on=2026-11-20&confidence=found")} == {"found"}


@pytest.fixture
def rule(database):
    """A rule of one's own at version 1."""
    code = "TEST.R" + uuid.uuid4().hex[:12].upper()
    with database.owner() as owner:
        owner.execute("select anze.ship_rule(%s, 1, '2020-01-01', null, '规则', 'A rule', 2, 'hour', 'SC-493', '9', 'found')",
                      (code,))
    return code


REVISION = {"value": 0.5, "in_force_from": "2027-01-01", "reason": "新办法缩短了时限"}


def test_a_rule_is_revised_once_however_often_it_is_sent(administrator, rule):
    target = f"/v1/rules/{rule}/versions"
    first = administrator.post(target, json=REVISION, if_match="1", key=f"k-{rule}")
    assert first.status_code == 201 and first.headers["ETag"] == '"2"'
    assert first.headers["Location"].endswith(f"/v1/rules/{rule}")
    assert [(v["version"], v["value"], v.get("in_force_until")) for v in first.json()["versions"]] == [
        (2, 0.5, None), (1, 2, "2026-12-31")]
    again = administrator.post(target, json=REVISION, if_match="1", key=f"k-{rule}")
    assert again.status_code == 201 and again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    other = administrator.post(target, json={**REVISION, "value": 3}, if_match="1", key=f"k-{rule}")
    assert other.status_code == 422 and other.json()["code"] == "idempotency-key-reused"
    assert administrator.get(f"/v1/rules/{rule}").json() == first.json()


def test_a_revision_states_the_version_that_it_changes(administrator, rule):
    target = f"/v1/rules/{rule}/versions"
    assert administrator.post(target, json=REVISION).status_code == 428
    stale = administrator.post(target, json=REVISION, if_match="7")
    assert stale.status_code == 412 and stale.headers["ETag"] == '"1"'
    assert administrator.post(target, json=REVISION, if_match="1", key=None).status_code == 400
    assert administrator.post("/v1/rules/TEST.NOTHING/versions", json=REVISION, if_match="1").status_code == 404


def test_all_faults_of_a_revision_are_named_together(administrator, rule):
    target = f"/v1/rules/{rule}/versions"
    shape = administrator.post(target, json={"value": "1", "surprise": 1}, if_match="1")
    assert shape.status_code == 422
    assert {(e["pointer"], e["code"]) for e in shape.json()["errors"]} >= {
        ("/value", "type"), ("/in_force_from", "required"), ("/reason", "required")}
    meaning = administrator.post(target, json={**REVISION, "in_force_from": "2019-01-01", "instrument": "NO-SUCH"},
                                 if_match="1")
    assert {(e["pointer"], e["code"]) for e in meaning.json()["errors"]} == {
        ("/in_force_from", "not-after-running-version"), ("/instrument", "unknown-reference")}


def test_a_dry_run_revises_nothing(administrator, rule):
    would_be = administrator.post(f"/v1/rules/{rule}/versions", json=REVISION, if_match="1",
                                  headers={"Prefer": "dry-run"})
    assert would_be.status_code == 200 and would_be.json()["version"] == 2
    assert administrator.get(f"/v1/rules/{rule}").json()["version"] == 1


def test_a_rule_shows_its_limits_and_a_figure_out_of_them_is_refused(administrator, officer, rule):
    listed, = officer.items(f"/v1/rules?code={rule}")
    assert (listed["minimum"], listed["maximum"], listed["is_whole"]) == (0, 87600, False)
    answer = administrator.post(f"/v1/rules/{rule}/versions", json={**REVISION, "value": 1000000000000}, if_match="1")
    assert answer.status_code == 422
    fault, = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/value", "out-of-limits") and "0 … 87600" in fault["detail"]


def test_a_figure_entered_today_is_corrected_today(administrator, officer, rule):
    target, today = f"/v1/rules/{rule}/versions", dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date().isoformat()
    wrong = administrator.post(target, json={**REVISION, "value": 500, "in_force_from": today}, if_match="1")
    right = administrator.post(target, json={**REVISION, "value": 50, "in_force_from": today}, if_match="2")
    assert (wrong.status_code, right.status_code) == (201, 201)
    newest, taken_back, shipped = right.json()["versions"]
    assert (newest["value"], newest["in_force_from"]) == (50, today)
    assert (taken_back["value"], taken_back["replaced_by"]) == (500, 3) and "in_force_from" not in taken_back
    assert "replaced_by" not in shipped
    listed, = officer.items(f"/v1/rules?code={rule}")
    assert (listed["version"], listed["value"]) == (3, 50)


def test_rules_of_a_region_are_the_stricter_ones(database, administrator, officer):
    """One of the program's own, revised for a day that no other test asks for."""
    code, day = "ESCALATION.ANSWER", "2198-01-01"
    version = officer.get(f"/v1/rules/{code}").json()["version"]
    answer = administrator.post(f"/v1/rules/{code}/versions", if_match=str(version), json={
        "value": 3, "in_force_from": day, "reason": "本市从严", "region_code": "150600"})
    assert answer.status_code == 201, answer.text
    for query, value in (("", 10), ("&region_code=150622", 3), ("&region_code=150600", 3)):
        listed, = officer.items(f"/v1/rules?code={code}&on={day}{query}")
        assert listed["value"] == value, query


@pytest.mark.parametrize("role", ["enterprise_reporter", "town_officer", "county_officer", "city_officer",
                                  "sector_officer", "province_officer", "auditor"])
def test_only_the_administrator_revises_rules(client, role, rule):
    answer = client(role).post(f"/v1/rules/{rule}/versions", json=REVISION, if_match="1")
    assert answer.status_code == 403 and answer.json()["code"] == "insufficient-scope"


# Code sets that administrators write ----------------------------------------------------------------------------------------

BASIS = {"in_force_from": "2026-01-01", "reason": "新文件印发"}
WRITTEN = {
    "sectors": ({"code": "low_altitude", "title_zh": "低空经济", "title_en": "Low-altitude economy", "instrument": "LAW-SAFETY"}, {}),
    "instruments": ({"code": "MEM-30", "title": "示例办法", "title_en": "Example measures", "issued_by": "应急管理部"}, {}),
    "accident-categories": ({"standard": "GB 6441-2025", "code": "28", "title_zh": "有限空间事故", "title_en": "Confined space",
                             "instrument": "GB-6441-2025", "in_force_from": "2027-01-01"}, {"standard": "GB 6441-2025"}),
}


def written(who, what: str, code: str) -> dict:
    day = "&on=2027-01-01" if what == "accident-categories" else ""
    return next((i for i in who.items(f"/v1/{what}?limit=200{day}") if i["code"] == code), None)


@pytest.mark.parametrize("what", WRITTEN)
def test_an_administrator_enters_a_code_and_ends_it_and_it_is_never_deleted(administrator, officer, what):
    given, named = WRITTEN[what]
    entry = {**BASIS, **given}
    assert officer.post(f"/v1/{what}", json=entry).status_code == 403
    assert administrator.post(f"/v1/{what}", json=entry, headers={"Prefer": "dry-run"}).status_code == 200
    assert written(administrator, what, entry["code"]) is None
    made = administrator.post(f"/v1/{what}", json=entry)
    assert made.status_code == 201, made.text
    assert {**made.json(), **entry} == made.json() and made.json()["origin"] == "administrator"
    assert written(administrator, what, entry["code"]) == made.json()
    wrong = administrator.post(f"/v1/{what}", json={**entry, "in_force_until": "2025-01-01", **({"instrument": "NO-SUCH"} if "instrument" in entry else {})})
    assert {(e["pointer"], e["code"]) for e in wrong.json()["errors"]} == {("/code", "exists"), ("/in_force_until", "before-in-force-from")} | (
        {("/instrument", "unknown-reference")} if "instrument" in entry else set())
    revise = lambda code, version, **change: administrator.patch(  # noqa: E731
        f"/v1/{what}/{code}", json={**named, "reason": "停用", **change}, if_match=version, headers={"Content-Type": "application/merge-patch+json"})
    assert revise("99" if what == "accident-categories" else "NO-SUCH" if what == "instruments" else "no_such", "1").status_code == 404
    assert revise(entry["code"], "7").status_code == 412
    ended = revise(entry["code"], "1", in_force_until="2027-10-31")
    assert ended.status_code == 200 and (ended.json()["in_force_until"], ended.json()["version"], ended.headers["ETag"]) == (
        "2027-10-31", 2, '"2"')
    assert revise(entry["code"], "2", in_force_until="2025-10-31").status_code == 422
    assert administrator.delete(f"/v1/{what}/{entry['code']}").status_code == 405


def test_what_ended_is_no_longer_offered_nor_taken_and_a_release_does_not_bring_it_back(administrator, client, database):
    given = {"code": "ended_sector", "title_zh": "停用领域", "title_en": "Ended", **BASIS}
    administrator.post("/v1/sectors", json=given)
    patch = {"headers": {"Content-Type": "application/merge-patch+json"}}
    assert administrator.patch("/v1/sectors/ended_sector", json={"in_force_until": "2026-10-31", "reason": "停用"}, if_match="1",
                               **patch).status_code == 200
    assert written(administrator, "sectors", "ended_sector") is None
    county = client("county_officer", region="150622")
    named = lambda sector: county.post("/v1/units", headers={"Prefer": "dry-run"}, json={  # noqa: E731
        "kind": "enterprise", "name": "新设单位", "region_code": "150622101", "sector": sector})
    assert "/sector" in {e["pointer"] for e in named("ended_sector").json()["errors"]}
    assert "/sector" not in {e["pointer"] for e in named("coal").json().get("errors", [])}
    renamed = administrator.patch("/v1/sectors/other", json={"title_zh": "其他领域", "reason": "更名"}, if_match="1", **patch)
    assert renamed.status_code == 200, renamed.text
    data = Path(__file__).parents[2] / "sql/data"
    with database.owner() as owner:
        for name in ("units/sectors.sql", "rules/instruments.sql", "accidents/categories.sql"):
            owner.execute((data / name).read_text(encoding="utf-8"))
    assert written(administrator, "sectors", "other")["title_zh"] == "其他领域"
    assert administrator.patch("/v1/sectors/other", json={"title_zh": "其他", "reason": "更名"}, if_match="2", **patch).status_code == 200


def test_a_code_of_two_standards_is_in_force_in_one_of_them_at_a_time(administrator):
    answer = administrator.post("/v1/accident-categories", json={
        "standard": "GB/T 6441-1986", "code": "27", "title_zh": "其他", "title_en": "Other", "in_force_from": "2026-08-01", "reason": "试行"})
    assert {(e["pointer"], e["code"]) for e in answer.json()["errors"]} == {("/in_force_from", "overlaps")}
