"""The program is killed or stopped while it works: what was acknowledged is there, and nothing half-written is."""
import concurrent.futures
import json
import random
import signal
import threading
import time
import uuid

import requests

from harness.accidents import first_report, follow_up

CLIENTS = 8


class Ledger:
    """Writes reports with keys of its own and keeps what was acknowledged, by key."""

    def __init__(self, client) -> None:
        self.client, self.lock = client, threading.Lock()
        self.bodies, self.acknowledged, self.stop = {}, {}, threading.Event()

    def send(self, key: str) -> bool:
        try:
            answer = self.client.post("/v1/accidents", json=self.bodies[key], key=key, timeout=10)
        except requests.RequestException:
            return False
        if answer.status_code != 201:
            assert answer.status_code in (503, 409), answer.text
            return False
        with self.lock:
            self.acknowledged[key] = (answer.headers["Location"].rsplit("/", 1)[1], answer.headers["ETag"])
        return True

    def write(self) -> None:
        while not self.stop.is_set():
            key = str(uuid.uuid4())
            with self.lock:
                self.bodies[key] = first_report(scene=f"key {key}")
            if not self.send(key):  # nobody is there just now: thousands of keys in that time would show no more
                self.stop.wait(0.2)

    def send_until_done(self, key: str) -> None:
        deadline = time.monotonic() + 10
        while not self.send(key) and time.monotonic() < deadline:
            time.sleep(0.1)

    def wait_for(self, more: int) -> None:
        """Until so many more are acknowledged."""
        enough, deadline = len(self.acknowledged) + more, time.monotonic() + 20
        while len(self.acknowledged) < enough and time.monotonic() < deadline:
            time.sleep(0.01)


def stored(database) -> dict[str, list[str]]:
    """accident ids by the key that stands in their first report"""
    found: dict[str, list[str]] = {}
    with database.admin() as admin:
        for identity, content in admin.execute("select accident_id::text, content::text from anze.accident_report"
                                               " where number = 1").fetchall():
            scene = json.loads(content).get("scene", "")
            if scene.startswith("key "):
                found.setdefault(scene[4:], []).append(identity)
    return found


def test_every_acknowledged_report_survives_kill_9_and_a_retry_happens_once(database, make_service, client):
    service = make_service(database)
    ledger = Ledger(client("county_officer", region="150622", to=service))
    writers = [threading.Thread(target=ledger.write) for _ in range(CLIENTS)]
    for writer in writers:
        writer.start()
    for _ in range(6):
        ledger.wait_for(10)
        time.sleep(random.uniform(0, 0.5))
        service.kill()
        service.start()
    ledger.stop.set()
    for writer in writers:
        writer.join()
    before = stored(database)
    assert len(ledger.acknowledged) > 50, "the stream of writes was a stream"
    for key, (identity, _) in ledger.acknowledged.items():
        assert before.get(key) == [identity], "acknowledged, so it is there exactly once"
    unknown = [key for key in ledger.bodies if key not in ledger.acknowledged]
    assert unknown, "the kills hit something (else this shows nothing)"
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ledger.send_until_done, unknown))
    after = stored(database)
    for key in ledger.bodies:
        assert len(after.get(key, [])) == 1, "retried with its key, so it is there exactly once"
    with database.admin() as admin:
        half = admin.execute("select count(*) from anze.accident a where not exists (select from anze.accident_report r"
                             " where r.accident_id = a.id) or not exists (select from anze.deadline c"
                             " where c.subject_id = a.id)").fetchone()[0]
    assert half == 0


def test_sigterm_lets_running_requests_finish_and_ends_with_0(database, make_service, client):
    service = make_service(database)
    officer = client("county_officer", region="150622", to=service)
    made = officer.post("/v1/accidents", json=first_report()).headers["Location"].rsplit("/", 1)[1]
    with database.admin() as lock, concurrent.futures.ThreadPoolExecutor() as pool:
        lock.execute("begin")
        lock.execute("select from anze.accident where id = %s for update", [made])
        running = pool.submit(officer.post, f"/v1/accidents/{made}/reports",
                              json=follow_up())
        time.sleep(0.3)
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.4)
        assert not service.is_ready(), "not ready from the first moment"
        lock.execute("rollback")
        answer = running.result(10)
    assert answer.status_code == 201 and answer.headers["Connection"].lower() == "close"
    assert service.process.wait(15) == 0


def test_a_stopped_service_starts_again_within_a_second(database, make_service):
    service = make_service(database)
    service.stop()
    service.start(wait=False)
    assert service.wait_ready() < 1.0
