"""What is owed and done, as callers read it: lists, proof, excuses, counts, the past, comparisons."""
import datetime as dt

import pytest

from harness import tree
from harness.duties import Office
from harness.files import PATH, picture, upload

TOWN, OTHER_TOWN, OTHER_COUNTY = "150622101", "150622100", "150621100"


@pytest.fixture(scope="module")
def place(cluster, make_database, make_service):
    """A database of its own without the sweeper's haste: what is planned here is planned by the tests."""
    database = make_database(cluster)
    return database, make_service(database)


@pytest.fixture
def office(place):
    """Writes that stay: each test makes units and duties of its own."""
    with place[0].owner() as connection:
        connection.execute("insert into anze.instrument (code, title, issued_by, in_force) values"
                           " ('OPINION-ORDOS-2022', '实施意见', '鄂尔多斯市', '[2022-01-01,)') on conflict do nothing")
        office = Office(connection)
        office.keep = lambda: (connection.commit(), connection.execute(
            "select set_config('anze.reach', 'service', true), set_config('anze.actor', 'tester', true)"))
        yield office


@pytest.fixture
def county(place, client):
    return client("county_officer", region="150622", to=place[1])


@pytest.fixture
def city(place, client):
    return client("city_officer", region="1506", to=place[1])


def months_ago(n: int) -> dt.date:
    """The first day of the month n months before this one, in China."""
    today = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()
    months = today.year * 12 + today.month - 1 - n
    return dt.date(months // 12, months % 12 + 1, 1)


def owed(office, unit: str, duty: str, *months: int) -> list[dict]:
    for n in months:
        office.plan(unit, str(months_ago(n)), str(months_ago(n) + dt.timedelta(days=1)))
    return office.obligations(unit, duty)


def period(n: int) -> str:
    return months_ago(n).strftime("%Y-%m")


def test_what_is_overdue_comes_soonest_due_first(office, county):
    unit, duty = office.unit(), office.duty(grace_days=400)
    owed(office, unit, duty, 3, 1, 0)
    office.keep()
    listed = county.items(f"/v1/obligations?state=overdue&duty={duty}&limit=1")
    assert [o["period_from"] for o in listed] == [str(months_ago(3)), str(months_ago(1))]
    assert all(o["state"] == "overdue" and o["overdue_seconds"] > 0 for o in listed)
    assert [o["state"] for o in county.items(f"/v1/obligations?duty={duty}")] == ["overdue", "overdue", "pending"]
    assert [o["state"] for o in county.items(f"/v1/obligations?duty={duty}&sort=-due_at")] == ["pending", "overdue", "overdue"]


@pytest.mark.parametrize("state, expected", [("open", 2), ("pending", 1), ("overdue", 1), ("missed", 1), ("done", 1),
                                             ("done_late", 0), ("excused", 0), ("all", 3)])
def test_a_list_holds_the_obligations_of_the_state(office, county, state, expected):
    unit, duty = office.unit(), office.duty()
    owed(office, unit, duty, 2, 1, 0)
    office.record(unit, str(months_ago(2)))
    office.keep()
    assert len(county.items(f"/v1/obligations?state={state}&unit_id={unit}&duty={duty}")) == expected


def test_who_sees_which_obligations(office, place, client):
    duty = office.duty(unit_kinds=["enterprise", "site"])
    here = office.unit(sector="coal")
    units = {"here": here, "below": office.unit("site", accountable_to=here, sector="coal"),
             "town": office.unit(region=OTHER_TOWN, sector="coal"), "sector": office.unit(sector="fire"),
             "county": office.unit(region=OTHER_COUNTY, sector="coal"), "city": office.unit(region="150102001", sector="coal")}
    for unit in units.values():
        owed(office, unit, duty, 1)
    office.keep()
    expected = {
        ("enterprise_reporter", ("unit", here)): {"here", "below"},
        ("town_officer", ("region", TOWN)): {"here", "below", "sector"},
        ("county_officer", ("region", "150622")): {"here", "below", "town", "sector"},
        ("sector_officer", ("region", "1506")): {"here", "below", "town", "county"},
        ("city_officer", ("region", "1506")): {"here", "below", "town", "sector", "county"},
        ("province_officer", ("region", "15")): set(units),
    }
    for (role, (reach, value)), seen in expected.items():
        grant = {reach: value, **({"sectors": ["coal"]} if role == "sector_officer" else {})}
        caller = client(role, to=place[1], **grant)
        listed = caller.items(f"/v1/obligations?duty={duty}")
        assert {o["unit"]["id"] for o in listed} == {units[name] for name in seen}, role
        counted = caller.get(f"/v1/compliance?period={period(1)}&duty={duty}").json()
        assert counted["total"]["owed"] == len(seen), role
        for name, unit in units.items():
            (one,) = office.obligations(unit, duty)
            assert caller.get(f"/v1/obligations/{one['id']}").status_code == (200 if name in seen else 404), (role, name)
            assert caller.get(f"/v1/units/{unit}/compliance?period={period(1)}").status_code == (
                200 if name in seen else 404), (role, name)


def test_an_obligation_shows_its_proof_and_what_is_lacking(office, county):
    unit, duty = office.unit(), office.duty(evidence=["minutes"], minimum_count=2)
    owed(office, unit, duty, 1)
    good = office.record(unit, str(months_ago(1)), evidence=["minutes"])
    bad = office.record(unit, str(months_ago(1)))
    office.keep()
    (one,) = county.items(f"/v1/obligations?duty={duty}")
    whole = county.get(f"/v1/obligations/{one['id']}").json()
    assert {r["id"]: (r["counts"], r["lacking"]) for r in whole["records"]} == {
        good: (True, []), bad: (False, ["evidence:minutes"])}
    assert (whole["done_count"], whole["lacking"], whole["state"]) == (1, ["evidence:minutes"], "missed")
    assert [h["done_count"] for h in whole["history"]] == [0, 1]


def test_an_excuse_is_decided_by_somebody_above_and_by_nobody_else(office, place, client, county, city):
    unit, duty = office.unit(), office.duty()
    owed(office, unit, duty, 1)
    office.keep()
    own = client("enterprise_reporter", unit=unit, sub="reporter", to=place[1])
    (one,) = own.items(f"/v1/obligations?duty={duty}")
    asked = own.post(f"/v1/obligations/{one['id']}/excuses", json={"reason": "停产检修，无作业"})
    assert asked.status_code == 201, asked.text
    excuse = asked.json()
    path = f"/v1/excuses/{excuse['id']}/decision"
    assert own.post(f"/v1/obligations/{one['id']}/excuses", json={"reason": "再次申请"}).status_code == 409
    assert own.post(path, json={"decision": "approved"}, if_match="1").status_code == 403  # no scope
    both = client(scopes=["duties:read", "duties:record", "duties:decide"], unit=unit, sub="reporter", to=place[1])
    assert both.post(path, json={"decision": "approved"}, if_match="1").json()["code"] == "forbidden"
    same_unit = client(scopes=["duties:decide"], region="150622", unit=unit, sub="somebody", to=place[1])
    assert same_unit.post(path, json={"decision": "approved"}, if_match="1").status_code == 403
    assert county.post(path, json={"decision": "refused"}, if_match="1").status_code == 422  # without a word why
    assert county.post(path, json={"decision": "approved"}, if_match="7").status_code == 412
    decided = county.post(path, json={"decision": "approved", "note": "情况属实"}, if_match="1")
    assert decided.status_code == 200 and decided.json()["decision"] == "approved"
    assert county.get(f"/v1/obligations/{one['id']}").json()["state"] == "excused"
    assert city.post(path, json={"decision": "refused", "note": "不同意"}, if_match="2").status_code == 409
    counted = county.get(f"/v1/compliance?period={period(1)}&duty={duty}").json()["total"]
    assert (counted["excused"], counted["missed"], counted["rate_percent"]) == (1, 0, None)


@pytest.mark.parametrize("decider, decides", [
    (dict(region="150622", unit=tree.body("emergency", "150622").id), 403),  # a department of the county
    (dict(region="150622"), 403),  # a colleague without a unit
    (dict(region="1506", unit=tree.body("emergency", "150600").id), 200)])
def test_a_body_is_excused_by_a_level_above_it_and_by_no_subordinate_or_colleague(office, place, client, decider, decides):
    government = office.unit("government", region="150622", level="county")
    duty = office.duty(unit_kinds=["government"])
    owed(office, government, duty, 1)
    office.keep()
    asker = client(scopes=["duties:read", "duties:record"], region="150622", unit=government, sub="clerk", to=place[1])
    (one,) = asker.items(f"/v1/obligations?duty={duty}&unit_id={government}")
    excuse = asker.post(f"/v1/obligations/{one['id']}/excuses", json={"reason": "机构改革期间"}).json()
    judge = client(scopes=["duties:decide"], sub="judge", to=place[1], **decider)
    assert judge.post(f"/v1/excuses/{excuse['id']}/decision", json={"decision": "approved"}, if_match="1").status_code == decides


def test_who_asked_in_person_does_not_decide_through_a_system(office, place, client):
    unit, duty = office.unit(), office.duty()
    owed(office, unit, duty, 1)
    office.keep()
    grant = dict(scopes=["duties:read", "duties:record", "duties:decide"], region="150622", to=place[1])
    person = client(sub="zhang", **grant)
    (one,) = person.items(f"/v1/obligations?duty={duty}")
    excuse = person.post(f"/v1/obligations/{one['id']}/excuses", json={"reason": "停产检修"}).json()
    path = f"/v1/excuses/{excuse['id']}/decision"
    system = client(sub="zhang", act={"sub": "system-1"}, **grant)
    assert system.post(path, json={"decision": "approved"}, if_match="1").status_code == 403
    other = client(sub="li", act={"sub": "system-1"}, **grant)
    assert other.post(path, json={"decision": "approved"}, if_match="1").status_code == 200


def test_a_refused_excuse_leaves_it_missed_and_may_be_asked_again(office, county):
    unit, duty = office.unit(), office.duty()
    (one,) = owed(office, unit, duty, 1)
    office.keep()
    excuse = county.post(f"/v1/obligations/{one['id']}/excuses", json={"reason": "人员变动"}).json()
    assert [e["id"] for e in county.items(f"/v1/excuses?decision=none&unit_id={unit}")] == [excuse["id"]]


def test_the_papers_of_an_excuse_are_read_by_the_unit_that_it_is_for(office, place, client):
    unit, duty = office.unit(), office.duty()
    owed(office, unit, duty, 1)
    office.keep()
    county = client("county_officer", region="150622", unit=tree.body("emergency", "150622").id, to=place[1])
    own, other = client("enterprise_reporter", unit=unit, to=place[1]), client("enterprise_reporter", to=place[1])
    file = upload(county, picture(300, 31))
    path = f"{PATH}/{file['id']}/content"
    assert own.get(path).status_code == 404
    (one,) = county.items(f"/v1/obligations?duty={duty}")
    asked = county.post(f"/v1/obligations/{one['id']}/excuses", json={
        "reason": "全旗停产检修", "evidence": [{"file_id": file["id"]}]})
    assert asked.status_code == 201, asked.text
    assert own.get(path).status_code == 200 and other.get(path).status_code == 404


def test_nothing_is_excused_that_is_done(office, county):
    unit, duty = office.unit(), office.duty()
    (one,) = owed(office, unit, duty, 1)
    office.record(unit, str(months_ago(1)))
    office.keep()
    answer = county.post(f"/v1/obligations/{one['id']}/excuses", json={"reason": "人员变动"})
    assert answer.status_code == 409


def test_counts_follow_at_once_and_add_up_by_every_grouping(office, city):
    duty = office.duty()
    done, late, missed = office.unit(sector="coal"), office.unit(sector="fire"), office.unit(region=OTHER_COUNTY, sector="coal")
    for unit in (done, late, missed):
        owed(office, unit, duty, 1)
    office.record(done, str(months_ago(1)))
    office.record(late, str(months_ago(0)), for_period=str(months_ago(1)))
    office.keep()
    target = f"/v1/compliance?period={period(1)}&duty={duty}&group_by="
    for group_by in ("clause", "duty", "region", "sector", "unit_kind"):
        answer = city.get(target + group_by).json()
        assert answer["total"] == {"owed": 3, "done": 1, "done_late": 1, "excused": 0, "missed": 1, "pending": 0,
                                   "rate_percent": 33.3}
        for name in ("owed", "done", "done_late", "missed"):
            assert sum(g[name] for g in answer["groups"]) == answer["total"][name], (group_by, name)
    by_region = {g["key"]: g["owed"] for g in city.get(target + "region").json()["groups"]}
    assert by_region == {"150621": 1, "150622": 2}


def test_a_past_moment_keeps_its_answer(office, place, city):
    unit, duty = office.unit(), office.duty()
    owed(office, unit, duty, 1)
    office.keep()
    before = place[0].value("select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.USZ')")
    then = city.get(f"/v1/compliance?period={period(1)}&duty={duty}").json()["total"]
    office.record(unit, str(months_ago(1)))
    office.keep()
    now = city.get(f"/v1/compliance?period={period(1)}&duty={duty}").json()["total"]
    past = city.get(f"/v1/compliance?period={period(1)}&duty={duty}&as_of={before}").json()["total"]
    assert then == past != now and (past["missed"], now["missed"], now["done"]) == (1, 0, 1)
    unit_then = city.get(f"/v1/units/{unit}/compliance?period={period(1)}&as_of={before}").json()
    assert [(o["state"], o["done_count"]) for o in unit_then["obligations"] if o["duty"] == duty] == [("missed", 0)]
    long_ago = city.get(f"/v1/compliance?period={period(1)}&duty={duty}&as_of=2020-01-01T00:00:00Z").json()
    assert long_ago["total"]["owed"] == 0


def test_what_was_done_in_time_and_entered_years_later_says_so(office, place, city, county):
    """A check of two years ago, entered today: done and not late, but recorded late; at a moment before, it was missed."""
    n = 23
    unit, duty = office.unit(), office.duty()
    office.run("update anze.duty_work set planned_until = 'infinity' where unit_id = %s", unit)  # planned by this test alone
    (one,) = owed(office, unit, duty, n)
    office.keep()
    before = place[0].value("select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.USZ')")
    body = {"kind": "hazard_check", "title": "全面检查", "unit_id": unit, "on_day": str(months_ago(n)), "content": {"scope": "全厂", "found": 1, "major": 0}}
    made = county.post("/v1/duty-records", json=body)
    assert made.status_code == 201, made.text
    recorded = made.json()["recorded_at"]
    shown = county.get(f"/v1/obligations/{one['id']}").json()
    assert (shown["state"], shown["recorded_at"], shown["records"][0]["recorded_at"]) == ("done", recorded, recorded)
    late = dt.datetime.fromisoformat(recorded) - dt.datetime.fromisoformat(shown["due_at"])
    assert shown["recorded_late_by_seconds"] == int(late.total_seconds()) > 600 * 86400
    assert not shown["records"][0]["is_late"]
    (listed,) = county.items(f"/v1/obligations?unit_id={unit}&duty={duty}&state=done")
    assert (listed["recorded_at"], listed["recorded_late_by_seconds"]) == (recorded, shown["recorded_late_by_seconds"])
    assert [r["recorded_at"] for r in county.items(f"/v1/duty-records?unit_id={unit}")] == [recorded]
    then = city.get(f"/v1/units/{unit}/compliance?period={period(n)}&as_of={before}").json()["obligations"]
    assert [(o["state"], "recorded_at" in o, "done_on" in o) for o in then if o["duty"] == duty] == [("missed", False, False)]
    corrected = county.post(f"/v1/duty-records/{made.json()['id']}/versions", if_match=str(made.json()["version"]), json={
        "reason": "标题有误", "record": {**body, "title": "全面隐患检查"}})
    assert corrected.status_code == 201, corrected.text
    assert county.get(f"/v1/obligations/{one['id']}").json()["recorded_at"] == recorded, "a corrected word is no later record"


def test_a_unit_is_planned_from_a_day_in_the_past_so_that_its_history_can_be_filled_in(office, place, county):
    today = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()
    unit, duty = office.unit(begins=str(months_ago(0))), office.duty()
    office.keep()
    target, since = f"/v1/units/{unit}/duty-planning", months_ago(5)
    county.post(target, json={"planned_from": str(since), "reason": "先"}, headers={"Prefer": "dry-run"})
    told = place[0].value("select count(*) from anze.notice")
    answer = county.post(target, json={"planned_from": str(since), "reason": "补录上半年档案"})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["planned_from"], answer.json()["history"][0]["reason"]) == (str(since), "补录上半年档案")
    owed_now = {o["period_from"]: o["state"] for o in county.items(f"/v1/obligations?unit_id={unit}&duty={duty}&state=all&limit=200")}
    assert [owed_now.get(str(months_ago(n))) for n in (6, 5, 4, 1, 0)] == [None, "missed", "missed", "missed", "pending"]
    assert county.post(target, json={"planned_from": str(since), "reason": "再"}).json()["errors"][0]["code"] == "not-earlier"
    for day, code in ((dt.date(2019, 12, 31), "unit-not-open"), (today - dt.timedelta(days=1827), "too-far-back")):
        found = {e["code"] for e in county.post(target, json={"planned_from": str(day), "reason": "过早"}).json()["errors"]}
        assert code in found
    history = place[0].value(f"select count(*) from anze.obligation where unit_id = '{unit}' and is_open and next_notice_at < 'infinity'"
                             f" and due_at < '{months_ago(0)} 00:00+08'")
    assert history == 0 and place[0].value("select count(*) from anze.notice") >= told
    office.record(unit, str(months_ago(4)))
    office.keep()
    assert county.items(f"/v1/obligations?unit_id={unit}&duty={duty}&state=done")[0]["recorded_late_by_seconds"] > 0


