"""Partitions by time: the coming ones are there, what an outage left out is made, and filing never fails for want of one."""
import datetime as dt
import json
import threading

import psycopg
import pytest

from harness import tree
from harness.hazards import filing
from harness.owed import JUST, now, owe

CHINA = dt.timezone(dt.timedelta(hours=8))
THIS_YEAR = dt.datetime.now(CHINA).year


@pytest.fixture
def fresh(cluster, make_database):
    return make_database(cluster)


def bounds(owner, table: str = "hazard") -> list[tuple[str, str]]:
    """(name, bounds) of the partitions of a table, by where they begin."""
    owner.execute("set timezone = 'Asia/Shanghai'")
    return owner.execute("select c.relname, pg_get_expr(c.relpartbound, c.oid) from pg_inherits i join pg_class c on"
                         " c.oid = i.inhrelid where i.inhparent = %s::regclass order by c.relname = %s desc, 2",
                         (f"anze.{table}", f"{table}_past")).fetchall()


def year(number: int) -> tuple[str, str]:
    return (f"hazard_{number}", f"FOR VALUES FROM ('{number}-01-01 00:00:00+08') TO ('{number + 1}-01-01 00:00:00+08')")


def past(number: int) -> tuple[str, str]:
    return ("hazard_past", f"FOR VALUES FROM (MINVALUE) TO ('{number}-01-01 00:00:00+08')")


def drop_since(owner, name: str) -> None:
    """As if nothing had been made since."""
    for partition, _ in bounds(owner):
        if partition >= name and partition != "hazard_past":
            owner.execute(f"alter table anze.hazard detach partition anze.{partition}")
            owner.execute(f"drop table anze.{partition}")


def file(database, **given) -> dict:
    with psycopg.connect(database.service_url) as service:
        for name, value in (("reach", "region"), ("region", "150622"), ("actor", "tester"), ("scopes", "hazards:report")):
            service.execute("select set_config(%s, %s, true)", (f"anze.{name}", value))
        return service.execute("select body::jsonb from anze.file_hazard(%s::text::jsonb)", (json.dumps(filing(**given)),)).fetchone()[0]


def test_every_year_has_its_partition_and_the_coming_one_is_there_ahead(fresh):
    with fresh.owner() as owner:
        assert bounds(owner) == [past(THIS_YEAR - 1), year(THIS_YEAR - 1), year(THIS_YEAR), year(THIS_YEAR + 1)]
        assert owner.execute("select anze.make_partitions()").fetchone()[0] == 0


def test_what_two_silent_years_left_out_is_made_from_the_last_one_on(fresh):
    with fresh.owner() as owner:
        drop_since(owner, "hazard_")
        owner.execute("alter table anze.hazard detach partition anze.hazard_past")
        owner.execute("drop table anze.hazard_past")
        owner.execute("select anze.make_partition('hazard', 'hazard_past', '-infinity', %s)", (f"{THIS_YEAR - 2}-01-01 00:00+08",))
        assert owner.execute("select anze.sweep(1, 1)").fetchone()[0] == 4
        assert bounds(owner) == [past(THIS_YEAR - 2), *(year(n) for n in range(THIS_YEAR - 2, THIS_YEAR + 2))]


def test_years_follow_on_months_that_were_there_before(fresh):
    with fresh.owner() as owner:
        drop_since(owner, f"hazard_{THIS_YEAR}")
        month = ("hazard_" f"{THIS_YEAR}_01", f"{THIS_YEAR}-01-01 00:00:00+08", f"{THIS_YEAR}-02-01 00:00:00+08")
        owner.execute("select anze.make_partition('hazard', %s, %s, %s)", month)
        assert owner.execute("select anze.make_partitions()").fetchone()[0] == 2
        rest = (f"hazard_{THIS_YEAR}", f"FOR VALUES FROM ('{month[2]}') TO ('{THIS_YEAR + 1}-01-01 00:00:00+08')")
        assert sorted(bounds(owner)[2:]) == sorted([(month[0], f"FOR VALUES FROM ('{month[1]}') TO ('{month[2]}')"), rest, year(THIS_YEAR + 1)])


