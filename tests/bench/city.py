"""The lists of a whole city, each beside pgbench with the same statements: tests/bench/run --city [--units 60000].

A city of people.py is imported by the program itself, its duties are planned by its own sweep, a year back and a month
ahead, and what fell due was mostly done; hazards are made by hazards.sql. So every list has what it has in a city."""
import subprocess
import tempfile
import time
from pathlib import Path

import people
import tables
from bench import BENCH, Bench, Data, Failure, Workload, compare
from calls import Call, Contract, Principal
from machine import today

HAZARDS = 200_000
ROLE = "city_officer"


class City(Data):
    prefix = "city_"

    def described(self) -> str:
        return f"{self.options.units} units (seed {self.options.seed}), {HAZARDS} hazards"

    def fingerprint(self) -> str:
        return f"{super().fingerprint()[:8]}_{self.options.units}"

    def fill(self) -> None:
        tables.note(f"loading a city of {self.described()}; this is done once for a state of sql/")
        made = people.City(self.options.seed, self.options.units, self.options.units * 20 // 3)
        with tempfile.TemporaryDirectory(prefix="anze-bench-") as folder:
            for name, rows in (("regions", made.regions), ("units", made.units), ("people", made.people()),
                               ("appointments", made.appointments())):
                path = Path(folder) / f"{name}.csv"
                people.write(path, rows, "csv")
                self.take(name, path)
        self.plan()
        self.cluster.script("loading", BENCH / "hazards.sql")
        for first in range(1, HAZARDS, 50_000):
            self.cluster.sql("loading", "set session_replication_role = replica",
                             f"select bench.hazards({self.options.seed}, {first}, {first + 49_999})")
        self.cluster.script("loading", BENCH / "city.sql")

    def take(self, name: str, path: Path) -> None:
        done = subprocess.run([str(self.options.binary), "import", name, str(path)], capture_output=True, text=True, env={
            "PATH": "/usr/bin:/bin", "ANZE_OWNER_DATABASE_URL": self.cluster.url("loading", "anze_owner"),
            "ANZE_DATABASE_URL": self.cluster.url("loading", "anze_service")})
        if done.returncode:
            raise Failure(f"anze import {name} failed:\n{done.stdout}{done.stderr}")
        tables.note(done.stdout.strip().splitlines()[0])

    def plan(self) -> None:
        """By the sweep's own step, as two replicas would."""
        sql, begun = self.cluster.sql, time.monotonic()
        sql("loading", "update anze.duty_work set begins_on = current_date - 365, plan_from = current_date - 365",
            "vacuum analyze")
        replicas = [subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c",
                                      "do $$ begin while anze.sweep(2, 200) > 0 loop commit; end loop; end $$",
                                      self.cluster.url("loading", "anze_service")]) for _ in range(2)]
        if any(replica.wait() for replica in replicas):
            raise Failure("planning failed")
        tables.note(f"planned {sql('loading', 'select count(*) from anze.obligation')} obligations in"
                    f" {time.monotonic() - begun:.0f} s")


def workloads(data: Data, contract: Contract, _options) -> list[Workload]:
    def officer(code: str) -> Principal:
        return Principal(f"officer-{code}", contract.scopes(ROLE), region=code)

    def ask(query: str) -> list[str]:
        return data.cluster.sql(data.name, query).splitlines()

    counties = [officer(code) for code in ask("select code from anze.region where parent_code = '150600' order by 1")]
    towns = [officer(code) for code in ask("select town from anze.obligation where is_open and town is not null"
                                           " group by 1 order by count(*) desc limit 24")]
    units = [Principal(f"unit-{unit}", contract.scopes("enterprise_reporter"), unit=unit) for unit in ask(
        "select unit_id from anze.obligation where is_open and unit_kind = 'enterprise' group by 1 order by md5(unit_id::text)"
        " limit 24")]
    found = []
    for operation, what, query in (("listObligations", "overdue duties", {"state": "overdue"}), ("listDeadlines", "deadlines", {}),
                                   ("listHazards", "hazards", {}), ("listHazards", "overdue hazards", {"overdue": "true"}),
                                   ("listUnits", "units", {}), ("listPeople", "people", {}), ("listLights", "lights", {})):
        for scope, callers in (("city", [officer("1506")]), ("county", counties), ("town", towns), ("unit", units)):
            calls = [Call(operation, caller, query={"limit": "20", **query}) for caller in callers]
            found.append(Workload(f"list of {what}, {scope}", calls, {}, "list"))
    return found + summaries(officer("1506"), counties)


def last_quarter() -> str:
    day = today()
    year, quarter = divmod(day.year * 4 + (day.month - 1) // 3 - 1, 4)
    return f"{year}-Q{quarter + 1}"


def summaries(city: Principal, counties: list[Principal]) -> list[Workload]:
    """What is asked once a morning, not a thousand times a second: told in milliseconds of one client."""
    def of(name: str, operation: str, callers: list[Principal], **query: str) -> Workload:
        return Workload(name, [Call(operation, caller, query=query) for caller in callers], {}, "summary")
    return [
        of("a quarter of the city by clause", "getCompliance", [city], period=last_quarter(), group_by="clause"),
        of("league of its counties", "getLeagueTable", [city], period=last_quarter()),
        of("missed twice running, county", "listRepeatMisses", counties, limit="20"),
        of("lights of the city by region", "getRegionLights", [city]),
        of("figures of hazards, city", "listHazardStatistics", [city], period=last_quarter(), group_by="region"),
    ]


def measure(bench: Bench) -> str:
    lists = [workload for workload in bench.workloads if workload.step == "list"]
    anze = bench.start_anze()
    rows = []
    for workload in (w for w in bench.workloads if w.step == "summary"):
        result = bench.load(anze.port, workload, bench.options.seconds / 2, clients=1)
        rows.append([workload.name, tables.number(result["p50_us"] / 1000, 1), tables.number(result["p99_us"] / 1000, 1)])
    anze.stop()
    results = compare(bench, lists, {"pgbench"})
    return "\n\n".join([tables.targets(tables.throughput_targets(results)), tables.throughput(results),
                        tables.table(["one client", "p50 ms", "p99 ms"], rows)])
