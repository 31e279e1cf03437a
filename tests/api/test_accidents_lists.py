"""Lists of accidents: each filter, each order, totals and pages, against a model written apart from the SQL."""
import urllib.parse
from datetime import datetime

import pytest

from harness import tree
from harness.accidents import ago, first_report, follow_up

PATH = "/v1/accidents"

# place, number of the enterprise, days ago, figures, category, what else happened
WORLD = [
    ("150622101", 1, 3, {"deaths": 2, "missing": 3}, "12", None), ("150622101", 1, 40, {"deaths": 3}, "12", None),
    ("150622101", 2, 5, {"deaths": 10}, "09", "final"), ("150622100", 3, 2, {}, "05", "final"),
    ("150622100", 1, 1, {"deaths": 30}, "12", None), ("150621100", 1, 4, {"serious_injuries": 10}, "12", None),
    ("150621101", 2, 0, {}, "09", None), ("150602001", 3, 0, {"deaths": 1}, "05", None), ("150602002", 1, 0, {"missing": 1}, "12",
                                                                                         None)]


@pytest.fixture(scope="module")
def desk(database, make_database, cluster, make_service, client):
    """desk(role, **grant) on a service with a database of its own."""
    service = make_service(make_database(cluster))
    return lambda role="city_officer", **grant: client(role, to=service, **{"region": "1506", **grant})


@pytest.fixture(scope="module")
def world(desk):
    """All accidents as one reads them; those of the present day are not late."""
    city, made = desk(), []
    for place, number, days, figures, category, more in WORLD:
        when = {name: ago(days=days, minutes=minutes) for name, minutes in (
            ("occurred_at", 30 + number), ("learned_at", 20), ("received_at", 10))}
        answer = city.post(PATH, json=first_report(unit_id=tree.enterprise(place, number).id, region_code=place,
                                                   category=category, figures=figures, **when))
        assert answer.status_code == 201, answer.text
        if more:
            assert city.post(f"{PATH}/{answer.json()['id']}/reports", json={"kind": more, "narrative": "x"}).status_code == 201
        made.append(answer.json()["id"])
    return [city.get(f"{PATH}/{one}").json() for one in made]


def ids(items) -> list[str]:
    return [item["id"] for item in items]


def query(**filters) -> str:
    return f"{PATH}?" + urllib.parse.urlencode(filters, safe=",")


MIDDLE = ago(days=3, hours=12)
FILTERS = {
    "from": ({"occurred_from": MIDDLE}, lambda a: moment(a["occurred_at"]) >= moment(MIDDLE)),
    "to": ({"occurred_to": MIDDLE}, lambda a: moment(a["occurred_at"]) < moment(MIDDLE)),
    "one grade": ({"grade": "ordinary"}, lambda a: a["grade"] == "ordinary"),
    "grades": ({"grade": "larger,exceptional"}, lambda a: a["grade"] in ("larger", "exceptional")),
    "sector": ({"sector": "coal"}, lambda a: a["sector"] == "coal"),
    "county": ({"region": "150622"}, lambda a: a["region_code"].startswith("150622")),
    "town": ({"region": "150622100"}, lambda a: a["region_code"] == "150622100"),
    "the whole city": ({"region": "150600"}, lambda a: True),
    "another city": ({"region": "150100"}, lambda a: False),
    "category": ({"category": "09"}, lambda a: a["category"]["code"] == "09"),
    "open": ({"state": "open"}, lambda a: a["state"] == "open"),
    "final": ({"state": "final"}, lambda a: a["state"] == "final"),
    "late": ({"late": "true"}, lambda a: a["late"]),
    "timely": ({"late": "false"}, lambda a: not a["late"]),
    "unit": ({"unit_id": tree.enterprise("150622101", 1).id},
             lambda a: a["unit"]["id"] == tree.enterprise("150622101", 1).id),
    "several": ({"region": "150622", "sector": "coal", "grade": "ordinary,larger", "late": "true"},
                lambda a: a["region_code"].startswith("150622") and a["sector"] == "coal"
                and a["grade"] in ("ordinary", "larger") and a["late"]),
}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