@pytest.mark.parametrize("months, at, begins, following, name", [
    (12, "2026-12-31 23:59:59.999+08", "2026-01-01 00:00+08", "2027-01-01 00:00+08", "t_2026"),
    (12, "2027-01-01 00:00+08", "2027-01-01 00:00+08", "2028-01-01 00:00+08", "t_2027"),
    (3, "2026-06-30 23:59+08", "2026-04-01 00:00+08", "2026-07-01 00:00+08", "t_2026_q2"),
    (3, "2026-12-31 16:00+00", "2027-01-01 00:00+08", "2027-04-01 00:00+08", "t_2027_q1"),
    (1, "2026-02-28 23:59+08", "2026-02-01 00:00+08", "2026-03-01 00:00+08", "t_2026_02")])
def test_spans_are_of_the_calendar_of_china(database, months, at, begins, following, name):
    assert database.value("select (anze.span_begins(%s, %s), anze.next_span_begins(%s, %s), anze.partition_name('t', %s, %s))"
                          " = (%s::timestamptz, %s::timestamptz, %s)", at, months, at, months, at, months, begins, following, name)


def test_filing_makes_the_partition_that_nobody_made(fresh):
    with fresh.owner() as owner:
        drop_since(owner, f"hazard_{THIS_YEAR - 1}")
    made = file(fresh)
    assert fresh.value("select tableoid::regclass::text from anze.hazard where id = %s", made["id"]) == f"anze.hazard_{made['found_at'][:4]}"
    with fresh.owner() as owner:
        assert bounds(owner) == [past(THIS_YEAR - 1), *(year(n) for n in range(THIS_YEAR - 1, int(made["found_at"][:4]) + 1))]


def test_filings_at_once_make_it_together(fresh):
    with fresh.owner() as owner:
        drop_since(owner, f"hazard_{THIS_YEAR - 1}")
    made: list[dict] = []
    filers = [threading.Thread(target=lambda n=n: made.append(file(fresh, unit_id=tree.enterprise("150622101", 1 + n % 3).id)))
              for n in range(6)]
    for filer in filers:
        filer.start()
    for filer in filers:
        filer.join()
    assert len({m["id"] for m in made}) == 6


def test_what_a_date_ahead_needs_is_made_in_order(fresh):
    with fresh.owner() as owner:
        owner.execute("select anze.need_partition('hazard', %s)", (f"{THIS_YEAR + 4}-06-01 00:00+08",))
        assert bounds(owner)[1:] == [year(n) for n in range(THIS_YEAR - 1, THIS_YEAR + 5)]
        owner.execute("select anze.need_partition('hazard', '1999-01-01 00:00+08')")
        assert len(bounds(owner)) == 7


# What obligations were: by where each span of time began. The table of before is the partition of all until this year's end.

def span_year(number: int, until: int) -> tuple[str, str]:
    first, last = (f'["{n}-01-01 00:00:00+08","{n}-01-01 00:00:00+08"]' for n in (number, until))
    return (f"obligation_past_{number}", f"FOR VALUES FROM ('{first}') TO ('{last}')")


def first_year(owner) -> int:
    """The first that has a partition of its own: the next one, or that after it in December."""
    return owner.execute("select extract(year from p.past_until at time zone 'Asia/Shanghai')::integer from anze.partitioned p"
                         " where p.name = 'obligation_past'").fetchone()[0]


def changed(owner, obligation: str, at: str) -> None:
    owner.execute("update anze.obligation set required = required + 1, changed_at = %s where id = %s", (at, obligation))


@pytest.fixture
def obligation(fresh):
    """One that was planned before there were partitions."""
    with fresh.owner() as owner:
        made = owe(owner, now() - JUST)
        owner.execute("update anze.obligation set planned_at = '2020-01-01 00:00+08', changed_at = '2020-01-01 00:00+08' where id = %s",
                      (made,))
    return made


def kept_in(owner, obligation: str) -> list[tuple[str, int]]:
    return owner.execute("select tableoid::regclass::text, required from anze.obligation_past where obligation_id = %s"
                         " order by was", (obligation,)).fetchall()


