"""The audit: every change is recorded with who and for whom; what was recorded cannot be altered unseen."""
import hashlib
import json
import os
import subprocess
import threading
import time

import psycopg
import pytest

from harness.audit import (anchored, copied, cut_off, dropped, entries, fill, head, leaf, seal, tamper, verify, watch_thing,
                           write)


@pytest.fixture(scope="module")
def prepared(make_cluster, make_database):
    """A database with a watched table of the tests' own. The cluster is their own too: the sealer waits for whatever
    transaction is at work in it, in other databases as well."""
    return watch_thing(make_database(make_cluster()))


@pytest.fixture
def ledger(prepared):
    """A copy of it, to be tampered with."""
    database = copied(prepared)
    yield database
    dropped(database)


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


@pytest.mark.parametrize("table", ["entry", "entry_rest", "link", "seal"])
@pytest.mark.parametrize("statement", ["select from audit.{}", "insert into audit.{} default values",
                                       "update audit.{} set digest = null", "delete from audit.{}",
                                       "truncate audit.{}"])
def test_the_service_reaches_no_audit_table(prepared, statement, table):
    with psycopg.connect(prepared.service_url) as service:
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedColumn)) as refused:
            service.execute(statement.format(table))
        if table in ("link", "seal"):
            assert refused.type is psycopg.errors.InsufficientPrivilege


def test_even_the_owner_cannot_update_delete_or_truncate(ledger):
    fill(ledger, 1, 2)
    seal(ledger)
    month = ledger.value("select tableoid::regclass::text from audit.entry where object_type = 'anze.thing' limit 1")
    assert month != "audit.entry_rest"
    for table, column in (("audit.entry", "actor"), (month, "actor"), ("audit.seal", "digest_kind")):
        for statement in (f"update {table} set {column} = 'x'", f"delete from {table}", f"truncate {table}"):
            with ledger.owner() as owner, pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                owner.execute(statement)
    assert verify(ledger)[1]["intact"]


def test_an_untouched_chain_is_intact_and_says_how_much_was_checked(ledger):
    before = int(head(ledger).split(":")[0])
    fill(ledger, 1, 50)
    write(ledger, "insert into anze.thing values (99, null, null, null)", context={"anze.actor": "x"})
    assert seal(ledger) == 51 and seal(ledger) == 0
    faults, summary = verify(ledger)
    assert not faults and summary["head"] == head(ledger) and int(head(ledger).split(":")[0]) == before + 1
    assert summary["checked"] == ledger.value("select count(*) from audit.entry")
    faults, summary = verify(ledger, "--from", str(before + 1), "--expect-head", head(ledger))
    assert not faults and summary["checked"] == 51


def test_entries_not_sealed_yet_are_waiting_not_wrong(ledger):
    fill(ledger, 1, 5)
    assert verify(ledger)[1]["waiting"] == 5


def test_a_seal_is_the_digest_of_its_place_and_of_what_its_entries_say(ledger):
    fill(ledger, 1, 7)
    assert seal(ledger, "sha256") == 7
    with ledger.admin() as admin:
        seq, moment, ids, leaves, previous, digest = admin.execute(
            "select seq, (extract(epoch from sealed_at) * 1000000)::bigint, entry_ids, leaves, previous, digest"
            " from audit.seal order by seq desc limit 1").fetchone()
    assert leaves == b"".join(leaf(ledger, entry) for entry in ids)
    assert digest == hashlib.sha256(previous + seq.to_bytes(8, "big") + moment.to_bytes(8, "big") + leaves).digest()


# Three batches of five are sealed. {n} is the second seal, {e} its third entry, {f} the one behind that; {t} a time of
# another month. What verify must say: fault, seal, entry.
UNBOUND = "alter table audit.entry drop constraint entry_id_of_its_day"
COPY = ("insert into audit.entry (id, xid, at, actor, object_type, action, change) select {id}, {xid}, {at}, 'x', object_type,"
        " action, change from audit.entry where id = {e}")


