"""What was no accident, or was filed twice: withdrawn and joined, by whom, and what follows; and drills."""
import datetime as dt
import threading

import psycopg
import pytest
from desk import CARRIER, CHEMICAL, CITY, COUNTY, ENTERPRISE, OTHER_COUNTY, PROVINCE, TOWN, UNIT, Desk, Refused, clock, later, moment

COLLEAGUE = COUNTY | {"actor": "another county officer"}


@pytest.fixture
def now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc).replace(microsecond=0)


def refusal(function, *arguments, **given) -> Refused:
    with pytest.raises(Refused) as caught:
        function(*arguments, **given)
    return caught.value


def withdraw(desk, caller, accident, ground="false_alarm"):
    return desk.call(caller, "withdraw_accident", accident["id"], str(accident["version"]),
                     {"ground": ground, "reason": "现场核实为误报警"})


def join(desk, caller, accident, into):
    return desk.call(caller, "join_accident", accident["id"], str(accident["version"]),
                     {"into": into["id"], "reason": "同一起事故"})


@pytest.fixture
def filed(desk, now) -> dict:
    return desk.file(COUNTY, occurred_at=later(now, hours=-4), learned_at=later(now, hours=-4), received_at=later(now, hours=-3),
                     figures={"deaths": 3})


# Withdrawn ----------------------------------------------------------------------------------------------------------

def test_what_was_no_accident_owes_nothing_is_late_in_nothing_and_stays_readable(desk, filed):
    assert filed["late"] is True
    gone = withdraw(desk, COLLEAGUE, filed)
    assert gone["state"] == "withdrawn" and gone["late"] is False and "due_at" not in gone
    assert {c["state"] for c in gone["clocks"]} == {"superseded"} and gone["actions"] == []
    assert (gone["ending"]["ground"], gone["ending"]["reason"], gone["ending"]["level"]) == (
        "false_alarm", "现场核实为误报警", "county")
    assert desk.value("select count(*) from anze.accident_report where accident_id = %s", filed["id"]) == 1
    for step, given in ((desk.add, ()), (desk.correct, (1,)), (desk.pass_up, ("city",)), (desk.tell, ("government",))):
        assert refusal(step, COUNTY, gone, *given).code == "AZ409"
    assert refusal(withdraw, desk, COLLEAGUE, gone).code == "AZ409"


def test_a_unit_makes_no_accident_vanish_nor_does_who_filed_it_nor_a_level_below(desk, filed, now):
    assert refusal(withdraw, desk, COUNTY, filed).code == "AZ403"
    through = {**COLLEAGUE, "on_behalf_of": "county officer"}
    assert refusal(withdraw, desk, through, filed).code == "AZ403", "a clerk who asks on behalf of who filed it"
    for nobody in (UNIT | {"actor": "other"}, TOWN):
        assert refusal(withdraw, desk, nobody, filed).code == "AZ403"
    of_city = desk.file(CITY, occurred_at=later(now, hours=-30), learned_at=now)
    assert refusal(withdraw, desk, COUNTY, of_city).code == "AZ403", "the city took it"
    assert refusal(withdraw, desk, OTHER_COUNTY, filed).code == "AZ404"
    assert withdraw(desk, PROVINCE, filed)["state"] == "withdrawn"


def test_what_a_level_above_was_told_of_does_not_vanish_below_it(desk, filed):
    passed = desk.pass_up(COUNTY, filed, "city")
    assert refusal(withdraw, desk, COLLEAGUE, passed).code == "AZ403"
    assert withdraw(desk, CITY, passed)["state"] == "withdrawn"


def test_a_rule_that_changes_brings_no_clock_back(desk, filed):
    gone = withdraw(desk, COLLEAGUE, filed)
    desk.connection.execute("select anze.accident_plan(a, 1, now()) from anze.accident a where a.id = %s", [gone["id"]])
    assert desk.value("select count(*) from anze.deadline where subject_id = %s and superseded_at is null", gone["id"]) == 0


# Filed twice --------------------------------------------------------------------------------------------------------

def test_the_second_filer_learns_of_the_first(desk, filed, now):
    second = desk.file(UNIT, occurred_at=later(now, hours=-4), learned_at=later(now, hours=-4), unit_id=None)
    (named,) = [d for d in second["possible_duplicates"] if d["id"] == filed["id"]]
    assert named == {"id": filed["id"], "unit_name": ENTERPRISE.name, "region_code": "150622101", "place": "3号工作面",
                     "occurred_at": filed["occurred_at"], "reported_at": filed["reported_at"]}


@pytest.mark.parametrize("hours, given, is_named", [
    (3, {}, True), (13, {}, False), (3, {"unit_id": CHEMICAL.id, "place": "他处", "region_code": "150622100"}, True),
    (3, {"unit_id": CHEMICAL.id, "place": "他处", "region_code": "150622100", "category": "03"}, False),
    (3, {"unit_id": CHEMICAL.id, "place": "他处", "category": "03"}, True),
    (3, {"is_drill": True}, False),
])
def test_what_may_be_the_same_lies_near_in_time_and_of_one_unit_category_or_place(desk, filed, now, hours, given, is_named):
    other = desk.file(COUNTY, occurred_at=later(now, hours=-4 - hours), learned_at=now, **given)
    assert (filed["id"] in [d["id"] for d in other.get("possible_duplicates", [])]) == is_named


