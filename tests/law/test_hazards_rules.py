"""What the rules say about hazards: criteria on both sides of their days, recurrence on both sides of a year, clocks."""
import datetime as dt
import json
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from desk import CHINA, COUNTY, Refused, later

from harness import tree
from harness.hazards import MINE, filing

PLANT = tree.enterprise("150622101", 2)
SCOPES = "hazards:read hazards:report hazards:handle cases:act"
NOW = dt.datetime.now(CHINA).replace(microsecond=0)


def do(desk, caller: dict, function: str, *arguments) -> dict:
    desk.connection.execute("select set_config('anze.scopes', %s, true)", (SCOPES,))
    return desk.call(caller, function, *arguments)


def file(desk, found_at: dt.datetime = NOW, **given) -> dict:
    return do(desk, COUNTY, "file_hazard", filing(found_at=found_at.isoformat(), **given))


def judge(desk, hazard: dict, severity: str, **given) -> dict:
    return do(desk, COUNTY, "judge_hazard", hazard["id"], str(hazard["version"]), {"severity": severity, **given})


def midnight(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)


@pytest.mark.parametrize("found_at, criterion, version", [
    (midnight("2024-04-30T23:59:59"), "COAL.04", 1), (midnight("2024-05-01"), "COAL.04", 2),
    (midnight("2024-05-01"), "COAL.11", 1), (midnight("2021-01-01"), "COAL.01", 1), (midnight("2023-05-15"), "ANY.MAJOR", 1)])
def test_a_hazard_is_judged_by_the_version_in_force_on_the_day_of_finding(desk, found_at, criterion, version):
    made = judge(desk, file(desk, found_at), "major", criterion=criterion)
    assert (made["criterion"]["code"], made["criterion"]["version"]) == (criterion, version)


@pytest.mark.parametrize("found_at, criterion", [
    (midnight("2024-04-30T23:59:59"), "COAL.11"), (midnight("2020-12-31T23:59:59"), "COAL.01")])
def test_a_criterion_does_not_judge_what_was_found_before_its_day(desk, found_at, criterion):
    made = file(desk, found_at)
    with pytest.raises(Refused) as refused:
        judge(desk, made, "major", criterion=criterion)
    assert refused.value.faults == [("/criterion", "not-in-force")]
    with pytest.raises(Refused) as refused:
        file(desk, found_at, criterion=criterion)
    assert refused.value.faults == [("/criterion", "not-in-force")]


@pytest.mark.parametrize("code, since", [("TRADE.13.02", "2023-05-15"), ("CHEM.20", "2017-11-13"), ("MINE.01", "2022-09-01"),
                                         ("TAILINGS.09", "2022-09-01"), ("FIRE.DIRECT.05", "2018-07-01"),
                                         ("COAL.12", "2024-05-01"), ("ANY.MAJOR", "2008-02-01"), ("FIRE.EXIT", "2009-05-01")])
def test_a_criterion_begins_with_its_instrument(database, code, since):
    day = dt.date.fromisoformat(since)
    with database.owner() as owner:
        on = lambda asked: owner.execute("select (anze.hazard_criterion_on(%s, %s)).code", (code, asked)).fetchone()[0]  # noqa: E731
        assert on(day) == code and on(day - dt.timedelta(days=1)) is None


def test_every_criterion_is_of_a_text_and_in_force_only_while_its_instrument_is(desk):
    assert desk.value("select count(*) from anze.hazard_criterion k join anze.instrument i on i.code = k.instrument"
                      " where not i.in_force @> lower(k.in_force)") == 0
    assert desk.value("select count(*) from anze.hazard_criterion k left join anze.hazard_criterion_set s on s.code = k.set_code"
                      " where s.code is null or not k.in_force <@ s.in_force or k.instrument <> s.instrument") == 0
    assert desk.value("select count(*) from anze.hazard_criterion_set s join anze.instrument i on i.code = s.instrument"
                      " where not i.in_force @> s.in_force") == 0
    assert desk.value("select count(*) from anze.hazard_criterion_set s cross join lateral ("
                      " select count(*) as entered from anze.hazard_criterion k"
                      " where k.set_code = s.code and k.in_force @> lower(s.in_force)) e where e.entered > s.item_count") == 0