@pytest.mark.parametrize("statements, expected", [
    (["update audit.entry set change = '{{}}' where id = {e}"], [("altered", "n", "e")]),
    (["update audit.entry set change = (change::text || ' ')::json where id = {e}"], [("altered", "n", "e")]),
    (["update audit.entry set actor = 'somebody else' where id = {e}"], [("altered", "n", "e")]),
    (["update audit.entry set on_behalf_of = null where id = {e}"], [("altered", "n", "e")]),
    (["update audit.entry set client = '', operation = client || operation where id = {e}"], [("altered", "n", "e")]),
    (["update audit.entry set at = at + interval '1 microsecond' where id = {e}"], [("altered", "n", "e")]),
    ([UNBOUND, "update audit.entry set at = at - interval '2 years' where id = {e}"], [("altered", "n", "e")]),
    (["update audit.entry set xid = '3' where id = {e}"], [("altered", "n", "e")]),
    (["delete from audit.entry where id = {e}"], [("missing-entry", "n", "e")]),
    (["delete from audit.seal where seq = {n}"], [("missing-link", "n", None)] + [("inserted", None, i) for i in range(5)]),
    (["update audit.seal set seq = 1000000000 where seq = {n}", "update audit.seal set seq = {n} where seq = {n} + 1",
      "update audit.seal set seq = {n} + 1 where seq = 1000000000"], [("reordered", "n", None), ("reordered", "m", None)]),
    (["update audit.seal set digest = sha256('x') where seq = {n}"], [("altered", "n", None)]),
    (["update audit.seal set previous = sha256('x') where seq = {n}"], [("altered", "n", None)]),
    (["update audit.seal set digest_kind = 'sha256' where seq = {n}"],
     [("altered", "n", i) for i in range(5)] + [("altered", "n", None)]),
    (["update audit.seal set sealed_at = sealed_at - interval '1 second' where seq = {n}"], [("altered", "n", None)]),
    (["update audit.seal set leaves = overlay(leaves placing sha256('x') from 65) where seq = {n}"],
     [("altered", "n", "e"), ("altered", "n", None)]),
    (["update audit.seal set entry_times[3] = entry_times[3] + interval '1 second' where seq = {n}"], [("altered", "n", "e")]),
    (["update audit.seal set entry_ids[3] = 7 where seq = {n}"], [("missing-entry", "n", 7), ("inserted", None, "e")]),
    ([UNBOUND, COPY.format(id="id", xid="xid", at="at - interval '2 years'", e="{e}")], [("copied", None, "e")]),
    (["drop index audit.{month}_id_idx", COPY.format(id="id", xid="'4'", at="at", e="{e}")], [("copied", None, "e")]),
    (["drop index audit.{month}_id_idx", COPY.format(id="id", xid="xid", at="at + interval '1 microsecond'", e="{e}")],
     [("copied", None, "e")]),
    ([COPY.format(id="id >> 36 << 36", xid="xid", at="at", e="{e}")], [("inserted", None, "first")]),
    ([COPY.format(id="id + 100000", xid="xid", at="at", e="{e}")], [("foreign-id", None, 100000)]),
], ids=["change", "blank-in-change", "actor", "null", "moved-between-fields", "time", "time-of-another-month", "transaction",
        "entry-deleted", "seal-deleted", "seals-swapped", "digest", "previous", "digest-kind", "seal-time", "leaf",
        "times-of-seal", "ids-of-seal", "backdated-copy", "copy-of-another-transaction", "copy-a-moment-later",
        "behind-the-sequence", "before-the-sequence"])
