"""What both versions get before they are measured (compare.py): a city from the same files, years of its duties, a year of
hazards and accidents of one county that is filed through the service's own statements, and is itself a figure."""
import json
import random
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import asked
import people
import tables
from machine import Failure, cpu_seconds
from sides import Session, Side

BATCH = 500
SUBSIDIARIES = 200


@dataclass
class Sizes:
    units: int = 8000
    years: int = 5
    hazards: int = 2000
    accidents: int = 100
    copies: int = 20000
    points: int = 1000
    spots: int = 20000
    filings: int = 300
    seconds: int = 20


QUICK = Sizes(units=600, years=1, hazards=40, accidents=8, copies=1600, points=100, spots=1000, filings=40, seconds=4)


@dataclass
class Ground:
    """What was made on one side, and what it took."""
    place: asked.Place
    then: str = ""  # a moment at which the last quarter was not settled yet
    hazards: list[str] = field(default_factory=list)
    accidents: list[str] = field(default_factory=list)
    took: dict[str, float] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)


def both(work, sides: list[Side]) -> list:
    """The same work on each side at once, as there are two cores; what each gave."""
    found: dict[int, object] = {}

    def one(number: int) -> None:
        try:
            found[number] = work(sides[number])
        except BaseException as failure:  # told by whoever waits
            found[number] = failure
    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(sides))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in found.values():
        if isinstance(result, BaseException):
            raise result
    return [found[number] for number in range(len(sides))]


# ---- the city and its duties ----

def city(sizes: Sizes, seed: int, folder: Path) -> None:
    """Files to import. A group of the county answers for two hundred of its enterprises."""
    made = people.City(seed, sizes.units, sizes.units * 5)
    ours = [unit for unit in made.units if unit["kind"] == "enterprise" and unit["region_code"].startswith(asked.COUNTY)]
    group = made._add("enterprise_group", "示例能源控股集团有限公司", ours[0]["region_code"], made.government[asked.COUNTY])
    made.units.insert(made.units.index(ours[0]), made.units.pop())
    for number, unit in enumerate(ours):
        unit["sector"] = unit["sector"] if number % 3 else "coal"
        if number < SUBSIDIARIES:
            unit["accountable_to"] = group
    for name, rows in (("regions", made.regions), ("units", made.units), ("people", made.people()),
                       ("appointments", made.appointments())):
        people.write(folder / f"{name}.csv", rows, "csv")


def owed(side: Side, sizes: Sizes) -> str:
    """Years of duties, mostly done; the moment before the last quarter was settled."""
    begins, last_day = f"anze.today() - {365 * sizes.years}", asked.last_quarter()[1]
    service = "set anze.reach = 'service'; set anze.actor = 'bench'; set synchronous_commit = off; set jit = off;"
    quarter = f"o.period_end > date '{last_day}' - 92 and o.period_end <= date '{last_day}'"
    with Session(side, "anze_owner") as owner:
        owner.sql(service)
        owner.sql(f"update anze.duty_work set begins_on = {begins}")
        units = [row[0] for row in side.rows("select id from anze.unit order by id")]
        for first in range(0, len(units), BATCH):
            some = ",".join(units[first:first + BATCH])
            owner.sql(f"select anze.plan_obligations('{{{some}}}', {begins}, anze.plan_horizon())")
        owner.sql("update anze.duty_work set plan_from = null, planned_until = anze.plan_horizon()")
    with Session(side, "anze_owner") as owner:
        # The triggers join what was with what is; a session that planned keeps their plan for no rows at all.
        owner.sql(service + "set enable_nestloop = off")
        done(owner, f"not ({quarter})")
        side.sql("vacuum analyze")
        then = owner.sql("select clock_timestamp()")
        done(owner, f"{quarter} and o.county is distinct from '{asked.COUNTY}'")
    with Session(side, "anze_owner") as owner:
        owner.sql(service)
        served(owner, f"{quarter} and o.county = '{asked.COUNTY}'")
    return then or ""


