"""Bodies of every operation that takes one, made wrong in every way: none is answered by a fault of the program, none is
taken that the contract's schema refuses, nothing that was sent comes out in a refusal or a log, and what is refused
changes nothing. ANZE_MUTATIONS says how many; TEST_SEED which."""
import collections
import concurrent.futures
import contextlib
import itertools
import json
import os
import random
import threading
import uuid

import pytest
import requests

from contract import test_access_matrix as matrix
from harness import tree
from harness.accidents import first_report
from harness.client import Client
from harness.mutate import MARK, Mutator

MUTATIONS, THREADS = int(os.environ.get("ANZE_MUTATIONS", "1500")), 6
JSON = ("application/json", "application/merge-patch+json")


class Asked:
    """How one operation is asked: where, with which good body, and whose version it wants to know."""

    def __init__(self, contract, method: str, template: str, operation: dict, media: str, path, body, if_match: bool) -> None:
        self.id, self.method, self.media, self.path, self.body, self.if_match = operation["operationId"], method, media, path, body, if_match
        request = operation["requestBody"]
        reference = request.get("$ref", "").removeprefix("#/")
        self.pointer = (*(reference.split("/") if reference else ("paths", template, method, "requestBody")), "content", media, "schema")
        examples = contract.resolve(request)["content"][media].get("examples", {})
        self.bodies = [contract.resolve(e)["value"] for e in examples.values()]

    def good(self, chance: random.Random) -> dict:
        with contextlib.suppress(IndexError):  # some can be made only so often
            self.made = self.body() if callable(self.body) else self.body or {}
        return chance.choice([self.made] * 3 + self.bodies)

    def where(self) -> str:
        return self.path() if callable(self.path) else self.path


@pytest.fixture(scope="module")
def world(cluster, make_database, make_service, client, issuer, contract):
    """A database of its own with what the access matrix asks about, the callers, and how each operation is asked."""
    database = make_database(cluster)
    with database.owner() as owner:
        for module in matrix.ASKED_MODULES:
            getattr(module, "prepare", lambda _: None)(owner)
    service = make_service(database, ANZE_SWEEP_MS="5000", ANZE_AUDIT_SEAL_MS="5000")
    accident = client(scopes=["accidents:report"], region="150622", to=service).post("/v1/accidents", json=first_report()).json()
    client(scopes=["accidents:transmit"], region="150622", to=service).post(
        f"/v1/accidents/{accident['id']}/transmissions", if_match="1", json={"to_level": "city", "channel": "system"})
    accident = client(scopes=["accidents:read"], region="150622", to=service).get(f"/v1/accidents/{accident['id']}").json()
    about = {o: (path(accident), body, "0" if needs else None) for o, (path, body, needs) in matrix.ABOUT_ACCIDENT.items()}
    ways = {**matrix.OTHERS, **about}
    asked = [Asked(contract, method, template, operation, media, *ways[operation["operationId"]])
             for method, template, operation in contract.operations() if "requestBody" in operation
             for media in contract.resolve(operation["requestBody"])["content"] if media in JSON]
    every = " ".join(sorted({scope for role in contract.roles.values() for scope in role["scopes"]}))
    tokens = [issuer.mint(scope=every, anze_region="1506", anze_unit=tree.body("emergency", "150600").id, sub="mutator"),
              issuer.mint(scope=every, anze_region="150622", anze_unit=tree.body("government", "150622").id, sub="officer"),
              issuer.mint(scope=every, anze_unit=matrix.OWN.unit, sub="reporter")]
    return database, service, asked, tokens


