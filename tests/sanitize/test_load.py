"""Everything that the program does at once, for ANZE_LOAD_SECONDS: reads, writes, uploads, clients that break off, keys
that come and go, database connections that are killed, a stop in the middle. `tests/run sanitize` runs it on programs
built with sanitizers, whose first report fails it: it stands in the log, or in the exit status."""
import collections
import contextlib
import http.server
import json
import os
import random
import signal
import socket
import struct
import threading
import time
import uuid

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec

from api.test_core_shapes import KEPT, LIBRARY, REFUSED
from harness import files, tree
from harness.accidents import first_report, follow_up
from harness.client import Client
from harness.tokens import AUDIENCE

SECONDS = float(os.environ.get("ANZE_LOAD_SECONDS", "4"))
SANITIZERS = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
SETTINGS = {"ANZE_POOL_SIZE": "4", "ANZE_BODY_MEMORY_MIB": "2", "ANZE_TOKEN_CACHE_SIZE": "16", "ANZE_RATE_LIMIT": "1000000",
            "ANZE_JWKS_REFRESH_S": "1", "ANZE_JWKS_COOL_DOWN_S": "1", "ANZE_STATEMENT_TIMEOUT_MS": "20000",
            "ANZE_POOL_WAIT_MS": "20000", "ANZE_SWEEP_MS": "50", "ANZE_AUDIT_SEAL_MS": "100", "ANZE_GZIP_MIN_BYTES": "100"}
REMOTE = "https://remote.example"
BROAD = ["accidents:read", "accidents:report", "accidents:correct", "files:read", "files:write", "units:read", "units:write", "hazards:read"]


class KeySet:
    """An issuer whose keys are fetched: a JWK Set with one key, another one after each turn()."""

    def __init__(self) -> None:
        self.turn()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": [outer.public]}).encode())

            def log_message(self, *_) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"

    def turn(self) -> None:
        self.kid, self.key = str(uuid.uuid4()), ec.generate_private_key(ec.SECP256R1())
        public = json.loads(jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).to_jwk(self.key.public_key()))
        self.public = {**public, "kid": self.kid, "alg": "ES256", "use": "sig"}

    def mint(self) -> str:
        now = int(time.time())
        return jwt.encode({"iss": REMOTE, "aud": AUDIENCE, "sub": "far", "client_id": "tests", "iat": now, "exp": now + 600,
                           "jti": str(uuid.uuid4()), "scope": "units:read", "anze_region": "1506"}, self.key, "ES256",
                          headers={"kid": self.kid, "typ": "at+jwt"})


class Load:
    """Threads that call until told to stop. `seen` counts what each of them got."""

    def __init__(self, database, service, issuer, keys: KeySet, seed: int) -> None:
        self.database, self.service, self.issuer, self.keys, self.seed = database, service, issuer, keys, seed
        self.seen: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
        self.stop = threading.Event()
        self.failures: list[str] = []

    def client(self, **claims) -> Client:
        return Client(self.service.url, None, self.issuer.mint(**{"scope": " ".join(BROAD), **claims}))

    def loop(self, work, number: int) -> None:
        chance = random.Random(self.seed + number)
        name = work.__name__
        while not self.stop.is_set():
            try:
                work(self, chance)
            except (requests.RequestException, OSError):
                self.seen[name]["broken"] += 1
                if not self.stop.is_set():
                    time.sleep(0.01)
            except Exception as error:  # noqa: BLE001 - of every kind, told at the end
                self.failures.append(f"{name}: {type(error).__name__} {error}"[:300])
                return

    def run(self, works: list, seconds: float) -> None:
        threads = [threading.Thread(target=self.loop, args=(work, number)) for number, work in enumerate(works)]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self.service.process.send_signal(signal.SIGTERM)  # what is under way is finished, the rest finds nobody
        time.sleep(0.5)
        self.stop.set()
        for thread in threads:
            thread.join()

    def count(self, name: str, answer: requests.Response) -> requests.Response:
        self.seen[name][answer.status_code] += 1
        return answer


def read(load: Load, chance: random.Random) -> None:
    officer = load.client(anze_region="150622", sub=f"reader {chance.randrange(40)}")
    for target in ("/v1/units?limit=20", "/v1/accidents?sort=due_at&limit=5", "/openapi.json", "/v1/hazards?limit=3",
                   f"/v1/units/{tree.enterprise('150622101', 1).id}", "/v1/accidents/nothing", "/.well-known/jwks.json"):
        answer = load.count("read", officer.get(target, headers={"Accept-Encoding": chance.choice(["gzip", "identity"])}))
        if "ETag" in answer.headers and answer.status_code == 200:
            load.count("read", officer.get(target, headers={"If-None-Match": answer.headers["ETag"]}))
    load.count("read", officer.head("/healthz"))
    page = officer.get("/v1/units?limit=2").json()
    if page.get("page", {}).get("next"):
        load.count("read", officer.get(f"/v1/units?limit=2&cursor={page['page']['next']}"))


def write(load: Load, chance: random.Random) -> None:
    officer = load.client(anze_region="150622", sub=f"writer {chance.randrange(3)}")
    body, key = first_report(), str(uuid.uuid4())
    again = threading.Thread(target=twice, args=(officer, body, key))
    again.start()
    try:
        answer = load.count("write", officer.post("/v1/accidents", json=body, key=key))
        if answer.status_code == 201:
            path = answer.headers["Location"]
            path = path[path.index("/v1/"):]
            load.count("write", officer.post(f"{path}/reports", json=follow_up()))
            load.count("write", officer.post(f"{path}/reports/1/corrections", if_match=str(chance.randrange(4)),
                                             json={"reason": "更正", "place": "井下"}))
            load.count("write", officer.post("/v1/accidents", json={**body, "category": "nonsense"}))
            load.count("write", officer.post("/v1/accidents", json=body, headers={"Prefer": "dry-run"}))
    finally:
        again.join()