def done(owner: Session, of: str) -> None:
    """Most of what fell due, four fifths of it in time."""
    owner.sql("update anze.obligation o set state = case when abs(hashtextextended(o.duty || o.period_start || o.region_code, 1))"
              " % 100 < 80 then 'done' else 'done_late' end, done_count = o.required, done_on = o.period_end - 1"
              f" where o.missed_from < now() and {of} and abs(hashtextextended(o.duty || o.period_start || o.region_code, 2)) % 100 < 94")


def served(owner: Session, of: str) -> None:
    """By records, as the service counts them."""
    owner.sql("create temporary table served as select o.id, o.unit_id, o.region_code, o.sector, o.holder_id, o.period_start,"
              " d.record_kinds[1] as kind, row_number() over () as n from anze.obligation o join anze.duty d on d.code = o.duty"
              f" and d.version = o.duty_version where {of} and o.state = 'open' and o.event_id is null")
    owner.sql("insert into anze.duty_record (kind, unit_id, person_id, on_day, for_period, title, content, region_code,"
              " sector) select kind, unit_id, holder_id, period_start + 20, period_start, '季度工作', '{}', region_code, sector"
              " from served where n % 5 < 3")
    for first in range(0, int(owner.sql("select count(*) from served") or 0), BATCH):
        owner.sql("select anze.settle_obligations(array(select id from served where n % 5 < 3"
                  f" and n between {first + 1} and {first + BATCH}))")


# ---- a year of a county ----

def year(side: Side, at: asked.Place, sizes: Sizes, seed: int, ground: Ground) -> None:
    rng, official = random.Random(seed), asked.inspector(side, at)
    units = at.subsidiaries + at.units
    with side.session() as session:
        before = written(side, session)
        for number in range(sizes.hazards):
            unit = rng.choice(units)
            answer = session.ask(asked.hazard(official, unit, rng, hours=1 + 8700 * number / sizes.hazards))
            made = json.loads(answer["body"])
            ground.hazards.append(made["id"])
            case = made["case"]
            for who, action, photo, fields in asked.life(side, at, unit)[:4 if number % 10 else rng.randrange(4)]:
                case = json.loads(session.ask(asked.step(who, case, action, photo, **fields))["body"])
        hazards = written(side, session)
        for number in range(sizes.accidents):
            unit = rng.choice([unit for unit in units if at.sectors[unit] == "coal"] if number % 2 else units)
            who = asked.of_unit(side, unit)
            made = json.loads(session.ask(asked.accident(who, unit, at.regions[unit], rng))["body"])
            ground.accidents.append(made["id"])
            session.ask(asked.report(who, made["id"], "follow_up"))
            session.ask(asked.report(who, made["id"], "supplement", figures={"deaths": 1 + number % 3}))
            if number % 2:
                session.ask(asked.report(who, made["id"], "final", figures={"missing": 0}))
        accidents = written(side, session)
    for name, since, until, count in (("hazards with their lives", before, hazards, sizes.hazards),
                                      ("accidents with their reports", hazards, accidents, sizes.accidents)):
        ground.took |= {f"{name}: s of CPU": until[0] - since[0], f"{name}: rows each": (until[1] - since[1]) / count}


def written(side: Side, session: Session) -> tuple[float, int]:
    """CPU seconds of the session's backend, rows written in the database."""
    session.sql("select pg_stat_force_next_flush()")
    session.sql("select 1")
    rows = side.sql("select tup_inserted + tup_updated + tup_deleted from pg_stat_database where datname = current_database()")
    return cpu_seconds(session.pid), int(rows)


def sizes_of(side: Side) -> dict[str, int]:
    """Bytes by table, partitions with theirs."""
    return {name: int(size) for name, size in side.rows(
        "select coalesce(pg_partition_root(c.oid), c.oid)::regclass, sum(pg_total_relation_size(c.oid)) from pg_class c"
        " where c.relkind in ('r', 'p', 'm') and c.relnamespace::regnamespace::text in ('anze', 'audit') group by 1")}


