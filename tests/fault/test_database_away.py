"""The database is killed, stopped, cut off, read-only or out of room, or its clock is another than ours: what callers and
operators are told, and recovery by itself."""
import concurrent.futures
import contextlib
import json
import time
import urllib.error
import urllib.request

import pytest

from harness.accidents import first_report, follow_up
from harness.preload import preload


@pytest.fixture(scope="module")
def alone(make_cluster, make_database, make_service):
    """A service on a cluster that may be killed."""
    cluster = make_cluster()
    database = make_database(cluster)
    return cluster, database, make_service(database, ANZE_POOL_SIZE="4")


def readiness(service) -> tuple[int, dict]:
    """Status and body, as the admin listener tells them."""
    try:
        with urllib.request.urlopen(service.admin_url + "/readyz", timeout=2) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def await_readiness(service, holds, seconds: float = 15) -> tuple[int, dict]:
    """Until it tells what `holds(status, checks)` is true of."""
    begun = time.monotonic()
    while True:
        status, body = readiness(service)
        if holds(status, {name: check[0] for name, check in body["checks"].items()}):
            return status, body
        assert time.monotonic() - begun < seconds, (status, body)
        time.sleep(0.05)


def events(service, *names: str) -> list[str]:
    return [line["event"] for line in service.log if line["event"] in names]


@contextlib.contextmanager
def only_reading(database):
    with database.admin() as admin:
        admin.execute("alter system set default_transaction_read_only = on")
        admin.execute("select pg_reload_conf()")
    try:
        yield
    finally:
        with database.admin() as admin:
            admin.execute("set default_transaction_read_only = off")
            admin.execute("alter system reset default_transaction_read_only")
            admin.execute("select pg_reload_conf()")


def wait_ready(service, seconds: float) -> float:
    begun = time.monotonic()
    while not service.is_ready():
        assert time.monotonic() - begun < seconds, "it does not recover"
        time.sleep(0.02)
    return time.monotonic() - begun


@pytest.mark.parametrize("way", ["kill", "stop"])
def test_without_the_database_the_answer_is_503_at_once_and_it_recovers_by_itself(alone, client, way):
    cluster, _, service = alone
    officer = client("county_officer", region="150622", to=service)
    assert officer.get("/v1/units?limit=1").status_code == 200
    pid = service.pid
    getattr(cluster, way)()
    seen = {officer.get("/v1/units?limit=1").status_code for _ in range(5)}
    begun = time.monotonic()
    answer = officer.get("/v1/units?limit=1")
    assert time.monotonic() - begun < 0.5
    assert seen == {503} and answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["code"] == "unavailable"
    assert officer.get("/healthz").status_code == 200 and officer.get("/readyz").status_code == 503
    assert client(to=service).get("/v1/units").status_code == 401, "what needs no database is answered"
    cluster.start()
    assert wait_ready(service, 2.0) < 2.0
    assert officer.get("/v1/units?limit=1").status_code == 200 and service.pid == pid
    assert service.process.poll() is None


def test_cut_connections_cost_no_500_and_the_next_requests_work(alone, client):
    _, database, service = alone
    officer = client("county_officer", region="150622", to=service)
    statuses = []
    for _ in range(10):
        with database.admin() as admin:
            admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'anze_service'")
        statuses += [officer.get("/v1/units?limit=1").status_code for _ in range(3)]
    assert set(statuses) <= {200, 503} and statuses.count(200) >= 20, statuses


def test_a_statement_that_waits_too_long_is_503_timeout(database, make_service, client):
    made = client("county_officer", region="150622").post("/v1/accidents", json=first_report()).headers["Location"].rsplit("/", 1)[1]
    service = make_service(database, ANZE_STATEMENT_TIMEOUT_MS="300")
    officer = client("county_officer", region="150622", to=service)
    with database.admin() as lock:
        lock.execute("begin")
        lock.execute("select from anze.accident where id = %s for update", [made])
        begun = time.monotonic()
        answer = officer.post(f"/v1/accidents/{made}/reports", json=follow_up())
        lock.execute("rollback")
    assert answer.status_code == 503 and answer.json()["code"] in ("timeout", "unavailable")
    assert time.monotonic() - begun < 2


def test_a_report_waits_for_a_row_that_the_sweeper_holds_for_longer_than_one_wait_for_a_lock(database, service, client):
    """As on a machine under load, where its tenth of a second takes two."""
    officer = client("county_officer", region="150622")
    made = officer.post("/v1/accidents", json=first_report()).headers["Location"].rsplit("/", 1)[1]
    with database.admin() as sweeper:
        sweeper.execute("begin")
        sweeper.execute("select from anze.accident where id = %s for no key update", [made])
        retries = service.metric("anze_database_retries_total")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            report = pool.submit(officer.post, f"/v1/accidents/{made}/reports", json=follow_up())
            while service.metric("anze_database_retries_total") == retries:
                time.sleep(0.02)
            sweeper.execute("rollback")
            assert report.result(10).status_code == 201, report.result().text


def test_when_every_connection_is_busy_requests_without_database_are_still_answered(database, make_service, client):
    service = make_service(database, ANZE_POOL_SIZE="2", ANZE_POOL_WAIT_MS="300")
    officers = [client("county_officer", region="150622", to=service) for _ in range(6)]
    made = officers[0].post("/v1/accidents", json=first_report()).headers["Location"].rsplit("/", 1)[1]
    body = follow_up()
    with database.admin() as lock, concurrent.futures.ThreadPoolExecutor() as pool:
        lock.execute("begin")
        lock.execute("select from anze.accident where id = %s for update", [made])
        busy = [pool.submit(o.post, f"/v1/accidents/{made}/reports", json=body) for o in officers[:2]]
        time.sleep(0.2)
        begun = time.monotonic()
        assert client(to=service).get("/healthz").status_code == 200
        assert client(to=service).get("/v1/units").status_code == 401
        assert time.monotonic() - begun < 0.2
        assert officers[5].get("/v1/units?limit=1").status_code == 200  # quick reads share connections of their own
        refused = officers[5].post("/v1/accidents", json=first_report())
        assert refused.status_code == 503 and refused.headers["Retry-After"] == "1"
        lock.execute("rollback")
        assert {b.result(10).status_code for b in busy} <= {201, 503}