ORDERS = {"-occurred_at": lambda a: (moment(a["occurred_at"]), a["id"]),
          "-reported_at": lambda a: (moment(a["reported_at"]), a["id"])}


def test_the_world_has_both_kinds_of_everything(world):
    """So that no filter below is empty of meaning."""
    for name, (_, holds) in FILTERS.items():
        kept = [a for a in world if holds(a)]
        assert kept or name == "another city", name
        assert len(kept) < len(world) or name == "the whole city", name


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("order", ORDERS)
def test_each_filter_keeps_exactly_what_it_says_in_each_order(desk, world, name, order):
    filters, holds = FILTERS[name]
    expected = sorted((a for a in world if holds(a)), key=ORDERS[order], reverse=True)
    for limit in (2, 200):
        assert ids(desk().items(query(**filters, sort=order, limit=limit))) == ids(expected)


def test_by_due_time_the_next_clock_comes_first_and_those_without_come_last(desk, world):
    listed = desk().items(query(sort="due_at", limit=2))
    assert sorted(ids(listed)) == sorted(ids(world))
    dues = [moment(item["due_at"]).timestamp() if "due_at" in item else float("inf") for item in listed]
    assert dues == sorted(dues) and dues[0] < float("inf")
    known = {a["id"]: a.get("due_at") for a in world}
    assert {item["id"]: item.get("due_at") for item in listed} == known


def test_an_item_says_what_the_accident_says(desk, world):
    whole = {a["id"]: a for a in world}
    moving = {"late_by_seconds"}  # counts on while one looks
    for item in desk().items(query(limit=200)):
        assert {n: v for n, v in item.items() if n not in moving} == {
            n: v for n, v in whole[item["id"]].items() if n in item and n not in moving}
        assert not set(item) & {"reporter", "clocks", "course", "scene"}


def test_updated_since_gives_what_changed_and_nothing_else(desk, world):
    city = desk()
    newest = max(moment(a["updated_at"]) for a in world)
    mark = newest.isoformat(timespec="milliseconds")
    before = ids(city.items(query(updated_since=mark)))
    assert set(before) < set(ids(world))
    old = next(a for a in world if a["id"] not in before and a["state"] == "open")
    assert city.post(f"{PATH}/{old['id']}/reports", json=follow_up()).status_code == 201
    assert set(ids(city.items(query(updated_since=mark)))) == {*before, old["id"]}
    later = city.get(f"{PATH}/{old['id']}").json()
    world[world.index(old)] = later
    assert ids(city.items(query(updated_since="2099-01-01T00:00:00Z"))) == []


def test_a_total_comes_only_when_asked_for(desk, world):
    city = desk()
    assert "total" not in city.get(query(limit=1)).json()["page"]
    counted = city.get(query(limit=1), headers={"Prefer": "count=exact"})
    assert counted.json()["page"]["total"] == len(world) and counted.headers["Preference-Applied"] == "count=exact"
    second = city.get(query(limit=1, cursor=counted.json()["page"]["next"]), headers={"Prefer": "count=exact"})
    assert second.json()["page"]["total"] == len(world), "on every page"
    some = city.get(query(sector="coal"), headers={"Prefer": "count=exact"}).json()
    assert some["page"]["total"] == len(some["items"])
    county = desk("county_officer", region="150621").get(query(limit=1), headers={"Prefer": "count=exact"}).json()
    assert county["page"]["total"] == 2, "of what one may see"


@pytest.mark.parametrize("grant", [{"role": "county_officer", "region": "150622"}, {"role": "town_officer", "region": "150622101"},
                                   {"role": "sector_officer", "region": "1506", "sectors": ["coal", "road_traffic"]},
                                   {"role": "province_officer", "region": "15"}, {"role": "auditor", "region": "1501"}])
@pytest.mark.parametrize("order", [*ORDERS, "due_at"])
def test_each_scope_lists_its_own_in_every_order(desk, world, grant, order):
    expected = {a["id"] for a in world if a["region_code"].startswith(grant["region"])
                and a["sector"] in grant.get("sectors", [a["sector"]])}
    listed = ids(desk(**grant).items(query(sort=order, limit=2)))
    assert set(listed) == expected and len(listed) == len(expected)