class Attempt:
    """Sends mutations in turn and keeps what is wrong with their answers."""

    def __init__(self, world, contract, seed: int) -> None:
        self.database, self.service, self.asked, self.tokens = world
        self.contract, self.seed = contract, seed
        self.statuses: collections.Counter = collections.Counter()
        self.taken: collections.Counter = collections.Counter()
        self.refused: list[str] = []
        self.done: list[str] = []
        self.faults: list[str] = []
        self.lock = threading.Lock()

    def run(self, thread: int) -> None:
        chance = random.Random(self.seed * 100 + thread)
        clients = [Client(self.service.url, self.contract, bearer) for bearer in self.tokens]
        for number, asked in itertools.islice(enumerate(itertools.cycle(self.asked)), thread, MUTATIONS, THREADS):
            self.send(asked, chance.choice(clients), chance, f"{thread}-{number}-{uuid.UUID(int=chance.getrandbits(128))}")

    def version(self, asked: Asked, client: Client, chance: random.Random) -> str | None:
        """The version that is there, where it can be read; now and then one that is not."""
        if not asked.if_match:
            return None
        path = asked.where().partition("?")[0]
        for parts in range(path.count("/"), 2, -1):
            if chance.random() < 0.1:
                break
            answer = client.get("/".join(path.split("/")[:parts + 1]), contract=False)
            if answer.status_code == 200 and "ETag" in answer.headers:
                return answer.headers["ETag"].strip('W/"')
        return chance.choice(["999", "0", "1"])

    def send(self, asked: Asked, client: Client, chance: random.Random, key: str) -> None:
        body = Mutator(chance).body(asked.good(chance))
        headers = {"Content-Type": asked.media, "X-Request-Id": key}
        try:
            answer = client.request(asked.method, asked.where(), data=body.encode("utf-8", "surrogateescape"), headers=headers, key=key,
                                    if_match=self.version(asked, client, chance))
        except (AssertionError, requests.RequestException) as error:
            self.wrong(asked, body, f"{type(error).__name__} {error}")
            return
        with self.lock:
            self.statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            self.wrong(asked, body, f"{answer.status_code} {answer.text}")
        elif answer.status_code >= 400:
            self.refused.append(key)
            if MARK in answer.text or any(MARK in value for value in answer.headers.values()):
                self.wrong(asked, body, f"the refusal says what was sent: {answer.text}")
        else:
            self.taken[asked.id] += 1
            self.done.append(key)
            if why := self.is_bad(asked, body):
                self.wrong(asked, body, f"{answer.status_code}, though {why}")

    def is_bad(self, asked: Asked, body: str) -> str:
        """Why the contract would not have it."""
        def once(pairs):
            assert len(dict(pairs)) == len(pairs), "a name comes twice"
            return dict(pairs)

        if not body and not self.contract.resolve(self.contract.operation(asked.id)[2]["requestBody"]).get("required"):
            return ""
        try:
            value = json.loads(body.encode("utf-8", "surrogateescape").decode(), object_pairs_hook=once)
        except (ValueError, AssertionError) as error:
            return f"it is no JSON: {error}"
        return "; ".join(self.contract.schema_faults(value, *asked.pointer))

    def wrong(self, asked: Asked, body: str, what: str) -> None:
        with self.lock:
            self.faults.append(f"{asked.id}: {what[:500]} <- {body[:400]!r}")


@pytest.mark.timeout(120 + MUTATIONS // 10)
def test_no_body_is_answered_by_a_fault_taken_against_the_contract_or_told(world, contract, seed):
    attempt = Attempt(world, contract, seed)
    assert len(attempt.asked) > 60
    with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(attempt.run, range(THREADS)))
    print(dict(attempt.statuses), dict(attempt.taken))
    assert not attempt.faults, f"{len(attempt.faults)} of {MUTATIONS}:\n" + "\n".join(attempt.faults[:60])
    assert MARK not in attempt.service.log_text() and MARK not in attempt.database.cluster.log.read_text()
    changed = "select distinct operation from audit.entry where request = any(%s)"
    with attempt.database.admin() as admin:
        assert not admin.execute(changed, (attempt.refused,)).fetchall(), "what was refused changed something"
        assert len(admin.execute(changed, (attempt.done,)).fetchall()) > 5, "and what was taken is known by its request"
    assert attempt.statuses[422] > MUTATIONS / 4 and attempt.statuses[400] > MUTATIONS / 50
    assert sum(attempt.taken.values()) > MUTATIONS / 50 and len(attempt.refused) > MUTATIONS / 2