def test_a_service_that_starts_before_its_database_becomes_ready_with_it(make_cluster, make_database, make_service):
    cluster = make_cluster()
    database = make_database(cluster)
    cluster.stop()
    service = make_service(database, start=False)
    service.start(wait=False)
    time.sleep(0.5)
    assert service.process.poll() is None and not service.is_ready()
    cluster.start()
    assert wait_ready(service, 2.0) < 2.0


def test_a_database_that_becomes_read_only_is_503_and_the_pool_looks_for_a_primary(alone, client):
    cluster, database, service = alone
    officer = client("county_officer", region="150622", to=service)
    assert officer.post("/v1/accidents", json=first_report()).status_code == 201
    with only_reading(database):
        while (first := officer.post("/v1/accidents", json=first_report())).status_code == 201:
            time.sleep(0.02)  # the server hears of it in a moment
        answers = [first] + [officer.post("/v1/accidents", json=first_report()) for _ in range(5)]
        assert {a.status_code for a in answers} == {503} and all(int(a.headers["Retry-After"]) >= 1 for a in answers)
        assert not service.is_ready()
        assert "read-only" in service.log_text()
    assert wait_ready(service, 3.0) < 3.0
    assert officer.post("/v1/accidents", json=first_report()).status_code == 201


def test_a_database_that_only_reads_is_noticed_before_any_request_meets_it(alone):
    _, database, service = alone
    assert readiness(service)[0] == 200
    with only_reading(database):
        _, body = await_readiness(service, lambda status, _: status == 503)
        assert body["checks"]["database"][0]["status"] == "fail"
        _, body = await_readiness(service, lambda _, checks: "read-only" in checks["database"].get("output", ""))
    await_readiness(service, lambda status, _: status == 200)


@pytest.mark.parametrize("seconds, words", [(120, "s before"), (-10 * 365 * 86400, "s behind")])
def test_a_clock_that_is_off_the_databases_is_not_ready_and_said_but_requests_are_answered(
        database, make_service, client, work, seconds, words):
    """Tokens are judged by the service's clock. Which of the two is wrong, nobody knows."""
    clock = work / f"clock{seconds}"
    clock.write_text(str(seconds), encoding="ascii")
    service = make_service(database, start=False, LD_PRELOAD=preload("wrong_clock", work), WRONG_CLOCK=str(clock))
    service.start(wait=False)
    while service.process.poll() is None and '"event":"ready"' not in service.log_text():
        time.sleep(0.02)
    status, body = readiness(service)
    assert (status, body["status"]) == (503, "fail") and body["checks"]["database"] == [{"status": "pass"}]
    assert body["checks"]["clock"][0]["status"] == "fail" and words in body["checks"]["clock"][0]["output"]
    public = client(to=service).get("/readyz")
    assert public.status_code == 503 and public.json()["checks"]["clock"] == [{"status": "fail"}], "no reason for strangers"
    assert abs(service.metric("anze_clock_offset_seconds") - seconds) <= 5
    theirs = int(time.time()) + seconds
    for expires, answer in ((theirs + 600, 200), (theirs - 300, 401)):
        officer = client("county_officer", region="150622", to=service, iat=theirs - 600, nbf=theirs - 600, exp=expires)
        assert officer.get("/v1/units?limit=1").status_code == answer
    clock.write_text("50", encoding="ascii")
    await_readiness(service, lambda status, _: status == 200)
    assert events(service, "clock-off", "clock-right") == ["clock-off", "clock-right"]


def test_a_full_disk_is_503_for_writes_while_reads_go_on_and_operators_are_told_until_there_is_room(alone, client):
    """PostgreSQL answers 53100 to whatever lets a file grow."""
    cluster, database, service = alone
    full = cluster.folder / "full"
    cluster.environment = {"LD_PRELOAD": preload("full_disk", cluster.folder), "FULL_DISK": str(full)}
    cluster.restart()
    wait_ready(service, 5)
    officer = client("county_officer", region="150622", to=service)
    made = "/v1/accidents/" + officer.post("/v1/accidents", json=first_report()).headers["Location"].rsplit("/", 1)[1]
    full.touch()
    full.chmod(0o644)
    for _ in range(100):  # pages that stand have some room left
        refused = officer.post("/v1/accidents", json=first_report())
        if refused.status_code != 201:
            break
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable") and int(refused.headers["Retry-After"]) >= 1
    assert "disk is full" in refused.json()["detail"]
    assert officer.get(made).status_code == 200 and officer.get("/v1/units?limit=1").status_code == 200
    status, body = await_readiness(service, lambda _, checks: checks["storage"]["status"] == "warn")
    assert (status, body["status"]) == (200, "warn") and "disk" in body["checks"]["storage"][0]["output"]
    assert service.metric("anze_database_full_total") >= 1
    full.unlink()
    assert officer.post("/v1/accidents", json=first_report()).status_code == 201
    await_readiness(service, lambda _, checks: checks["storage"] == {"status": "pass"})
    assert events(service, "database-disk-full", "database-disk-room") == ["database-disk-full", "database-disk-room"]
    assert any(line.get("cause") == "53100" for line in service.log)
    cluster.environment = {}