def test_a_filter_does_not_reach_out_of_the_scope(desk, world):
    county = desk("county_officer", region="150621")
    assert ids(county.items(query(region="150622"))) == ids(county.items(query(unit_id=tree.enterprise("150622101", 1).id))) == []


def test_pages_stay_whole_while_others_file(desk, world):
    city = desk("county_officer", region="150621")
    first = city.get(query(limit=1)).json()
    new = city.post(PATH, json=first_report(unit_id=tree.enterprise("150621100", 1).id, region_code="150621100"))
    rest = city.items(query(limit=1, cursor=first["page"]["next"])) if first["page"]["next"] else []
    assert new.json()["id"] not in ids(rest) and len(set(ids(first["items"] + rest))) == 2
    world.append(city.get(f"{PATH}/{new.json()['id']}").json())


@pytest.mark.parametrize("filters,name", [
    ({"occurred_from": "2026-02-30T00:00:00Z"}, "occurred_from"), ({"occurred_from": "2026-03-01"}, "occurred_from"),
    ({"occurred_to": "now"}, "occurred_to"), ({"occurred_to": "infinity"}, "occurred_to"), ({"grade": "Larger"}, "grade"),
    ({"grade": "larger,larger"}, "grade"), ({"grade": ""}, "grade"), ({"late": "1"}, "late"), ({"late": "True"}, "late"),
    ({"state": "closed"}, "state"), ({"category": "1"}, "category"), ({"region": "15062"}, "region"),
    ({"unit_id": "7"}, "unit_id"), ({"sort": "id;drop table"}, "sort"), ({"sort": "occurred_at"}, "sort"),
    ({"updated_since": "2026-13-01T00:00:00Z"}, "updated_since"), ({"offset": "1"}, "offset"), ({"page": "2"}, "page"),
    ({"accident_id": "7"}, "accident_id"), ({"limit": "201"}, "limit")])
def test_a_filter_that_the_contract_does_not_know_is_400_by_name(desk, filters, name):
    answer = desk().get(query(**filters))
    assert answer.status_code == 400 and answer.json()["errors"][0]["pointer"].startswith(name)


def test_a_plus_that_is_not_escaped_is_a_blank_and_no_time(desk):
    answer = desk().get(f"{PATH}?occurred_from=2026-03-01T00:00:00+08:00")
    assert answer.status_code == 400 and answer.json()["errors"][0]["pointer"] == "occurred_from"


def test_a_cursor_of_another_order_is_refused(desk, world):
    cursor = desk().get(query(limit=1)).json()["page"]["next"]
    for other in ({"sort": "due_at"}, {"sector": "coal"}):
        answer = desk().get(query(limit=1, cursor=cursor, **other))
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-cursor")


def test_what_was_no_accident_or_is_another_is_listed_apart_and_told_to_who_follows_changes(desk, world):
    county, city = desk("county_officer", region="150602", sub="filer of the lists"), desk(sub="other hand of the lists")
    report = first_report(unit_id=tree.enterprise("150602001", 1).id, region_code="150602001")
    false, double = (county.post(PATH, json=report).json() for _ in range(2))
    since = false["updated_at"]
    assert false["id"] in ids(double["possible_duplicates"])
    for one, step, body in ((double, "joining", {"into": false["id"], "reason": "同一起事故"}),
                            (false, "withdrawal", {"ground": "false_alarm", "reason": "误报"})):
        version = city.get(f"{PATH}/{one['id']}").json()["version"]
        answer = city.post(f"{PATH}/{one['id']}/{step}", json=body, if_match=str(version))
        assert answer.status_code == 200, answer.text
    assert {false["id"], double["id"]}.isdisjoint(ids(city.items(PATH)))
    assert ids(city.items(query(state="withdrawn"))) == [false["id"]] and ids(city.items(query(state="joined"))) == [double["id"]]
    assert set(ids(city.items(query(updated_since=since)))) == {false["id"], double["id"]}
    assert len(city.items(PATH)) == len(world)
    events = [e["event"] for e in city.get(f"{PATH}/{false['id']}/timeline").json()["events"]]
    assert "other_joined" in events and events[-1] == "withdrawn"
