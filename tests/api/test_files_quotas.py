"""How much of files a unit, a caller and all together may bring; everybody else and everything else goes on."""
import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import tree
from harness.accidents import first_report
from harness.files import CHUNK, PATH, begin, complete, declare, picture, put, put_all, upload
from harness.tokens import Issuer


@pytest.fixture(scope="module")
def mine(client):
    return client("enterprise_reporter", unit=tree.enterprise("150622101", 1).id, sub="mine-1")


@pytest.fixture
def figures(database):
    """Sets figures as an operator does, and sets them back."""
    with database.admin() as admin:
        before = admin.execute("select code, max_files, max_bytes from anze.file_quota").fetchall()

    def set_to(code: str, max_files: int | None, max_bytes: int | None) -> None:
        with database.admin() as admin:
            admin.execute("update anze.file_quota set max_files = %s, max_bytes = %s where code = %s", (max_files, max_bytes, code))
    yield set_to
    for row in before:
        set_to(*row)


def quota_of(answer) -> tuple:
    assert (answer.status_code, answer.json()["code"]) == (429, "quota-exceeded"), answer.text
    quota = answer.json()["quota"]
    return quota["code"], quota["used_files"], quota["used_bytes"]


def test_a_quota_and_what_was_begun_are_not_of_a_namesake_of_another_issuer(client, figures, database, issuer, make_service,
                                                                           tmp_path):
    other = Issuer(tmp_path, "https://other.example")
    service = make_service(database, ANZE_TOKEN_ISSUERS=f"{issuer.setting} {other.setting}")
    unit = tree.enterprise("150602001", 3)
    zhang = client("enterprise_reporter", unit=unit.id, sub="zhang-of-two", to=service)
    namesake = client(bearer=other.mint(sub="zhang-of-two", anze_unit=unit.id, scope="files:read files:write"), to=service)
    figures("caller-unfinished", 1, None)
    begun = begin(zhang, picture(1000, 71))
    assert quota_of(declare(zhang, picture(1000, 72))) == ("caller-unfinished", 1, 1000)
    theirs = begin(namesake, picture(1000, 73))
    assert quota_of(declare(namesake, picture(1000, 74))) == ("caller-unfinished", 1, 1000)
    assert [namesake.get(f"{PATH}/{file['id']}").json()["actor"] for file in (begun, theirs)] == [
        "zhang-of-two", "https://other.example#zhang-of-two"]


FULL = [("caller-day", 3, None, False), ("caller-day", None, 3500, True), ("caller-unfinished", 3, None, False),
        ("unit-day", 3, None, True), ("unit-unfinished", None, 3999, False)]


@pytest.mark.parametrize("code,max_files,max_bytes,completes", FULL)
def test_who_used_up_a_quota_is_told_and_everybody_else_goes_on(client, figures, database, code, max_files, max_bytes, completes):
    place = 40 + FULL.index((code, max_files, max_bytes, completes))
    unit, strange = tree.enterprise("150602001", 2), tree.enterprise("150602001", 1)
    greedy, mate = (client("enterprise_reporter", unit=unit.id, sub=f"{name}-{place}") for name in ("greedy", "mate"))
    stranger = client("enterprise_reporter", unit=strange.id, sub=f"stranger-{place}")
    with database.admin() as admin:  # nothing of the cases before
        admin.execute("update anze.file set created_at = created_at - interval '9 days' where unit_id = any (%s)",
                      ([unit.id, strange.id],))
    figures(code, max_files, max_bytes)
    for number in range(3):
        data = picture(1000, place * 10 + number)
        upload(greedy, data) if completes else begin(greedy, data)
    refused = declare(greedy, picture(1000, place * 10 + 9))
    assert quota_of(refused) == (code, 3, 3000)
    span = 7 if code.endswith("unfinished") else 1
    wait, free_at = int(refused.headers["Retry-After"]), dt.datetime.fromisoformat(refused.json()["quota"]["free_at"])
    assert span * 86400 - 120 < wait <= span * 86400
    assert abs((free_at - dt.datetime.now(dt.timezone.utc)).total_seconds() - wait) < 60
    assert declare(stranger, picture(1000, place)).status_code == 201
    assert declare(mate, picture(1000, place)).status_code == (429 if code.startswith("unit") else 201)
    with database.admin() as admin:  # when the oldest is no longer counted, there is room for one
        admin.execute("update anze.file set created_at = created_at - %s * interval '1 day' where id ="
                      " (select id from anze.file where actor = %s order by created_at limit 1)", (span, f"greedy-{place}"))
    assert declare(greedy, picture(1000, place * 10 + 8)).status_code == 201
    assert declare(greedy, picture(1000, place * 10 + 7)).status_code == 429