def test_what_was_entered_in_time_is_not_recorded_late(office, county):
    unit, duty = office.unit(), office.duty()
    (one,) = owed(office, unit, duty, 0)
    office.record(unit, str(months_ago(0)))
    office.keep()
    shown = county.get(f"/v1/obligations/{one['id']}").json()
    assert shown["state"] == "done" and "recorded_at" in shown and "recorded_late_by_seconds" not in shown


def test_how_far_back_something_is_entered_is_a_rule_of_who_enters_it(office, place, client, county):
    unit = office.unit()
    office.run("update anze.rule set value = 30 where code = 'DUTY.BACKDATE.UNIT'")
    office.run("update anze.rule set value = 60 where code = 'DUTY.BACKDATE.ABOVE'")
    office.keep()
    today = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()
    mine = client("enterprise_reporter", unit=unit, to=place[1])

    def file(caller, days: int, **more):
        return caller.post("/v1/duty-records", json={"kind": "hazard_check", "title": "检查", "unit_id": unit,
                                                     "content": {"scope": "全厂", "found": 0, "major": 0}, "on_day": str(today - dt.timedelta(days=days)), **more})
    try:
        assert [file(mine, n).status_code for n in (30, 31)] == [201, 422]
        assert [file(county, n).status_code for n in (60, 61)] == [201, 422]
        (fault,) = file(mine, 31).json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/on_day", "backdated-too-far") and "DUTY.BACKDATE.UNIT" in fault["detail"]
        (fault,) = file(county, 61).json()["errors"]
        assert "DUTY.BACKDATE.ABOVE" in fault["detail"]
        old = file(county, 60).json()
        again = mine.post(f"/v1/duty-records/{old['id']}/versions", if_match="1", json={"reason": "更正", "record": {
            "kind": "hazard_check", "title": "检查二", "unit_id": unit, "on_day": old["on_day"],
            "content": {"scope": "全厂", "found": 2, "major": 0}}})
        assert again.status_code == 201, "a correction that keeps the day is nothing new"
    finally:
        office.run("update anze.rule set value = 731 where code = 'DUTY.BACKDATE.UNIT'")
        office.run("update anze.rule set value = 1826 where code = 'DUTY.BACKDATE.ABOVE'")
        office.keep()


