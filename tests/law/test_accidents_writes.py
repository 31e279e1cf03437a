"""Filing, correcting, passing up and acknowledging: who may, what is refused, and that nothing is ever overwritten."""
import datetime as dt
import json
import threading

import psycopg
import pytest
from desk import (CARRIER, CHEMICAL, CITY, COUNTY, ENTERPRISE, OTHER_COUNTY, PROVINCE, TOWN, UNIT, Desk, Refused, at,
                  later)

from harness import tree
from harness.credit_code import credit_code
from harness.owed import sweep

FOREIGN = tree.enterprise(tree.FOREIGN_TOWN, 1)


@pytest.fixture
def now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


@pytest.fixture
def filed(desk, now) -> dict:
    return desk.file(UNIT, occurred_at=later(now, hours=-1), learned_at=later(now, minutes=-30))


def refusal(function, *arguments, **given) -> Refused:
    with pytest.raises(Refused) as caught:
        function(*arguments, **given)
    return caught.value


def test_all_faults_of_a_filing_come_together(desk, now):
    refused = refusal(desk.file, COUNTY, unit_id=FOREIGN.id, occurred_at=later(now, hours=1),
                      learned_at=later(now, hours=2), region_code="999999", category="99", sector="none", lon=110.0,
                      received_at=later(now, hours=3))
    assert refused.code == "AZ422"
    assert set(refused.faults) == {
        ("/received_at", "in-future"), ("/unit_id", "unknown-reference"), ("/occurred_at", "in-future"),
        ("/learned_at", "in-future"), ("/region_code", "unknown-reference"), ("/sector", "unknown-reference"),
        ("/category", "unknown-reference"), ("/lat", "required")}
    assert all(f["zh"] and f["en"] for f in refused.answer["faults"])


@pytest.mark.parametrize("given, fault", [
    ({"learned_at": -61}, ("/learned_at", "before-occurred-at")),
    ({"region_code": "150600"}, ("/region_code", "county-needed")),
    ({"region_code": "150621100"}, ("/region_code", "out-of-scope")),
    ({"received_at": -61}, ("/received_at", "before-occurred-at")),
    ({"lat": 39.8}, ("/lon", "required")),
    ({"unit_id": None}, ("", "required")),
    ({"category_standard": "GB/T 6441-1986"}, ("/category_standard", "not-in-force")),
])
def test_each_fault_is_named(desk, now, given, fault):
    given = {k: later(now, minutes=v) if isinstance(v, int) else v for k, v in given.items()}
    assert fault in refusal(desk.file, COUNTY, **({"occurred_at": later(now, hours=-1), "learned_at": now} | given)
                            ).faults


@pytest.mark.parametrize("occurred, category, standard", [
    ("2026-06-30 23:59:59", "11", "GB/T 6441-1986"), ("2026-06-30 23:59:59", "20", "GB/T 6441-1986"),
    ("2026-06-30 23:59:59", "21", None), ("2026-07-01 00:00", "11", "GB 6441-2025"),
    ("2026-07-01 00:00", "27", "GB 6441-2025"), ("2026-07-01 00:00", "28", None),
])
def test_the_category_is_of_the_standard_of_the_day(desk, occurred, category, standard):
    occurred = at(occurred)
    given = {"occurred_at": occurred, "learned_at": occurred, "received_at": occurred, "category": category}
    if standard is None:
        assert refusal(desk.file, COUNTY, **given).faults == [("/category", "unknown-reference")]
    else:
        assert desk.file(COUNTY, **given)["category"]["standard"] == standard


def test_an_accident_before_the_regulation_is_refused(desk):
    day = at("2007-05-31 10:00")
    assert ("/occurred_at", "no-rule-in-force") in refusal(
        desk.file, COUNTY, occurred_at=day, learned_at=day, category="11").faults


def test_unknown_figures_stay_unknown_and_zero_stays_zero(desk, filed):
    assert filed["figures"] == {"deaths": 2, "missing": 3}
    known = desk.add(COUNTY, filed, figures={"serious_injuries": 0, "direct_loss_cny": "1234567.80"})
    assert known["figures"] == {"deaths": 2, "missing": 3, "serious_injuries": 0, "direct_loss_cny": "1234567.80"}
    unknown = desk.add(COUNTY, known, figures={"missing": None})
    assert unknown["figures"] == {"deaths": 2, "serious_injuries": 0, "direct_loss_cny": "1234567.80"}
    assert unknown["grade_is_lower_bound"] is False


