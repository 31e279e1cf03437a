"""The benchmark's output: progress on standard error, tables in markdown."""
import sys
from dataclasses import dataclass



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


# What the others are taken for: reads and lists against those who do the same, filing against the database itself.
WANTED = {"Rust, plain": 1.0, "Rust, multiplexed": 0.85}


def throughput_targets(results: dict) -> list[Target]:
    found = []
    for name, by in results.items():
        wanted = {"pgbench": 0.6} if name.startswith("file") else WANTED
        for rival in wanted:
            if rival in by:
                ratio = by["anze"].rps / by[rival].rps
                found.append(Target(f"{name}, against {rival}", ratio, f"at least {wanted[rival]:g} x",
                                    ratio >= wanted[rival], "{:.2f} x"))
        if name == "read one":
            cpu = by["anze"].cpu_us
            found.append(Target("CPU of the service per read", cpu, "at most 75 µs", cpu <= 75, "{:.0f} µs"))
    return found


def throughput(results: dict) -> str:
    """Requests per second, and anze's as a share of each other's."""
    contestants = list(next(iter(results.values())))
    rates = table(["requests/s", *contestants], [
        [name, *(number(by[one].rps) if one in by else "" for one in contestants)] for name, by in results.items()])
    others = [one for one in contestants if one != "anze"]
    ratios = table(["anze against", *others], [
        [name, *(f"{by['anze'].rps / by[one].rps:.2f} x" if one in by else "" for one in others)]
        for name, by in results.items()])
    return rates + ("\n\n" + ratios if others else "")


def resources(results: dict) -> str:
    rows = []
    for name, by in results.items():
        for one, figures in by.items():
            rows.append([f"{name}: {one}", number(figures.p50_ms, 1), number(figures.p99_ms, 1),
                         number(figures.cpu_us), number(figures.database_us), number(figures.switches, 1),
                         number(figures.database_switches, 1), number(figures.mib, 1), number(figures.bytes)])
    return table(["", "p50 ms", "p99 ms", "service CPU µs/request", "database CPU µs/request",
                  "switches/request, service", "the same, database", "MiB resident", "bytes/answer"], rows)


def audit(by: dict) -> str:
    return table(["file a report", "requests/s", "database CPU µs/request"], [
        [name, number(figures.rps), number(figures.database_us)] for name, figures in by.items()])


def memory(measured: dict[str, float]) -> str:
    return table(["2,000 connections", "MiB resident"], [[name, number(mib, 1)] for name, mib in measured.items()])


def slow(measured) -> str:
    return table(["16 clients, 50 lists/s each", "p99 ms", "p99 ms of the worst client"], [
        ["alone", number(measured.alone_p99_ms, 2), number(measured.alone_worst_ms, 2)],
        [f"beside a statement of one second ({measured.statements} in a row)", number(measured.beside_p99_ms, 2),
         number(measured.beside_worst_ms, 2)]])


def tuning(rows: list, memories: dict, slows: dict) -> str:
    speeds = table(["event threads", "shared", "read one/s", "p99 ms", "CPU µs", "list city/s", "p99 ms", "CPU µs",
                    "list county/s", "p99 ms", "CPU µs", "file/s", "p99 ms", "CPU µs"], [
        [threads, shared, *(text for one in figures
                          for text in (number(one.rps), number(one.p99_ms, 1), number(one.cpu_us)))]
        for threads, shared, figures in rows])
    others = table(["shared", "MiB, 2,000 idle", "MiB, after a request each", "worst p99 alone ms",
                    "beside a slow statement ms", "ratio"], [
        [shared, number(memory["opened"], 1), number(memory["after a request each"], 1),
         number(slows[shared].alone_worst_ms, 2), number(slows[shared].beside_worst_ms, 2),
         f"{slows[shared].ratio:.2f} x"] for shared, memory in memories.items()])
    return speeds + "\n\n" + others
