"""Figures of duties at any moment: the sums answer what counting the obligations one by one answered at that moment, before
and after folding, under every scope, whatever changed since; and they are read for the region asked for alone."""
import datetime as dt
import json
import random
from collections import Counter
from pathlib import Path

import pytest
from psycopg import sql

from harness.duties import Office
from harness.statement import expand

CHINA = dt.timezone(dt.timedelta(hours=8))
(FILLING,) = (Path(__file__).parents[2] / "sql/migrations").glob("*_duties_sums_before.sql")
FIGURES = ("owed", "done", "done_late", "excused", "missed")
TOWNS = ("150622101", "150622100", "150621100", "150602001")
SCOPES = {
    "province": ({"reach": "region", "region": "15"}, {"scope_province": "15"}, lambda o: True),
    "city": ({"reach": "region", "region": "1506"}, {"scope_city": "1506"}, lambda o: o["region_code"].startswith("1506")),
    "county": ({"reach": "region", "region": "150622"}, {"scope_county": "150622"},
               lambda o: o["region_code"].startswith("150622")),
    "town": ({"reach": "region", "region": TOWNS[0]}, {"scope_town": TOWNS[0]}, lambda o: o["region_code"] == TOWNS[0]),
    "sector": ({"reach": "region", "region": "1506", "sectors": "{coal}"}, {"scope_city": "1506", "scope_sector": "coal"},
               lambda o: o["region_code"].startswith("1506") and o["sector"] == "coal"),
    "a county of a city": ({"reach": "region", "region": "1506"}, {"scope_city": "1506", "region": "150621"},
                           lambda o: o["region_code"].startswith("150621")),
    "a city for its county": ({"reach": "region", "region": "150622"}, {"scope_county": "150622", "region": "150600"},
                              lambda o: o["region_code"].startswith("150622")),
    "another city": ({"reach": "region", "region": "1506"}, {"scope_city": "1506", "region": "150100"}, lambda o: False),
    "nobody": ({"reach": "none"}, {"scope_none": "true"}, lambda o: False),
}
KEYS = {"duty": lambda o: o["duty"], "region": lambda o: o["region_code"][:6], "sector": lambda o: o["sector"] or "",
        "unit_kind": lambda o: o["unit_kind"]}
PERIODS = {"2026-Q2": ("2026-04-01", "2026-07-01"), "2026-05": ("2026-05-01", "2026-06-01"), "2026": ("2026-01-01", "2027-01-01")}


def counted(rows: list[dict], at: dt.datetime, period: str, key) -> dict[str, Counter]:
    """What the contract promises, one obligation after the other."""
    begins, ends = PERIODS[period]
    groups: dict[str, Counter] = {}
    for o in rows:
        if o["state"] == "withdrawn" or not begins < o["period_end"] <= ends:
            continue
        is_missed = o["state"] == "open" and dt.datetime.fromisoformat(o["missed_from"]) <= at
        groups.setdefault(key(o), Counter()).update({
            "owed": 1, "missed": is_missed, **{s: o["state"] == s for s in ("done", "done_late", "excused")}})
    return groups


def answered(service, name: str, values: dict) -> dict:
    text, parameters = expand(f"duties/{name}", values)
    return json.loads(service.execute(sql.SQL("select body from ({}) a").format(
        sql.SQL(_with_literals(text, parameters)))).fetchone()[0])


def _with_literals(text: str, parameters: list) -> str:
    for number in range(len(parameters), 0, -1):
        value = parameters[number - 1]
        text = text.replace(f"${number}", "null" if value is None else f"'{value}'")
    return text


