"""A roof fall in a coal mine of 准格尔旗: 2 dead, 3 missing; five days later the third death is found."""
import pytest

from harness.accidents import ago, clocks, first_report, told

PATH = "/v1/accidents"
DAYS = 5


@pytest.fixture(scope="module")
def desks(database, make_database, cluster, make_service, client):
    """A database of its own; the clients of the mine, the county, the city and the province."""
    service = make_service(make_database(cluster))
    county = client("county_officer", region="150622", to=service, sub="county-7")
    return {"mine": client("enterprise_reporter", to=service, sub="mine-1"), "county": county,
            "city": client("city_officer", region="1506", to=service, sub="city-3"),
            "province": client("province_officer", region="15", to=service, sub="province-2")}


def read(desk, accident) -> dict:
    return desk.get(f"{PATH}/{accident['id']}").json()


def pass_up(desk, accident, to_level, **more):
    return desk.post(f"{PATH}/{accident['id']}/transmissions", if_match=str(accident["version"]),
                     json={"to_level": to_level, "channel": "phone", **more})


def acknowledge(desk, accident):
    sent = accident["transmissions"][-1]["id"]
    return desk.post(f"{PATH}/{accident['id']}/transmissions/{sent}/receipt", if_match=str(accident["version"]),
                     json={"notified": ["government"]})


@pytest.fixture(scope="module")
def story(desks):
    """What the service said at each step."""
    said = {}
    filed = desks["county"].post(PATH, json=first_report(
        occurred_at=ago(days=DAYS, minutes=40), learned_at=ago(days=DAYS, minutes=30), received_at=ago(days=DAYS),
        notified=["coal_regulator", "mine_safety_agency"]))
    assert filed.status_code == 201, filed.text
    said["filed"] = filed.json()
    passed = pass_up(desks["county"], said["filed"], "city", sent_at=ago(days=DAYS, minutes=-60),
                     notified=["public_security", "trade_union", "government"])
    assert passed.status_code == 201, passed.text
    said["passed"] = passed.json()
    said["acknowledged"] = acknowledge(desks["city"], said["passed"]).json()
    supplement = desks["county"].post(f"{PATH}/{said['filed']['id']}/reports", json={
        "kind": "supplement", "narrative": "新发现1名遇难者", "as_of": ago(minutes=1),
        "figures": {"deaths": 3, "missing": 2}})
    assert supplement.status_code == 201, supplement.text
    said["risen"] = supplement.json()
    said["list"] = desks["city"].get(f"{PATH}?grade=larger&sort=-reported_at").json()["items"]
    upward = pass_up(desks["city"], said["risen"], "province", channel="system")
    assert upward.status_code == 201, upward.text
    said["province"] = upward.json()
    said["timeline"] = desks["city"].get(f"{PATH}/{said['filed']['id']}/timeline").json()["events"]
    return said


def test_first_it_is_ordinary_as_a_lower_bound_and_seriously_endangering(story):
    filed = story["filed"]
    assert (filed["grade"], filed["grade_is_lower_bound"], filed["seriously_endangering"]) == ("ordinary", True, True)
    assert [danger["code"] for danger in filed["dangers"]] == ["trapped_or_missing"]
    assert filed["figures"] == {"deaths": 2, "missing": 3}, "what is not known is not zero"
    assert filed["rule_set"] == "coal" and filed["category"]["standard"] == "GB 6441-2025"
    assert [level["level"] for level in filed["levels"] if level["called_for"]] == ["county", "city"]
    assert told(filed, "unit") == {"coal_regulator", "mine_safety_agency"}


def test_the_mine_kept_the_hour_and_the_county_its_two(story):
    filed, passed = story["filed"], story["passed"]
    assert [c["state"] for c in filed["clocks"] if c.get("from_level") == "unit"] == ["met", "met"]
    assert clocks(filed, "pass_up")[0]["state"] == "overdue", "filed days later: nobody passed it up by then"
    assert clocks(passed, "pass_up", from_level="county")[0]["state"] == "met", "but it was told by telephone in time"
    assert told(passed, "county") == {"public_security", "trade_union", "government"}


def test_the_city_acknowledged(story):
    receipt = story["acknowledged"]["transmissions"][0]
    assert "received_at" in receipt and story["acknowledged"]["version"] == 3
    assert told(story["acknowledged"], "city") == {"government"}


