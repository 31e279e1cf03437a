"""What connections do to each other: 2,000 that are idle, and one whose statement takes a second."""
import contextlib
import re
import socket
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass

from calls import Call
from machine import BIN, Failure, raise_file_limit

# Just below the service's lock_timeout of a second: the statement waits, and then succeeds.
SECOND = 0.95
# By each of the other clients: a thousand answers in twenty seconds, so that its p99 is more than its worst answer.
RATE = 50


@dataclass
class Answer:
    status: int
    body: bytes


def exchange(port: int, request: bytes, connection: socket.socket | None = None) -> Answer:
    """One request on a connection of its own, or on the given one, which stays open."""
    with contextlib.ExitStack() as stack:
        if connection is None:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        connection.sendall(request)
        got = b""
        while b"\r\n\r\n" not in got:
            got += receive(connection)
        head, _, body = got.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1])
        while len(body) < length:
            body += receive(connection)
    return Answer(int(head[9:12]), body)


def receive(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise Failure("the service closed a connection in the middle of an answer")
    return data


# ---- idle ----

def idle_memory(bench, count: int, **settings: str) -> dict[str, float]:
    """Resident MiB: fresh, with `count` connections that sent nothing, and after each has made a request."""
    raise_file_limit()
    anze = bench.start_anze(**settings)
    call = bench.workload("read one").calls[0]
    request = call.request(bench.contract, bench.token(call.principal))
    measured = {"fresh": anze.resident_mib()}
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(("127.0.0.1", anze.port), timeout=10))
                       for _ in range(count)]
        time.sleep(1)
        measured["opened"] = anze.resident_mib()
        for connection in connections:
            if exchange(anze.port, request, connection).status != 200:
                raise Failure("an idle connection got no good answer")
        time.sleep(1)
        measured["after a request each"] = anze.resident_mib()
    anze.stop()
    return measured


# ---- a slow statement ----

@dataclass
class Slow:
    alone_p99_ms: float   # of all clients
    beside_p99_ms: float
    alone_worst_ms: float  # of the client with the worst p99
    beside_worst_ms: float
    statements: int        # of about a second, while the others were measured

    @property
    def ratio(self) -> float:
        return self.beside_worst_ms / self.alone_worst_ms


class Neighbour(threading.Thread):
    """Asks for risk points while another session has locked their table, a second each time, one after the other: the
    statement reads, and waits in the database. Nobody else here needs that table."""

    def __init__(self, bench, port: int) -> None:
        super().__init__(daemon=True)
        self.bench, self.port = bench, port
        principal = bench.workload("list, city").calls[0].principal
        self.request = Call("listRiskPoints", principal, query={"limit": "20"}).request(bench.contract,
                                                                                        bench.token(principal))
        self.is_over = threading.Event()
        self.statements = 0
        self.failure: str | None = None

    def run(self) -> None:
        url = self.bench.cluster.url(self.bench.data.name, "admin")
        psql = subprocess.Popen([BIN + "psql", "-X", "-q", "-A", "-t", url], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            while not self.is_over.is_set() and not self.failure:
                self.wait_once(psql, connection)
        psql.stdin.close()
        psql.wait()

    def wait_once(self, psql: subprocess.Popen, connection: socket.socket) -> None:
        psql.stdin.write("begin; lock table anze.risk_point in access exclusive mode;\n\\echo held\n")
        psql.stdin.flush()
        psql.stdout.readline()
        release = threading.Timer(SECOND, lambda: (psql.stdin.write("rollback;\n"), psql.stdin.flush()))
        begun = time.monotonic()
        release.start()
        answer = exchange(self.port, self.request, connection)
        release.join()
        took = time.monotonic() - begun
        self.statements += 1
        if answer.status != 200 or took < SECOND:
            self.failure = f"the slow statement was answered with {answer.status} after {took:.3f} s"


class Writer(threading.Thread):
    """Five reports a second, beside every run, so that the audit is sealed and what they bring about is swept in all of
    them alike, not only beside the neighbour."""

    def __init__(self, bench, port: int, seconds: float) -> None:
        super().__init__(daemon=True)
        self.bench, self.port, self.seconds = bench, port, seconds

    def run(self) -> None:
        self.bench.load(self.port, self.bench.workload("file a report"), self.seconds, clients=1, rate=5)


def slow_statement(bench, **settings: str) -> Slow:
    """Sixteen clients at a set rate, without and with the neighbour in turns (A B B A)."""
    anze = bench.start_anze(**settings)
    workload, seconds = bench.workload("list, city"), max(4.0, bench.options.seconds)
    alone, beside, statements = [], [], 0
    bench.load(anze.port, workload, 1, clients=16)
    for is_beside in (False, True, True, False):
        writer, neighbour = Writer(bench, anze.port, seconds), Neighbour(bench, anze.port)
        for one in (writer, neighbour) if is_beside else (writer,):
            one.start()
        result = bench.load(anze.port, workload, seconds, clients=16, rate=RATE)
        if is_beside:
            neighbour.is_over.set()
            neighbour.join()
            statements += neighbour.statements
            if neighbour.failure:
                raise Failure(neighbour.failure)
        writer.join()
        (beside if is_beside else alone).append(result)
    anze.stop()

    def middle(results: list[dict], name: str) -> float:
        return statistics.fmean(result[name] for result in results) / 1000

    return Slow(middle(alone, "p99_us"), middle(beside, "p99_us"), middle(alone, "worst_client_p99_us"),
                middle(beside, "worst_client_p99_us"), statements)