class Chronicle:
    """A random history, and after each of its steps the obligations as they were just then."""

    def __init__(self, connection, source: random.Random) -> None:
        self.office, self.random, self.moments = Office(connection), source, []
        office = self.office
        office.run("insert into anze.instrument (code, title, issued_by, in_force) values"
                   " ('OPINION-ORDOS-2022', '实施意见', '鄂尔多斯市', '[2022-01-01,)') on conflict do nothing")
        self.duties = [office.duty(), office.duty(clause="2.02", minimum_count=2), office.duty(period="quarter", grace_days=30)]
        self.units = [office.unit(region=town, sector=sector) for town in TOWNS for sector in ("coal", "fire")]
        self.staying = office.duty(unit_kinds=["site"])
        self.sites = [office.unit("site", region=town, sector="coal", accountable_to=self.units[0]) for town in TOWNS]
        self.records: list[str] = []

    def keep(self) -> None:
        self.office.connection.commit()
        self.office.run("select set_config('anze.reach', 'service', true), set_config('anze.actor', 'tester', true)")
        at = self.office.value("select clock_timestamp()")
        rows = [r[0] for r in self.office.run("select to_jsonb(o) from anze.obligation o")]
        self.moments.append((at, rows))

    def unit(self) -> str:
        return self.random.choice(self.units + self.sites)

    def day(self) -> str:
        return str(dt.date(2026, 4, 1) + dt.timedelta(days=self.random.randrange(120)))

    def plan(self) -> None:
        self.office.plan(self.unit(), "2026-04-01", "2026-07-01")

    def record(self) -> None:
        self.records.append(self.office.record(self.unit(), self.day(), for_period=self.random.choice([None, None, "2026-05-01"])))

    def retract(self) -> None:
        if self.records:
            self.office.retract(self.records.pop(self.random.randrange(len(self.records))))

    def excuse(self) -> None:
        found = self.office.run("select id, unit_id, region_code from anze.obligation where is_open order by md5(id::text || %s)"
                                " limit 1", str(self.random.random()))
        for obligation, unit, region in found:
            self.office.run("insert into anze.excuse (obligation_id, reason, unit_id, region_code, requested_by, decision,"
                            " decided_at, decided_by) values (%s, '停产', %s, %s, 'one', 'approved', now(), 'another')",
                            obligation, unit, region)
            self.office.run("select anze.settle_obligations(array[%s::uuid])", obligation)

    def move(self) -> None:
        unit = self.random.choice(self.units)
        self.office.run("update anze.unit set region_code = %s, sector = %s where id = %s", self.random.choice(TOWNS),
                        self.random.choice(["coal", "fire"]), unit)
        self.office.run("select set_config('anze.effective_on', '2026-04-01', true)")
        self.office.run("update anze.unit_span s set region_code = u.region_code, sector = u.sector from anze.unit u"
                        " where u.id = s.unit_id and u.id = %s", unit)
        self.office.plan(unit, "2026-04-01", "2026-07-01")
        self.office.run("select set_config('anze.effective_on', '', true)")

    def withdraw(self) -> None:
        unit = self.unit()
        self.office.run("update anze.unit set closed_on = case when closed_on is null then date '2027-06-10' end where id = %s", unit)
        self.office.run("update anze.obligation set state = 'withdrawn', changed_at = clock_timestamp() where unit_id = %s"
                        " and is_open and period_start = %s", unit, "2026-05-01")

    def fold(self) -> None:
        self.office.run("select anze.fold_tally(%s)", self.random.choice([3, 100000]))

    def run(self, steps: int) -> None:
        for unit in self.units[:3] + self.sites[:2]:
            self.office.plan(unit, "2026-04-01", "2026-07-01")
        self.keep()
        deeds = [self.plan, self.record, self.record, self.record, self.retract, self.excuse, self.move, self.withdraw, self.fold]
        for _ in range(steps):
            self.random.choice(deeds)()
            self.keep()


@pytest.fixture(scope="module")
def chronicle(cluster, make_database, seed):
    database = make_database(cluster, catalogue=False)
    with database.owner() as owner:
        found = Chronicle(owner, random.Random(seed))
        found.run(80)
    return database, found