def test_what_an_obligation_was_is_kept_by_the_year_in_which_it_began_to_be_so(fresh, obligation):
    with fresh.owner() as owner:
        year = first_year(owner)
        owner.execute("select anze.need_partition('obligation_past', %s)", (f"{year + 1}-06-01 00:00+08",))
        assert bounds(owner, "obligation_past")[1:] == [span_year(n, n + 1) for n in (year, year + 1)]
        for at in (f"{year - 1}-12-31 23:59:59.999+08", f"{year}-01-01 00:00+08", f"{year + 1}-01-01 00:00+08", f"{year + 1}-06-01 00:00+08"):
            changed(owner, obligation, at)
        assert kept_in(owner, obligation) == [("anze.obligation_past_past", 1), ("anze.obligation_past_past", 2),
                                              (f"anze.obligation_past_{year}", 3), (f"anze.obligation_past_{year + 1}", 4)]
        for at, was in ((f"{year - 1}-06-01", 1), (f"{year - 1}-12-31 23:59:59.9995", 2), (f"{year}-01-01", 3), (f"{year + 1}-01-01", 4)):
            assert owner.execute("select p.required from anze.obligation o cross join lateral anze.obligation_then(o, %s) p where o.id = %s",
                                 (f"{at}+08", obligation)).fetchall() == [(was,)], at
        shown = owner.execute("select anze.obligation_json(o) from anze.obligation o where o.id = %s", (obligation,)).fetchone()[0]
        assert [was["required"] for was in shown["history"]] == [1, 2, 3, 4]


def test_the_past_of_an_obligation_is_looked_for_in_the_years_since_it_was_planned(fresh, obligation):
    with fresh.owner() as owner:
        year = first_year(owner)
        owner.execute("select anze.need_partition('obligation_past', %s)", (f"{year + 2}-06-01 00:00+08",))
        changed(owner, obligation, f"{year + 2}-03-01 00:00+08")
        owner.execute("update anze.obligation set planned_at = %s where id = %s", (f"{year + 1}-02-01 00:00+08", obligation))
        owner.execute("set plan_cache_mode = force_generic_plan")
        owner.execute("prepare past(timestamptz) as select p.state from anze.obligation o"
                      f" cross join lateral anze.obligation_then(o, $1) p where o.id = '{obligation}'")
        shown = [row[0] for row in owner.execute(f"explain (analyze, costs off, timing off) execute past('{year + 1}-03-01+08')")]
        looked_at = {line.partition(" on obligation_past_")[2].partition(" ")[0] for line in shown
                     if " on obligation_past_" in line and "never executed" not in line}
        assert looked_at == {str(year + 1)}, "\n".join(shown)


def test_a_change_of_an_obligation_makes_the_partition_that_nobody_made(fresh, obligation):
    with fresh.owner() as owner:
        for name, _ in bounds(owner, "obligation_past"):
            owner.execute(f"drop table anze.{name}")
        owner.execute("update anze.partitioned set past_until = '-infinity' where name = 'obligation_past'")
        changed(owner, obligation, f"{THIS_YEAR - 3}-01-01 00:00+08")
        changed(owner, obligation, f"{THIS_YEAR}-01-02 00:00+08")
        changed(owner, obligation, f"{THIS_YEAR}-01-03 00:00+08")
        assert [name for name, _ in kept_in(owner, obligation)] == ["anze.obligation_past_past"] * 2 + [f"anze.obligation_past_{THIS_YEAR}"]


def test_an_old_year_of_what_obligations_were_goes_without_reading_the_others(fresh, obligation):
    with fresh.owner() as owner:
        year = first_year(owner)
        owner.execute("select anze.need_partition('obligation_past', %s)", (f"{year}-06-01 00:00+08",))
        changed(owner, obligation, f"{year}-02-01 00:00+08")
        changed(owner, obligation, f"{year}-03-01 00:00+08")
        owner.execute("alter table anze.obligation_past detach partition anze.obligation_past_past")
        owner.execute("drop table anze.obligation_past_past")
        assert kept_in(owner, obligation) == [(f"anze.obligation_past_{year}", 2)]
        changed(owner, obligation, f"{year}-04-01 00:00+08")
        assert len(kept_in(owner, obligation)) == 2
