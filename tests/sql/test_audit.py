"""The audit: every change is recorded with who and for whom; what was recorded cannot be altered unseen."""
import copy
import itertools
import json
import os
import subprocess
import threading
import time

import psycopg
import pytest

CONTEXT = {"anze.actor": "officer-7", "anze.on_behalf_of": "unit-3", "anze.client": "console",
           "anze.operation": "fileAccident", "anze.request": "r-1", "anze.trace": "t-1"}
numbers = itertools.count()


@pytest.fixture(scope="module")
def prepared(make_cluster, make_database):
    """A database with a watched table of the tests' own. The cluster is their own too: the sealer waits for whatever
    transaction is at work in it, in other databases as well."""
    database = make_database(make_cluster())
    with database.owner() as owner:
        owner.execute("create table anze.thing (id int primary key, note text, phone text, n int, shown text)")
        owner.execute("grant select, insert, update, delete on anze.thing to anze_service")
        owner.execute("insert into audit.masked_column values ('anze.thing', 'phone', false), ('anze.thing', 'shown', true)")
        owner.execute("select audit.watch('anze.thing')")
    assert database.anze("audit", "seal").returncode == 0
    return database


@pytest.fixture
def ledger(prepared):
    """A copy of it, to be tampered with."""
    database = copy.copy(prepared)
    database.name = f"{prepared.name}_{next(numbers)}"
    database.owner_url = prepared.cluster.url(database.name, "anze_owner")
    database.service_url = prepared.cluster.url(database.name, "anze_service")
    prepared.cluster.create_database(database.name, prepared.name)
    yield database
    with psycopg.connect(prepared.cluster.url("postgres", "admin"), autocommit=True) as admin:
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


def test_a_change_is_recorded_with_who_for_whom_and_what(ledger):
    write(ledger, "insert into anze.thing values (1, '甲', '13800000000', null)",
          "update anze.thing set note = '乙', phone = '13900000000' where id = 1",
          "delete from anze.thing where id = 1")
    rows = entries(ledger, "actor, on_behalf_of, client, operation, request, trace, object_id, action, change")
    assert [row[:7] for row in rows] == [("officer-7", "unit-3", "console", "fileAccident", "r-1", "t-1", "1")] * 3
    assert [row[7:] for row in rows] == [
        ("insert", {"id": 1, "note": "甲", "phone": "***", "n": None}),
        ("update", {"note": {"old": "甲", "new": "乙"}, "phone": {"old": "***", "new": "***"}}),
        ("delete", {"id": 1, "note": "乙", "phone": "***", "n": None})]


def test_personal_data_is_nowhere_in_the_audit(ledger):
    fill(ledger, 1, 3)
    write(ledger, "update anze.thing set phone = '13912345678'", "delete from anze.thing where id = 2")
    for text, in entries(ledger, "entry::text"):
        assert "13800000000" not in text and "13912345678" not in text


def test_an_update_that_changes_nothing_and_a_change_that_is_rolled_back_leave_no_entry(ledger):
    fill(ledger, 1, 1)
    write(ledger, "update anze.thing set note = note", "update anze.thing set shown = 'rendered from the others'")
    with psycopg.connect(ledger.service_url) as service:
        service.execute("insert into anze.thing values (2)")
        service.rollback()
    assert entries(ledger, "action") == [("insert",)]


def test_a_change_outside_the_service_names_the_login(ledger):
    with ledger.owner() as owner:
        owner.execute("insert into anze.thing values (1)")
        owner.execute("truncate anze.thing")
    assert entries(ledger, "actor, action") == [("login:anze_owner", "insert"), ("login:anze_owner", "truncate")]


@pytest.mark.parametrize("table", ["entry", "entry_rest", "link"])
@pytest.mark.parametrize("statement", ["select from audit.{}", "insert into audit.{} default values",
                                       "update audit.{} set digest = null", "delete from audit.{}",
                                       "truncate audit.{}"])
def test_the_service_reaches_no_audit_table(prepared, statement, table):
    with psycopg.connect(prepared.service_url) as service:
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedColumn)) as refused:
            service.execute(statement.format(table))
        if table == "link":
            assert refused.type is psycopg.errors.InsufficientPrivilege


def test_even_the_owner_cannot_update_delete_or_truncate(ledger):
    fill(ledger, 1, 2)
    seal(ledger)
    month = ledger.value("select tableoid::regclass::text from audit.entry where object_type = 'anze.thing' limit 1")
    assert month != "audit.entry_rest"
    for table, column in (("audit.entry", "actor"), (month, "actor"), ("audit.link", "digest_kind")):
        for statement in (f"update {table} set {column} = 'x'", f"delete from {table}", f"truncate {table}"):
            with ledger.owner() as owner, pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                owner.execute(statement)
    assert verify(ledger)[1]["intact"]


