"""A private PostgreSQL cluster: its own folder and Unix socket, no port, gone at the end."""
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from . import tree

BIN = "/usr/lib/postgresql/15/bin/"
RUN_AS = "postgres" if os.geteuid() == 0 else None  # initdb refuses root

TEMPLATE = "anze_migrated"  # the database that the others of a cluster are copies of

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
port = 5432
max_connections = 120
# Killed processes are survived without fsync; only a dead machine is not, and none dies here.
fsync = off
full_page_writes = off
log_error_verbosity = terse
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""


def _run_as(command: list[str], **options) -> subprocess.CompletedProcess:
    if RUN_AS:
        command = ["runuser", "-u", RUN_AS, "--"] + command
    return subprocess.run(command, stdin=subprocess.DEVNULL, cwd="/", **options)


def _new_folder() -> Path:
    """Below the first place for temporary files that the cluster's user can enter."""
    for place in (tempfile.gettempdir(), "/var/tmp"):
        folder = Path(tempfile.mkdtemp(prefix="anze-pg-", dir=place))
        if RUN_AS:
            shutil.chown(folder, RUN_AS)
        if _run_as(["test", "-w", str(folder)]).returncode == 0:
            return folder
        folder.rmdir()
    raise RuntimeError(f"no folder for temporary files that the user {RUN_AS} can enter")


class Cluster:
    def __init__(self) -> None:
        self.folder = _new_folder()
        self.data = self.folder / "data"
        self.databases: set[str] = set()
        self.environment: dict[str, str] = {}  # of the server, from its next start on
        self.log = self.folder / "log"
        self._check(["initdb", "-D", str(self.data), "-U", "admin", "--auth=trust", "--encoding=UTF8",
                     "--locale=C.UTF-8", "--data-checksums", "--no-sync"])
        with open(self.data / "postgresql.conf", "a", encoding="ascii") as conf:
            conf.write(SETTINGS.format(folder=self.folder))
        self.start()
        with psycopg.connect(self.url("postgres", "admin"), autocommit=True) as admin:
            admin.execute("create role anze_owner login createrole")

    def _check(self, command: list[str]) -> None:
        done = _run_as([BIN + command[0], *command[1:]], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")

    def url(self, database: str, user: str) -> str:
        return f"host={self.folder} port=5432 dbname={database} user={user}"

    def create_database(self, name: str, template: str) -> None:
        with psycopg.connect(self.url("postgres", "admin"), autocommit=True) as admin:
            admin.execute(f'create database "{name}" owner anze_owner template "{template}"')
        self.databases.add(name)

    def start(self) -> None:
        # Its output goes to files: a server that inherits a pipe would keep its reader waiting for ever.
        with open(os.devnull, "w", encoding="ascii") as null:
            done = _run_as(["env", *(f"{k}={v}" for k, v in self.environment.items()), BIN + "pg_ctl", "-D", str(self.data), "-l", str(self.log), "-w", "-t", "60", "start"],
                           stdout=null, stderr=null)
        if done.returncode:
            raise RuntimeError(f"the cluster does not start:\n{self.log.read_text()[-2000:]}")

    def stop(self, mode: str = "fast") -> None:
        self._check(["pg_ctl", "-D", str(self.data), "-m", mode, "-w", "-t", "60", "stop"])

    def restart(self, mode: str = "fast") -> None:
        self.stop(mode)
        self.start()

    @property
    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """kill -9 of the postmaster and every process of it; returns when they are gone."""
        pid = self.pid
        pids = [pid] + _children(pid)
        for one in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while any(_alive(one) for one in pids) and time.monotonic() < deadline:
            time.sleep(0.01)
        # Where nobody reaps orphans the number stays taken by a zombie, and the next start would believe the files.
        for lock in (self.data / "postmaster.pid", self.folder / ".s.PGSQL.5432.lock"):
            lock.unlink(missing_ok=True)

    def close(self) -> None:
        with contextlib.suppress(FileNotFoundError, RuntimeError):
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


def _children(pid: int) -> list[int]:
    text = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(word) for word in text.split()]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Database:
    """One migrated database of a cluster, with the regions and units of tree.py."""

    def __init__(self, cluster: Cluster, name: str, binary: Path, catalogue: bool = True) -> None:
        """Without the catalogue nothing is owed, and no structure is asked for, but what a test itself brings."""
        self.cluster, self.name, self.binary = cluster, name, binary
        self.owner_url = cluster.url(name, "anze_owner")
        self.service_url = cluster.url(name, "anze_service")
        if TEMPLATE not in cluster.databases:
            self._migrate_template()
        cluster.create_database(name, TEMPLATE)
        if not catalogue:
            with self.owner() as owner:
                owner.execute("delete from anze.duty")
                owner.execute("delete from anze.structural_rule")
        self.load_tree()

    def _migrate_template(self) -> None:
        """Once a cluster; its other databases are copies of it, in a tenth of the time."""
        self.cluster.create_database(TEMPLATE, "template0")
        self.anze("migrate", check=True, env={"ANZE_OWNER_DATABASE_URL": self.cluster.url(TEMPLATE, "anze_owner")})

    def anze(self, *arguments: str, check: bool = False, env: dict[str, str] | None = None,
             **options) -> subprocess.CompletedProcess:
        """Runs a subcommand of the program with this database's owner configured."""
        done = subprocess.run([str(self.binary), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8",
                                   "ANZE_OWNER_DATABASE_URL": self.owner_url,
                                   "ANZE_DATABASE_URL": self.service_url, **(env or {})}, **options)
        if check and done.returncode:
            raise RuntimeError(f"anze {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def load_tree(self) -> None:
        with self.owner() as connection, connection.cursor() as cursor:
            cursor.executemany("insert into anze.region (code, name, parent_code) values (%s, %s, %s)"
                               " on conflict (code) do nothing", tree.REGIONS)
            cursor.executemany(
                "insert into anze.unit (id, kind, name, credit_code, region_code, sector, level, supervision_role,"
                " supervised_sectors, accountable_to) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
                " on conflict (id) do nothing",
                [(u.id, u.kind, u.name, u.credit_code, u.region_code, u.sector, u.level, u.supervision_role,
                  list(u.supervised_sectors), u.accountable_to) for u in tree.UNITS.values()])

    def owner(self, **options) -> psycopg.Connection:
        return psycopg.connect(self.owner_url, **options)

    def admin(self, **options) -> psycopg.Connection:
        """As the cluster's superuser: for what no role of ours may do, such as altering audit rows."""
        return psycopg.connect(self.cluster.url(self.name, "admin"), autocommit=True, **options)

    @contextlib.contextmanager
    def service(self, **context: str):
        """A transaction as the service's login with the caller's context set as the service sets it:
        database.service(reach="region", region="1506", actor="tester", scopes="accidents:read"). Rolled back."""
        with psycopg.connect(self.service_url) as connection:
            for name, value in context.items():
                connection.execute("select set_config(%s, %s, true)", (f"anze.{name}", value))
            yield connection
            connection.rollback()

    def value(self, query: str, *parameters):
        """The first column of the first row, read as the cluster's superuser; None without rows."""
        with self.admin() as connection:
            row = connection.execute(query, parameters).fetchone()
            return row[0] if row else None