def test_a_persons_record_spans_posts(office, city):
    first, second = office.unit("department", level="county"), office.unit("department", level="county", region=OTHER_COUNTY)
    duty = office.duty(unit_kinds=["department"], post="department_head", record_kinds=["led_inspection"])
    person = office.appoint(first, "department_head", str(months_ago(9)), str(months_ago(1)))
    office.appoint(second, "department_head", str(months_ago(1)), person=person)
    owed(office, first, duty, 2, 1)
    owed(office, second, duty, 2, 1)
    office.record(first, str(months_ago(2)), kind="led_inspection", person=person)
    office.keep()
    for n, unit, state in ((2, first, "done"), (1, second, "missed")):
        answer = city.get(f"/v1/people/{person}/compliance?period={period(n)}").json()
        mine = [o for o in answer["obligations"] if o["duty"] == duty]
        assert [(o["unit"]["id"], o["state"]) for o in mine] == [(unit, state)]
        assert [p["unit"]["id"] for p in answer["posts"]] == [unit]
    assert {o["unit"]["id"] for o in city.items(f"/v1/obligations?state=all&person_id={person}&duty={duty}")} == {first, second}


def test_only_a_miss_after_a_miss_is_one_twice_running(office, county):
    duty = office.duty()
    twice, once, again = office.unit(), office.unit(), office.unit()
    for unit in (twice, once, again):
        owed(office, unit, duty, 3, 2, 1)
    office.record(once, str(months_ago(2)))
    office.record(again, str(months_ago(1)))
    office.keep()
    (found,) = county.items(f"/v1/repeat-misses?duty={duty}&limit=1")
    assert found["unit"]["id"] == twice
    assert (found["period_from"], found["before"]["period_from"]) == (str(months_ago(1)), str(months_ago(2)))