def test_an_older_word_that_arrives_later_does_not_undo_a_newer_one(desk, filed, now):
    newer = desk.add(COUNTY, filed, as_of=later(now, minutes=-1), figures={"deaths": 4})
    older = desk.add(COUNTY, newer, as_of=later(now, minutes=-2), figures={"deaths": 3, "minor_injuries": 5})
    assert older["figures"] | {"missing": 3} == {"deaths": 2, "missing": 3, "minor_injuries": 5}


def test_a_unit_files_for_itself_alone(desk, now):
    when = {"occurred_at": now, "learned_at": now}
    assert desk.file(UNIT, unit_id=None, **when)["unit"]["id"] == ENTERPRISE.id
    assert ("/unit_id", "unknown-reference") in refusal(desk.file, UNIT, unit_id=FOREIGN.id, **when).faults
    assert ("/unit_credit_code", "not-own-unit") in refusal(
        desk.file, UNIT, unit_id=None, unit_credit_code=CHEMICAL.credit_code, unit_name="某公司", sector="coal", **when
    ).faults
    assert ("/received_at", "not-for-units") in refusal(desk.file, UNIT, received_at=now, **when).faults


@pytest.mark.parametrize("code", [FOREIGN.credit_code, credit_code(999999999, "110000")])
def test_a_unit_out_of_sight_is_named_by_credit_code_and_the_register_keeps_silent(desk, now, code):
    filed = desk.file(COUNTY, unit_id=None, unit_credit_code=code, unit_name="外地施工单位", sector="construction",
                      occurred_at=now, learned_at=now)
    assert filed["unit"].items() >= {"name": "外地施工单位", "credit_code": code}.items() and "id" not in filed["unit"]
    known = desk.value("select unit_id::text from anze.accident where id = %s", filed["id"])
    assert known == (FOREIGN.id if code == FOREIGN.credit_code else None)


def test_personal_data_is_in_no_list_and_the_telephone_is_masked(desk, now):
    filed = desk.file(COUNTY, occurred_at=now, learned_at=now, reporter_name="王某某", reporter_phone="13812345678")
    assert filed["reporter"] == {"name": "王某某", "phone": "138****5678"}
    item, row = desk.connection.execute("select item, to_jsonb(a)::text from anze.accident a where id = %s",
                                        (filed["id"],)).fetchone()
    assert "王某某" not in item and "5678" not in item
    assert "13812345678" not in row + json.dumps(filed)


def test_a_county_does_not_see_another_county(desk, filed):
    assert refusal(desk.add, OTHER_COUNTY, filed).code == "AZ404"
    for table in ("accident", "accident_report", "deadline", "accident_recipient", "accident_grade_change"):
        key = {"accident": "id", "deadline": "subject_id"}.get(table, "accident_id")
        query = f"select count(*) from anze.{table} where {key} = %s"
        assert desk.value(query, filed["id"]) == 0
        desk.speak_as(COUNTY)
        assert desk.value(query, filed["id"]) > 0
        desk.speak_as(OTHER_COUNTY)
    desk.speak_as(COUNTY | {"sectors": "{chemical}"})
    assert desk.value("select count(*) from anze.accident where id = %s", filed["id"]) == 0
    desk.speak_as({"reach": "unit", "unit": CARRIER.id})
    assert desk.value("select count(*) from anze.accident where id = %s", filed["id"]) == 0


def test_an_old_version_is_refused_with_the_current_one(desk, filed):
    desk.pass_up(COUNTY, filed, "city")
    refused = refusal(desk.correct, COUNTY, filed, 1, figures={"deaths": 1})
    assert (refused.code, refused.answer) == ("AZ412", {"etag": "2"})
    assert refusal(desk.tell, COUNTY, filed, "government").code == "AZ412"


def test_if_match_takes_the_tag_with_the_count_of_missed_clocks(desk, now):
    ago = later(now, hours=-9)
    filed = desk.file(COUNTY, occurred_at=ago, learned_at=ago, received_at=ago)
    assert filed["_etag"].startswith("1.1.")
    passed = desk.call(COUNTY, "pass_accident_up", filed["id"], filed["_etag"], {"to_level": "city", "channel": "system"})
    assert passed["version"] == 2


