"""The benchmark's output: progress on standard error, tables in markdown."""
import sys
from dataclasses import dataclass

PLAIN, CONTEXT = "fastify, without", "fastify, with context"


def note(text: str) -> None:
    print(f"    {text}", file=sys.stderr, flush=True)


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join(["---"] + ["---:"] * (len(head) - 1)) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def number(value: float | None, places: int = 0) -> str:
    return "" if value is None else f"{value:,.{places}f}"


@dataclass
class Target:
    what: str
    value: float
    wanted: str
    is_reached: bool
    form: str


def targets(chosen: list[Target]) -> str:
    return table(["target", "wanted", "measured", ""], [
        [one.what, one.wanted, one.form.format(one.value), "reached" if one.is_reached else "**missed**"]
        for one in chosen]) if chosen else ""


def throughput_targets(results: dict) -> list[Target]:
    found = []
    for name, by in results.items():
        of_pgbench = 100 * by["anze"].rps / by["pgbench"].rps
        if name == "read one":
            for twin in (CONTEXT, PLAIN):
                ratio = by["anze"].rps / by[twin].rps
                found.append(Target(f"read one, against {twin}", ratio, "at least 4 x", ratio >= 4, "{:.2f} x"))
            found.append(Target("CPU of the service per read", by["anze"].cpu_us, "at most 80 µs",
                                by["anze"].cpu_us <= 80, "{:.0f} µs"))
        else:
            wanted = 60 if name.startswith("file") else 70
            found.append(Target(f"{name}, against pgbench", of_pgbench, f"at least {wanted} %", of_pgbench >= wanted,
                                "{:.0f} %"))
    return found


def throughput(results: dict) -> str:
    """Requests per second, and anze's as a share of each other's."""
    contestants = list(next(iter(results.values())))
    rates = table(["requests/s", *contestants], [
        [name, *(number(by[one].rps) for one in contestants)] for name, by in results.items()])
    others = [one for one in contestants if one != "anze"]
    ratios = table(["anze against", *others], [
        [name, *(f"{by['anze'].rps / by[one].rps:.2f} x" for one in others)] for name, by in results.items()])
    return rates + "\n\n" + ratios


def resources(results: dict) -> str:
    rows = []
    for name, by in results.items():
        for one, figures in by.items():
            if one != "pgbench":
                rows.append([f"{name}: {one}", number(figures.p50_ms, 1), number(figures.p99_ms, 1),
                             number(figures.cpu_us), number(figures.database_us), number(figures.mib, 1),
                             number(figures.bytes)])
            else:
                rows.append([f"{name}: {one}", "", "", "", number(figures.database_us), "", ""])
    return table(["", "p50 ms", "p99 ms", "service CPU µs/request", "database CPU µs/request", "MiB resident",
                  "bytes/answer"], rows)


def audit(by: dict) -> str:
    return table(["file a report", "requests/s", "database CPU µs/request"], [
        [name, number(figures.rps), number(figures.database_us)] for name, figures in by.items()])


def memory(measured: dict[str, float]) -> str:
    return table(["2,000 connections", "MiB resident"], [[name, number(mib, 1)] for name, mib in measured.items()])


def slow(measured) -> str:
    return table(["16 clients, 25 requests/s each", "p99 ms", "p99 ms of the worst client"], [
        ["alone", number(measured.alone_p99_ms, 2), number(measured.alone_worst_ms, 2)],
        [f"beside a statement of one second ({measured.statements} in a row)", number(measured.beside_p99_ms, 2),
         number(measured.beside_worst_ms, 2)]])


def tuning(rows: list, memories: dict, slows: dict) -> str:
    speeds = table(["workers", "pool", "read one/s", "p99 ms", "CPU µs", "list city/s", "p99 ms", "CPU µs",
                    "list county/s", "p99 ms", "CPU µs", "file/s", "p99 ms", "CPU µs"], [
        [workers, pool, *(text for one in figures
                          for text in (number(one.rps), number(one.p99_ms, 1), number(one.cpu_us)))]
        for workers, pool, figures in rows])
    others = table(["workers", "MiB, 2,000 idle", "MiB, after a request each", "worst p99 alone ms",
                    "beside a slow statement ms", "ratio"], [
        [workers, number(memory["opened"], 1), number(memory["after a request each"], 1),
         number(slows[workers].alone_worst_ms, 2), number(slows[workers].beside_worst_ms, 2),
         f"{slows[workers].ratio:.2f} x"] for workers, memory in memories.items()])
    return speeds + "\n\n" + others