def test_a_unit_learns_of_its_own_alone_and_a_county_not_of_another(desk, filed, now):
    when = {"occurred_at": later(now, hours=-4), "learned_at": now}
    carrier = {"reach": "unit", "unit": CARRIER.id, "actor": "carrier", "on_behalf_of": CARRIER.id}
    assert "possible_duplicates" not in desk.file(carrier, unit_id=CARRIER.id, **when)
    there = desk.file(OTHER_COUNTY, region_code="150621100", unit_id=None, unit_name="不明", **when)
    assert filed["id"] not in [d["id"] for d in there.get("possible_duplicates", [])]


def test_filing_looks_at_a_bounded_number_of_others_by_the_index(desk, filed, now):
    desk.speak_as(COUNTY)
    desk.connection.execute("set local enable_seqscan = off")
    plan = desk.connection.execute(
        "explain select p.id from anze.accident p where p.county = '150622' and p.occurred_at between %s and %s "
        "order by p.occurred_at desc, p.id desc limit 10", [later(now, hours=-12), now]).fetchall()
    assert "accident_county_occurred" in str(plan) and "Sort" not in str(plan)


def test_of_two_that_file_at_once_the_second_is_told_of_the_first(make_database, cluster, now):
    database = make_database(cluster)
    answers, barrier = [], threading.Barrier(2)

    def run(caller, unit) -> None:
        with psycopg.connect(database.service_url) as connection:
            barrier.wait()
            answers.append(Desk(connection).file(caller, unit_id=unit, occurred_at=later(now, minutes=-9), learned_at=now))

    both = [threading.Thread(target=run, args=a) for a in ((UNIT, None), (COUNTY, ENTERPRISE.id))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    named = {a["id"]: [d["id"] for d in a.get("possible_duplicates", [])] for a in answers}
    first, second = sorted(named, key=lambda i: len(named[i]))
    assert named == {first: [], second: [first]}


def test_joined_its_reports_are_read_its_clocks_run_no_more_and_the_other_knows_what_it_knew(desk, filed, now):
    mine = desk.file(UNIT, unit_id=None, occurred_at=later(now, hours=-4), learned_at=later(now, hours=-4), figures={"deaths": 3})
    county = desk.pass_up(COUNTY, filed, "city", later(now, hours=-2))
    county = desk.acknowledge(CITY, county)
    joined = join(desk, COLLEAGUE, county, mine)
    assert joined["state"] == "joined" and joined["ending"]["into"] == mine["id"] and joined["actions"] == []
    assert {c["state"] for c in joined["clocks"]} == {"superseded"} and joined["late"] is False
    into = desk.add(COUNTY, mine)
    assert [j["id"] for j in into["joined"]] == [joined["id"]]
    assert joined["id"] not in [d["id"] for d in into.get("possible_duplicates", [])]
    assert into["reported_at"] == filed["reported_at"], "it was received when the first of them was"
    (sent,) = into["transmissions"]
    assert sent["sent_at"] == county["transmissions"][0]["sent_at"] and "received_at" in sent
    passing = clock(into, "pass_up", "county")
    assert (passing["state"], moment(passing["met_at"])) == ("met", later(now, hours=-2))
    assert refusal(join, desk, COLLEAGUE, mine | {"version": into["version"]}, joined).faults == [("/into", "ended")]


def test_joining_needs_another_accident_in_sight_and_an_authority(desk, filed, now):
    drill = desk.file(COUNTY, occurred_at=later(now, hours=-4), learned_at=now, is_drill=True)
    elsewhere = desk.file(OTHER_COUNTY, region_code="150621100", unit_id=None, unit_name="不明", occurred_at=now, learned_at=now)
    for into, rule in ((filed, "unknown-reference"), (elsewhere, "unknown-reference"), (drill, "ended")):
        assert refusal(join, desk, COUNTY, filed, into).faults == [("/into", rule)]
    other = desk.file(COUNTY, occurred_at=later(now, hours=-4), learned_at=now)
    assert refusal(join, desk, UNIT, filed, other).code == "AZ403"


# Drills -------------------------------------------------------------------------------------------------------------

def test_a_drill_says_so_in_its_clocks_and_raises_no_duty(desk, now):
    drill = desk.file(COUNTY, occurred_at=later(now, hours=-1), learned_at=later(now, minutes=-50), is_drill=True,
                      figures={"deaths": 3})
    real = desk.file(COUNTY, occurred_at=later(now, hours=-1), learned_at=later(now, minutes=-50), figures={"deaths": 3})
    assert drill["is_drill"] is True and "is_drill" not in real
    assert all(c["title_zh"].startswith("（演练）") and c["title_en"].startswith("Drill: ") for c in drill["clocks"])
    desk.speak_as(CITY)
    events = "select count(*) from anze.duty_event where accident_id = %s"
    assert desk.value(events, real["id"]) > 0 and desk.value(events, drill["id"]) == 0
