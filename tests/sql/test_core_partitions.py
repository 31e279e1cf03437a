"""Partitions by time: the coming ones are there, what an outage left out is made, and filing never fails for want of one."""
import datetime as dt
import json
import threading

import psycopg
import pytest

from harness import tree
from harness.hazards import filing

CHINA = dt.timezone(dt.timedelta(hours=8))
THIS_YEAR = dt.datetime.now(CHINA).year


@pytest.fixture
def fresh(cluster, make_database):
    return make_database(cluster)


def bounds(owner) -> list[tuple[str, str]]:
    """(name, bounds) of the partitions of hazards, by where they begin."""
    owner.execute("set timezone = 'Asia/Shanghai'")
    return owner.execute("select c.relname, pg_get_expr(c.relpartbound, c.oid) from pg_inherits i join pg_class c on"
                         " c.oid = i.inhrelid where i.inhparent = 'anze.hazard'::regclass order by c.relname = 'hazard_past'"
                         " desc, 2").fetchall()


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