def texts(desk, sector: str, day: str) -> dict[str, tuple]:
    """code -> (items of the text, items entered, whether that is all) of the sector's own texts on a day."""
    return {code: (items, entered, whole) for code, items, entered, whole in desk.connection.execute(
        "select w.set_code, s.item_count, w.entered, w.is_complete from anze.hazard_criterion_sets(%s, %s) w"
        " join anze.hazard_criterion_set s on s.code = w.set_code where w.is_own", (day, sector)).fetchall()}


def test_coal_has_one_edition_until_2026_06_30_and_another_from_2026_07_01(desk):
    assert texts(desk, "coal", "2026-06-30") == {"COAL.2021": (15, 15, True), "COAL.REGULATION": (17, 17, True),
                                                 "COAL.OPENPIT": (None, 0, False)}
    assert texts(desk, "coal", "2026-07-01") == {"COAL.2026": (None, 0, False), "COAL.REGULATION": (17, 17, True),
                                                 "COAL.OPENPIT": (None, 0, False)}


def test_a_hazard_found_before_an_edition_ended_keeps_its_criterion(desk):
    made = file(desk, midnight("2026-06-30T23:59:59"), criterion="COAL.M4.04")
    assert judge(desk, made, "major", criterion="COAL.M4.04")["criterion"]["code"] == "COAL.M4.04"
    with pytest.raises(Refused) as refused:
        file(desk, midnight("2026-07-01"), criterion="COAL.M4.04")
    assert refused.value.faults == [("/criterion", "not-in-force")]


def test_chemicals_have_20_items_until_2026_09_29_and_53_from_2026_09_30(desk):
    assert texts(desk, "chemical", "2026-09-29") == {"CHEM.2017": (20, 20, True)}
    assert texts(desk, "hazardous_chemicals", "2026-09-30") == {"CHEM.2026": (53, 0, False)}
    assert texts(desk, "fireworks", "2026-09-30") == {"FIREWORKS.2017": (20, 20, True)}


def test_fire_changes_its_text_on_2025_11_01(desk):
    assert set(texts(desk, "fire", "2025-10-31")) == {"FIRE.2017"}
    assert set(texts(desk, "fire", "2025-11-01")) == {"FIRE.2025"}


def test_industry_and_trade_has_64_items_3_for_all_47_in_seven_industries_and_14_more(desk):
    assert texts(desk, "industry_trade", "2023-05-15") == {"TRADE.2023": (64, 64, True)}
    counted = dict(desk.connection.execute(
        "select case when article like '第三条%%' then 'all' when article ~ '^第(四|五|六|七|八|九|十)条' then 'industries'"
        " else 'special' end, count(distinct article) from anze.hazard_criterion where set_code = 'TRADE.2023' group by 1").fetchall())
    assert counted == {"all": 3, "industries": 47, "special": 14}


def test_mines_other_than_coal_have_32_13_and_19_items_and_8_more_from_2024_04_23(desk):
    assert texts(desk, "non_coal_mine", "2024-04-22") == {
        "MINE.UNDERGROUND": (32, 32, True), "MINE.OPENPIT": (13, 13, True), "MINE.TAILINGS": (19, 19, True)}
    assert texts(desk, "non_coal_mine", "2024-04-23")["MINE.2024"] == (8, 0, False)