def test_what_is_complete_is_not_counted_as_unfinished_and_a_file_beyond_the_quota_never_fits(client, figures):
    who = client("enterprise_reporter", unit=tree.enterprise("150602001", 3).id, sub="finisher-1")
    figures("caller-unfinished", 1, 5000)
    for number in range(3):
        upload(who, picture(1000, 500 + number))
    begin(who, picture(1000, 510))
    assert quota_of(declare(who, picture(1000, 511))) == ("caller-unfinished", 1, 1000)
    figures("caller-unfinished", None, 500)
    never = declare(who, picture(1000, 512))
    assert (never.status_code, [(e["pointer"], e["code"]) for e in never.json()["errors"]]) == (422, [("/size", "maximum")])


def test_many_who_declare_at_once_do_not_go_beyond_the_quota(client, figures):
    who = client("enterprise_reporter", unit=tree.enterprise("150602001", 3).id, sub="hasty-1")
    figures("caller-day", 3, None)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: declare(who, picture(1000, 520 + n)).status_code, range(12)))
    assert sorted(answers) == [201] * 3 + [429] * 9


def test_bytes_that_are_thrown_away_count_again_and_only_five_times(client, figures):
    who = client("enterprise_reporter", unit=tree.enterprise("150602001", 3).id, sub="thrower-1")
    file = begin(who, picture(1000, 530))
    for _ in range(5):
        put_all(who, file, picture(1000, 531))
        assert complete(who, file).status_code == 422
    refused = put(who, file, 0, picture(1000, 531))
    assert (refused.status_code, refused.json()["code"], refused.json()["allowed"]) == (409, "state-conflict", ["createFile"])
    figures("caller-day", None, 6999)
    assert quota_of(declare(who, picture(1000, 532))) == ("caller-day", 1, 6000)


def test_a_dry_run_of_a_chunk_writes_nothing_that_would_have_to_be_rolled_back(mine, database):
    data = picture(CHUNK, 540)
    file = begin(mine, data)
    size = "select sum(pg_total_relation_size(relid)) from pg_partition_tree('anze.file_chunk')"
    before = database.value(size)
    assert [put(mine, file, 0, data, Prefer="dry-run").status_code for _ in range(3)] == [200] * 3
    assert database.value(size) == before
    put_all(mine, file, data)
    assert put(mine, file, 0, data, Prefer="dry-run").status_code == 200
    assert put(mine, file, 0, bytes(CHUNK), Prefer="dry-run").status_code == 409


@pytest.fixture
def store(database):
    def set_to(max_bytes: int | None) -> None:
        with database.admin() as admin:
            admin.execute("update anze.file_store set max_bytes = %s, measured_at = '-infinity'", (max_bytes,))
    yield set_to
    set_to(None)


def assert_no_room(answer) -> None:
    assert (answer.status_code, answer.json()["code"]) == (507, "storage-full"), answer.text
    assert answer.headers["Retry-After"] == "60"


def test_below_the_reserve_files_are_refused_and_accidents_are_filed(mine, database, store):
    data = picture(2000, 550)
    file = begin(mine, data)
    store(database.value("select pg_database_size(current_database())"))
    until = time.monotonic() + 30  # the running service's sweeper measures it
    while database.value("select used_bytes from anze.file_store") == 0:
        assert time.monotonic() < until, "nobody measures the database"
        time.sleep(0.05)
    store(1)
    assert_no_room(declare(mine, picture(2000, 551)))
    assert_no_room(put(mine, file, 0, data))
    assert mine.get(f"{PATH}/{file['id']}").status_code == 200
    assert mine.post("/v1/accidents", json=first_report()).status_code == 201
    store(2**40)
    put_all(mine, file, data)
    assert complete(mine, file).status_code == 200


def test_a_disk_that_is_full_refuses_the_chunk_as_such_and_nothing_else(mine, database):
    data = picture(2000, 560)
    file = begin(mine, data)
    with database.owner() as owner:
        owner.execute("""create function anze.full_disk() returns trigger language plpgsql as
            $$ begin raise exception using errcode = 'disk_full'; end $$;
            create trigger full_disk before insert on anze.file_chunk for each row execute function anze.full_disk()""")
    assert_no_room(put(mine, file, 0, data))
    assert mine.post("/v1/accidents", json=first_report()).status_code == 201
    with database.owner() as owner:
        owner.execute("drop trigger full_disk on anze.file_chunk; drop function anze.full_disk()")
    put_all(mine, file, data)
    assert complete(mine, file).status_code == 200
