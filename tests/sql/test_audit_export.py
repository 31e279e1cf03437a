"""A month of the audit in a file: it proves itself and against the chain, and its entries may leave the database."""
import json

import pytest

from harness.audit import copied, dropped, entries, fill, head, seal, tamper, verify, watch_thing

MONTH = "2026-05"


@pytest.fixture(scope="module")
def prepared(make_cluster, make_database):
    """With the present month's entries written as of a month that is over: a chain that was sealed then."""
    database = watch_thing(make_database(make_cluster()))
    with database.owner() as owner:
        owner.execute("create table audit.entry_2026_05 (like audit.entry including all)")
        owner.execute("create unique index on audit.entry_2026_05 (id)")
        owner.execute("alter table audit.entry attach partition audit.entry_2026_05"
                      " for values from ('2026-05-01 00:00+08') to ('2026-06-01 00:00+08')")
    tamper(database, "truncate audit.seal", "delete from audit.entry")
    fill(database, 1, 5)
    tamper(database, "update audit.entry set at = '2026-05-10 12:00+08', id = 20583::bigint << 36 | id & 68719476735")
    assert seal(database) == 5
    fill(database, 6, 8)
    assert seal(database) == 3
    return database


@pytest.fixture
def ledger(prepared):
    database = copied(prepared)
    yield database
    dropped(database)


@pytest.fixture
def file(ledger, tmp_path):
    path = tmp_path / "month"
    done = ledger.anze("audit", "export", "--month", MONTH, str(path))
    assert done.returncode == 0 and done.stdout.startswith("5 entries in 1 seals"), done.stderr
    return path


def proved(database, path) -> tuple[list[str], dict]:
    done = database.anze("audit", "verify", "--json", "--file", str(path))
    *faults, summary = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == (0 if summary["intact"] else 1)
    return [f["detail"] for f in faults], summary


def test_a_month_in_a_file_proves_itself_and_against_the_chain(ledger, file):
    assert proved(ledger, file) == ([], {"intact": True, "entries": 5, "faults": 0,
                                         "digest": json.loads(file.read_text().splitlines()[-1])["digest"]})
    assert ledger.anze("audit", "export", "--month", MONTH, str(file)).returncode == 1, "a file is never written over"


@pytest.mark.parametrize("change, detail", [
    (lambda text: text.replace("officer-7", "officer-8", 1), "the entry in the file is not what was sealed"),
    (lambda text: "\n".join(line for i, line in enumerate(text.split("\n")) if i != 3), "another number of entries"),
    (lambda text: text.replace('"seq":1,', '"seq":2,', 1), "the seal in the file does not hold"),
], ids=["altered", "left-out", "another-place"])
def test_a_file_that_was_altered_is_found(ledger, file, change, detail):
    file.write_text(change(file.read_text()))
    faults, _ = proved(ledger, file)
    assert any(detail in fault for fault in faults), faults
    assert ledger.anze("audit", "detach", str(file)).returncode == 1


def test_a_month_that_was_detached_is_proved_by_its_file_and_the_chain_by_itself(ledger, file):
    noted = head(ledger)
    assert ledger.anze("audit", "detach", str(file)).stdout.endswith(f"detached {MONTH}\n")
    assert len(entries(ledger)) == 3
    with ledger.owner() as owner:
        owner.execute("drop table audit.entry_2026_05")
    faults, summary = verify(ledger, "--expect-head", noted)
    assert not faults and (summary["checked"], summary["exported"]) == (3, 5)
    assert proved(ledger, file)[1]["intact"]
    tamper(ledger, "update audit.seal set leaves = overlay(leaves placing sha256('x') from 1) where seq = 1")
    assert [f["fault"] for f in verify(ledger)[0]] == ["altered"], "leaves of a detached month are still in the chain"


def test_a_month_that_is_not_over_stays(ledger, tmp_path):
    month = ledger.value("select to_char(now() at time zone 'Asia/Shanghai', 'YYYY-MM')")
    assert ledger.anze("audit", "export", "--month", month, str(tmp_path / "x")).returncode == 0
    done = ledger.anze("audit", "detach", str(tmp_path / "x"))
    assert done.returncode == 1 and "when it is over" in done.stderr
