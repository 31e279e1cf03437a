"""What was on any day: spans, events, and both trees across rename, move, merger, split and closure."""
from functools import partial

import pytest

from harness import tree
from harness.hierarchy import act, change, day, faults, open_unit, patch

COUNTY, TOWN = "150622", "150622101"
GOVERNMENT = tree.body("government", COUNTY)


@pytest.fixture(scope="module")
def client(client, register):
    """Clients of the service whose units these tests write."""
    return partial(client, to=register[1])


@pytest.fixture(scope="module")
def county(client):
    return client("county_officer", region=COUNTY)


@pytest.fixture(scope="module")
def city(client):
    return client("city_officer", region="1506")


def history(client, unit: dict) -> dict:
    answer = client.get(f"/v1/units/{unit['id']}/history")
    assert answer.status_code == 200, answer.text
    return answer.json()


def spans(client, unit: dict) -> list[tuple]:
    return [(s["from"], s.get("until"), s["name"]) for s in history(client, unit)["spans"]]


def below(client, root: dict | str, on: str | None = None, **more) -> dict[str, tuple]:
    """{id: (name, superior)} of the tree below a unit, without the unit itself."""
    root = root if isinstance(root, str) else root["id"]
    query = "&".join(f"{k}={v}" for k, v in {"depth": 5, **({"on": on} if on else {}), **more}.items())
    answer = client.get(f"/v1/units/{root}/tree?{query}")
    assert answer.status_code == 200, answer.text
    return {u["id"]: (u["name"], u.get("accountable_to")) for u in answer.json()["units"] if u["depth"] > 0}


def test_a_change_closes_the_running_span_and_opens_the_next(county):
    unit = open_unit(county, name="甲公司")
    unit = change(county, unit, name="乙公司", effective_on=day(60), document_number="准市监〔2026〕1号")
    unit = change(county, unit, name="丙公司", effective_on=day(20))
    assert spans(county, unit) == [(day(20), None, "丙公司"), (day(60), day(20), "乙公司"), (day(100), day(60), "甲公司")]
    events = history(county, unit)["events"]
    assert [(e["kind"], e["on"], e.get("document_number"), e["actor"]) for e in events] == [
        ("changed", day(20), None, "tester"), ("changed", day(60), "准市监〔2026〕1号", "tester"),
        ("opened", day(100), "准工商〔2026〕1号", "tester")]


def test_a_second_change_on_the_same_day_takes_the_place_of_the_first(county):
    unit = open_unit(county, name="甲公司")
    unit = change(county, unit, name="乙公司", effective_on=day(60))
    unit = change(county, unit, name="丙公司", effective_on=day(60))
    assert spans(county, unit) == [(day(60), None, "丙公司"), (day(100), day(60), "甲公司")]


def test_a_change_on_the_day_of_opening_leaves_one_span(county):
    unit = open_unit(county, name="甲公司")
    assert spans(county, change(county, unit, name="乙公司", effective_on=day(100))) == [(day(100), None, "乙公司")]


@pytest.mark.parametrize("when, rule", [(day(101), "before-last-change"), (day(-1), "in-future")])
def test_a_change_before_the_last_one_or_in_the_future_is_refused(county, when, rule):
    unit = open_unit(county)
    assert faults(patch(county, f"/v1/units/{unit['id']}", 1, name="早", effective_on=when)) == {("/effective_on", rule)}


def test_what_is_no_part_of_the_history_opens_no_span(county):
    unit = open_unit(county)
    change(county, unit, code=f"CODE-{unit['id'][:8]}")
    assert len(spans(county, unit)) == 1


def test_the_day_of_opening_is_corrected_up_to_the_first_change(county):
    unit = change(county, open_unit(county, name="甲公司"), name="乙公司", effective_on=day(50))
    unit = change(county, unit, opened_on=day(200))
    assert spans(county, unit)[-1] == (day(200), day(50), "甲公司")
    refused = patch(county, f"/v1/units/{unit['id']}", unit["version"], opened_on=day(50))
    assert faults(refused) == {("/opened_on", "after-first-change")}


