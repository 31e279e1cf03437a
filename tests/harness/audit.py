"""A table of the tests' own that is watched, and what is done to its audit: written, sealed, verified and forged."""
import copy
import hashlib
import itertools
import json

import psycopg

CONTEXT = {"anze.actor": "officer-7", "anze.on_behalf_of": "unit-3", "anze.client": "console",
           "anze.operation": "fileAccident", "anze.request": "r-1", "anze.trace": "t-1"}
numbers = itertools.count()


def watch_thing(database):
    with database.owner() as owner:
        owner.execute("create table anze.thing (id int primary key, note text, phone text, n int, shown text)")
        owner.execute("comment on table anze.thing is '测试: of the tests alone'")
        owner.execute("grant select, insert, update, delete on anze.thing to anze_service")
        owner.execute("insert into audit.masked_column values ('anze.thing', 'phone', false), ('anze.thing', 'shown', true)")
        owner.execute("select audit.watch('anze.thing')")
    assert database.anze("audit", "seal").returncode == 0
    return database


def copied(database):
    """A copy of a database that nobody is connected to."""
    other = copy.copy(database)
    other.name = f"{database.name}_{next(numbers)}"
    other.owner_url = database.cluster.url(other.name, "anze_owner")
    other.service_url = database.cluster.url(other.name, "anze_service")
    database.cluster.create_database(other.name, database.name)
    return other


def dropped(database) -> None:
    with psycopg.connect(database.cluster.url("postgres", "admin"), autocommit=True) as admin:
        admin.execute(f'drop database "{database.name}" with (force)')


def write(database, *statements: str, context=None) -> None:
    with psycopg.connect(database.service_url) as service:
        for name, value in (context or CONTEXT).items():
            service.execute("select set_config(%s, %s, true)", (name, value))
        for statement in statements:
            service.execute(statement)


def fill(database, first: int, last: int) -> None:
    write(database, f"insert into anze.thing select i, 'note', '13800000000', i from generate_series({first}, {last}) i")


def seal(database, digest: str = "sm3") -> int:
    done = database.anze("audit", "seal", "--json", env={"ANZE_AUDIT_DIGEST": digest})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["sealed"]


def head(database) -> str:
    return database.anze("audit", "head", check=True).stdout.strip()


def verify(database, *options: str):
    """The faults found, and the summary; the exit status agrees with it."""
    done = database.anze("audit", "verify", "--json", *options)
    *faults, summary = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == (0 if summary["intact"] else 1), done.stderr
    assert summary["faults"] == len(faults) and summary["intact"] == (not faults)
    return faults, summary


def tamper(database, *statements: str) -> None:
    """As an administrator who turns the triggers off."""
    with database.admin() as admin:
        admin.execute("set session_replication_role = replica")
        for statement in statements:
            admin.execute(statement)


def entries(database, columns: str = "*") -> list[tuple]:
    with database.admin() as admin:
        return admin.execute(f"select {columns} from audit.entry where object_type = 'anze.thing'"
                             " order by xid, id").fetchall()


def cut_off(database, seq: int) -> None:
    tamper(database, f"delete from audit.entry where id in (select unnest(entry_ids) from audit.seal where seq = {seq})",
           f"delete from audit.seal where seq = {seq}")


def anchored(database, file) -> None:
    """Seals, and has the new head appended to the file."""
    database.anze("audit", "seal", check=True, env={"ANZE_AUDIT_ANCHOR_FILE": str(file)})


def leaf(database, entry: int) -> bytes:
    """The digest of an entry, computed here: each column behind its length."""
    with database.admin() as admin:
        row = admin.execute("select id::text, xid::text, (extract(epoch from at) * 1000000)::bigint::text, actor, on_behalf_of,"
                            " client, operation, request, trace, object_type, object_id, action, change::text"
                            " from audit.entry where id = %s", (entry,)).fetchone()
    return hashlib.sha256(b"".join(
        b"\xff\xff\xff\xff" if value is None else len(value.encode()).to_bytes(4, "big") + value.encode() for value in row
    )).digest()
