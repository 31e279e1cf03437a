#!/usr/bin/env python3
"""A whole city's quarter as of past moments, at six million obligations a year: tests/.venv/bin/python tests/bench/quarter.py

A small city of people.py is imported and planned, its duties give the sums of a large one (quarter.sql, two minutes), and the
statements of the service are asked with the service's login, context and settings. CPU of the backend alone, and buffers."""
import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import people  # noqa: E402
from city import last_quarter  # noqa: E402
from conftest import find_binary  # noqa: E402
from harness.cluster import Cluster, Database  # noqa: E402
from harness.statement import expand  # noqa: E402

CITY = {"reach": "region", "region": "1506", "actor": "bench", "scopes": "compliance:read"}
SETTINGS = ("plan_cache_mode = force_generic_plan", "enable_bitmapscan = off")
ASKED = {"compliance by clause": ("getCompliance", {"group_by": "clause"}),
         "compliance by region": ("getCompliance", {"group_by": "region"}),
         "league of its counties": ("getLeagueTable", {})}
UNITS, PEOPLE, ROUNDS = 3000, 20_000, 4


def make(database: Database, seed: int) -> None:
    made = people.City(seed, UNITS, PEOPLE)
    with tempfile.TemporaryDirectory(prefix="anze-bench-") as folder:
        for name, rows in (("regions", made.regions), ("units", made.units), ("people", made.people()),
                           ("appointments", made.appointments())):
            path = Path(folder) / f"{name}.csv"
            people.write(path, rows, "csv")
            database.anze("import", name, str(path), check=True)
    with database.admin() as admin:
        admin.execute("update anze.duty_work set begins_on = current_date - 365, plan_from = current_date - 365")
        while admin.execute("select anze.sweep(2, 200)").fetchone()[0]:
            pass
        for statement in Path(__file__).with_name("quarter.sql").read_text(encoding="utf-8").split(";\n"):
            admin.execute(statement)


def cpu_ms(connection) -> float:
    return int(Path(f"/proc/{connection.info.backend_pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e6


def measure(database: Database, name: str, values: dict) -> tuple[float, int]:
    """The least CPU of some rounds in milliseconds, and the buffers of one."""
    text, parameters = expand(f"duties/{name}", {"scope_city": "1506", **values})
    literals = ", ".join("null" if p is None else "'" + p + "'" for p in parameters)
    with database.service(**CITY) as service:
        for setting in SETTINGS:
            service.execute(f"set {setting}")
        service.execute(f"prepare asked as {text}")
        taken = []
        for _ in range(ROUNDS):
            begun = cpu_ms(service)
            service.execute(f"execute asked ({literals})").fetchall()
            taken.append(cpu_ms(service) - begun)
        plan = service.execute(f"explain (analyze, buffers, format json) execute asked ({literals})").fetchone()[0][0]["Plan"]
    return min(taken), plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def moments(database: Database, period: str) -> dict[str, str | None]:
    first, last = database.value("select to_json(array[lower(d), upper(d)]) from anze.named_period(%s) d", period)
    return {name: database.value("select to_json((%s::date + %s * interval '1 day')::timestamp at time zone 'Asia/Shanghai')", day, days)
            for name, day, days in (("early in it", first, 9), ("in its midst", first, 60), ("after its end", last, 19))} | {"now": None}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cluster, period = Cluster(), last_quarter()
    try:
        database = Database(cluster, "quarter", find_binary())
        make(database, options.seed)
        at = moments(database, period)
        print(json.dumps({"period": period, "load": os.getloadavg(), **{
            what: database.value(f"select {count} from anze.{table}") for what, table, count in (
                ("obligations", "duty_tally", "sum(owed)::bigint"), ("sums", "duty_tally", "count(*)"), ("changes", "duty_change", "count(*)"))},
            "of the quarter": database.value("select array[sum(t.owed), count(*)]::bigint[] from anze.duty_tally t where t.period_end >"
                                             " lower(anze.named_period(%s)) and t.period_end <= upper(anze.named_period(%s))", period, period)}),
              file=sys.stderr)
        print("| ms of CPU (buffers) | " + " | ".join(at) + " |\n|---|" + "---:|" * len(at))
        for what, (name, values) in ASKED.items():
            cells = [measure(database, name, {**values, "period": period, **({"as_of": moment} if moment else {})}) for moment in at.values()]
            print(f"| {what} | " + " | ".join(f"{ms:.0f} ({buffers:,})" for ms, buffers in cells) + " |")
    finally:
        cluster.close()


if __name__ == "__main__":
    main()