def test_verify_names_what_was_done(ledger, statements, expected):
    for first in (1, 6, 11):
        fill(ledger, first, first + 4)
        assert seal(ledger) == 5
    n = int(head(ledger).split(":")[0]) - 1
    sealed = ledger.value("select entry_ids from audit.seal where seq = %s", n)
    values = {"n": n, "m": n + 1, "e": sealed[2], "first": sealed[2] >> 36 << 36, "month": ledger.value("select to_char(now() at time zone 'Asia/Shanghai',"
                                                                        " '\"entry_\"YYYY_MM')")}
    assert verify(ledger)[1]["intact"]
    tamper(ledger, *[statement.format(**values) for statement in statements])

    def entry(which):
        if not isinstance(which, int) or which == 7:
            return values.get(which, which)
        return sealed[which] if 0 <= which < 5 else sealed[2] + which

    faults, _ = verify(ledger)
    assert [(f["fault"], f.get("seq"), f.get("entry")) for f in faults] == [
        (fault, values.get(seq), entry(which)) for fault, seq, which in expected]


def test_a_forged_entry_that_no_sealer_takes_is_named(ledger):
    """Of a transaction that is still to come, of a number that was not given, of last year: none of them is ever sealed."""
    fill(ledger, 1, 3)
    seal(ledger)
    day = "(extract(day from ({at}) - timestamptz '1970-01-01 00:00:00+08')::bigint << 36)"
    for number, xid, at in (("0", "9000000000", "now() - interval '2 minutes'"), ("900000001", "pg_current_xact_id()::text",
                            "now()"), ("7", "pg_current_xact_id()::text", "now() - interval '1 year'")):
        tamper(ledger, "insert into audit.entry (id, xid, actor, object_type, action, change, at)"
                       f" values ({day.format(at=at)} + {number}, ({xid if xid[0] == 'p' else repr(xid)})::xid8, 'x', 'anze.thing',"
                       f" 'insert', '{{}}', {at})")
    assert seal(ledger) == 0
    faults = {f["entry"] & (1 << 36) - 1: f["fault"] for f in verify(ledger)[0]}
    assert faults == {0: "unsealed", 900000001: "foreign-id", 7: "unsealed"}


@pytest.mark.parametrize("statement, sqlstate", [
    (COPY.format(id="id", xid="xid", at="at - interval '2 years'", e="{e}"), "23514"),
    (COPY.format(id="id", xid="'4'", at="at", e="{e}"), "23505"),
], ids=["another-day", "another-transaction"])
def test_no_id_stands_twice_in_any_month(ledger, statement, sqlstate):
    fill(ledger, 1, 1)
    entry = ledger.value("select id from audit.entry where object_type = 'anze.thing'")
    with pytest.raises(psycopg.Error) as refused:
        tamper(ledger, statement.format(e=entry))
    assert refused.value.sqlstate == sqlstate


def test_a_tail_that_was_cut_off_is_seen_by_the_head_noted_before(ledger):
    for first in (1, 11):
        fill(ledger, first, first + 9)
        seal(ledger)
    noted = head(ledger)
    n = int(noted.split(":")[0])
    cut_off(ledger, n)
    assert verify(ledger)[1]["intact"]  # nobody can tell from the inside
    fill(ledger, 21, 30)
    seal(ledger)
    faults, _ = verify(ledger, "--expect-head", noted)
    assert [(f["fault"], f["seq"]) for f in faults] == [("other-head", n)]


def test_a_chain_that_was_sealed_anew_is_seen_by_the_head_noted_before(ledger):
    fill(ledger, 1, 10)
    seal(ledger)
    noted = head(ledger)
    tamper(ledger, "update audit.entry set actor = 'x' where object_type = 'anze.thing'", "truncate audit.seal")
    seal(ledger)
    assert verify(ledger)[1]["intact"]
    assert [f["fault"] for f in verify(ledger, "--expect-head", noted)[0]] == ["other-head"]


