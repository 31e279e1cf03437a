"""Rules of structure and what breaks them through the API: who sees which finding, filters, order and pages."""
import datetime as dt

import pytest

from harness import tree
from harness.statement import expand

COUNTY, TOWN = "150622", "150622101"
PATH = "/v1/structural-findings"
OWN = tree.enterprise(TOWN, 1)


@pytest.fixture(scope="module")
def alone(cluster, make_database):
    """A database of its own in which every unit was judged; one enterprise has a head since the 1st of March 2026."""
    database = make_database(cluster)
    with database.owner() as owner:
        owner.execute("select anze.refresh_findings(array(select id from anze.unit))")
        for post in ("actual_controller", "principal"):
            owner.execute(
                "with p as (insert into anze.person (unit_id, name, region_code, sector, is_body) values (%s, '李四', %s, %s, false)"
                " returning *) insert into anze.appointment (person_id, unit_id, post, held, region_code, sector, is_body)"
                " select id, unit_id, %s, '[2026-03-01,)', region_code, sector, false from p",
                (OWN.id, OWN.region_code, OWN.sector, post))
        owner.execute("select anze.refresh_findings(%s)", ([OWN.id],))
    return database


@pytest.fixture(scope="module")
def reader(alone, make_service, client):
    service = make_service(alone)
    return lambda role="city_officer", **grant: client(role, to=service, **{"region": "1506", **grant})


@pytest.fixture(scope="module")
def every(reader):
    return reader().items(f"{PATH}?limit=200")


def test_findings_are_listed_the_latest_first_page_by_page(reader, every):
    assert len(every) > 100
    keys = [(f["since"], f["id"]) for f in every]
    assert keys == sorted(keys, reverse=True)
    assert reader().items(f"{PATH}?limit=11") == every


@pytest.mark.parametrize("role, grant, sees", [
    ("city_officer", {"region": "1506"}, lambda u: u.region_code.startswith("1506")),
    ("county_officer", {"region": COUNTY}, lambda u: u.region_code.startswith(COUNTY)),
    ("town_officer", {"region": TOWN}, lambda u: u.region_code == TOWN),
    ("province_officer", {"region": "15"}, lambda u: True),
    ("sector_officer", {"region": COUNTY, "sectors": ["coal"]},
     lambda u: u.region_code.startswith(COUNTY) and u.sector == "coal"),
    ("enterprise_reporter", {"region": None, "unit": OWN.id}, lambda u: u.id == OWN.id)])
def test_each_role_sees_the_findings_of_its_reach(reader, role, grant, sees):
    listed = reader(role, **grant).items(f"{PATH}?limit=200")
    seen = {f["unit"]["id"] for f in listed}
    assert seen == {u.id for u in tree.UNITS.values() if sees(u)
                    and (u.kind != "safety_office" or u.region_code.endswith("00"))}
    assert len({f["id"] for f in listed}) == len(listed)


def test_an_office_that_supervises_a_unit_sees_what_is_wrong_in_it(reader):
    government = tree.body("government", COUNTY)
    listed = reader("enterprise_reporter", region=None, unit=government.id).items(f"{PATH}?limit=200")
    below = {u.id for u in tree.UNITS.values() if u.accountable_to == government.id and u.kind != "safety_office"}
    assert {f["unit"]["id"] for f in listed} == below | {government.id}


@pytest.mark.parametrize("query, holds", [
    ("rule=S5.01", lambda f: f["rule"] == "S5.01"),
    ("clause=3.09", lambda f: f["rule"] in ("S3.09-BODY", "S3.09-STAFF")),
    (f"region={COUNTY}", lambda f: f["unit"]["region_code"].startswith(COUNTY)),
    (f"unit_id={OWN.id}", lambda f: f["unit"]["id"] == OWN.id),
    (f"clause=5.01&region={TOWN}", lambda f: f["clause"] == "5.01" and f["unit"]["region_code"] == TOWN)])
def test_findings_are_filtered(reader, every, query, holds):
    expected = [f for f in every if holds(f)]
    assert 0 < len(expected) < len(every)
    assert reader().items(f"{PATH}?{query}&limit=4") == expected


