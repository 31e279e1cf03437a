#!/usr/bin/env python3
"""The ground before and after: two versions of the project beside each other, in one run on one machine.

    git worktree add --detach FOLDER main
    tests/.venv/bin/python tests/bench/compare.py --before FOLDER [--quick] [--sizes units=8000,years=5,…]

Both are built as for a release, in their own folders. One cluster has a database of each, migrated by its own program and
filled with the same data from a printed seed, through what both versions have: the program's import, the functions that plan
duties, and the statements of the service with its login, its context and its kept plans. Then both are measured in turns.
README.md says what is measured and how."""
import argparse
import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ground
import tables
import weighed
from calls import ROOT
from machine import Cluster, Failure, description, today, work_folder
from sides import Side

SETTINGS = """
max_connections = 40
autovacuum = off
fsync = off
full_page_writes = off
shared_buffers = 1GB
maintenance_work_mem = 128MB
"""


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, required=True, metavar="CHECKOUT", help="a folder with the other version")
    parser.add_argument("--after", type=Path, default=ROOT, metavar="CHECKOUT", help="this one, unless told")
    parser.add_argument("--quick", action="store_true", help="small sizes: a minute, to see that it works")
    parser.add_argument("--sizes", default="", metavar="NAME=N,…", help=", ".join(
        f"{size.name} ({size.default})" for size in dataclasses.fields(ground.Sizes)))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        given = {name: int(value) for name, value in (one.split("=") for one in options.sizes.split(",") if one)}
        options.sizes = dataclasses.replace(ground.QUICK if options.quick else ground.Sizes(), **given)
    except (TypeError, ValueError):
        parser.error("--sizes takes names and numbers: units=1000,years=2")
    return options


def revision(root: Path) -> str:
    done = subprocess.run(["git", "-C", str(root), "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or str(root)


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(title: str, what: str, found: weighed.Figures) -> str:
    rows = [[name, number(before), number(after), f"{after / before:.2f}" if before and after is not None else "–"]
            for name, (before, after) in found.items()]
    return f"### {title}\n\n" + tables.table([what, "before", "after", "after/before"], rows)


def matrix(found: weighed.Figures) -> str:
    """Lists by scope: before, after."""
    lists = dict.fromkeys(name.rsplit(", ", 1)[0] for name in found)
    def cell(name: str) -> str:
        return ", ".join(number(value) for value in found.get(name, [None, None]))
    scopes = ("city", "county", "town", "unit")
    return tables.table(["before, after", *scopes], [[one, *(cell(f"{one}, {scope}") for scope in scopes)] for one in lists])


def grown(grounds: list[ground.Ground]) -> weighed.Figures:
    """MiB by table that a year takes, the audit apart."""
    def mib(number: int, chosen) -> float:
        return sum(size for name, size in grounds[number].bytes.items() if chosen(name)) / 2**20
    largest = sorted({name for g in grounds for name, size in g.bytes.items() if size > 2**17 and not name.startswith("audit.")},
                     key=lambda name: -max(g.bytes.get(name, 0) for g in grounds))
    found = {"the database without the audit": [mib(n, lambda name: not name.startswith("audit.")) for n in (0, 1)],
             "the audit": [mib(n, lambda name: name.startswith("audit.")) for n in (0, 1)]}
    return found | {name: [g.bytes[name] / 2**20 if name in g.bytes else None for g in grounds] for name in largest[:12]}


def measured(sides: list[Side], options: argparse.Namespace) -> str:
    sizes, seed, parts = options.sizes, options.seed, []
    grounds = ground.fill(sides, sizes, seed)

    def part(title: str, what: str, found: weighed.Figures) -> None:
        parts.append(table(title, what, found))
        tables.note(f"measured: {title}")
    part("Filing", "each", weighed.filing(sides, grounds, sizes, seed))
    by_cpu = weighed.lists(sides, grounds)
    by_clock = weighed.lists_by_pgbench(sides, grounds, sizes, by_cpu)
    rate = by_clock.pop("all of them, requests a second")
    parts.append(f"### Lists of 20: ms of CPU\n\n{matrix(by_cpu)}")
    parts.append(f"### The same by pgbench: ms, median\n\n{matrix(by_clock)}\n\nAll of these at random, one connection:"
                 f" {number(rate[0])} requests a second before, {number(rate[1])} after.")
    tables.note("measured: Lists")
    part("Deep pages", "ms of CPU", weighed.deep_pages(sides, grounds, 200))
    part("First use after connecting", "ms of CPU", weighed.first_use(sides, grounds, seed))
    part("Memory of a backend that has run every list, figure and filing", "one backend", weighed.memory(sides, grounds, seed))
    part("The city's quarter", "ms", weighed.figures(sides, grounds))
    part("A year of a county: work", f"{sizes.hazards} hazards, {sizes.accidents} accidents",
         weighed.beside([[g.took] for g in grounds]))
    part("A year of a county: MiB", "grown by", grown(grounds))
    owed = [f"{int(side.sql('select count(*) from anze.obligation')):,}" for side in sides]
    return f"Obligations: {owed[0]} before, {owed[1]} after.\n\n" + "\n\n".join(parts)


def main() -> int:
    options, begun = read_options(), time.monotonic()
    load = os.getloadavg()[0]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # which stops the cluster too
    with contextlib.ExitStack() as stack:
        scratch = Path(tempfile.mkdtemp(prefix="anze-bench-"))
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        folder = work_folder(ROOT / "tests/.work/bench") / "compare"
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            shutil.chown(folder, folder.parent.owner())
            cluster = Cluster(folder, SETTINGS)
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            stack.callback(cluster.close)
            cluster.sql("postgres", "create role anze_owner login createrole")
            sides = [Side(name, root.resolve(), cluster, scratch)
                     for name, root in (("before", options.before), ("after", options.after))]
            body = measured(sides, options)
        except Failure as failure:
            print(f"tests/bench/compare.py: {failure}", file=sys.stderr)
            return 1
    sizes = ", ".join(f"{name} {value:,}" for name, value in dataclasses.asdict(options.sizes).items())
    report = (f"Before: {revision(options.before)}, after: {revision(options.after)}. Measured {today()} on {description()};"
              f" {sizes}; seed {options.seed}; load {load:.1f} at the beginning, {os.getloadavg()[0]:.1f} at the end; {time.monotonic() - begun:.0f} s.\n\n{body}\n")
    out = Path(__file__).resolve().parent / "out/compare.md"
    out.parent.mkdir(exist_ok=True)
    out.write_text(report, encoding="utf-8")
    print("\n" + report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