@pytest.mark.parametrize("caller, to_level, may", [
    (UNIT, "county", True), (UNIT, "city", False), (UNIT, "province", False), (TOWN, "county", True),
    (TOWN, "city", False), (COUNTY, "county", False), (COUNTY, "city", True), (COUNTY, "province", True),
    (COUNTY, "nation", True), (CITY, "county", False), (CITY, "city", False), (CITY, "province", True),
    (PROVINCE, "province", False), (PROVINCE, "nation", True),
])
def test_who_passes_up_to_whom(desk, filed, caller, to_level, may):
    if may:
        assert desk.pass_up(caller, filed, to_level)["_status"] == "201"
    else:
        assert refusal(desk.pass_up, caller, filed, to_level).code == "AZ403"


def test_a_level_passes_to_another_once_and_learns_what_is_left(desk, filed):
    passed = desk.pass_up(COUNTY, filed, "city")
    refused = refusal(desk.pass_up, COUNTY, passed, "city")
    assert (refused.code, refused.answer["allowed"]) == ("AZ409", ["province", "nation"])


@pytest.mark.parametrize("given, fault", [
    ({"channel": "system", "sent_at": -1}, "not-for-system"), ({"channel": "phone", "sent_at": 1}, "in-future"),
    ({"channel": "phone", "sent_at": -61}, "before-occurred-at"),
])
def test_the_moment_of_passing_up_must_be_possible(desk, filed, now, given, fault):
    given = given | {"sent_at": later(now, minutes=given["sent_at"])}
    assert refusal(desk.pass_up, COUNTY, filed, "city", **given).faults == [("/sent_at", fault)]


@pytest.mark.parametrize("caller, may", [(UNIT, False), (TOWN, False), (COUNTY, False), (CITY, True), (PROVINCE, True)])
def test_the_receiving_level_or_one_above_acknowledges_once(desk, filed, caller, may):
    passed = desk.pass_up(COUNTY, filed, "city")
    if not may:
        assert refusal(desk.acknowledge, caller, passed).code == "AZ403"
        return
    received = desk.acknowledge(caller, passed)
    assert (received["_status"], received["version"]) == ("200", 3)
    assert "received_at" in received["transmissions"][0]
    assert refusal(desk.acknowledge, caller, received).code == "AZ409"


def test_unknown_recipients_are_named_by_their_place(desk, filed):
    assert refusal(desk.tell, COUNTY, filed, "government", "state_council").faults == [
        ("/notified/1", "unknown-reference")]


def test_after_the_final_report_only_supplements_follow(desk, filed):
    final = desk.add(COUNTY, filed, kind="final")
    for kind in ("follow_up", "final"):
        refused = refusal(desk.add, COUNTY, final, kind=kind)
        assert (refused.code, refused.answer["allowed"]) == ("AZ409", ["supplement", "correction"])
    assert desk.add(COUNTY, final, kind="supplement", figures={"deaths": 3})["grade"] == "larger"


@pytest.mark.parametrize("minutes, fault", [(1, "in-future"), (-61, "before-occurred-at")])
def test_a_report_speaks_of_a_moment_between_the_accident_and_now(desk, filed, now, minutes, fault):
    assert refusal(desk.add, COUNTY, filed, as_of=later(now, minutes=minutes)).faults == [("/as_of", fault)]


def test_a_correction_names_what_it_corrects_and_both_stay_readable(desk, filed):
    wrong = desk.add(COUNTY, filed, figures={"deaths": 3, "missing": 2})
    right = desk.correct(COUNTY, wrong, 2, figures={"deaths": 2, "missing": 3})
    assert (wrong["grade"], right["grade"], right["figures"]["deaths"]) == ("larger", "ordinary", 2)
    rows = desk.connection.execute(
        "select number, kind, root, corrects, figures, reason from anze.accident_report where accident_id = %s"
        " order by number", (filed["id"],)).fetchall()
    assert rows == [(1, "first", 1, None, {"deaths": 2, "missing": 3}, None),
                    (2, "supplement", 2, None, {"deaths": 3, "missing": 2}, None),
                    (3, "correction", 2, 2, {"deaths": 2, "missing": 3}, "核实后更正")]