def test_a_cut_tail_and_an_older_backup_are_seen_by_the_anchors_that_sealing_writes(ledger, tmp_path):
    file = tmp_path / "anchors"
    for first in (1, 11, 21):
        fill(ledger, first, first + 9)
        anchored(ledger, file)
        if first == 1:  # a backup of that moment
            backup = copied(ledger)
    n = int(head(ledger).split(":")[0])
    assert [line.split()[1].split(":")[0] for line in file.read_text().splitlines()] == [str(n - 2), str(n - 1), str(n)]
    faults, summary = verify(ledger, "--anchors", str(file))
    assert not faults and summary["anchors"] == 3
    assert verify(backup)[1]["intact"]
    assert [(f["fault"], f["seq"], f["to_seq"]) for f in verify(backup, "--anchors", str(file))[0]] == [
        ("other-head", n - 1, n)]
    cut_off(ledger, n)
    assert verify(ledger)[1]["intact"]
    assert [(f["fault"], f["seq"], f["to_seq"]) for f in verify(ledger, "--anchors", str(file))[0]] == [("other-head", n, n)]


def test_anchors_of_the_configuration_are_compared_unasked_and_must_be_readable(ledger, tmp_path):
    file = tmp_path / "anchors"
    fill(ledger, 1, 3)
    anchored(ledger, file)
    done = ledger.anze("audit", "verify", "--json", env={"ANZE_AUDIT_ANCHOR_FILE": str(file)})
    assert json.loads(done.stdout.splitlines()[-1])["anchors"] == 1
    file.write_text("# noted by hand\n\n2026-01-01T00:00:00Z " + head(ledger) + "\nno head\n")
    for bad in (file, tmp_path / "none"):
        done = ledger.anze("audit", "verify", "--anchors", str(bad))
        assert done.returncode == 1 and str(bad) in done.stderr


def test_a_partition_that_was_exchanged_for_another_is_named_entry_by_entry(ledger):
    """Swapped for a copy in which one entry was altered and one left out."""
    fill(ledger, 1, 6)
    seal(ledger)
    ids = ledger.value("select entry_ids from audit.seal order by seq desc limit 1")
    month = ledger.value("select tableoid::regclass::text from audit.entry where id = %s", ids[0])
    bounds = ledger.value("select pg_get_expr(relpartbound, oid) from pg_class where oid = %s::regclass", month)
    tamper(ledger, f"create table audit.other (like {month} including all)", f"insert into audit.other select * from {month}",
           f"update audit.other set actor = 'x' where id = {ids[1]}", f"delete from audit.other where id = {ids[4]}",
           f"alter table audit.entry detach partition {month}", f"alter table audit.entry attach partition audit.other {bounds}")
    assert [(f["fault"], f["entry"]) for f in verify(ledger)[0]] == [("altered", ids[1]), ("missing-entry", ids[4])]


def test_entries_of_before_a_restore_from_a_dump_and_after_it_are_sealed_once_each(ledger):
    """Transaction ids begin again in a new cluster: here those that are there already are moved far ahead."""
    fill(ledger, 1, 5)
    seal(ledger)
    fill(ledger, 6, 8)  # left unsealed when the dump was taken
    tamper(ledger, "update audit.entry set xid = (xid::text::bigint + 1000000000)::text::xid8",
           "update audit.seal s set entry_xids = array(select (x::text::bigint + 1000000000)::text::xid8"
           " from unnest(s.entry_xids) with ordinality u(x, place) order by place)")
    fill(ledger, 9, 12)
    assert (seal(ledger), seal(ledger)) == (3, 4)
    fill(ledger, 13, 14)
    assert seal(ledger) == 2
    assert ledger.value("select count(*) = count(distinct e) from audit.seal, unnest(entry_ids) e")
    assert ledger.value("select count(*) from audit.seal, unnest(entry_ids)") == ledger.value("select count(*) from audit.entry")


