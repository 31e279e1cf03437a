"""The database is killed, stopped or cut off: 503 at once, and recovery by itself."""
import time

import pytest

from harness.accidents import first_report, follow_up


@pytest.fixture(scope="module")
def alone(make_cluster, make_database, make_service):
    """A service on a cluster that may be killed."""
    cluster = make_cluster()
    database = make_database(cluster)
    return cluster, database, make_service(database, ANZE_POOL_SIZE="4")


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
    service = make_service(database, ANZE_STATEMENT_TIMEOUT_MS="300")
    officer = client("county_officer", region="150622", to=service)
    made = officer.post("/v1/accidents", json=first_report()).headers["Location"].rsplit("/", 1)[1]
    with database.admin() as lock:
        lock.execute("begin")
        lock.execute("select from anze.accident where id = %s for update", [made])
        begun = time.monotonic()
        answer = officer.post(f"/v1/accidents/{made}/reports", json=follow_up())
        lock.execute("rollback")
    assert answer.status_code == 503 and answer.json()["code"] in ("timeout", "unavailable")
    assert time.monotonic() - begun < 2


def test_when_every_connection_is_busy_requests_without_database_are_still_answered(database, make_service, client):
    import concurrent.futures

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
    with database.admin() as admin:
        admin.execute("alter system set default_transaction_read_only = on")
        admin.execute("select pg_reload_conf()")
    try:
        while (first := officer.post("/v1/accidents", json=first_report())).status_code == 201:
            time.sleep(0.02)  # the server hears of it in a moment
        answers = [first] + [officer.post("/v1/accidents", json=first_report()) for _ in range(5)]
        assert {a.status_code for a in answers} == {503} and all(int(a.headers["Retry-After"]) >= 1 for a in answers)
        assert not service.is_ready()
        assert "read-only" in service.log_text()
    finally:
        with database.admin() as admin:
            admin.execute("set default_transaction_read_only = off")
            admin.execute("alter system reset default_transaction_read_only")
            admin.execute("select pg_reload_conf()")
    assert wait_ready(service, 3.0) < 3.0
    assert officer.post("/v1/accidents", json=first_report()).status_code == 201
