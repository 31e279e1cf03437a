"""The last release as its database knows it: a database that its own program made, the statements that its program sends,
and callers who send them as it does. How the files are made: tests/fault/last_release/make.py."""
import gzip
import json
import random
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

from . import tree
from .cluster import BIN, Cluster, Database
from .statement import expand_text

FOLDER = Path(__file__).parents[1] / "fault/last_release"
TRANSIENT, STALE = ("40001", "40P01"), ("0A000", "26000", "25006")  # what that program tries again, src/db/sqlstate.c
SESSION = ("-c statement_timeout=5000 -c lock_timeout=1000 -c search_path=pg_catalog -c TimeZone=UTC"
           " -c plan_cache_mode=force_generic_plan -c enable_bitmapscan=off")
GATE = "pg_advisory_xact_lock_shared(3615031, 1)"  # which each request of that program holds (MIGRATION_GATE)
HASH = "0" * 64
COUNTY = {"actor": "officer", "reach": "region", "region": "150622",
          "scopes": "accidents:read accidents:report hazards:read hazards:report cases:read duties:read notices:read"}


@cache
def statements() -> dict[str, str]:
    return json.loads(gzip.decompress((FOLDER / "statements.json.gz").read_bytes()))


class LastRelease(Database):
    """A migrated database of the last release, with the regions and units of tree.py."""

    def __init__(self, cluster: Cluster, name: str, binary: Path) -> None:  # pylint: disable=super-init-not-called
        self.cluster, self.name, self.binary = cluster, name, binary
        self.owner_url, self.service_url = cluster.url(name, "anze_owner"), cluster.url(name, "anze_service")
        with psycopg.connect(cluster.url("postgres", "admin"), autocommit=True) as admin:
            if not admin.execute("select from pg_roles where rolname = 'anze_service'").fetchone():
                admin.execute("create role anze_service login")
                admin.execute("grant anze_service to anze_owner with admin option")
        cluster.create_database(name, "template0")
        self.run_sql(self.owner_url, gzip.decompress((FOLDER / "schema.sql.gz").read_bytes()).decode())
        self.load_tree()

    @staticmethod
    def run_sql(url: str, text: str, **variables: object) -> None:
        done = subprocess.run([BIN + "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1",
                               *(f"--set={name}={value}" for name, value in variables.items()), url],
                              input=text, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"psql ended with {done.returncode}:\n{done.stderr[-2000:]}")

    def sweep(self) -> None:
        """Until nothing is due, as its sweeper does it."""
        with psycopg.connect(self.service_url, autocommit=True) as service:
            service.execute("select audit.create_partitions(1)")
            place = 1
            while (done := service.execute("select anze.sweep(%s, 500)", (place,)).fetchone()[0]) is not None:
                if done < 500:
                    place += 1

    def fill(self, rows: int) -> None:
        """About so many rows in each large table: fifty of each made by its statements, and copies of them."""
        caller = Caller(self, random.Random(1))
        for n in range(50):
            for call in (file_hazard, file_accident, file_record):
                caller.send(*call(n))
        caller.close()
        assert not [asked for asked in caller.asked if asked.fault], caller.asked
        obligations = max(1, self.value("select count(*) from anze.obligation"))
        entries = max(1, self.value("select count(*) from audit.entry"))
        self.run_sql(self.cluster.url(self.name, "admin"), (FOLDER / "rows.sql").read_text(encoding="utf-8"),
                     factor=max(1, rows // 50), obligations=max(1, rows // obligations), entries=max(1, rows // entries))


# ---- what is asked ----

ENTERPRISES = [unit for unit in tree.UNITS.values() if unit.kind == "enterprise" and unit.region_code.startswith("150622")]


def _unit(n: int) -> tree.Unit:
    return ENTERPRISES[n % len(ENTERPRISES)]


def ago(**step: float) -> str:
    from datetime import datetime, timedelta, timezone
    return (datetime.now(timezone(timedelta(hours=8))) - timedelta(**step)).isoformat(timespec="milliseconds")


def file_hazard(n: int) -> tuple:
    return "fileHazard", COUNTY, {"body": json.dumps({
        "unit_id": _unit(n).id, "description": f"带式输送机尾部护栏缺失{n}", "place": "主井口", "source": "inspection",
        "found_at": ago(minutes=1), "category": "equipment"})}


def file_accident(n: int) -> tuple:
    return "fileAccident", COUNTY, {"body": json.dumps({
        "unit_id": _unit(n).id, "occurred_at": ago(minutes=30), "learned_at": ago(minutes=20),
        "region_code": _unit(n).region_code, "place": f"{n}号工作面", "scene": "顶板垮落", "course": "有人被埋", "category": "12",
        "figures": {"deaths": n % 2, "missing": 1}, "measures": "已撤出人员", "reporter_name": "王某",
        "reporter_phone": "13800000000"})}


def file_record(n: int) -> tuple:
    return "fileDutyRecord", {"actor": "clerk", "reach": "unit", "unit": _unit(n).id, "on_behalf_of": _unit(n).id,
                              "scopes": "records:write duties:read"}, {"body": json.dumps({
        "kind": "meeting", "title": f"安委会会议{n}", "on_day": ago(days=1)[:10],
        "content": {"body": "安委会", "topics": ["安全生产形势"]}})}


LISTS = [("listHazards", "-found_at"), ("listAccidents", "-occurred_at"), ("listCases", "-opened_at"),
         ("listNotices", "-issued_at"), ("listObligations", "due_at")]


def read_list(n: int) -> tuple:
    name, sort = LISTS[n % len(LISTS)]
    return name, COUNTY, {"limit": "20", "scope_county": "150622", "language": "zh", "sort": sort}


# ---- who asks ----

@dataclass
class Asked:
    name: str
    began: float
    seconds: float
    fault: str | None  # the SQLSTATE that the program would have answered with 5xx


class Caller:
    """One session of that program, and what it does about errors."""

    def __init__(self, database: Database, source: random.Random) -> None:
        self.database, self.source = database, source
        self.asked: list[Asked] = []
        self.connection: psycopg.Connection | None = None
        self.prepared: dict[str, str] = {}

    def close(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection, self.prepared = None, {}

    def _session(self) -> psycopg.Connection:
        if not self.connection:
            self.connection = psycopg.connect(self.database.service_url, options=SESSION)
        return self.connection

    def _statement(self, name: str, values: dict[str, str], key: str) -> str:
        text, parameters = expand_text(statements()[name].rstrip().rstrip(";"), values)
        if "body" in values:
            text = (f"with reply as materialized ({text}), kept as (insert into anze.idempotency_key (actor, operation, key,"
                    " request_hash, status, etag, location, body) select anze.actor(), anze.operation(),"
                    f" ${len(parameters) + 1}, ${len(parameters) + 2}, r.status::text, r.etag::text, r.location::text,"
                    " r.body::text from reply r) select * from reply")
            parameters += [key, HASH]
        if text not in self.prepared:
            self.prepared[text] = f"s{len(self.prepared)}"
            self._session().execute(f"prepare {self.prepared[text]} as {text}".encode())
        literals = ", ".join("null" if p is None else sql.quote(p) for p in parameters)
        return f"execute {self.prepared[text]}" + (f" ({literals})" if parameters else "")

    def _once(self, name: str, context: dict[str, str], values: dict[str, str]) -> None:
        session, key = self._session(), uuid.uuid4().hex
        with session.transaction():
            settings = {"client": "test", "operation": name, "request": uuid.uuid4().hex, **context}
            session.execute("select " + ", ".join([*(f"set_config('anze.{key}', %s, true)" for key in settings), GATE]),
                            list(settings.values()))
            if "body" in values:
                session.execute("select anze.claim_key(%s, %s)", (key, HASH))
            session.execute(self._statement(name, values, key).encode()).fetchall()

    def send(self, name: str, context: dict[str, str], values: dict[str, str]) -> None:
        began, transient, stale, fault = time.monotonic(), 0, 0, None
        while True:
            try:
                self._once(name, context, values)
                fault = None
            except psycopg.Error as error:
                fault = f"{error.sqlstate} {error}"
                if error.sqlstate in TRANSIENT and transient < 3:
                    transient += 1
                    time.sleep(transient * 0.005 + self.source.random() * 0.01)
                    continue
                if error.sqlstate in STALE and stale < 1:
                    stale += 1
                    self.close()
                    continue
                self.close()
            break
        self.asked.append(Asked(name, began, time.monotonic() - began, fault))


CALLS = (file_hazard, file_accident, file_record, read_list)


@dataclass
class Crowd:
    """Callers at speed, each in a thread of its own, until stopped."""
    database: Database
    seed: int
    size: int = 6
    stopping: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Crowd":
        self.callers = [Caller(self.database, random.Random(self.seed + n)) for n in range(self.size)]
        for caller in self.callers:  # they have served for a while: cold ones would hold locks for seconds on a machine under load
            for call in CALLS:
                caller.send(*call(caller.source.randrange(1_000_000)))
            assert not (faults := [asked.fault for asked in caller.asked if asked.fault]), faults
            caller.asked.clear()
        self.threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(self.size)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def _ask(self, number: int) -> None:
        caller = self.callers[number]
        while not self.stopping.is_set():
            n = caller.source.randrange(1_000_000)
            caller.send(*CALLS[n % 4](n))
        caller.close()

    @property
    def asked(self) -> list[Asked]:
        return [asked for caller in self.callers for asked in caller.asked]
