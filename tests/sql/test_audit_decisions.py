"""What is audited and what is not, what is held as it was written, and texts that the audit masks."""
import base64
import hashlib
import hmac
import json

import psycopg
import pytest

from harness.audit import CONTEXT, copied, dropped, entries, seal, tamper, verify, watch_thing, write


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


# ---- what is audited, and what is held ----

def test_every_table_has_a_decision_and_every_decision_is_done(prepared):
    """A table that fails here is new: give it its line in sql/data/audit/decisions.sql, which says what to decide. A decision
    that fails here is of a table that was made anew: call audit.apply_decisions() where it was made."""
    with prepared.admin() as admin:
        undecided = admin.execute("select t.table_name from audit.tables() t left join audit.decision d using (table_name)"
                                  " where d.table_name is null and t.table_name <> 'anze.thing' order by 1").fetchall()
        gone = admin.execute("select table_name from audit.decision where to_regclass(table_name) is null").fetchall()
        unlike = admin.execute(
            "select d.table_name from audit.decision d where d.is_audited <> (select count(*) = 2 from pg_trigger t"
            " where t.tgrelid = to_regclass(d.table_name) and t.tgfoid = 'audit.record()'::regprocedure)").fetchall()
        partitions = admin.execute(
            "select c.oid::regclass::text from pg_class c join pg_inherits i on i.inhrelid = c.oid"
            " join audit.decision d on to_regclass(d.table_name) = i.inhparent where d.is_audited and not exists ("
            " select from pg_trigger t where t.tgrelid = c.oid and t.tgfoid = 'audit.record()'::regprocedure)").fetchall()
        masked = admin.execute(
            "select m.* from audit.masked_column m where m.table_name <> 'anze.thing' and not exists (select from pg_attribute a"
            " where a.attrelid = to_regclass(m.table_name) and a.attname = m.column_name)").fetchall()
    assert not undecided, f"no line in sql/data/audit/decisions.sql: {undecided}"
    assert (gone, unlike, partitions, masked) == ([], [], [], [])


def held_tables(database) -> list[tuple[str, list[str]]]:
    with database.admin() as admin:
        return admin.execute("select t.relation::text, coalesce(d.may_change, '{}') from audit.tables() t"
                             " left join audit.decision d using (table_name) where t.says ~ 'append-only'").fetchall()


def test_what_says_append_only_refuses_update_delete_and_truncate_even_of_its_owner(prepared):
    """A row of each table is made with whatever a column takes, while triggers and foreign keys rest."""
    held = held_tables(prepared)
    assert {"anze.case_event", "anze.hazard_judgement", "anze.risk_assessment", "anze.duty_record", "anze.accident_report",
            "anze.accident_grade_change", "anze.accident_transmission", "anze.accident_receipt", "anze.voided_appointment",
            "audit.entry", "audit.link", "audit.seal", "audit.detached_month"} <= {table for table, _ in held}
    for table, may_change in held:
        with prepared.admin() as admin, admin.transaction(force_rollback=True):
            if not admin.execute(f"select count(*) from {table}").fetchone()[0]:
                make_row(admin, table)
            owner = admin.execute("select relowner::regrole::text from pg_class where oid = %s::regclass", (table,)).fetchone()[0]
            columns = [row[0] for row in admin.execute(
                "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
                " and attgenerated = '' and attname <> all (%s)", (table, may_change))]
            assert columns
            admin.execute(f"alter table {table} disable row level security")  # the row made here belongs to nothing
            admin.execute(f'set local role "{owner}"')
            for statement in [f"update {table} set {column} = {value_of(admin, table, column, 1)}" for column in columns] + [
                    f"delete from {table}", f"truncate {table} cascade"]:
                with admin.transaction(force_rollback=True):
                    try:
                        admin.execute(statement)
                    except psycopg.errors.InsufficientPrivilege as refused:
                        assert "append-only" in str(refused), statement
                    else:
                        pytest.fail(f"not refused: {statement}")


# Two values of each type: what a row is made with, and what it is to be changed to.
VALUES = {"uuid": ("gen_random_uuid()", "gen_random_uuid()"), "text": ("'x'", "'y'"), "boolean": ("true", "false"),
          "bytea": ("'x'", "'y'"), "json": ("'{}'", "'{\"x\": 1}'"), "jsonb": ("'{}'", "'{\"x\": 1}'"), "xid8": ("'1'", "'2'"),
          "date": ("'2001-01-01'", "'2002-01-01'"), "timestamp with time zone": ("'2001-01-01'", "'2002-01-01'"),
          "daterange": ("'[2001-01-01,)'", "'[2002-01-01,)'"), "text[]": ("'{}'", "'{x}'"), "bigint[]": ("'{}'", "'{1}'"),
          "xid8[]": ("'{}'", "'{1}'"), "timestamp with time zone[]": ("'{}'", "'{2001-01-01}'")}


