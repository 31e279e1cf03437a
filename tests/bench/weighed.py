"""How both versions are measured (compare.py): in turns, before after after before, each figure of one connection."""
import json
import os
import random
import statistics
import subprocess
import time
from pathlib import Path

import asked
from calls import Call, Script
from ground import Ground, Sizes, written
from machine import BIN, SESSION, Failure
from sides import Session, Side

Figures = dict[str, list[float | None]]  # by name: before, after
SLOW_MS = 100  # what takes longer is no request of a list by the thousand: measured alone


def in_turns(sides: list[Side], measure) -> list[list]:
    """measure(number of the side), A B B A; two results of each."""
    found: list[list] = [[], []]
    for number in (0, 1, 1, 0):
        found[number].append(measure(number))
    return found


def beside(found: list[list[dict[str, float]]]) -> Figures:
    """Medians of what both rounds gave."""
    names = dict.fromkeys(name for side in found for one in side for name in one)
    def middle(side: list[dict[str, float]], name: str) -> float | None:
        values = [one[name] for one in side if name in one]
        return statistics.median(values) if values else None
    return {name: [middle(side, name) for side in found] for name in names}


def cpu_ns(pid: int) -> int:
    """Time on a processor, finer than the ticks of stat."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def milliseconds(session: Session, call: Call, times: int) -> float:
    """Of CPU of the backend, the median: what others do on the machine disturbs it least."""
    taken = []
    for _ in range(times):
        begun = cpu_ns(session.pid)
        session.ask(call)
        taken.append((cpu_ns(session.pid) - begun) / 1e6)
    return statistics.median(taken)


def by_clock(session: Session, call: Call, times: int = 3) -> float:
    taken = []
    for _ in range(times):
        begun = time.monotonic()
        session.ask(call)
        taken.append(1000 * (time.monotonic() - begun))
    return statistics.median(taken)


def quick_or_once(session: Session, call: Call) -> float:
    milliseconds(session, call, 2)
    once = milliseconds(session, call, 1)
    return once if once > SLOW_MS else milliseconds(session, call, 7)


# ---- filing ----

def filing(sides: list[Side], grounds: list[Ground], sizes: Sizes, seed: int) -> Figures:
    def calls(number: int, rng: random.Random) -> dict[str, list[Call]]:
        side, at = sides[number], grounds[number].place
        some = [rng.choice(at.units) for _ in range(sizes.filings // 2)]
        few = some[:max(len(some) // 2, 15)]
        return {"hazard": [asked.hazard(asked.inspector(side, at), unit, rng) for unit in some],
                "accident": [asked.accident(asked.of_unit(side, unit), unit, at.regions[unit], rng) for unit in few]}

    def measure(number: int) -> dict[str, float]:
        side, found = sides[number], {}
        for name, all_calls in calls(number, random.Random(seed)).items():
            with side.session() as session:
                for call in all_calls[:10]:
                    session.ask(call)
                rest = all_calls[10:]
                rows, wal, cpu = written(side, session)[1], position(side), cpu_ns(session.pid)
                begun = time.monotonic()
                for call in rest:
                    session.ask(call)
                each = 1 / len(rest)
                found |= {f"{name}: ms of CPU": (cpu_ns(session.pid) - cpu) * each / 1e6,
                          f"{name}: ms": 1000 * (time.monotonic() - begun) * each,
                          f"{name}: KiB of WAL": (position(side) - wal) * each / 1024,
                          f"{name}: rows written": (written(side, session)[1] - rows) * each}
        return found
    return beside(in_turns(sides, measure))


def position(side: Side) -> int:
    return int(side.sql("select pg_current_wal_insert_lsn() - '0/0'").split(".")[0])


# ---- lists ----

def lists(sides: list[Side], grounds: list[Ground]) -> Figures:
    """All of them in one connection with kept plans, as a connection of the service has them."""
    def measure(number: int) -> dict[str, float]:
        side = sides[number]
        with side.session() as session:
            return {name: quick_or_once(session, call) for name, call in asked.lists(side, grounds[number].place).items()}
    return beside(in_turns(sides, measure))


def lists_by_pgbench(sides: list[Side], grounds: list[Ground], sizes: Sizes, cpu: Figures) -> Figures:
    """Without those that are too slow to be asked by the thousand, on either side."""
    slow = {name for name, both in cpu.items() if any(value is not None and value > SLOW_MS for value in both)}
    def measure(number: int) -> dict[str, float]:
        calls = asked.lists(sides[number], grounds[number].place)
        return by_pgbench(sides[number], {name: call for name, call in calls.items() if name not in slow}, sizes.seconds)
    return beside(in_turns(sides, measure))


def by_pgbench(side: Side, calls: dict[str, Call], seconds: int) -> dict[str, float]:
    command = [BIN + "pgbench", "-n", "-M", "prepared", "-c", "1", "-T", str(seconds), "-D", "rows=1", "--random-seed", "1",
               "-l", "--log-prefix", str(side.scratch / "pgbench"), "-h", str(side.cluster.socket), "-U", "anze_service"]
    for number, call in enumerate(calls.values()):
        script = Script(number, call, side.contract, {})
        path = side.scratch / f"list-{number}.sql"
        path.write_text(script.text, encoding="utf-8")
        command += ["-f", str(path)]
        for name, value in script.variables.items():
            command += ["-D", f"{name}={value}"]
    done = subprocess.run([*command, side.name], capture_output=True, text=True, cwd=side.scratch, env={
        **os.environ, "PGOPTIONS": SESSION + " -c statement_timeout=0"})
    if done.returncode or "number of failed transactions: 0 " not in done.stdout:
        raise Failure(f"{side.name}: pgbench failed:\n{done.stdout[-500:]}\n{done.stderr[-1500:]}")
    taken: dict[int, list[float]] = {}
    for path in side.scratch.glob("pgbench.*"):
        for line in path.read_text().splitlines():
            words = line.split()
            taken.setdefault(int(words[3]), []).append(int(words[2]) / 1000)
        path.unlink()
    # The first times of each plan it, and touch what no other has touched.
    every = sum(map(len, taken.values())) / sum(map(sum, taken.values())) * 1000
    return {"all of them, requests a second": every, **{
        name: statistics.median(taken[number][2:] or taken[number]) for number, name in enumerate(calls) if number in taken}}


# ---- deep pages ----

def deep_pages(sides: list[Side], grounds: list[Ground], page: int) -> Figures:
    """Page `page` of twenty, as far as there are so many, beside the first."""
    def calls(number: int) -> dict[str, Call]:
        side, found = sides[number], {}
        with side.session() as session:
            for name, call in asked.lists(side, grounds[number].place).items():
                if name.rsplit(", ", 1)[0] in asked.DEEP and name.endswith(("city", "county", "unit")):
                    reached, place = walked(session, call, page)
                    if reached:
                        found |= {f"{name}: first": call, f"{name}: page {place}": reached}
        return found
    called = [calls(number) for number in (0, 1)]

    def measure(number: int) -> dict[str, float]:
        with sides[number].session() as session:
            return {name: quick_or_once(session, call) for name, call in called[number].items()}
    return beside(in_turns(sides, measure))


def walked(session: Session, call: Call, page: int) -> tuple[Call | None, int]:
    """The call that asks for that page of twenty, or for the last full one before, and its number."""
    query, number, step, last = dict(call.query), 1, 5, None
    while number < page:
        wide = Call(call.operation, call.principal, call.path, {**query, "limit": str(20 * step)})
        following = session.ask(wide).get("next")
        if not following:
            break
        for place, value in enumerate(json.loads(following), 1):
            query[f"after_{place}"] = value
        number += step
        last = Call(call.operation, call.principal, call.path, {**query, "limit": "20"})
    return last, number


# ---- a new connection ----

def reads(side: Side, ground: Ground) -> dict[str, Call]:
    who = asked.inspector(side, ground.place)
    found = {"read a hazard": Call("getHazard", who, path={"hazard_id": ground.hazards[0]}),
             "read an accident": Call("getAccident", who, path={"accident_id": ground.accidents[0]})}
    every = asked.lists(side, ground.place)
    for name in ("hazards", "accidents", "duties, overdue", "deadlines", "cases", "notices"):
        found[f"list of {name}, county"] = every[f"{name}, county"]
    return found


def first_use(sides: list[Side], grounds: list[Ground], seed: int) -> Figures:
    def measure(number: int) -> dict[str, float]:
        side, at, rng, found = sides[number], grounds[number].place, random.Random(seed), {}
        writes = {"file a hazard": asked.hazard(asked.inspector(side, at), at.units[0], rng),
                  "file an accident": asked.accident(asked.of_unit(side, at.units[1]), at.units[1], at.regions[at.units[1]], rng)}
        for name, call in {**reads(side, grounds[number]), **writes}.items():
            with side.session() as session:
                found[f"{name}: first"] = milliseconds(session, call, 1)
                found[f"{name}: again"] = milliseconds(session, call, 3)
        return found
    return beside(in_turns(sides, measure))


def memory(sides: list[Side], grounds: list[Ground], seed: int) -> Figures:
    """Of a backend that has prepared and run all of these once."""
    def measure(number: int) -> dict[str, float]:
        side, ground, rng = sides[number], grounds[number], random.Random(seed)
        at = ground.place
        calls = [*asked.lists(side, at).values(), *asked.figures(side, at, ground.then).values(), *reads(side, ground).values(),
                 asked.hazard(asked.inspector(side, at), at.units[0], rng),
                 asked.accident(asked.of_unit(side, at.units[1]), at.units[1], at.regions[at.units[1]], rng)]
        side.sql("grant select on pg_backend_memory_contexts to anze_service",
                 "grant execute on function pg_get_backend_memory_contexts to anze_service")
        with side.session() as session:
            empty = resident(session.pid)
            for call in calls:
                session.ask(call)
            def contexts(where: str) -> float:
                return int(session.sql(f"select sum(total_bytes) from pg_backend_memory_contexts where {where}") or 0) / 2**20
            return {"MiB in all contexts": contexts("true"), "MiB of plans": contexts("name like 'CachedPlan%'"),
                    "MiB of catalog caches": contexts("name in ('CacheMemoryContext', 'index info', 'relation rules')"),
                    "MiB of its own, resident": resident(session.pid), "MiB resident when connected": empty,
                    "statements": len(session.names)}
    return beside(in_turns(sides, measure))


def resident(pid: int) -> float:
    """MiB that are its own, without shared buffers."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("RssAnon:"))
    return int(line.split()[1]) / 1024


# ---- the city's quarter ----

def figures(sides: list[Side], grounds: list[Ground]) -> Figures:
    def measure(number: int) -> dict[str, float]:
        side, ground = sides[number], grounds[number]
        with side.session() as session:
            found = {}
            for name, call in asked.figures(side, ground.place, ground.then).items():
                found[f"{name}: CPU"] = quick_or_once(session, call)
                found[f"{name}: by the clock"] = by_clock(session, call)
            return found
    return beside(in_turns(sides, measure))