def test_an_untouched_chain_is_intact_and_says_how_much_was_checked(ledger):
    fill(ledger, 1, 50)
    write(ledger, "insert into anze.thing values (99, null, null, null)", context={"anze.actor": "x"})
    before = int(head(ledger).split(":")[0])
    assert seal(ledger) == 51 and seal(ledger) == 0
    faults, summary = verify(ledger)
    assert not faults and summary["checked"] == before + 51 and summary["head"] == head(ledger)
    faults, summary = verify(ledger, "--from", str(before + 2), "--expect-head", head(ledger))
    assert not faults and summary["checked"] == 50


def test_entries_not_sealed_yet_are_waiting_not_wrong(ledger):
    fill(ledger, 1, 5)
    assert verify(ledger)[1]["waiting"] == 5


# {e} is the entry of the link {n}; below, {f} is that of the link after. What verify must say: fault, link, entry.
@pytest.mark.parametrize("statements, expected", [
    (["update audit.entry set change = '{{}}' where id = {e}"], [("altered", "n", "e")]),
    (["update audit.entry set change = (change::text || ' ')::json where id = {e}"], [("altered", "n", "e")]),
    (["update audit.entry set actor = 'somebody else' where id = {e}"], [("altered", "n", "e")]),
    (["update audit.entry set on_behalf_of = null where id = {e}"], [("altered", "n", "e")]),
    (["update audit.entry set client = '', operation = client || operation where id = {e}"], [("altered", "n", "e")]),
    (["update audit.entry set at = at + interval '1 microsecond' where id = {e}"], [("altered", "n", "e")]),
    (["update audit.entry set at = at - interval '2 years' where id = {e}"], [("altered", "n", "e")]),
    (["delete from audit.entry where id = {e}"], [("missing-entry", "n", "e")]),
    (["delete from audit.link where seq = {n}"], [("missing-link", "n", None), ("inserted", None, "e")]),
    (["update audit.link set seq = 1000000000 where seq = {n}",
      "update audit.link set seq = {n} where seq = {n} + 1",
      "update audit.link set seq = {n} + 1 where seq = 1000000000"],
     [("reordered", "n", "f"), ("reordered", "m", "e")]),
    (["update audit.link set digest = sha256('x') where seq = {n}"], [("altered", "n", "e")]),
    (["update audit.link set previous = sha256('x') where seq = {n}"], [("altered", "n", "e")]),
    (["update audit.link set digest_kind = 'sha256' where seq = {n}"], [("altered", "n", "e")]),
    (["update audit.link set entry_at = entry_at + interval '1 second' where seq = {n}"], [("altered", "n", "e")]),
    (["insert into audit.entry (id, xid, at, actor, object_type, action, change)"
      " select 900000000, xid, at, 'x', 'anze.thing', 'insert', '{{}}' from audit.entry where id = {e}",
      "update audit.entry set id = 0 where id = 900000000"], [("inserted", None, 0)]),
], ids=["change", "blank-in-change", "actor", "null", "moved-between-fields", "time", "time-of-another-month",
        "entry-deleted", "link-deleted", "links-swapped", "digest", "previous", "digest-kind", "link-time",
        "entry-inserted"])
def test_verify_names_what_was_done(ledger, statements, expected):
    fill(ledger, 1, 20)
    seal(ledger)
    n = int(head(ledger).split(":")[0]) - 10
    entry = {name: ledger.value("select entry_id from audit.link where seq = %s", seq)
             for name, seq in (("e", n), ("f", n + 1))}
    values = {"n": n, "m": n + 1, **entry}
    if expected == [("inserted", None, 0)]:  # an id below those of its transaction
        statements = [statement.replace("set id = 0", f"set id = {entry['e'] - 1000000}") for statement in statements]
        expected = [("inserted", None, entry["e"] - 1000000)]
    assert verify(ledger)[1]["intact"]
    tamper(ledger, *[statement.format(**values) for statement in statements])
    faults, _ = verify(ledger)
    assert [(f["fault"], f.get("seq"), f.get("entry")) for f in faults] == [
        (fault, values.get(seq), values.get(which, which)) for fault, seq, which in expected]