def value_of(admin, table: str, column: str, place: int) -> str:
    kind = admin.execute("select format_type(atttypid, null) from pg_attribute where attrelid = %s::regclass and attname = %s",
                         (table, column)).fetchone()[0]
    region = ("'150622'", "'150621'") if column == "region_code" else None
    return (region or VALUES.get(kind, ("1", "2")))[place]


def make_row(admin, table: str) -> None:
    admin.execute("set local session_replication_role = replica")
    for name, in admin.execute("select conname from pg_constraint where conrelid = %s::regclass and contype = 'c'",
                               (table,)).fetchall():
        admin.execute(f"alter table {table} drop constraint {name}")
    columns = [row[0] for row in admin.execute("select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
                                               " and not attisdropped and attgenerated = ''", (table,))]
    values = [value_of(admin, table, column, 0) for column in columns]
    admin.execute(f"insert into {table} ({', '.join(columns)}) values ({', '.join(values)})")
    admin.execute("set local session_replication_role = origin")


def test_one_function_holds_whatever_says_append_only(prepared):
    with prepared.admin() as admin:
        others = admin.execute(
            "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
            " where n.nspname in ('anze', 'audit') and p.prorettype = 'trigger'::regtype and p.prosrc ~ 'append-only'").fetchall()
    assert others == [("anze.refuse_change()",)]


# ---- masked texts ----

KEY = {"ANZE_AUDIT_KEY": "a key of sixteen letters and more"}


def keyed(database, *statements: str) -> None:
    """As the service writes: with the key of masked texts as a setting of its session."""
    secret = KEY["ANZE_AUDIT_KEY"].encode()
    name = hmac.new(secret, b"anze audit key", hashlib.sha256).hexdigest()[:8]
    block = secret.ljust(64, b"\0")
    setting = name + bytes(b ^ 0x36 for b in block).hex() + bytes(b ^ 0x5c for b in block).hex()
    write(database, *statements, context={**CONTEXT, "anze.audit_key": setting})


def test_a_masked_text_has_a_keyed_digest_and_is_not_in_the_audit(ledger):
    keyed(ledger, "insert into anze.thing values (1, null, '13800000000', null)", "update anze.thing set phone = null")
    made, gone = (row[0] for row in entries(ledger, "change"))
    secret = KEY["ANZE_AUDIT_KEY"].encode()
    name = hmac.new(secret, b"anze audit key", hashlib.sha256).hexdigest()[:8]
    mark = hmac.new(secret, 'anze.thing\n1\nphone\n"13800000000"'.encode(), hashlib.sha256).digest()
    digest = f"***{name}:{base64.b64encode(mark).decode()}"
    assert made["phone"] == digest and gone["phone"] == {"old": digest, "new": None}


def test_a_masked_text_that_was_altered_behind_the_audit_is_named(ledger):
    keyed(ledger, "insert into anze.thing values (1, null, '13800000000', null), (2, null, null, null), (3, null, 'x', null)",
          "update anze.thing set phone = '13900000000' where id = 1", "delete from anze.thing where id = 3")
    seal(ledger)
    done = ledger.anze("audit", "verify", "--json", env=KEY)
    assert json.loads(done.stdout.splitlines()[-1]) | {"checked": 0, "head": ""} == {
        "intact": True, "checked": 0, "faults": 0, "waiting": 0, "exported": 0, "anchors": 0, "texts": 2, "head": ""}
    tamper(ledger, "update anze.thing set phone = '13900000001' where id = 1", "update anze.thing set phone = 'y' where id = 2")
    last = entries(ledger, "id, object_id, action")
    done = ledger.anze("audit", "verify", "--json", env=KEY)
    assert [(f["fault"], f["object"], f["entry"]) for f in map(json.loads, done.stdout.splitlines()[:-1])] == [
        ("altered-text", "anze.thing/1 phone", next(i for i, o, a in last if (o, a) == ("1", "update"))),
        ("altered-text", "anze.thing/2 phone", next(i for i, o, a in last if o == "2"))]
    assert verify(ledger)[1]["texts"] == 0, "who has not the key cannot tell"
    other = ledger.anze("audit", "verify", "--json", env={"ANZE_AUDIT_KEY": "another key of sixteen letters"})
    assert [json.loads(line)["object"] for line in other.stdout.splitlines()[:-1]] == ["anze.thing/2 phone"], (
        "another key says nothing of a digest, but that there was no text needs none")