def test_where_the_texts_are_not_whole_an_officers_reasons_make_a_hazard_major(desk):
    found = midnight("2026-10-08")
    made = file(desk, found, unit_id=PLANT.id)
    with pytest.raises(Refused) as refused:
        judge(desk, made, "major")
    assert refused.value.faults == [("/criterion", "required")]
    major = judge(desk, made, "major", basis="反应釜无紧急停车，现行准则条款尚未录入")
    assert (major["severity"], major["criterion"]["code"], major["judgements"][-1]["basis"]) == (
        "major", "ANY.MAJOR", "反应釜无紧急停车，现行准则条款尚未录入")


def test_where_the_texts_are_whole_or_a_unit_judges_no_reasons_stand_for_a_criterion(desk):
    whole = file(desk, midnight("2026-09-29"), unit_id=PLANT.id)
    with pytest.raises(Refused) as refused:
        judge(desk, whole, "major", basis="以为重大")
    assert refused.value.faults == [("/criterion", "required")]
    of_unit = {"reach": "unit", "unit": PLANT.id, "actor": "plant", "on_behalf_of": PLANT.id}
    own = do(desk, of_unit, "file_hazard", filing(unit_id=PLANT.id, source="own_check",
                                                  found_at=midnight("2026-10-08").isoformat()))
    with pytest.raises(Refused) as refused:
        do(desk, of_unit, "judge_hazard", own["id"], "1", {"severity": "major", "basis": "自认重大"})
    assert refused.value.faults == [("/criterion", "required")]


def test_several_bases_are_cited_for_one_hazard_and_each_has_its_days(desk):
    found = midnight("2026-06-30")
    made = file(desk, found, criterion="COAL.04", criteria=["COAL.M4.04", "COAL.04"])
    assert made["criterion"]["code"] == "COAL.04" and [k["code"] for k in made["criteria"]] == ["COAL.04", "COAL.M4.04"]
    major = judge(desk, made, "major", criteria=["COAL.M4.04", "COAL.04", "ANY.MAJOR"])
    assert [k["code"] for k in major["criteria"]] == ["COAL.M4.04", "COAL.04", "ANY.MAJOR"]
    assert major["judgements"][-1]["criteria"] == major["criteria"] and major["criterion"]["code"] == "COAL.M4.04"
    with pytest.raises(Refused) as refused:
        file(desk, midnight("2026-07-01"), criteria=["COAL.04", "COAL.M4.04", "CHEM.01"])
    assert refused.value.faults == [("/criteria/1", "not-in-force"), ("/criteria/2", "of-other-sector")]
    other = file(desk, found)
    with pytest.raises(Refused) as refused:
        judge(desk, other, "major", criteria=["COAL.04", "FIRE.EXIT"])
    assert refused.value.faults == [("/criteria", "criterion-of-other-severity")]


@pytest.mark.parametrize("days, recurrences", [(364, 1), (366, 0)])
def test_the_same_within_a_year_is_a_recurrence_and_after_it_none(desk, days, recurrences):
    file(desk, later(NOW, days=-days), criterion="COAL.06")
    assert file(desk, criterion="COAL.06")["recurrences"] == recurrences


def test_another_criterion_another_unit_and_what_was_no_hazard_are_no_recurrence(desk):
    earlier = later(NOW, days=-9)
    file(desk, earlier, criterion="COAL.07")
    file(desk, earlier, criterion="ANY.MAJOR", unit_id=PLANT.id)
    none = file(desk, earlier, criterion="ANY.MAJOR")
    do(desk, COUNTY, "take_case_action", none["case_id"], "1", {"action": "dismiss", "fields": {"reason": "核实无此问题"}})
    assert file(desk, criterion="ANY.MAJOR")["recurrences"] == 0


def due(hazard: dict, clock: str) -> dt.timedelta:
    """How long the running clock of that name is, from the start of its first day on."""
    found, = [c for c in hazard["case"]["clocks"] if c["clock"] == clock and c["state"] == "running"]
    starts = dt.datetime.fromisoformat(found["starts_at"])
    return dt.datetime.fromisoformat(found["due_at"]) - starts.replace(hour=0, minute=0, second=0, microsecond=0)