def test_a_forged_entry_that_no_sealer_takes_is_named(ledger):
    fill(ledger, 1, 3)
    seal(ledger)
    tamper(ledger, "insert into audit.entry (id, xid, actor, object_type, action, change, at)"
                   " values (900000001, '9000000000', 'x', 'anze.thing', 'insert', '{}', now() - interval '2 minutes')")
    assert seal(ledger) == 0
    assert [(f["fault"], f["entry"]) for f in verify(ledger)[0]] == [("unsealed", 900000001)]


def test_a_tail_that_was_cut_off_is_seen_by_the_head_noted_before(ledger):
    fill(ledger, 1, 10)
    seal(ledger)
    noted = head(ledger)
    n = int(noted.split(":")[0])
    tamper(ledger, f"delete from audit.entry where id in (select entry_id from audit.link where seq > {n} - 3)",
           f"delete from audit.link where seq > {n} - 3")
    assert verify(ledger)[1]["intact"]  # nobody can tell from the inside
    fill(ledger, 11, 20)
    seal(ledger)
    faults, _ = verify(ledger, "--expect-head", noted)
    assert [(f["fault"], f["seq"]) for f in faults] == [("other-head", n)]


def test_a_chain_that_was_sealed_anew_is_seen_by_the_head_noted_before(ledger):
    fill(ledger, 1, 10)
    seal(ledger)
    noted = head(ledger)
    tamper(ledger, "update audit.entry set actor = 'x' where object_type = 'anze.thing'", "truncate audit.link")
    seal(ledger)
    assert verify(ledger)[1]["intact"]
    assert [f["fault"] for f in verify(ledger, "--expect-head", noted)[0]] == ["other-head"]


def test_nothing_is_skipped_when_an_early_transaction_commits_late(ledger):
    with psycopg.connect(ledger.service_url) as late:
        late.execute("insert into anze.thing values (1)")  # takes its xid and its audit id first
        fill(ledger, 2, 30)
        assert seal(ledger) == 0  # the late one could still come before them
        late.execute("insert into anze.thing values (31)")
    assert seal(ledger) == 31
    assert [row[0] for row in entries(ledger, "object_id")][:2] == ["1", "31"]
    with ledger.admin() as admin:
        order = admin.execute("select e.object_id from audit.link l join audit.entry e on e.id = l.entry_id"
                              " where e.object_type = 'anze.thing' order by l.seq").fetchall()
    assert [row[0] for row in order] == ["1", "31", *map(str, range(2, 31))]
    assert verify(ledger)[1]["intact"]


def test_a_batch_never_reads_the_whole_chain(ledger):
    fill(ledger, 1, 5000)
    seal(ledger)
    fill(ledger, 5001, 5010)
    with ledger.admin() as admin:
        admin.execute("vacuum analyze")
        with admin.transaction():
            assert admin.execute("select count(*) from audit.pending(2000)").fetchone() == (10,)
            read = admin.execute("select sum(seq_scan), sum(idx_tup_fetch) from pg_stat_xact_all_tables"
                                 " where schemaname = 'audit' and (relname = 'link' or relname like 'entry_20%')")
            scans, fetched = read.fetchone()
    assert scans == 0 and fetched < 100


def test_both_digests_may_stand_in_one_chain(ledger):
    for place, digest in enumerate(["sm3", "sha256", "sm3"]):
        fill(ledger, place * 10, place * 10 + 9)
        assert seal(ledger, digest) == 10
    assert verify(ledger)[1]["intact"]
    assert ledger.value("select count(distinct digest_kind) from audit.link") == 2


@pytest.mark.parametrize("entries_of, head_of, sqlstate", [
    ("array(select entry_id from audit.pending(3))", "(select digest from audit.head())", None),
    ("array(select entry_id from audit.pending(3) order by 1 desc)", "(select digest from audit.head())", "40001"),
    ("array(select entry_id from audit.pending(4) offset 1)", "(select digest from audit.head())", "40001"),
    ("array[1, 2, 3]::bigint[]", "(select digest from audit.head())", "40001"),
    ("array(select entry_id from audit.pending(3))", "sha256('x')", "40001"),
    ("array(select entry_id from audit.pending(2))", "(select digest from audit.head())", "40001"),
    ("null", "(select digest from audit.head())", "40001"),
], ids=["as-it-should-be", "reordered", "skipping", "already-linked", "another-head", "fewer-than-digests", "null"])
def test_the_sealer_can_only_add_the_next_entries(ledger, entries_of, head_of, sqlstate):
    fill(ledger, 1, 5)
    statement = (f"select audit.append_links((select seq from audit.head()), {head_of}, 'sm3', {entries_of},"
                 " array[sha256('a'), sha256('b'), sha256('c')])")
    with psycopg.connect(ledger.service_url, autocommit=True) as service:
        if sqlstate is None:
            service.execute(statement)
            assert [f["fault"] for f in verify(ledger)[0]] == ["altered"] * 3  # and wrong digests are found
            return
        with pytest.raises(psycopg.Error) as refused:
            service.execute(statement)
        assert refused.value.sqlstate == sqlstate


