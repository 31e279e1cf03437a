"""One of two versions of the project that stand beside each other in one cluster: its program, its database, and its
statements as its service sends them (compare.py)."""
import csv
import subprocess
import uuid
from pathlib import Path

from psycopg import pq

from calls import CLAIM, Call, Contract, context_settings, variant
from machine import SESSION, Cluster, Failure, cpu_seconds

OK = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


def build(root: Path) -> Path:
    """The release build of a checkout, in its own work folder; the program."""
    folder = root / "tests/.work/bench/build"
    steps = [] if (folder / "build.ninja").exists() else [
        ["meson", "setup", str(folder), str(root), "--buildtype=release", "-Dtests=false"]]
    for command in [*steps, ["meson", "compile", "-C", str(folder)]]:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"{root}: the build failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    return folder / "src/command/anze"


class Side:
    def __init__(self, name: str, root: Path, cluster: Cluster, scratch: Path) -> None:
        self.name, self.root, self.cluster = name, root, cluster
        self.scratch = scratch / name
        self.scratch.mkdir()
        self.binary = build(root)
        self.contract = Contract(self.scratch, root, self.binary.parents[2] / "openapi/openapi.json")
        self.settings = context_settings(root)
        self.every_scope = " ".join(sorted({scope for role in self.contract.document["x-anze-roles"].values()
                                            for scope in role["scopes"]}))
        cluster.sql("postgres", f"create database {name} owner anze_owner template template0")
        self.anze("migrate")

    def anze(self, *arguments: str) -> str:
        done = subprocess.run([str(self.binary), *arguments], capture_output=True, text=True, env={
            "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8",
            "ANZE_OWNER_DATABASE_URL": self.cluster.url(self.name, "anze_owner"),
            "ANZE_DATABASE_URL": self.cluster.url(self.name, "anze_service")})
        if done.returncode:
            raise Failure(f"{self.name}: anze {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def sql(self, *commands: str) -> str:
        return self.cluster.sql(self.name, *commands)

    def rows(self, query: str) -> list[list[str]]:
        return list(csv.reader(self.cluster.sql(self.name, f"copy ({query}) to stdout (format csv)").splitlines()))

    def session(self, user: str = "anze_service") -> "Session":
        return Session(self, user)


class Session:
    """A connection of the service, with its settings, its context for each transaction and its kept plans."""

    def __init__(self, side: Side, user: str) -> None:
        self.side = side
        kept = SESSION if user == "anze_service" else ""
        self.link = pq.PGconn.connect(f"{side.cluster.url(side.name, user)} options='{kept}"
                                      " -c statement_timeout=0 -c synchronous_commit=off'".encode())
        if self.link.status != pq.ConnStatus.OK:
            raise Failure(f"{side.name}: {self.link.error_message.decode()}")
        self.pid = self.link.backend_pid
        self.names: dict[str, bytes] = {}
        self.context = "select " + ", ".join(
            f"set_config('{setting}', ${n}, true)" for n, setting in enumerate(side.settings, 1))

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_) -> None:
        self.link.finish()

    def checked(self, result: pq.PGresult, what: str) -> pq.PGresult:
        if result.status not in OK:
            raise Failure(f"{self.side.name}: {what}: {result.error_message.decode()}")
        return result

    def sql(self, text: str) -> str | None:
        """Commands without values; the first value of the last one."""
        result = self.checked(self.link.exec_(text.encode()), text[:200])
        value = result.get_value(0, 0) if result.ntuples and result.nfields else None
        return value.decode() if value is not None else None

    def prepared(self, text: str, values: list[str | None], what: str) -> pq.PGresult:
        name = self.names.get(text)
        if name is None:
            name = f"s{len(self.names)}".encode()
            self.checked(self.link.prepare(name, text.encode()), what)
            self.names[text] = name
        return self.checked(self.link.exec_prepared(
            name, [value.encode() if value is not None else None for value in values]), what)

    def ask(self, call: Call) -> dict[str, str | None]:
        """One request's transaction; the answer's columns. A refused write is a failure."""
        values = call.values(self.side.contract)
        context = call.principal.context(call.operation, call.writes)
        self.sql("begin")
        try:
            self.prepared(self.context, [context.get(setting, "") for setting in self.side.settings], "the context")
            if call.writes:
                values |= {"idempotency_key": uuid.uuid4().hex, "request_hash": "0" * 64}
                self.prepared(CLAIM, [values["idempotency_key"], values["request_hash"]], "the claim of a key")
            text, slots = variant(call.operation, values, keeps_reply=call.writes, root=self.side.root)
            result = self.prepared(text, [values.get(slot) for slot in slots], call.operation)
            found = {result.fname(n).decode(): result.get_value(0, n) for n in range(result.nfields)} if result.ntuples else {}
            answer = {name: value.decode() if value is not None else None for name, value in found.items()}
            if call.writes and not (answer.get("status") or "2").startswith("2"):
                raise Failure(f"{self.side.name}: {call.operation} answered {answer['status']}: {answer.get('body')}")
        except Failure:
            self.sql("rollback")
            raise
        self.sql("commit")
        return answer

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid)
