"""What the benchmark runs on: a PostgreSQL cluster of its own, the contestants' processes, and what they use up."""
import contextlib
import datetime
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

BIN = "/usr/lib/postgresql/15/bin/"
RUN_AS = "postgres" if os.geteuid() == 0 else None  # initdb refuses root
TICKS = os.sysconf("SC_CLK_TCK")

# The same for everyone, and durable: a write is answered when it is on the disk.
SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0777
port = 5432
max_connections = 200
shared_buffers = 512MB
max_wal_size = 8GB
checkpoint_timeout = 30min
fsync = on
synchronous_commit = on
full_page_writes = on
log_error_verbosity = terse
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""

# As the service sets them for its own sessions.
SESSION = ("-c statement_timeout=5000 -c lock_timeout=1000 -c search_path=pg_catalog -c TimeZone=UTC -c DateStyle=ISO"
           " -c IntervalStyle=iso_8601 -c standard_conforming_strings=on -c plan_cache_mode=force_generic_plan"
           " -c enable_bitmapscan=off")


CHINA = datetime.timezone(datetime.timedelta(hours=8))


def today() -> datetime.date:
    """China's day, whatever this machine's calendar says: the day of the law."""
    return datetime.datetime.now(CHINA).date()


class Failure(Exception):
    """Something that ends the benchmark; its text says what."""


def run_as(command: list[str], **options) -> subprocess.CompletedProcess:
    if RUN_AS:
        command = ["runuser", "-u", RUN_AS, "--"] + command
    return subprocess.run(command, stdin=subprocess.DEVNULL, cwd="/", **options)


def can_enter(folder: Path) -> bool:
    return run_as(["test", "-w", str(folder)]).returncode == 0


def work_folder(wanted: Path) -> Path:
    """`wanted`, or a folder of the same purpose where the cluster's user can work."""
    for folder in (wanted, Path("/var/tmp") / f"anze-bench-{os.getuid()}"):
        folder.mkdir(parents=True, exist_ok=True)
        if RUN_AS:
            shutil.chown(folder, RUN_AS)
        if can_enter(folder):
            return folder
    raise Failure(f"the user {RUN_AS} can work neither in {wanted} nor below /var/tmp")


class Cluster:
    """Kept between runs with its loaded template; started for one run. `settings` go behind the usual ones."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.data = folder / "cluster"
        self.log = folder / "postgres.log"
        self.socket = Path(tempfile.mkdtemp(prefix="anze-bench-"))
        os.chmod(self.socket, 0o755)
        if RUN_AS:
            shutil.chown(self.socket, RUN_AS)
        if not (self.data / "bench.conf").exists():
            self.create()
        (self.data / "bench.conf").write_text(SETTINGS.format(socket=self.socket) + settings, encoding="ascii")
        if self.pg_ctl("status").returncode == 0:
            raise Failure(f"a benchmark is running on {self.data}")
        if self.pg_ctl("-l", str(self.log), "-w", "-t", "120", "start").returncode:
            raise Failure(f"the cluster does not start, see {self.log}")

    def create(self) -> None:
        run_as(["rm", "-rf", str(self.data)])
        done = run_as([BIN + "initdb", "-D", str(self.data), "-U", "admin", "--auth=trust", "--encoding=UTF8",
                       "--locale=C.UTF-8", "--data-checksums"], capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"initdb failed:\n{done.stderr}")
        with open(self.data / "postgresql.conf", "a", encoding="ascii") as conf:
            conf.write("include = 'bench.conf'\n")

    def pg_ctl(self, *arguments: str) -> subprocess.CompletedProcess:
        with open(os.devnull, "w", encoding="ascii") as null:  # a server that inherits a pipe would hold its reader
            return run_as([BIN + "pg_ctl", "-D", str(self.data), *arguments], stdout=null, stderr=null)

    def close(self) -> None:
        self.pg_ctl("-m", "fast", "-w", "-t", "120", "stop")
        shutil.rmtree(self.socket, ignore_errors=True)

    def url(self, database: str, user: str) -> str:
        return f"host={self.socket} port=5432 dbname={database} user={user}"

    def sql(self, database: str, *commands: str, user: str = "admin") -> str:
        """Runs commands, each in a transaction of its own; what the last one returns, as text."""
        flags = [word for command in commands for word in ("-c", command)]
        done = subprocess.run([BIN + "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", self.url(database, user),
                               *flags], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise Failure(f"SQL failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def script(self, database: str, path: Path) -> None:
        done = subprocess.run([BIN + "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(path),
                               self.url(database, "admin")], capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"{path.name} failed: {done.stderr.strip()}")

    def cpu_seconds(self) -> float:
        """Of all its processes, those that have ended included. One that ends in the midst of this would count twice or
        not at all, so it is done again until the same ones are there before and after."""
        postmaster = self.pid()
        while True:
            backends = children(postmaster)
            total = sum(cpu_seconds(pid) for pid in backends) + cpu_seconds(postmaster, with_ended=True)
            if children(postmaster) == backends:
                return total

    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def pids(self) -> list[int]:
        return [self.pid(), *children(self.pid())]


# ---- processes ----

def children(parent: int) -> list[int]:
    text = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True).stdout
    return [int(word) for word in text.split()]


def cpu_seconds(pid: int, with_ended: bool = False) -> float:
    """User and system time; with that of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(field) for field in fields[11:15 if with_ended else 13]) / TICKS