def test_clocks_are_as_long_as_their_rules_say(desk):
    days = lambda n: dt.timedelta(days=n + 1)  # noqa: E731 - the first day does not count, the last one does to its end
    made = file(desk)
    assert due(made, "judge") == days(desk.value("select anze.rule_value('HAZ.JUDGE', anze.today())::integer"))
    major = judge(desk, made, "major", criterion="COAL.08")
    for clock, rule in (("report_department", "HAZ.MAJOR.RPT"), ("report_congress", "HAZ.MAJOR.CONGRESS"), ("plan", "HAZ.PLAN"),
                        ("order", "HAZ.ORDER")):
        assert due(major, clock) == days(desk.value("select anze.rule_value(%s, anze.today())::integer", rule)), clock
        owner = tree.body("coal", "150622") if clock == "order" else MINE
        assert [c for c in major["case"]["clocks"] if c["clock"] == clock][0]["owed_by"]["id"] == owner.id, clock


def test_a_review_on_site_has_ten_days_and_a_coal_mines_acceptance_twenty(desk):
    reviews = desk.connection.execute("select code, value, unit from anze.rule where code in ('HAZ.REVIEW', 'HAZ.COAL.ACCEPT')"
                                      " order by 1").fetchall()
    assert reviews == [("HAZ.COAL.ACCEPT", 20, "day"), ("HAZ.REVIEW", 10, "day")]


def test_a_judgement_is_never_rewritten(desk, database):
    made = judge(desk, file(desk), "general")
    assert [j["number"] for j in made["judgements"]] == [1]
    with database.admin() as admin:
        assert admin.execute("select count(*) from pg_trigger where tgrelid = 'anze.hazard_judgement'::regclass"
                             " and tgname = 'append_only'").fetchone()[0] == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege), desk.connection.transaction():
        desk.connection.execute("update anze.hazard_judgement set severity = 'general'")


def test_likeness_goes_by_pairs_of_characters(desk):
    like = "select anze.likeness(anze.bigrams(%s), anze.bigrams(%s))"
    assert desk.value(like, "护栏缺失", "护栏缺失") == 1 and desk.value(like, "护栏缺失", "灭火器过期") == 0
    assert 0 < desk.value(like, "皮带机护栏缺失", "皮带机护栏损坏") < 1
    assert desk.value(like, "护栏 缺失", "护栏缺失") == 1, "spaces do not count"


def test_every_step_that_needs_somebody_else_or_the_system_says_so_in_its_row(desk):
    rows = {code: (other, takers) for code, other, takers in desk.connection.execute(
        "select code, other_than, takers from anze.case_action where kind = 'hazard'").fetchall()}
    assert rows["pass_review"][0] == rows["fail_review"][0] == ["report_rectified"]
    assert rows["pass_acceptance"][0] == ["unit:report_completed"] and rows["regrade_general"][0] == ["judge_major"]
    assert {code for code, (_, takers) in rows.items() if "system" in takers} == {
        "merge", "part", "close_listed"}
    assert json.dumps(sorted(rows)) and len(rows) == 31


# ---- what filing costs ----

def test_filing_writes_the_rows_of_hazard_case_event_and_clock_once_each(desk):
    made = file(desk, criterion="ANY.MAJOR")
    written = desk.connection.execute("select relname, n_tup_ins, n_tup_upd from pg_stat_xact_user_tables where schemaname = 'anze'"
                                      " and n_tup_ins + n_tup_upd > 0 and relname ~ '^(hazard_\\d|case_|deadline)' order by 1").fetchall()
    assert written == [("case_event", 1, 0), ("case_file", 1, 0), ("deadline", 1, 0), (f"hazard_{made['found_at'][:4]}", 1, 0)]


