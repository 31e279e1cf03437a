"""A database is migrated from the last release while that release's programs write to it.

The last release is not built here, since a clean checkout may have no history: its program made the database whose dump
stands in last_release/, and its statements stand beside it. Callers send these statements as that program does: the same
settings of the session, the same context, prepared, one plan for each, and the same errors tried again (harness/
last_release.py). To the database that is the old program, and what the database would answer it is judged here. After
each release `last_release/make.py COMMIT` renews the files, and nothing here changes.

How a running program of this release lives through the next one is seen by making it forget that functions, triggers and
data were applied: `anze migrate` then applies all of them while the service is asked over HTTP.

ANZE_LIVE_ROWS=1000000 fills each large table with so many rows (some minutes)."""
import os
import random
import threading
import time

import psycopg
import pytest

from harness import hazards
from harness.accidents import first_report
from harness.client import Client
from harness.last_release import Crowd, LastRelease, statements
from harness.statement import expand_text

ROWS = int(os.environ.get("ANZE_LIVE_ROWS", "10000"))
LONGEST_S = 1.0


@pytest.fixture(scope="module")
def old(make_cluster, binary):
    database = LastRelease(make_cluster(), "live", binary)
    database.sweep()
    database.fill(ROWS)
    return database


@pytest.fixture(scope="module")
def migrated(old, random_source_of_module):
    """What was asked before, during and after; when the migration began and ended; its lines."""
    with Crowd(old, random_source_of_module.randrange(2**31)) as crowd:
        time.sleep(3)
        began = time.monotonic()
        done = old.anze("migrate")
        ended = time.monotonic()
        time.sleep(3)
    return crowd.asked, began, ended, done


@pytest.fixture(scope="module")
def random_source_of_module(seed):
    return random.Random(seed)


# Lines of a template that are always chosen: one of these, by the contract.
CHOSEN = {"listAccidents": {"sort": "-occurred_at"}, "listObligations": {"sort": "due_at"}, "listUnits": {"sort": "name"},
          "getUnitTree": {"by": "territory"}, "getCompliance": {"group_by": "region"}, "listHazardStatistics": {"group_by": "all"}}


def slowest(asked) -> float:
    return max(one.seconds for one in asked)


@pytest.mark.timeout(3600)
def test_no_request_fails_or_waits_for_long_while_the_last_release_is_migrated(migrated):
    asked, began, ended, done = migrated
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    before = [one for one in asked if one.began + one.seconds < began]
    during = [one for one in asked if one.began + one.seconds >= began]
    print(f"{ROWS} rows a table; migrated in {ended - began:.1f} s; {len(before)} requests before it, the slowest "
          f"{1000 * slowest(before):.0f} ms, {len(during)} during and after it, the slowest {1000 * slowest(during):.0f} ms\n"
          + done.stdout)
    faults = [(one.name, round(one.began - began, 2), one.fault) for one in asked if one.fault]
    assert not faults, f"{len(faults)} requests failed: {faults[:5]}"
    assert slowest(during) < LONGEST_S + slowest(before)
    # A release that changes little migrates in a fifth of a second.
    assert len([one for one in during if one.began < ended]) > 5, "nothing was asked meanwhile"


def test_each_statement_of_the_last_release_is_still_understood(migrated, old):
    """Programs of the last release go on until they are restarted one by one."""
    lost = {}
    with psycopg.connect(old.service_url, autocommit=True) as service:
        for name, text in statements().items():
            sql, _ = expand_text(text.rstrip().rstrip(";"), CHOSEN.get(name, {}))
            try:
                service.execute(f"prepare asked as {sql}".encode())
                service.execute("deallocate asked")
            except psycopg.Error as error:
                lost[name] = str(error).splitlines()[0]
    assert not lost


def test_the_next_run_has_nothing_to_do_and_the_new_program_serves(migrated, old, make_service, token):
    check = old.anze("migrate", "--check")
    assert check.returncode == 0, check.stdout + check.stderr
    service = make_service(old)
    answer = Client(service.url, None, token("county_officer", region="150622")).get("/v1/hazards?limit=5")
    assert answer.status_code == 200 and len(answer.json()["items"]) == 5, answer.text