def test_links_of_one_entry_each_stay_valid_and_seals_go_on_after_them(ledger):
    """The chain as it was made before seals, computed here."""
    fill(ledger, 1, 6)
    with ledger.admin() as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("truncate audit.seal")
        previous = bytes(32)
        rows = admin.execute("select id, xid::text, at, " + ", ".join(
            f"({field})::text" for field in ("id", "xid", "(extract(epoch from at) * 1000000)::bigint", "actor", "on_behalf_of",
                                            "client", "operation", "request", "trace", "object_type", "object_id", "action",
                                            "change")) + " from audit.entry e order by e.xid, e.id").fetchall()
        for seq, (entry, xid, at, *fields) in enumerate(rows, 1):
            canonical = b"".join(b"\xff\xff\xff\xff" if f is None else len(f.encode()).to_bytes(4, "big") + f.encode()
                                 for f in fields)
            digest = hashlib.sha256(previous + seq.to_bytes(8, "big") + canonical).digest()
            admin.execute("insert into audit.link values (%s, %s, %s::xid8, %s, 'sha256', %s, %s)",
                          (seq, entry, xid, at, previous, digest))
            previous = digest
    noted = head(ledger)
    assert noted == f"{len(rows)}:{previous.hex()}" and verify(ledger)[1]["intact"]
    fill(ledger, 7, 9)
    assert seal(ledger) == 3 and int(head(ledger).split(":")[0]) == len(rows) + 1
    faults, summary = verify(ledger, "--expect-head", noted)
    assert not faults and summary["checked"] == len(rows) + 3
    tamper(ledger, f"update audit.entry set actor = 'x' where id = {rows[-2][0]}", f"delete from audit.link where seq = {len(rows) - 3}")
    assert [(f["fault"], f.get("seq"), f.get("entry")) for f in verify(ledger)[0]] == [
        ("missing-link", len(rows) - 3, None), ("altered", len(rows) - 1, rows[-2][0]), ("inserted", None, rows[-4][0])]


def test_nothing_is_skipped_when_an_early_transaction_commits_late(ledger):
    with psycopg.connect(ledger.service_url) as late:
        late.execute("insert into anze.thing values (1)")  # takes its xid and its audit id first
        fill(ledger, 2, 30)
        assert seal(ledger) == 0  # the late one could still come before them
        late.execute("insert into anze.thing values (31)")
    assert seal(ledger) == 31
    assert [row[0] for row in entries(ledger, "object_id")][:2] == ["1", "31"]
    with ledger.admin() as admin:
        order = admin.execute("select e.object_id from audit.seal s cross join unnest(s.entry_ids) with ordinality u(id, place)"
                              " join audit.entry e using (id) where e.object_type = 'anze.thing'"
                              " order by s.seq, u.place").fetchall()
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
                                 " where schemaname = 'audit' and (relname in ('link', 'seal') or relname like 'entry_20%')")
            scans, fetched = read.fetchone()
    assert scans == 0 and fetched < 100


def test_both_digests_may_stand_in_one_chain(ledger):
    for place, digest in enumerate(["sm3", "sha256", "sm3"]):
        fill(ledger, place * 10, place * 10 + 9)
        assert seal(ledger, digest) == 10
    assert verify(ledger)[1]["intact"]
    assert ledger.value("select count(distinct digest_kind) from audit.seal") == 2


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
    statement = (f"select audit.append_seal((select seq from audit.head()), {head_of},"
                 " (extract(epoch from clock_timestamp()) * 1000000)::bigint, 'sm3',"
                 f" {entries_of}, sha256('a') || sha256('b') || sha256('c'), sha256('d'))")
    with psycopg.connect(ledger.service_url, autocommit=True) as service:
        if sqlstate is None:
            service.execute(statement)
            assert [f["fault"] for f in verify(ledger)[0]] == ["altered"] * 4  # and wrong digests are found
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
    assert ledger.value("select count(distinct id) from audit.seal, unnest(entry_ids) id") == summary["checked"]


def test_coming_months_have_partitions_and_any_other_month_has_a_home(ledger):
    with psycopg.connect(ledger.service_url) as service:
        assert service.execute("select audit.create_partitions()").fetchone() == (0,)  # migrate made them
        assert service.execute("select audit.create_partitions(5)").fetchone() == (2,)
    tamper(ledger, "insert into audit.entry (id, at, actor, object_type, action, change)"
                   " values (1, now() + interval '7 months', 'x', 'anze.thing', 'insert', '{}')")
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
        return database.value("select (select count(*) from audit.entry)"
                              " = (select coalesce(sum(cardinality(entry_ids)), 0) from audit.seal)")

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