def check(database, moments, values: dict, only=None) -> None:
    for scope, (caller, asked, sees) in SCOPES.items():
        with database.service(**caller) as service:
            for at, rows in moments:
                seen = [o for o in rows if sees(o) and (only is None or o["duty"] == only)]
                for period in PERIODS:
                    for group, key in KEYS.items():
                        got = answered(service, "getCompliance", {
                            "period": period, "group_by": group, **asked, **values,
                            **({"as_of": at.isoformat()} if at else {})})
                        expected = counted(seen, at or dt.datetime.now(CHINA), period, key)
                        assert {g["key"]: {f: g[f] for f in FIGURES} for g in got["groups"]} == {
                            k: {f: int(c[f]) for f in FIGURES} for k, c in expected.items()}, (scope, at, period, group)


def test_every_past_moment_answers_what_it_answered_then(chronicle):
    database, found = chronicle
    check(database, found.moments[::9] + found.moments[-1:], {})
    check(database, [(None, found.moments[-1][1])], {})


def test_the_league_of_a_past_moment_is_the_one_of_then(chronicle):
    database, found = chronicle
    with database.service(reach="region", region="1506") as service:
        for at, rows in found.moments[::7]:
            got = answered(service, "getLeagueTable", {"period": "2026-Q2", "scope_city": "1506", "as_of": at.isoformat()})
            expected = counted(rows, at, "2026-Q2", KEYS["region"])
            assert {c["region_code"]: {f: c[f] for f in FIGURES} for c in got["counties"]} == {
                k: {f: int(c[f]) for f in FIGURES} for k, c in expected.items()}


def test_folding_changes_no_answer_and_a_sum_is_all_of_its_changes(chronicle):
    database, found = chronicle
    with database.owner() as owner:
        while owner.execute("select anze.fold_tally(50)").fetchone()[0]:
            pass
    assert database.value("select count(*) from anze.duty_tally_delta") == 0
    check(database, found.moments[::20] + found.moments[-1:], {})
    wrong = database.value(
        "select count(*) from anze.duty_tally t cross join lateral (select coalesce(sum(c.owed), 0) as owed,"
        " coalesce(sum(c.done), 0) as done, coalesce(sum(c.done_late), 0) as done_late, coalesce(sum(c.excused), 0) as excused"
        " from anze.duty_change c where c.tally = t.id) c"
        " where (t.owed, t.done, t.done_late, t.excused) <> (c.owed, c.done, c.done_late, c.excused)")
    assert wrong == 0


def test_what_was_there_before_the_sums_were_kept_is_told_by_the_obligations(chronicle):
    """The migration's own statement, in batches, where nothing is kept: units that moved are counted where they are now."""
    database, found = chronicle
    with database.owner() as owner:
        owner.execute("delete from anze.duty_change")
        owner.execute("create table anze.duty_change_filled as select clock_timestamp() as until,"
                      " '00000000-0000-0000-0000-000000000000'::uuid as after")
        owner.execute("prepare fill as " + FILLING.read_text(encoding="utf-8"))
        while owner.execute("execute fill (20)").fetchone()[0]:
            pass
    check(database, found.moments[::20] + found.moments[-1:], {"duty": found.staying}, found.staying)
    check(database, [(dt.datetime.now(CHINA), found.moments[-1][1])], {})


def test_a_town_reads_the_sums_of_the_town_and_no_obligation(chronicle):
    database, found = chronicle
    with database.service(reach="region", region=TOWNS[0]) as service:
        service.execute("set local enable_seqscan = off")  # so few sums would be read whole
        for at in (None, found.moments[-1][0]):
            answered(service, "getCompliance", {"period": "2026-Q2", "group_by": "duty", "scope_town": TOWNS[0],
                                                **({"as_of": at.isoformat()} if at else {})})
        read = dict(service.execute("select relname, seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables"
                                    " where schemaname = 'anze'").fetchall())
    of_town = database.value("select count(*) from anze.duty_tally where region_code = %s", TOWNS[0])
    assert read.get("obligation", 0) == read.get("obligation_past", 0) == 0
    assert 0 < read["duty_tally"] <= 2 * of_town < 2 * database.value("select count(*) from anze.duty_tally")