CATALOGUE = {
    "columns": "select format('%s.%s %s %s %s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,"
               " pg_get_expr(d.adbin, d.adrelid)) from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
               " and not a.attisdropped left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum"
               " where c.relkind in ('r', 'p', 'v') and not c.relispartition and {in} c.relnamespace)",
    "tables": "select format('%s %s %s %s %s', c.oid::regclass, c.relkind, c.relrowsecurity, c.relforcerowsecurity,"
              " (select array_agg(x::text order by x::text) from unnest(c.relacl) x where x::text not like 'anze_owner=%')) from pg_class c"
              " where c.relkind in ('r', 'p', 'v', 'S') and not c.relispartition and {in} c.relnamespace)",
    "constraints": "select format('%s %s %s %s', k.conname, k.conrelid::regclass, translate(pg_get_constraintdef(k.oid), '()', ''),"
                   " k.convalidated)"
                   " from pg_constraint k left join pg_class c on c.oid = k.conrelid"
                   " where not coalesce(c.relispartition, false) and k.conparentid = 0 and {in} k.connamespace)",
    "indexes": "select pg_get_indexdef(i.indexrelid) || i.indisvalid::text from pg_index i join pg_class c on c.oid = i.indrelid"
               " where not c.relispartition and {in} c.relnamespace)",
    "policies": "select format('%s %s %s %s %s', p.polname, p.polrelid::regclass, p.polcmd, pg_get_expr(p.polqual, p.polrelid),"
                " pg_get_expr(p.polwithcheck, p.polrelid)) from pg_policy p",
    "triggers": "select translate(pg_get_triggerdef(t.oid), '()', '') || t.tgenabled::text from pg_trigger t join pg_class c on c.oid = t.tgrelid"
                " where not t.tgisinternal and not c.relispartition and {in} c.relnamespace)",
    "functions": "select format('%s %s %s %s', p.oid::regprocedure, p.prorettype::regtype, md5(pg_get_functiondef(p.oid)),"
                 " (select array_agg(x::text order by x::text) from unnest(p.proacl) x)) from pg_proc p where {in} p.pronamespace)",
    "comments": "select format('%s %s', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description)"
                " from pg_description d join pg_class c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass"
                " where not c.relispartition and {in} c.relnamespace)",
}


def catalogue(database) -> dict[str, set[str]]:
    with database.admin() as admin:
        return {what: {row[0] for row in admin.execute(
                    query.replace("{in}", "exists (select from pg_namespace n where n.nspname in ('anze', 'audit') and n.oid ="))}
                for what, query in CATALOGUE.items()}


def test_a_migrated_database_is_the_same_as_a_fresh_one(migrated, old, database):
    """Nothing that a step took away with its table stays away, and nothing stays that no file makes."""
    ours, fresh = catalogue(old), catalogue(database)
    different = {what: {"only migrated": sorted(ours[what] - fresh[what])[:6], "only fresh": sorted(fresh[what] - ours[what])[:6]}
                 for what in fresh if ours[what] != fresh[what]}
    assert not different


def test_a_running_service_answers_at_once_while_a_release_changes_every_function_trigger_and_row_of_data(
        make_cluster, make_database, make_service, token):
    database = make_database(make_cluster())
    service = make_service(database)
    officer, stopping, asked = token("county_officer", region="150622"), threading.Event(), []

    def ask(number: int) -> None:
        client = Client(service.url, None, officer)
        while not stopping.is_set():
            began = time.monotonic()
            answer = (client.post("/v1/hazards", json=hazards.filing(description=f"{number} {began}")) if number == 0 else
                      client.post("/v1/accidents", json=first_report()) if number == 1 else
                      client.get(("/v1/hazards", "/v1/accidents", "/v1/cases")[len(asked) % 3]))
            asked.append((answer.status_code, time.monotonic() - began, began))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    with database.owner() as owner:
        owner.execute("delete from anze.migration_object")
    began = time.monotonic()
    done = database.anze("migrate")
    ended = time.monotonic()
    time.sleep(1)
    stopping.set()
    for thread in threads:
        thread.join()
    assert done.returncode == 0, done.stdout + done.stderr
    before = max(seconds for _, seconds, at in asked if at < began)
    print(f"migrated in {ended - began:.1f} s; {len(asked)} requests, the slowest before it {1000 * before:.0f} ms, during it "
          f"{1000 * max(seconds for _, seconds, at in asked if at >= began):.0f} ms")
    assert {status for status, _, _ in asked} <= {200, 201}, [one for one in asked if one[0] not in (200, 201)][:5]
    assert not [one for one in asked if one[1] > LONGEST_S + before]
    assert len([one for one in asked if began < one[2] < ended]) > 10, "nothing was asked meanwhile"