def test_filing_calls_no_function_that_is_planned_at_each_call(cluster, database):
    """A function in SQL is counted as a call only where it was not inlined."""
    with psycopg.connect(cluster.url(database.name, "admin")) as connection:
        connection.execute("set local plan_cache_mode = force_generic_plan")  # as the service has it
        for name, value in {**COUNTY, "scopes": SCOPES}.items():
            connection.execute("select set_config(%s, %s, true)", (f"anze.{name}", value))
        for tracked in ("none", "all"):  # what is called while plans are made is called once
            connection.execute("select set_config('track_functions', %s, true)", (tracked,))
            connection.execute("select anze.file_hazard(%s::text::jsonb)", (json.dumps(filing(criterion="ANY.MAJOR")),))
        called = connection.execute(
            "select p.proname from pg_stat_xact_user_functions f join pg_proc p on p.oid = f.funcid join pg_language l"
            " on l.oid = p.prolang where l.lanname = 'sql'").fetchall()
        connection.rollback()
    assert [name for (name,) in called] == []


# ---- at the same moment ----

class Filer:
    """A session of its own that files one hazard and keeps it until it is told to commit."""

    def __init__(self, database):
        self.session = psycopg.connect(database.service_url)
        for name, value in {**COUNTY, "scopes": SCOPES}.items():
            self.session.execute("select set_config(%s, %s, true)", (f"anze.{name}", value or ""))

    def file(self, **given) -> dict:
        given = filing(found_at=NOW.isoformat(), **given)
        return self.session.execute("select body::jsonb from anze.file_hazard(%s::text::jsonb)", (json.dumps(given),)).fetchone()[0]

    def judge(self, hazard: dict, **given) -> dict:
        return self.session.execute("select body::jsonb from anze.judge_hazard(%s, %s, %s::text::jsonb)", (
            hazard["id"], str(hazard["version"]), json.dumps({"severity": "major", **given}))).fetchone()[0]

    def commit(self) -> None:
        self.session.commit()
        self.session.close()


def waits_for(database, filer: Filer) -> bool:
    return database.value("select exists (select from pg_stat_activity where pid = %s and wait_event_type = 'Lock')",
                          filer.session.info.backend_pid)


def at_once(database, first, second) -> tuple[dict, dict]:
    """The second begins while the first is not committed, which it is once the second waits or is done."""
    one, other = Filer(database), Filer(database)
    made = first(one)
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(second, other)
        while not following.done() and not waits_for(database, other):
            time.sleep(0.005)
        one.commit()
        found = following.result()
    other.commit()
    return made, found


@pytest.fixture
def crowded(cluster, make_database):
    return make_database(cluster)


def test_of_two_filed_at_once_by_one_criterion_the_second_sees_the_first(crowded):
    first, second = at_once(crowded, lambda f: f.file(criterion="ANY.MAJOR"), lambda f: f.file(criterion="ANY.MAJOR"))
    assert (first["recurrences"], second["recurrences"], second["recurrence_of"]) == (0, 1, first["id"])


def test_what_is_judged_while_another_is_filed_sees_it(crowded):
    filer = Filer(crowded)
    waiting = filer.file()
    filer.commit()
    first, second = at_once(crowded, lambda f: f.file(criterion="ANY.MAJOR"), lambda f: f.judge(waiting, criterion="ANY.MAJOR"))
    assert (second["recurrences"], second["recurrence_of"]) == (1, first["id"])


@pytest.mark.parametrize("other", [{"criterion": "COAL.04"}, {"criterion": None}, {"criterion": "ANY.MAJOR", "unit_id": PLANT.id}],
                         ids=["criterion", "no-criterion", "unit"])
def test_what_is_filed_of_another_unit_or_criterion_does_not_wait(crowded, other):
    one, two = Filer(crowded), Filer(crowded)
    one.file(criterion="ANY.MAJOR")
    two.session.execute("set local lock_timeout = '5s'")
    assert two.file(**other)["recurrences"] == 0
    one.commit(), two.commit()
