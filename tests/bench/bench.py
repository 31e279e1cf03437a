#!/usr/bin/env python3
"""The benchmark behind tests/bench/run: see README.md for what is measured and how."""
import argparse
import contextlib
import datetime
import functools
import hashlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import neighbours
import tables
from calls import (AUDIENCE, CLAIM, CONTEXT, ISSUER, KEY_ID, ROOT, Call, Contract, Issuer, Principal, Script,
                   conditions, variant, write_requests)
from machine import BIN, SESSION, Cluster, Failure, Look, Process, description, free_ports, today, work_folder

BENCH = ROOT / "tests/bench"
STEPS = ("read", "list", "file", "audit", "idle", "start", "slow")
QUICK = ("read one", "list, city", "list, county, filtered", "file a report")
RIVALS = ("pgbench", "rust", "fastify")
CURSOR_KEY = "a cursor key for the benchmark"
ORIGINALS = 2000


@dataclass
class Workload:
    name: str
    calls: list[Call]
    computed: dict[str, str]  # what pgbench varies itself
    step: str

    @property
    def operation(self) -> str:
        return self.calls[0].operation


@dataclass
class Figures:
    rps: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    cpu_us: float | None = None   # of the service, per request
    database_us: float | None = None
    mib: float | None = None
    bytes: float | None = None
    switches: float | None = None           # of the service, per request
    database_switches: float | None = None


def mean(measured: list[Figures]) -> Figures:
    def of(name: str) -> float | None:
        values = [getattr(one, name) for one in measured]
        return None if None in values else statistics.fmean(values)
    return Figures(**{name: of(name) for name in Figures.__dataclass_fields__})


# ---- the data ----

class Data:
    """The loaded database: a template that is kept, and a copy of it for this run."""
    prefix = "loaded_"

    def __init__(self, cluster: Cluster, options: argparse.Namespace) -> None:
        self.cluster, self.options = cluster, options
        self.template = self.prefix + self.fingerprint()
        self.name = "run"
        names = cluster.sql("postgres", "select string_agg(datname, ' ') from pg_database").split()
        if "run" in names:
            cluster.sql("postgres", "drop database run with (force)")
        if self.template not in names:
            for old in names:
                if old.startswith(self.prefix):
                    cluster.sql("postgres", f'drop database "{old}" with (force)')
            self.load()
        tables.note(f"copying the loaded database {self.template}")
        cluster.sql("postgres", f'create database run template "{self.template}" strategy file_copy owner anze_owner')
        cluster.sql("run", "checkpoint")

    def fingerprint(self) -> str:
        """Of everything that the loaded database follows from."""
        digest = hashlib.sha256(f"{self.options.seed} {self.options.rows}".encode())
        for path in [BENCH / "data.sql", *sorted((ROOT / "sql").glob("[mfd]*/**/*.sql"))]:
            digest.update(path.read_bytes())
        return digest.hexdigest()[:12]

    def load(self) -> None:
        sql = self.cluster.sql
        if not sql("postgres", "select 1 from pg_roles where rolname = 'anze_owner'"):
            sql("postgres", "create role anze_owner login createrole")
        sql("postgres", "drop database if exists loading with (force)",
            "create database loading owner anze_owner template template0")
        done = subprocess.run([str(self.options.binary), "migrate"], capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin",
                                   "ANZE_OWNER_DATABASE_URL": self.cluster.url("loading", "anze_owner"),
                                   "ANZE_DATABASE_URL": self.cluster.url("loading", "anze_service")})
        if done.returncode:
            raise Failure(f"anze migrate failed:\n{done.stdout}{done.stderr}")
        self.fill()
        sql("loading", "vacuum (freeze, analyze)", "checkpoint")
        sql("postgres", f'alter database loading rename to "{self.template}"')
        tables.note(f"loaded: {self.described()}, "
                    + sql(self.template, "select pg_size_pretty(pg_database_size(current_database()))"))

    def fill(self) -> None:
        """What the migrated database `loading` gets."""
        rows, seed, sql = self.options.rows, self.options.seed, self.cluster.sql
        originals = min(ORIGINALS, rows)
        tables.note(f"loading {rows} accidents with seed {seed}; this is done once for a state of sql/")
        self.cluster.script("loading", BENCH / "data.sql")
        sql("loading", "set session_replication_role = replica", f"call bench.load({seed}, 1, {originals})")
        sql("loading", "set session_replication_role = replica", f"select bench.copy({seed}, {originals}, {rows})")

    def described(self) -> str:
        return f"{self.options.rows} accidents (seed {self.options.seed})"