def test_a_correction_speaks_for_the_moment_that_it_corrects(desk, filed):
    second = desk.add(COUNTY, filed, figures={"deaths": 3})
    third = desk.add(COUNTY, second, figures={"deaths": 5})
    corrected = desk.correct(COUNTY, third, 2, figures={"deaths": 4})
    assert corrected["figures"]["deaths"] == 5
    assert desk.correct(COUNTY, corrected, 3, figures={"deaths": 6})["figures"]["deaths"] == 6


def test_only_the_latest_version_of_a_report_is_corrected(desk, filed):
    once = desk.correct(COUNTY, filed, 1, figures={"deaths": 1})
    refused = refusal(desk.correct, COUNTY, once, 1, figures={"deaths": 0})
    assert (refused.code, refused.answer["allowed"]) == ("AZ409", ["2"])
    assert desk.correct(COUNTY, once, 2, figures={"deaths": 0})["figures"] == {"deaths": 0, "missing": 3}
    assert refusal(desk.correct, COUNTY, desk.add(COUNTY, once), 99, figures={}).code == "AZ404"


def test_facts_are_corrected_in_the_first_report_and_checked_again(desk, filed):
    moved = desk.correct(COUNTY, filed, 1, region_code="150622100", place="更正后的地点", sector="hazardous_chemicals")
    assert (moved["region_code"], moved["place"], moved["rule_set"]) == ("150622100", "更正后的地点", "general")
    assert not [c for c in moved["clocks"] if c["code"] == "unit_report_coal" and c["state"] != "superseded"]
    assert refusal(desk.correct, COUNTY, moved, 2, region_code="150621100").faults == [("/region_code", "out-of-scope")]
    more = desk.add(COUNTY, moved)
    assert refusal(desk.correct, COUNTY, more, 3, place="x").faults == [("/place", "not-of-this-report")]


def test_another_unit_takes_the_place_of_a_wrong_one(desk, filed):
    right = desk.correct(COUNTY, filed, 1, unit_id=CHEMICAL.id, sector="hazardous_chemicals")
    assert (right["unit"]["id"], right["sector"]) == (CHEMICAL.id, "hazardous_chemicals")
    declared = desk.correct(COUNTY, right, 2, unit_credit_code=FOREIGN.credit_code, unit_name="外地单位")
    assert declared["unit"] == {"name": "外地单位", "credit_code": FOREIGN.credit_code}


def test_a_corrector_who_does_not_see_the_unit_leaves_it_as_it_is(desk, now):
    filed = desk.file(PROVINCE, unit_id=FOREIGN.id, occurred_at=now, learned_at=now, sector="coal")
    right = desk.correct(COUNTY, filed, 1, place="更正后的地点")
    assert (right["unit"], right["place"]) == (filed["unit"], "更正后的地点")


@pytest.mark.parametrize("table, change", [
    ("accident_report", "figures = '{}'"), ("accident_report", "reason = 'x'"),
    ("accident_grade_change", "grade = 1"), ("accident_transmission", "sent_at = now()"),
    ("accident_receipt", "received_at = now()"), ("deadline", "due_at = due_at + interval '1 day'"),
    ("deadline", "met_at = null"), ("accident_recipient", "told_at = null"),
])
def test_nothing_is_overwritten_not_even_by_the_owner(database, table, change):
    with database.admin() as admin, pytest.raises(psycopg.errors.InsufficientPrivilege), admin.transaction():
        _stage(admin)
        admin.execute(f"update anze.{table} set {change}")


@pytest.mark.parametrize("table", ["accident", "accident_report", "accident_grade_change", "accident_transmission",
                                   "accident_receipt", "deadline", "accident_recipient"])
def test_nothing_is_deleted_not_even_by_the_owner(database, table):
    for statement in (f"delete from anze.{table}", f"truncate anze.{table} cascade"):
        with database.admin() as admin, pytest.raises(psycopg.errors.InsufficientPrivilege), admin.transaction():
            _stage(admin)
            admin.execute(statement)


def test_a_rule_is_named_alike_as_text_and_as_a_tree(desk):
    assert desk.value("""
        select array_agg(r.code) from anze.rule r join anze.instrument i on i.code = r.instrument
        where ('{' || anze.rule_basis_text(r, i.title, lower(r.in_force)) || '}')::jsonb
            is distinct from anze.rule_basis(r, i.title, lower(r.in_force))""") is None