# ---- what lists need beside ----

def copied(side: Side, table: str, count: int, changed: dict[str, str], settings: str) -> None:
    """Rows of one table again, under other ids that begin like their own: a.… is the row, n tells its copies apart."""
    names = [name for name, in side.rows(
        f"select quote_ident(attname) from pg_attribute where attrelid = '{table}'::regclass and attnum > 0"
        " and not attisdropped and attgenerated = '' and attidentity = '' order by attnum")]
    other = {"id": "overlay(a.id::text placing left(md5(a.id::text || n), 12) from 25)::uuid", **changed}
    values = ", ".join(other.get(name, f"a.{name}") for name in names)
    side.sql("set jit = off", settings, f"insert into {table} ({', '.join(names)}) select {values} from {table} a,"
             f" generate_series(1, greatest({count} / (select count(*) from {table}), 1)) n")


def copy_accidents(side: Side, count: int) -> None:
    """The rows of accidents alone, on other days: lists read nothing else."""
    copied(side, "anze.accident", count, {name: f"a.{name} - n * interval '1 hour'" for name in
                                          ("occurred_at", "learned_at", "reported_at")},
           "set session_replication_role = replica")


def risk_points(side: Side, at: asked.Place, sizes: Sizes, seed: int) -> None:
    rng, official = random.Random(seed), asked.scopes_of(side, at)["city"]
    units = [unit for unit, region in at.regions.items() if at.sectors[unit] and region.startswith("1506")]
    with side.session() as session:
        for number in range(sizes.points):
            unit = rng.choice(units)
            made = session.ask(asked.risk_point(official, unit, at.regions[unit], rng, number))
            session.ask(asked.assessment(asked.of_unit(side, unit), json.loads(made["body"]), rng))
    copied(side, "anze.risk_point", sizes.spots, {
        "name": "a.name || '-' || n", "lon": "109 + (hashtext(a.name || n) & 65535) * 0.00003",
        "lat": "38 + (hashtext(n || a.name) & 65535) * 0.00003"}, "set anze.reach = 'service'")


def swept(side: Side, seconds: float) -> None:
    """What time brings, by the service's own sweep, each step for a while."""
    with side.session() as session:
        place = 1
        while session.sql(f"select anze.sweep({place}, 0)") is not None:
            begun = time.monotonic()
            while time.monotonic() - begun < seconds and int(session.sql(f"select anze.sweep({place}, 200)") or 0) > 0:
                pass
            place += 1


def fill(sides: list[Side], sizes: Sizes, seed: int) -> list[Ground]:
    with tempfile.TemporaryDirectory(prefix="anze-bench-") as folder:
        city(sizes, seed, Path(folder))

        def make(side: Side) -> Ground:
            begun = time.monotonic()

            def told(what: str) -> None:
                tables.note(f"{side.name}: {what} after {time.monotonic() - begun:.0f} s")
            with Session(side, "anze_owner") as owner:
                owner.sql(Path(__file__).with_name("decade.sql").read_text(encoding="utf-8"))
            for name in ("regions", "units", "people", "appointments"):
                side.anze("import", name, f"{folder}/{name}.csv")
            side.sql("vacuum analyze")
            told("imported")
            ground = Ground(asked.place(side))
            if not ground.place.subsidiaries:
                raise Failure("the city has no group of enterprises: more units, please")
            ground.then = owed(side, sizes)
            told(f"owed {side.sql('select count(*) from anze.obligation')}")
            before = sizes_of(side)
            year(side, ground.place, sizes, seed, ground)
            ground.bytes = {name: size - before.get(name, 0) for name, size in sizes_of(side).items()}
            told("a year filed")
            copy_accidents(side, sizes.copies)
            risk_points(side, ground.place, sizes, seed)
            swept(side, 1 if sizes.units < 1000 else 5)
            side.sql("vacuum analyze", "checkpoint")
            told("filled")
            return ground
        return both(make, sides)