# ---- the calls ----

def workloads(data: Data, contract: Contract, options: argparse.Namespace) -> list[Workload]:
    def region(code: str, role: str) -> Principal:
        return Principal(f"officer-{code}", contract.scopes(role), region=code)

    def ask(query: str) -> list[list[str]]:
        return [line.split("|") for line in data.cluster.sql(data.name, query).splitlines()]

    def lists(principals: list[Principal], **filters: str) -> list[Call]:
        return [Call("listAccidents", principal, query={"limit": "20", **filters}) for principal in principals]

    city = region("1506", "city_officer")
    counties = [region(code, "county_officer") for code, in ask(
        "select code from anze.region where parent_code = '150600' order by code")]
    towns = [region(code, "town_officer") for code, in ask(
        "select town from anze.accident group by 1 having count(*) > 20 order by md5(town) limit 24")]
    units = ask("select u.id, u.region_code from bench.unit u join anze.accident a on a.unit_id = u.id"
                " group by 1, 2 having count(*) > 20 order by md5(u.id::text) limit 24")
    reporters = [(Principal(f"reporter-{i}", contract.scopes("enterprise_reporter"), unit=unit), unit, code)
                 for i, (unit, code) in enumerate(units)]
    ids = [row[0] for row in ask(f"select bench.id(n) from generate_series(1, {options.rows}) n"
                                 f" order by bench.random({options.seed}, n, 'picked') limit 5000")]
    return [
        Workload("read one", [Call("getAccident", city, path={"accident_id": one}) for one in ids],
                 {"accident_id": "(md5('accident ' || :n))"}, "read"),
        Workload("list, city", lists([city]), {}, "list"),
        Workload("list, county", lists(counties), {}, "list"),
        Workload("list, town", lists(towns), {}, "list"),
        Workload("list, unit", lists([reporter for reporter, _, _ in reporters]), {}, "list"),
        Workload("list, county, filtered", lists(counties, sector="coal", state="final"), {}, "list"),
        Workload("file a report", [Call("fileAccident", reporter, body=filing(contract, unit, code))
                                   for reporter, unit, code in reporters], {}, "file"),
    ]


