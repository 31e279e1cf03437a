#!/usr/bin/env python3
"""What hazards cost as they grow: tests/.venv/bin/python tests/bench/hazards.py [--seed 1] [--sizes 100000,500000,1000000]

Makes them in a private database (hazards.sql) and times the statements of the service, as the service's login with the
context and the prepared statements that the service uses. Milliseconds of the database alone: no HTTP, one connection."""
import argparse
import json
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from conftest import find_binary  # noqa: E402
from harness.cluster import Cluster, Database  # noqa: E402
from harness.statement import expand  # noqa: E402

CHUNK, MAKERS = 50_000, 2
CITY = {"reach": "region", "region": "1506", "actor": "bench", "scopes": "hazards:read hazards:report"}
COUNTY, TOWN = {**CITY, "region": "150622"}, {**CITY, "region": "150622203"}


def make(database: Database, seed: int, have: int, wanted: int) -> float:
    begun = time.monotonic()
    if not have:
        with database.admin() as admin:
            admin.execute((Path(__file__).with_name("hazards.sql")).read_text(encoding="utf-8"))
    chunks = [(first, min(first + CHUNK - 1, wanted)) for first in range(have + 1, wanted + 1, CHUNK)]
    makers = [threading.Thread(target=make_chunks, args=(database, seed, chunks[n::MAKERS])) for n in range(MAKERS)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    with database.admin() as admin:
        while admin.execute("select anze.fold_hazards(100000)").fetchone()[0]:
            pass
        admin.execute("vacuum analyze anze.hazard, anze.case_file, anze.case_event, anze.hazard_tally, anze.hazard_tally_delta")
    return time.monotonic() - begun


def make_chunks(database: Database, seed: int, chunks: list[tuple[int, int]]) -> None:
    with database.admin() as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("set synchronous_commit = off")
        for first, last in chunks:
            admin.execute("select bench.hazards(%s, %s, %s)", (seed, first, last))


def measure(database: Database, context: dict, name: str, variants: list[dict]) -> float:
    """The median in milliseconds, after a round that warms the caches and the plan."""
    text, _ = expand(f"hazards/{name}", variants[0])
    taken = []
    with database.service(**context) as service:
        service.execute("set plan_cache_mode = force_generic_plan")  # as the service does
        service.execute(f"prepare asked as {text}")
        for number, values in enumerate(variants * (1 if len(variants) > 40 else 40)):
            _, parameters = expand(f"hazards/{name}", values)
            literals = ", ".join("null" if p is None else "'" + p.replace("'", "''") + "'" for p in parameters)
            begun = time.monotonic()
            service.execute(f"execute asked ({literals})").fetchall()
            if number >= 10:
                taken.append(1000 * (time.monotonic() - begun))
    return statistics.median(taken)


def some(database: Database, count: int) -> tuple[list[str], list[str]]:
    """Hazards and units of the county, spread over the months."""
    with database.admin() as admin:
        hazards = [h for (h,) in admin.execute("select id::text from anze.hazard tablesample system (5) where county = '150622'"
                                               " limit %s", (count,)).fetchall()]
        units = [u for (u,) in admin.execute("select id::text from bench.hazard_unit where region_code like '150622%%'"
                                             " order by md5(id::text) limit %s", (count,)).fetchall()]
    return hazards, units


def round_of(database: Database) -> dict[str, float]:
    hazards, units = some(database, 60)
    filing = [{"body": json.dumps({"unit_id": u, "description": "三号皮带机护栏缺失", "place": "三号皮带机", "source": "inspection",
                                   "found_at": "2026-11-20T08:00:00+08:00", "category": "equipment", "criterion": "ANY.MAJOR"})}
              for u in units]
    page = {"limit": "20"}
    return {
        "file": measure(database, COUNTY, "fileHazard", filing),
        "read one": measure(database, COUNTY, "getHazard", [{"hazard_id": h} for h in hazards]),
        "list of 20, city": measure(database, CITY, "listHazards", [{**page, "scope_city": "1506"}]),
        "list of 20, county": measure(database, COUNTY, "listHazards", [{**page, "scope_county": "150622"}]),
        "list of 20, town": measure(database, TOWN, "listHazards", [{**page, "scope_town": "150622203"}]),
        "list of 20, one unit": measure(database, COUNTY, "listHazards",
                                        [{**page, "scope_county": "150622", "unit_id": u} for u in units]),
        "overdue, city": measure(database, CITY, "listHazards", [{**page, "scope_city": "1506", "overdue": "true"}]),
        "overdue, town": measure(database, TOWN, "listHazards", [{**page, "scope_town": "150622203", "overdue": "true"}]),
        "duplicates of one": measure(database, COUNTY, "getHazardDuplicates", [{"hazard_id": h} for h in hazards]),
        "figures of a quarter, county": measure(database, COUNTY, "listHazardStatistics",
                                                [{"limit": "50", "period": "2026-Q3", "group_by": "all", "scope_county": "150622"}]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sizes", default="100000,500000,1000000")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    cluster = Cluster()
    try:
        database = Database(cluster, "hazards", find_binary())
        rounds, have = [], 0
        for size in sizes:
            seconds = make(database, options.seed, have, size)
            rounds.append(round_of(database))
            bytes_of = database.value("select sum(pg_total_relation_size(inhrelid)) from pg_inherits where inhparent ="
                                      " 'anze.hazard'::regclass")
            print(f"{size} hazards (seed {options.seed}): made in {seconds:.0f} s, {bytes_of / 2**20:.0f} MiB", file=sys.stderr, flush=True)
            have = size
        print("| ms, median | " + " | ".join(f"{size:,}" for size in sizes) + " | last/first |\n|---|" + "---:|" * (len(sizes) + 1))
        for name in rounds[0]:
            values = [r[name] for r in rounds]
            print(f"| {name} | " + " | ".join(f"{v:.2f}" for v in values) + f" | {values[-1] / values[0]:.2f} |")
    finally:
        cluster.close()


if __name__ == "__main__":
    main()