def test_a_closure_ends_the_last_span_and_not_before_it_began(county):
    unit = change(county, open_unit(county, name="甲公司"), name="乙公司", effective_on=day(50))
    assert faults(act(county, unit, "closure", effective_on=day(50))) == {("/effective_on", "before-last-change")}
    assert act(county, unit, "closure", effective_on=day(10)).status_code == 201
    assert spans(county, unit)[0] == (day(50), day(10), "乙公司")


def test_the_tree_of_any_day_across_rename_move_merger_split_and_closure(county):
    top = open_unit(county, name="顶")
    left, right = (open_unit(county, name=n, accountable_to=top["id"]) for n in ("左", "右"))
    site = open_unit(county, name="井", kind="site", accountable_to=left["id"])
    other = open_unit(county, name="坑", kind="site", accountable_to=left["id"])
    left = change(county, left, name="左（改名）", effective_on=day(80))
    site = change(county, site, accountable_to=right["id"], effective_on=day(60))
    done = act(county, right, "merger", others=[left["id"]], effective_on=day(40), new_unit={
        "kind": "enterprise", "name": "合", "region_code": TOWN, "sector": "coal", "accountable_to": top["id"]}).json()
    merged = done["others"][0]
    merged = county.get(f"/v1/units/{merged['id']}").json()
    parted = act(county, merged, "split", continues=True, effective_on=day(20), successors=[
        {"new_unit": {"kind": "enterprise", "name": "分", "region_code": TOWN, "sector": "coal", "accountable_to": top["id"]},
         "takes": [other["id"]]}]).json()["others"][0]
    site = county.get(f"/v1/units/{site['id']}").json()
    assert act(county, site, "closure", effective_on=day(5)).status_code == 201

    a, b, c, d, m, p = (u["id"] for u in (left, right, site, other, merged, parted))
    t = top["id"]
    days = {
        day(90): {a: ("左", t), b: ("右", t), c: ("井", a), d: ("坑", a)},
        day(80): {a: ("左（改名）", t), b: ("右", t), c: ("井", a), d: ("坑", a)},
        day(50): {a: ("左（改名）", t), b: ("右", t), c: ("井", b), d: ("坑", a)},
        day(41): {a: ("左（改名）", t), b: ("右", t), c: ("井", b), d: ("坑", a)},
        day(40): {m: ("合", t), c: ("井", m), d: ("坑", m)},
        day(20): {m: ("合", t), p: ("分", t), c: ("井", m), d: ("坑", p)},
        day(5): {m: ("合", t), p: ("分", t), d: ("坑", p)},
    }
    for on, expected in days.items():
        assert below(county, top, on) == expected, on
    assert below(county, top) == below(county, top, day(-400)) == days[day(5)]
    assert county.get(f"/v1/units/{t}/tree?on={day(101)}").status_code == 404


def test_what_opens_in_the_future_stands_in_the_tree_of_that_day(county):
    top = open_unit(county)
    coming = open_unit(county, name="筹建", accountable_to=top["id"], opened_on=day(-30))
    assert below(county, top) == {} and below(county, top, day(-30)) == {coming["id"]: ("筹建", top["id"])}