def filing(contract: Contract, unit: str, region_code: str) -> str:
    """The contract's own example, for this unit and this hour."""
    example = dict(contract.operations["fileAccident"]["requestBody"]["content"]["application/json"]["example"])
    now = datetime.datetime.now(datetime.timezone.utc)
    moment = [(now - datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ") for minutes in (40, 30)]
    example |= {"unit_id": unit, "region_code": region_code, "occurred_at": moment[0], "learned_at": moment[1]}
    example.pop("notified", None)
    return json.dumps(example, ensure_ascii=False, separators=(",", ":"))


# ---- the contestants ----

class Bench:
    """Everything that a measurement needs, and what must be stopped at the end."""

    def __init__(self, options: argparse.Namespace, stack: contextlib.ExitStack, kind: type[Data] = Data,
                 chosen=workloads) -> None:
        self.options, self.stack = options, stack
        self.scratch = Path(tempfile.mkdtemp(prefix="anze-bench-"))
        stack.callback(shutil.rmtree, self.scratch, ignore_errors=True)
        self.cluster = Cluster(work_folder(ROOT / "tests/.work/bench"))
        stack.callback(self.cluster.close)
        self.data = kind(self.cluster, options)
        self.contract = Contract(self.scratch)
        self.issuer = Issuer(self.scratch / "issuer")
        self.workloads = chosen(self.data, self.contract, options)
        self.tokens: dict[Principal, str] = {}
        for number, workload in enumerate(self.workloads):
            requests = [call.request(self.contract, self.token(call.principal)) for call in workload.calls]
            write_requests(self.scratch / f"requests-{number}", requests)

    def token(self, principal: Principal) -> str:
        if principal not in self.tokens:
            self.tokens[principal] = self.issuer.token(principal)
        return self.tokens[principal]

    def workload(self, name: str) -> Workload:
        return next(one for one in self.workloads if one.name == name)

    # -- servers --

    def start_anze(self, **settings: str) -> Process:
        port, admin_port = free_ports(2)
        keys = self.scratch / "keys"
        keys.mkdir(exist_ok=True)
        shutil.copy(self.issuer.private, keys / "own-1.ES256.pem")
        (keys / "own-1.ES256.pem").chmod(0o600)
        environment = {
            "ANZE_DATABASE_URL": self.cluster.url(self.data.name, "anze_service"), "ANZE_PORT": str(port),
            "ANZE_ADMIN_PORT": str(admin_port), "ANZE_TOKEN_ISSUERS": f"{ISSUER}={self.issuer.folder}",
            "ANZE_TOKEN_AUDIENCE": AUDIENCE, "ANZE_TOKEN_ISSUER": "https://own.example",
            "ANZE_KEY_DIRECTORY": str(keys), "ANZE_CURSOR_KEY": CURSOR_KEY, "ANZE_POOL_SIZE": str(self.options.pool),
            "ANZE_POOL_WAIT_MS": "5000", "ANZE_RATE_LIMIT": "0", "ANZE_LOG_REQUESTS": "false", **settings}
        process = Process([str(self.options.binary), "serve"], environment, self.scratch / "anze.log", port, admin_port,
                          "/readyz")
        self.stack.callback(process.stop)
        return process

    def start_fastify(self, context: bool, workers: int) -> Process:
        port, = free_ports(1)
        settings = self.scratch / f"twin-{context}-{workers}.json"
        settings.write_text(json.dumps({
            "port": port, "workers": workers, "pool": self.options.pool, "context": context,
            "socket": str(self.cluster.socket), "database": self.data.name,
            "user": "anze_service" if context else "bench_plain",
            "session": SESSION if context else self.plain_session(),
            "contract": str(self.scratch / "openapi.json"), "key": str(self.issuer.public), "kid": KEY_ID,
            "issuer": ISSUER, "audience": AUDIENCE, "cursorKey": CURSOR_KEY, "settings": CONTEXT, "claim": CLAIM,
            "operations": self.twin_operations()}), encoding="utf-8")
        process = Process(["node", str(BENCH / "fastify/server.js")],
                          {"TWIN": str(settings), "NODE_ENV": "production", "PATH": os.environ["PATH"]},
                          self.scratch / "fastify.log", port, port, "/readyz")
        self.stack.callback(process.stop)
        return process

    def start_rust(self, way: str) -> Process:
        """`plain` has the pool's connections, each for one request at a time; `multiplexed` has fewer, which several
        requests share, and a runtime for each core."""
        port, = free_ports(1)
        settings = self.scratch / f"rust-{way}.json"
        settings.write_text(json.dumps({
            "port": port, "way": way, "connections": self.options.pool if way == "plain" else self.options.shared,
            "database": self.cluster.url(self.data.name, "anze_service") + f" options='{SESSION}'",
            "key": str(self.issuer.public), "kid": KEY_ID, "issuer": ISSUER, "audience": AUDIENCE,
            "cursor_key": CURSOR_KEY, "settings": CONTEXT, "operations": self.twin_operations()}), encoding="utf-8")
        process = Process([str(self.options.rust), str(settings)], {}, self.scratch / f"rust-{way}.log", port, port,
                          "/readyz")
        self.stack.callback(process.stop)
        return process

    def plain_session(self) -> str:
        """Without context per request: one caller for the whole connection, and a role that row-level security does
        not concern. Nobody could run this for several callers; it shows what the context costs."""
        if not self.cluster.sql(self.data.name, "select 1 from pg_roles where rolname = 'bench_plain'"):
            self.cluster.sql(self.data.name, "create role bench_plain login bypassrls inherit in role anze_service")
        return SESSION + " -c anze.actor=bench -c anze.reach=region -c anze.region=1506 -c anze.operation=fileAccident"

    def twin_operations(self) -> dict:
        found: dict = {}
        for workload in self.workloads:
            for call in workload.calls:
                values = call.values(self.contract)
                operation = found.setdefault(call.operation, {
                    "conditions": [{"name": name, "text": text} for name, text in conditions(call.operation)],
                    "variants": {}})
                bits = "".join(str(int(values.get(name) == text if text is not None else name in values))
                               for name, text in conditions(call.operation))
                sql, slots = variant(call.operation, values, keeps_reply=call.writes)
                operation["variants"][bits] = {"sql": sql, "slots": slots}
        return found

    # -- measuring --

    def load(self, port: int, workload: Workload, seconds: float, *, clients: int = 0, rate: float = 0,
             warmup: float = 1, look=lambda: None) -> dict:
        """What load says, and what `look` saw when counting began and when it ended, the connections still there."""
        path = self.scratch / f"requests-{self.workloads.index(workload)}"
        with subprocess.Popen([str(self.options.load), str(port), str(clients or self.options.clients), str(warmup),
                               str(seconds), str(rate), str(self.options.random.getrandbits(60)), str(path)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as load:
            began = load.stdout.readline() and look()
            line = load.stdout.readline()
            ended = look()
            complaint = load.communicate()[1]
        if load.returncode or not line:
            raise Failure(f"{workload.name}: {complaint.strip()}")
        result = json.loads(line)
        if set(result["statuses"]) - {"200", "201"}:
            raise Failure(f"{workload.name}: not every answer was good: {result['statuses']}")
        return {**result, "looks": (began, ended)}

    def measure_http(self, process: Process, workload: Workload, seconds: float) -> Figures:
        result = self.load(process.port, workload, seconds, warmup=min(2.0, seconds / 2),
                           look=lambda: Look(process, self.cluster))
        began, ended = result["looks"]
        cpu, switches = ended.since(began)
        count = max(result["requests"], 1)
        return Figures(result["rps"], result["p50_us"] / 1000, result["p99_us"] / 1000, 1e6 * cpu[0] / count,
                       1e6 * cpu[1] / count, process.resident_mib(), result["bytes"], switches[0] / count,
                       switches[1] / count)

    def measure_pgbench(self, workload: Workload, seconds: float) -> Figures:
        """Seconds of the warm-up are left out by pgbench's own progress lines; the last one may be missing."""
        warmup = 2 if seconds >= 2 else 1
        calls = workload.calls[:1] if workload.computed else workload.calls
        command = [BIN + "pgbench", "-n", "-M", "prepared", "-P", "1", "-c", str(self.options.pool), "-j",
                   str(min(self.options.pool, os.cpu_count() or 1)), "-T", str(int(seconds) + warmup + 1), "-D",
                   f"rows={self.options.rows}", "--random-seed", str(self.options.random.getrandbits(30)),
                   "-h", str(self.cluster.socket), "-U", "anze_service"]
        for number, call in enumerate(calls):
            script = Script(number, call, self.contract, workload.computed)
            path = self.scratch / f"pgbench-{number}.sql"
            path.write_text(script.text, encoding="utf-8")
            command += ["-f", str(path)]
            for name, value in script.variables.items():
                command += ["-D", f"{name}={value}"]
        database = self.cluster.cpu_seconds()
        done = subprocess.run([*command, self.data.name], capture_output=True, text=True,
                              env={**os.environ, "PGOPTIONS": SESSION})
        progress = [line.split() for line in done.stderr.splitlines() if line.startswith("progress:")]
        if done.returncode or "number of failed transactions: 0 " not in done.stdout or len(progress) <= warmup:
            raise Failure(f"pgbench failed on {workload.name}:\n{done.stdout[-500:]}\n{done.stderr[-1500:]}")
        database = self.cluster.cpu_seconds() - database
        total = int(done.stdout.split("number of transactions actually processed: ")[1].split()[0].split("/")[0])
        return Figures(statistics.fmean(float(words[3]) for words in progress[warmup:]),
                       database_us=1e6 * database / total)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="Measures anze beside pgbench, Rust and fastify.")
    parser.add_argument("--quick", action="store_true",
                        help="two minutes: 20,000 accidents, 2 s for each figure, some of the lists, fastify once")
    parser.add_argument("--seconds", type=float, help="for each figure, in two halves (20)")
    parser.add_argument("--rows", type=int, help="accidents (200000)")
    parser.add_argument("--clients", type=int, default=64, help="connections of the load (64)")
    parser.add_argument("--pool", type=int, default=16, help="database connections of each contestant (16)")
    parser.add_argument("--shared", type=int, default=4, help="connections that the multiplexed one in Rust shares (4)")
    parser.add_argument("--set", action="append", default=[], metavar="ANZE_X=VALUE", help="a setting of the program")
    parser.add_argument("--only", metavar="STEP,…", help="some of: " + ", ".join(STEPS))
    parser.add_argument("--against", metavar="RIVAL,…", help="some of: " + ", ".join(RIVALS) + ", none")
    parser.add_argument("--tune", action="store_true", help="instead: event threads and shared connections beside each other")
    parser.add_argument("--city", action="store_true", help="instead: the lists of a whole city beside pgbench (city.py)")
    parser.add_argument("--units", type=int, default=6000, help="of the city (6000)")
    parser.add_argument("--seed", type=int, default=1, help="of the accidents and of everything picked at random (1)")
    parser.add_argument("--binary", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--load", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--rust", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.seconds = options.seconds or (2 if options.quick else 20)
    options.rows = options.rows or (20000 if options.quick else 200000)
    options.steps = set((options.only or ",".join(STEPS)).split(","))
    if options.steps - set(STEPS):
        parser.error(f"--only knows {', '.join(STEPS)}")
    options.against = set((options.against or ",".join(RIVALS)).split(",")) - {"none"}
    if options.against - set(RIVALS):
        parser.error(f"--against knows {', '.join(RIVALS)} and none")
    if "rust" in options.against and not options.rust:
        tables.note("without cargo there is nothing in Rust to measure against")
        options.against.remove("rust")
    options.random = random.Random(options.seed)
    return options


# ---- the run ----

def check_same_answers(bench: Bench, anze: Process, rivals: dict[str, Process]) -> None:
    """All give the same content for a call of each reading kind: else the comparison would be of different things."""
    for workload in bench.workloads:
        call = workload.calls[0]
        if call.writes:
            continue
        request = call.request(bench.contract, bench.token(call.principal))
        wanted = neighbours.exchange(anze.port, request)
        for name, rival in rivals.items():
            got = neighbours.exchange(rival.port, request)
            if wanted.status != 200 or got.status != 200 or content(wanted.body) != content(got.body):
                raise Failure(f"{workload.name}: anze and {name} do not answer alike:\n{wanted}\n{got}")


def content(body: bytes) -> dict:
    """Without the cursor, which each makes in its own way."""
    found = json.loads(body)
    found.get("page", {}).pop("next", None)
    return found


def start_rivals(bench: Bench, against: set[str]) -> dict[str, Process]:
    found = {}
    if "rust" in against:
        found |= {f"Rust, {way}": bench.start_rust(way) for way in ("plain", "multiplexed")}
    if "fastify" in against:
        found |= {f"fastify, {what}{processes}": bench.start_fastify(context, workers)
                  for context, what in ((True, "with context"), (False, "without"))
                  for workers, processes in ((1, ""), (2, ", 2 processes"))
                  if not bench.options.quick or (context and workers == 1)}
    return found


def compare(bench: Bench, chosen: list[Workload], against: set[str]) -> dict[str, dict[str, Figures]]:
    """Each workload with every contestant, forwards and backwards."""
    anze = bench.start_anze(**dict(setting.split("=", 1) for setting in bench.options.set))
    rivals = start_rivals(bench, against)
    check_same_answers(bench, anze, {name: one for name, one in rivals.items() if "without" not in name})
    results: dict[str, dict[str, Figures]] = {}
    for workload in chosen:
        runners = {"pgbench": bench.measure_pgbench} if "pgbench" in against else {}
        runners |= {name: functools.partial(bench.measure_http, process)
                    for name, process in {"anze": anze, **rivals}.items()
                    if not (name.startswith("Rust") and workload.calls[0].writes)}
        measured: dict[str, list[Figures]] = {name: [] for name in runners}
        for name in [*runners, *reversed(runners)]:
            measured[name].append(runners[name](workload, bench.options.seconds / 2))
        results[workload.name] = {name: mean(halves) for name, halves in measured.items()}
        tables.note(f"{workload.name}: " + ", ".join(
            f"{name} {figures.rps:.0f}/s" for name, figures in results[workload.name].items()))
    for process in (anze, *rivals.values()):
        process.stop()
    return results


def audit_cost(bench: Bench) -> dict[str, Figures]:
    """Filing with the audit's triggers and without, in turns."""
    workload, anze = bench.workload("file a report"), bench.start_anze()
    measured: dict[str, list[Figures]] = {"enable": [], "disable": []}
    for state in ("enable", "disable", "disable", "enable"):
        bench.cluster.sql(bench.data.name, f"""do $$ declare t regclass; begin
            for t in select tgrelid from pg_trigger where tgname = 'audit_record' loop
                execute format('alter table %s {state} trigger audit_record', t);
            end loop; end $$""")
        measured[state].append(bench.measure_http(anze, workload, bench.options.seconds / 2))
    anze.stop()
    return {"with audit": mean(measured["enable"]), "without": mean(measured["disable"])}


def run_steps(bench: Bench) -> str:
    options, parts = bench.options, []
    chosen = [workload for workload in bench.workloads
              if workload.step in options.steps and (not options.quick or workload.name in QUICK)]
    targets: list[tables.Target] = []
    if chosen:
        results = compare(bench, chosen, options.against)
        parts += [tables.throughput(results), tables.resources(results)]
        targets += tables.throughput_targets(results)
    if "audit" in options.steps:
        parts.append(tables.audit(audit_cost(bench)))
    if "idle" in options.steps:
        memory = neighbours.idle_memory(bench, 2000)
        parts.append(tables.memory(memory))
        targets.append(tables.Target("resident memory with 2,000 idle connections", memory["after a request each"],
                                     "at most 64 MiB", memory["after a request each"] <= 64, "{:.1f} MiB"))
    if "start" in options.steps:
        starts = [process_start(bench) for _ in range(5)]
        parts.append("Start to ready: " + ", ".join(f"{ms:.0f}" for ms in starts) + " ms.")
        median = statistics.median(starts)
        targets.append(tables.Target("start to ready (median of 5)", median, "within 1 s", median <= 1000, "{:.0f} ms"))
    if "slow" in options.steps:
        slow = neighbours.slow_statement(bench)
        parts.append(tables.slow(slow))
        targets.append(tables.Target("p99 of the worst other client beside a statement of one second", slow.ratio,
                                     "at most 1.5 x", slow.ratio <= 1.5, "{:.2f} x"))
    return "\n\n".join([tables.targets(targets), *parts])


def process_start(bench: Bench) -> float:
    process = bench.start_anze()
    process.stop()
    return process.ready_ms


def tune(bench: Bench) -> str:
    """Event threads and shared connections: which default is right here."""
    rows = []
    for threads in ("1", "2"):
        for shared in ("0", "1", "2", "4"):
            anze = bench.start_anze(ANZE_EVENT_THREADS=threads, ANZE_POOL_SHARED=shared)
            figures = [bench.measure_http(anze, bench.workload(name), bench.options.seconds / 4)
                       for name in ("read one", "list, city", "list, county", "file a report")]
            anze.stop()
            rows.append((threads, shared, figures))
            tables.note(f"event threads {threads}, shared {shared}: " + ", ".join(f"{one.rps:.0f}/s" for one in figures))
    memories = {shared: neighbours.idle_memory(bench, 2000, ANZE_POOL_SHARED=shared) for shared in ("0", "4")}
    slows = {shared: neighbours.slow_statement(bench, ANZE_POOL_SHARED=shared) for shared in ("0", "4")}
    return tables.tuning(rows, memories, slows)


def main() -> int:
    options = read_options()
    if options.city:
        import city  # which builds on this module
    with contextlib.ExitStack() as stack:
        try:
            bench = Bench(options, stack, city.City, city.workloads) if options.city else Bench(options, stack)
            body = city.measure(bench) if options.city else tune(bench) if options.tune else run_steps(bench)
        except Failure as failure:
            print(f"tests/bench/run: {failure}", file=sys.stderr)
            return 1
    head = (f"Measured {today()} on {description()}; {bench.data.described()}, "
            f"{options.clients} clients, {options.pool} database connections, {options.seconds:g} s for each figure.")
    report = f"{head}\n\n{body}\n"
    out = BENCH / f"out/{'city' if options.city else 'latest'}.md"
    out.parent.mkdir(exist_ok=True)
    out.write_text(report, encoding="utf-8")
    print("\n" + report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