def test_what_is_kept_to_be_read_follows_the_rules_and_titles_that_it_names(desk, filed):
    """At once for whoever reads it, and with the next sweep where it is kept."""
    connection = desk.connection
    read = lambda: desk.value("select s.body from anze.accident a, anze.accident_shown(a) s where a.id = %s", filed["id"])  # noqa: E731
    old = "select count(*) from anze.accident_page p where p.law <> anze.accident_law_number()"
    for table, change, key, code in (("instrument", "title", "code", "SC-493"), ("level", "title_zh", "code", "city"),
                                     ("accident_grade", "title_en", "code", "ordinary"),
                                     ("accident_recipient_rule", "title_zh", "code", "trade_union"),
                                     ("rule", "article", "code", "ACC.RPT.PEER")):
        connection.execute("reset session authorization")
        connection.execute(f"update anze.{table} set {change} = {change} || '※{table}' where {key} = %s", (code,))
        assert connection.execute(old).fetchone()[0] > 0, table
        connection.execute("set session authorization anze_service")
        desk.speak_as(COUNTY)
        assert f"※{table}" in read(), table
        connection.execute("reset session authorization")
        sweep(connection)
        assert connection.execute(old).fetchone()[0] == 0, table


def test_without_a_page_an_accident_is_read_just_the_same(desk, filed):
    """As those from before there were pages, until they get theirs."""
    connection, reading = desk.connection, ("select s.body, s.etag, s.last_modified from anze.accident a, anze.accident_shown(a) s"
                                            " where a.id = %s")
    received = desk.acknowledge(CITY, desk.pass_up(COUNTY, filed, "city", notified=["government"]))
    corrected = desk.correct(COUNTY, received, 1, socially_major=True, region_code="150622100")
    for caller in (UNIT, COUNTY, CITY):
        desk.speak_as(caller)
        kept = connection.execute(reading, (corrected["id"],)).fetchone()
        connection.execute("reset session authorization")
        connection.execute("delete from anze.accident_page where accident_id = %s", (corrected["id"],))
        connection.execute("set session authorization anze_service")
        assert connection.execute(reading, (corrected["id"],)).fetchone() == kept, caller
        connection.execute("reset session authorization")
        connection.execute("select anze.renew_accident_pages_of(array[%s]::uuid[])", (corrected["id"],))
        connection.execute("set session authorization anze_service")


def _stage(connection: psycopg.Connection) -> None:
    """An accident with a row in every table."""
    desk, now = Desk(connection), dt.datetime.now(dt.timezone.utc)
    filed = desk.file(COUNTY, occurred_at=now, learned_at=now)
    desk.acknowledge(CITY, desk.pass_up(COUNTY, filed, "city", notified=["government"]))


def test_of_two_that_pass_it_up_at_once_one_wins_and_the_other_learns(make_database, cluster):
    database = make_database(cluster)
    now = dt.datetime.now(dt.timezone.utc)
    outcomes, barrier = [], threading.Barrier(2)
    with psycopg.connect(database.service_url) as connection:
        filed = Desk(connection).file(COUNTY, occurred_at=now, learned_at=now)

    def run() -> None:
        with psycopg.connect(database.service_url) as connection:
            barrier.wait()
            try:
                outcomes.append(Desk(connection).pass_up(COUNTY, filed, "city")["version"])
            except Refused as refused:
                outcomes.append((refused.code, refused.answer))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [("AZ412", {"etag": "2"}), 2]
    assert database.value("select count(*) from anze.accident_transmission") == 1


def test_every_change_is_audited_without_personal_data(make_database, cluster):
    database = make_database(cluster)
    now = dt.datetime.now(dt.timezone.utc)
    with psycopg.connect(database.service_url) as connection:
        filed = Desk(connection).file(COUNTY, occurred_at=now, learned_at=now, reporter_name="王某某",
                                      reporter_phone="13812345678")
    changes = database.value("select json_agg(json_build_array(object_type, actor, change)) from audit.entry"
                             " where change::text like %s or object_id like %s",
                             f"%{filed['id']}%", f"%{filed['id']}%")
    text = json.dumps(changes, ensure_ascii=False)
    assert {c[1] for c in changes} == {"county officer"}
    assert len({c[0] for c in changes}) >= 3
    assert "王某某" not in text and "13812345678" not in text