def test_writers_and_killed_sealers_leave_a_chain_without_gap(ledger, binary, random_source):
    """Sealers are killed with -9 at random moments while four writers write; then everything is in the chain once."""
    until = time.monotonic() + 6
    written = [0] * 4

    def write_on(writer: int) -> None:
        with psycopg.connect(ledger.service_url, autocommit=True) as service:
            while time.monotonic() < until:
                first = 1000000 * (writer + 1) + written[writer]
                service.execute("insert into anze.thing select i, 'x', null, i from generate_series(%s, %s) i",
                                (first, first + 9))
                written[writer] += 10

    threads = [threading.Thread(target=write_on, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    kills = 0
    while time.monotonic() < until:
        sealer = subprocess.Popen([str(binary), "audit", "seal"], stdout=subprocess.DEVNULL,
                                  env={**os.environ, "ANZE_OWNER_DATABASE_URL": ledger.owner_url})
        time.sleep(random_source.uniform(0.005, 0.15))
        kills += sealer.poll() is None
        sealer.kill()
        sealer.wait()
    for thread in threads:
        thread.join()
    for _ in range(50):  # the last killed sealer's session may still hold the lock for a moment
        if ledger.anze("audit", "seal").returncode == 0:
            break
        time.sleep(0.1)
    faults, summary = verify(ledger)
    assert not faults and summary["waiting"] == 0 and kills > 0
    assert len(entries(ledger, "id")) == sum(written)
    assert summary["checked"] == ledger.value("select count(*) from audit.entry")
    assert ledger.value("select max(seq) from audit.link") == summary["checked"]


def test_coming_months_have_partitions_and_any_other_month_has_a_home(ledger):
    with psycopg.connect(ledger.service_url) as service:
        assert service.execute("select audit.create_partitions()").fetchone() == (0,)  # migrate made them
        assert service.execute("select audit.create_partitions(5)").fetchone() == (2,)
    tamper(ledger, "insert into audit.entry (at, actor, object_type, action, change)"
                   " values (now() + interval '7 months', 'x', 'anze.thing', 'insert', '{}')")
    assert ledger.value("select count(*) from audit.entry_rest") == 1
    with ledger.owner() as owner:  # that month keeps its home, the others get one
        assert owner.execute("select audit.create_partitions(8)").fetchone()[0] == 2
    with ledger.admin() as admin:
        for partition, in admin.execute("select inhrelid::regclass::text from pg_inherits"
                                        " where inhparent = 'audit.entry'::regclass").fetchall():
            with ledger.owner() as owner, pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute(f"truncate {partition}")


@pytest.mark.parametrize("arguments", [[], ["forge"], ["verify", "--from", "0"], ["verify", "--from"],
                                       ["verify", "--expect-head", "7:ab"], ["head", "--from", "1"]])
def test_wrong_arguments_are_explained(prepared, arguments):
    done = prepared.anze("audit", *arguments)
    assert done.returncode == 2 and done.stderr and not done.stdout


def test_a_database_that_is_away_fails_with_what_to_do(prepared):
    for verb in ("verify", "head", "seal"):
        done = prepared.anze("audit", verb, env={"ANZE_OWNER_DATABASE_URL": "host=/nowhere dbname=none"})
        assert done.returncode == 1 and "ANZE_OWNER_DATABASE_URL" in done.stderr


def test_two_services_seal_by_themselves_and_again_after_the_database_was_away(make_cluster, make_database, make_service):
    database = make_database(make_cluster())
    services = [make_service(database, ANZE_AUDIT_SEAL_MS="100") for _ in range(2)]
    assert services

    def all_sealed() -> bool:
        return database.value("select (select count(*) from audit.entry) = (select count(*) from audit.link)")

    def wait_until_sealed(seconds: float) -> None:
        until = time.monotonic() + seconds
        while not all_sealed():
            assert time.monotonic() < until, "not sealed in time"
            time.sleep(0.05)

    wait_until_sealed(5)
    database.cluster.kill()
    database.cluster.start()
    with database.owner() as owner:
        owner.execute("update anze.unit set name = name || '.'")
    wait_until_sealed(5)
    assert verify(database)[1]["intact"]