def test_the_third_death_makes_it_larger_and_the_province_joins(story):
    risen = story["risen"]
    assert (risen["grade"], risen["figures"]) == ("larger", {"deaths": 3, "missing": 2})
    assert [level["level"] for level in risen["levels"] if level["called_for"]] == ["county", "city", "province"]
    assert [(h["grade"], h["report_number"]) for h in risen["grade_history"]] == [("ordinary", 1), ("larger", 2)]
    because = risen["grade_history"][1]["because"]
    assert (because["dimension"], because["figure"], because["from"]) == ("deaths", 3, 3)
    assert (because["instrument"], because["article"]) == ("生产安全事故报告和调查处理条例", "第三条第一款第三项")


def test_the_clocks_of_the_new_grade_start_with_it(story):
    changed_at = story["risen"]["grade_history"][1]["changed_at"]
    for code, levels in (("unit_report_province", ("unit", "province")), ("flash", ("county", "province")),
                         ("flash", ("city", "province")), ("pass_up", ("city", "province"))):
        found = clocks(story["risen"], code, from_level=levels[0], to_level=levels[1])
        assert [(c["state"], c["starts_from"], c["starts_at"]) for c in found] == [
            ("running", "grade_changed", changed_at)], (code, levels)


def test_the_follow_ups_are_those_of_the_new_grade_and_the_old_clock_is_kept(story):
    superseded = [c for c in story["risen"]["clocks"] if c["state"] == "superseded"]
    assert [(c["code"], c["rule"], c["because"]) for c in superseded] == [("follow_up", "ACC.RPT.CONT.1", "grade_changed")]
    successor = next(c for c in story["risen"]["clocks"] if c["id"] == superseded[0]["superseded_by"])
    assert (successor["rule"], successor["day"], successor["state"]) == ("ACC.RPT.CONT.2", superseded[0]["day"], "running")


def test_the_days_without_a_follow_up_are_late_and_by_how_much(story):
    risen = story["risen"]
    missed, = clocks(risen, "follow_up", state="met_late")
    assert missed["missed_days"] == DAYS - 1 and missed["day"] < missed["last_day"]
    assert risen["late"] is True and risen["late_by_seconds"] == missed["late_by_seconds"]
    assert DAYS - 2 < risen["late_by_seconds"] / 86400 < DAYS


def test_no_clock_of_the_first_answer_is_gone(story):
    before = {c["id"] for c in story["filed"]["clocks"]}
    assert before <= {c["id"] for c in story["province"]["clocks"]}


def test_lists_show_what_it_has_become(story):
    item, = story["list"]
    assert (item["id"], item["grade"], item["late"], item["state"]) == (story["filed"]["id"], "larger", True, "open")
    assert item["figures"] == {"deaths": 3, "missing": 2} and item["due_at"] == story["risen"]["due_at"]


def test_passing_it_to_the_province_meets_two_clocks_of_the_city(story):
    for code in ("flash", "pass_up"):
        assert clocks(story["province"], code, from_level="city", to_level="province")[0]["state"] == "met"
    assert clocks(story["province"], "flash", from_level="county")[0]["state"] == "running"


def test_the_first_report_stays_as_it_was_given(story, desks):
    reports = desks["county"].items(f"{PATH}/{story['filed']['id']}/reports?limit=1")
    assert [(r["number"], r["kind"], r["figures"]) for r in reports] == [
        (1, "first", {"deaths": 2, "missing": 3}), (2, "supplement", {"deaths": 3, "missing": 2})]


def test_the_timeline_tells_all_of_it_in_order(story):
    events = story["timeline"]
    assert [e["at"] for e in events] == sorted(e["at"] for e in events)
    people = [(e["event"], e["actor"]) for e in events if e["event"] in (
        "filed", "graded", "passed_up", "acknowledged", "reported", "grade_changed")]
    assert people == [("filed", "county-7"), ("graded", "county-7"), ("passed_up", "county-7"), ("acknowledged", "city-3"),
                      ("reported", "county-7"), ("grade_changed", "county-7"), ("passed_up", "city-3")]
    assert {e["event"] for e in events} >= {"told", "clock_started", "clock_met", "clock_missed", "clock_met_late",
                                            "clock_superseded"}


def test_everybody_on_the_way_reads_the_same_and_what_he_may_do_himself(story, desks):
    texts = {name: read(desk, story["filed"]) for name, desk in desks.items()}
    may = {name: {a["operation_id"] for a in text.pop("actions")} for name, text in texts.items()}
    assert "addAccidentReport" in may["mine"] and "correctAccidentReport" not in may["mine"]
    assert {"correctAccidentReport", "recordAccidentNotices"} <= may["county"]
    assert texts["county"] == texts["city"] == texts["province"]
    assert texts["mine"] == {**texts["county"], "reporter": {}}, "but for who told the county"