def twice(officer: Client, body: dict, key: str) -> None:
    """The same call at the same time, on a connection of its own."""
    with contextlib.suppress(requests.RequestException):
        Client(officer.url, None, officer.token).post("/v1/accidents", json=body, key=key)


def upload(load: Load, chance: random.Random) -> None:
    unit = tree.enterprise("150622101", chance.randrange(1, 4)).id
    who = load.client(anze_unit=unit, sub=f"uploader {chance.randrange(3)}")
    data = files.picture(3 * files.CHUNK - 7, chance.randrange(10**9))
    declared = load.count("upload", files.declare(who, data))
    if declared.status_code != 201:
        return
    file = declared.json()
    for number in range(chance.choice([3, 3, 3, 1])):
        load.count("upload", files.put(who, file, number, data[number * files.CHUNK:(number + 1) * files.CHUNK]))
    if load.count("upload", files.complete(who, file)).status_code == 200:
        path = f"/v1/files/{file['id']}/content"
        load.count("upload", who.get(path, headers={"Range": f"bytes={chance.randrange(10**6)}-"}))
        with who.get(path, stream=True) as broken:
            next(broken.iter_content(1000))
        load.count("upload", who.get(path))


def break_off(load: Load, chance: random.Random) -> None:
    """A shape, whole or cut, alone or before others, closed or reset at any moment."""
    bearer = load.client(anze_region="150622").token
    good = f"GET /v1/units?limit=1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {bearer}\r\n\r\n".encode()
    half = (f"POST /v1/accidents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {bearer}\r\n"
            "Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n").encode() + b"a" * chance.randrange(900_000)
    shape = chance.choice([s[-1] for s in (*KEPT, *REFUSED, *LIBRARY)] + [good] * 20 + [half] * 10)
    data = shape[:chance.randrange(len(shape))] if chance.random() < 0.3 else shape + good * chance.choice([0, 1, 5])
    with socket.create_connection(("127.0.0.1", load.service.port), timeout=0.2) as rude:
        with contextlib.suppress(OSError):
            rude.sendall(data)
            if chance.random() < 0.7:
                rude.recv(65536)
            load.seen["break_off"]["done"] += 1
        if chance.random() < 0.5:
            rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def turn_keys(load: Load, _: random.Random) -> None:
    kid = str(uuid.uuid4())
    load.issuer.add(kid, "ES256")
    load.keys.turn()
    for _ in range(10):
        token = load.issuer.mint(kid=kid, scope="units:read", anze_region="150622", sub="turner")
        for bearer in (token, load.keys.mint(), token[:-8] + "AAAAAAAA", load.issuer.mint(lifetime_s=-600), "a.b.c"):
            load.count("turn_keys", Client(load.service.url, None, bearer).get("/v1/units?limit=1"))
        time.sleep(0.1)
    load.issuer.remove(kid)


def watch(load: Load, _: random.Random) -> None:
    for target in ("/metrics", "/readyz", "/healthz"):
        load.count("watch", requests.get(load.service.admin_url + target, timeout=10))
    time.sleep(0.05)


def kill_backends(load: Load, chance: random.Random) -> None:
    time.sleep(chance.uniform(0.5, 1.5))
    with load.database.admin() as admin:
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'anze_service'"
                      " and datname = current_database() and random() < 0.5")
    load.seen["kill_backends"]["done"] += 1


WORKS = [read, read, read, write, write, upload, upload, break_off, break_off, break_off, turn_keys, watch, kill_backends]
# 503 is for what a killed database connection was at; 413 and 507 are for uploads that their quota or the disk refuses.
MAY_BE = {200, 201, 204, 206, 304, 401, 404, 409, 412, 413, 422, 429, 503}


@pytest.fixture
def loaded(cluster, make_database, make_service, issuer, seed):
    keys = KeySet()
    database = make_database(cluster)
    service = make_service(database, **SETTINGS, **SANITIZERS, ANZE_TOKEN_ISSUERS=f"{issuer.setting} {REMOTE}={keys.url}")
    yield Load(database, service, issuer, keys, seed)
    keys.server.shutdown()


@pytest.mark.timeout(SECONDS * 3 + 120)
def test_all_at_once_is_answered_and_the_stop_in_the_middle_is_clean(loaded):
    loaded.run(WORKS, SECONDS)
    status = loaded.service.process.wait(60)
    wild = [line for line in loaded.service.log_text().splitlines() if not line.startswith("{")]
    assert not wild, f"the program ended with {status} and wrote:\n" + "\n".join(wild[:100])
    assert status == 0
    assert not loaded.failures
    statuses = set().union(*loaded.seen.values()) - {"broken", "done"}
    assert statuses <= MAY_BE, loaded.seen
    for work in WORKS:
        done = loaded.seen[work.__name__]
        assert sum(done.values()) > done["broken"], f"{work.__name__} got nothing done: {loaded.seen}"
    assert {200, 304} <= set(loaded.seen["read"]) and {201, 422} <= set(loaded.seen["write"])
    assert {201, 206} <= set(loaded.seen["upload"]) and {200, 401} <= set(loaded.seen["turn_keys"])