def test_the_tree_by_territory_goes_through_regions_and_zones(county, city):
    zone = open_unit(county, kind="management_zone", sector=None, name="大路工业园区", region_code=COUNTY, accountable_to=GOVERNMENT.id)
    park = open_unit(county, kind="chemical_park", sector=None, name="化工园", region_code=COUNTY, zone_id=zone["id"])
    inside = open_unit(county, name="园内企业", zone_id=park["id"])
    moved = open_unit(county, name="搬入企业")
    change(county, moved, zone_id=zone["id"], effective_on=day(10))

    answer = county.get(f"/v1/units/{GOVERNMENT.id}/tree?by=territory&depth=5").json()
    assert [r["code"] for r in answer["regions"]] == [COUNTY, *tree.TOWNS[COUNTY]]
    assert {r["code"]: r["depth"] for r in answer["regions"]} == {COUNTY: 0, **{t: 1 for t in tree.TOWNS[COUNTY]}}
    shown = {u["id"]: (u["region_code"], u.get("zone_id"), u["depth"]) for u in answer["units"]}
    assert shown[tree.enterprise(TOWN, 1).id] == (TOWN, None, 2)
    assert shown[zone["id"]] == (COUNTY, None, 1) and shown[park["id"]] == (COUNTY, zone["id"], 2)
    assert shown[inside["id"]] == (TOWN, park["id"], 3)
    assert set(below(county, zone, by="territory")) == {park["id"], inside["id"], moved["id"]}
    assert set(below(county, zone, day(11), by="territory")) == {park["id"], inside["id"]}
    enterprise = county.get(f"/v1/units/{tree.enterprise(TOWN, 1).id}/tree?by=territory").json()
    assert [u["id"] for u in enterprise["units"]] == [tree.enterprise(TOWN, 1).id] and enterprise["regions"] == []
    by_city = city.get(f"/v1/units/{tree.body('government', tree.CITY).id}/tree?by=territory&depth=1").json()
    assert {r["code"] for r in by_city["regions"]} == {tree.CITY, *tree.COUNTIES}


def test_whoever_sees_a_unit_sees_its_whole_past_and_the_region_it_left_its_own_days(county, city, client):
    unit = open_unit(city, name="迁移公司", region_code="150621100", accountable_to=tree.body("government", tree.CITY).id)
    change(city, unit, region_code=TOWN, effective_on=day(30))
    assert [s["region_code"] for s in history(county, unit)["spans"]] == [TOWN, "150621100"]
    left = client("county_officer", region="150621")
    assert left.get(f"/v1/units/{unit['id']}/history").status_code == 404
    assert unit["id"] in below(left, tree.body("government", tree.CITY).id, day(40), depth=2)
    assert unit["id"] not in below(left, tree.body("government", tree.CITY).id, depth=2)


def test_the_history_of_a_unit_of_elsewhere_is_absent(county):
    elsewhere = tree.enterprise(tree.FOREIGN_TOWN, 1).id
    assert county.get(f"/v1/units/{elsewhere}/history").status_code == 404
    assert county.get(f"/v1/units/{elsewhere}/tree?on={day(1)}&by=territory").status_code == 404


def test_every_unit_has_a_span(register):
    assert register[0].value("select count(*) from anze.unit u where not exists"
                          " (select from anze.unit_span s where s.unit_id = u.id)") == 0


def test_many_units_are_written_with_their_spans_as_one_set(cluster, make_database):
    loaded = make_database(cluster)
    with loaded.owner() as owner:
        owner.execute("insert into anze.unit (kind, name, region_code, sector, accountable_to)"
                      " select 'enterprise', 'bulk ' || g, %s, 'coal', %s from generate_series(1, 5000) g", (TOWN, GOVERNMENT.id))
        owner.execute("select set_config('anze.effective_on', '2020-01-01', true)")
        owner.execute("update anze.unit set name = 'then ' || name, version = version + 1 where starts_with(name, 'bulk')")
        counted = owner.execute("select during::text, count(*) from anze.unit_span where strpos(name, 'bulk') > 0"
                                " group by 1 order by 1").fetchall()
        # one statement, one call of the trigger: its plan is that of a set, and not 5000 look-ups in turn
        rows = owner.execute("explain (analyze, costs off) update anze.unit set name = name || '.' where starts_with(name,"
                             " 'then bulk')").fetchall()
    assert counted == [("[2000-01-01,2020-01-01)", 5000), ("[2020-01-01,)", 5000)]
    assert [line for (line,) in rows if "span_updated" in line and "calls=1" in line], rows