def switches(pids: list[int]) -> dict[str, int]:
    """Context switches of each thread until now, whether it gave up the core or had to."""
    found = {}
    for pid in pids:
        for status in Path(f"/proc/{pid}/task").glob("*/status"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found[str(status)] = sum(map(int, re.findall(r"ctxt_switches:\s*(\d+)", status.read_text())))
    return found


class Look:
    """What a server and the cluster have used until now."""

    def __init__(self, process: "Process", cluster: Cluster) -> None:
        self.switches = [switches(process.pids()), switches(cluster.pids())]
        self.cpu = [process.cpu_seconds(), cluster.cpu_seconds()]

    def since(self, earlier: "Look") -> tuple[list[float], list[int]]:
        """CPU seconds and switches, each of the server and of the cluster. Of threads that ended in between nothing is
        known; the load keeps its connections open, so there are hardly any."""
        return ([after - before for before, after in zip(earlier.cpu, self.cpu)],
                [sum(count - before.get(thread, 0) for thread, count in after.items())
                 for before, after in zip(earlier.switches, self.switches)])


def resident_kib(pid: int) -> int:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def raise_file_limit() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Process:
    """A contestant: a server with a port, ready when it answers 200 at `ready_path` of `ready_port`."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path, port: int, ready_port: int,
                 ready_path: str) -> None:
        self.port, self.log = port, log
        self.ready_port, self.ready_path = ready_port, ready_path
        begun = time.monotonic()
        with open(log, "ab") as output:
            self.process = subprocess.Popen(command, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC",
                                                          **environment},
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
                                            start_new_session=True, preexec_fn=raise_file_limit)
        self.wait_ready(begun)
        self.ready_ms = (time.monotonic() - begun) * 1000

    def wait_ready(self, begun: float) -> None:
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() - begun > 30:
                tail = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
                self.stop()
                raise Failure(f"{self.log.stem} does not become ready:\n{tail}")
            time.sleep(0.001)

    def is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.ready_port), timeout=2) as connection:
                connection.sendall(f"GET {self.ready_path} HTTP/1.1\r\nHost: bench.example\r\n"
                                   "Connection: close\r\n\r\n".encode())
                return connection.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def pids(self) -> list[int]:
        return [self.process.pid, *children(self.process.pid)]

    def cpu_seconds(self) -> float:
        return sum(cpu_seconds(pid) for pid in self.pids())

    def resident_mib(self) -> float:
        return sum(resident_kib(pid) for pid in self.pids()) / 1024

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
                return
            self.process.kill()
            self.process.wait(10)


def description() -> str:
    """The machine in a line."""
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())[1]) // 1024 // 1024
    return f"{os.cpu_count()} cores ({model[1] if model else 'unknown'}), {memory} GiB, Linux {os.uname().release}"