def test_counties_are_ranked_by_what_was_done_in_time(office, city):
    duty = office.duty(clause="15.03")
    for region, done in ((TOWN, True), (OTHER_COUNTY, False)):
        unit = office.unit(region=region)
        owed(office, unit, duty, 1)
        if done:
            office.record(unit, str(months_ago(1)))
    office.keep()
    table = city.get(f"/v1/compliance/league?period={period(1)}&clause=15.03").json()["counties"]
    assert [(c["rank"], c["region_code"], c["rate_percent"]) for c in table] == [(1, "150622", 100.0), (2, "150621", 0.0)]


@pytest.mark.parametrize("name, status", [("2026-Q5", 400), ("2026-13", 400), ("2026-W54", 400), ("26", 400),
                                          ("2027-W53", 422), ("2026-W53", 200), ("2026-H2", 200), ("2026", 200)])
def test_a_period_is_one_of_the_calendar(city, name, status):
    assert city.get(f"/v1/compliance?period={name}").status_code == status


def test_a_unit_that_is_only_known_to_the_caller_shows_no_counts(place, client):
    reporter = client("enterprise_reporter", unit=tree.enterprise(TOWN, 1).id, to=place[1])
    government = tree.body("government", "150622").id
    assert reporter.get(f"/v1/units/{government}").status_code == 200
    assert reporter.get(f"/v1/units/{government}/compliance?period=2026-Q3").status_code == 404