def test_what_ended_is_listed_apart_with_both_its_days(reader, every):
    ended = reader().items(f"{PATH}?state=ended")
    assert [(f["rule"], f["unit"]["id"], f["since"], f["ended_on"]) for f in ended] == [
        ("S5.01-CONTROLLER", OWN.id, "2022-01-01", "2026-03-01")]
    assert not any("ended_on" in f for f in every)


def test_a_finding_says_what_was_counted(reader):
    found = reader().items(f"{PATH}?unit_id={OWN.id}&rule=S5.01")
    assert [(f["since"], f["clause"], f["counts"]) for f in found] == [
        ("2022-01-01", "5.01", [{"post": "legal_representative", "good": 0, "minimum": 1, "maximum": 1}])]
    assert dt.datetime.fromisoformat(found[0]["found_at"])


def test_a_foreign_units_findings_do_not_exist(reader):
    foreign = tree.enterprise(tree.FOREIGN_TOWN, 1)
    assert reader().items(f"{PATH}?unit_id={foreign.id}") == []
    assert reader("enterprise_reporter", region=None, unit=OWN.id).items(
        f"{PATH}?unit_id={tree.enterprise(TOWN, 2).id}") == []


def test_a_total_is_counted_when_asked(reader, every):
    counted = reader().get(f"{PATH}?limit=1", headers={"Prefer": "count=exact"})
    assert counted.json()["page"]["total"] == len(every)


@pytest.mark.parametrize("query", ["state=all", "rule=x", "clause=0.1", "unit_id=1", "region=1", "sort=since"])
def test_a_filter_that_cannot_be_is_refused(reader, query):
    assert reader().get(f"{PATH}?{query}").status_code == 400


def test_rules_of_structure_are_listed_and_filtered(reader):
    rules = reader().items("/v1/structural-rules?limit=7")
    assert len(rules) >= 30 and [r["code"] for r in rules] == sorted(r["code"] for r in rules)
    assert {r["code"] for r in reader().items("/v1/structural-rules?clause=2.10")} == {"S2.10", "S2.10-STANDING"}
    assert {r["code"] for r in reader().items("/v1/structural-rules?unit_kind=chemical_park")} == {"S12.05"}
    assert "S5.14" not in {r["code"] for r in reader().items("/v1/structural-rules?on=2025-03-28&limit=200")}
    share = reader().items("/v1/structural-rules?clause=12.02")[0]
    assert share["minimum_rule"] == "STRUCT.OFFICERS.QUALIFIED"
    assert reader("administrator").get("/v1/rules/STRUCT.OFFICERS.QUALIFIED").json()["versions"][0]["value"] == 75


# ---- what the list costs ----

SCOPES = {"province": "15", "city": "1506", "county": COUNTY, "town": TOWN}


@pytest.fixture(scope="module")
def crowded(cluster, make_database):
    """30,000 findings."""
    database = make_database(cluster)
    with database.admin() as admin:
        admin.execute("insert into anze.structural_finding (unit_id, rule, since, ended_on, region_code, sector) select u.id, r.code,"
                      " '2022-01-01'::date + g, '2026-01-01', u.region_code, u.sector from anze.unit u, anze.structural_rule r,"
                      " generate_series(1, 25) g")
        admin.execute("analyze anze.structural_finding")
    return database


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("after", [{}, {"after_1": "2022-02-02", "after_2": "00000000-0000-4000-8000-000000000000"}])
@pytest.mark.parametrize("scope", SCOPES)
def test_the_list_is_read_in_the_order_of_an_index_under_every_scope(crowded, scope, after, mode):
    sql, values = expand("people/listStructuralFindings",
                         {"limit": "20", "state": "ended", f"scope_{scope}": SCOPES[scope], **after})
    with crowded.service(reach="region", region=SCOPES[scope]) as service:
        service.execute(f"set local plan_cache_mode = {mode}")
        service.execute("prepare asked as " + sql.replace("%", "%%"))
        literals = ", ".join("null" if v is None else f"'{v}'" for v in values)
        plan = "\n".join(row[0] for row in service.execute(f"explain (costs off) execute asked({literals})"))
    assert f"structural_finding_{scope}" in plan and "Seq Scan on structural_finding" not in plan, plan
    assert "ROW(since, id)" in plan.partition("Index Cond:")[2].partition("\n")[0], plan
