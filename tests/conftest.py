"""What every test stands on: a private cluster, a migrated database with the tree of harness/tree.py, the real program
on ports of its own, tokens by the tests' own keys, and clients that hold each answer against the contract."""
import contextlib
import itertools
import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest

from harness import tree
from harness.client import Client, RawAnswer, exchange
from harness.cluster import Cluster, Database
from harness.contract import Contract
from harness.service import Service
from harness.tokens import Issuer, write_signing_key

TESTS = Path(__file__).parent
ROOT = TESTS.parent
SEED = int(os.environ.get("TEST_SEED") or random.SystemRandom().randrange(2**32))

SETTINGS = {
    "ANZE_TOKEN_AUDIENCE": "anze",
    "ANZE_TOKEN_ISSUER": "urn:anze:tests",
    "ANZE_CURSOR_KEY": "a cursor key for tests alone",
    "ANZE_RATE_LIMIT": "0",
    "ANZE_AUDIT_SEAL_MS": "200",
    "ANZE_AUDIT_KEY": "an audit key for tests alone",
    "ANZE_SWEEP_MS": "200",
}


numbers = itertools.count()


def pytest_report_header():
    return f"seed: {SEED} (TEST_SEED={SEED} repeats it)"


def find_binary() -> Path:
    """The program under test: TEST_BINARY, else the normal build of tests/run, else that of deploy/up."""
    places = [Path(os.environ["TEST_BINARY"])] if os.environ.get("TEST_BINARY") else [
        TESTS / ".work/gcc/src/command/anze", ROOT / "build/src/command/anze"]
    for place in places:
        if place.exists():
            return place.resolve()
    raise pytest.UsageError("there is no built program: run tests/run, or set TEST_BINARY")


@pytest.fixture(scope="session")
def seed() -> int:
    """For randomness that several tests share."""
    return SEED


@pytest.fixture
def random_source() -> random.Random:
    """Randomness of one test; the seed stands in the report's header."""
    return random.Random(SEED)


@pytest.fixture(scope="session")
def binary() -> Path:
    return find_binary()


@pytest.fixture(scope="session")
def work():
    """A folder for keys and logs, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="anze-tests-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def make_cluster():
    """make_cluster() -> a cluster of one's own, for tests that stop or kill it."""
    made = []

    def make() -> Cluster:
        made.append(Cluster())
        return made[-1]

    yield make
    for cluster in made:
        cluster.close()


@pytest.fixture(scope="session")
def cluster(make_cluster) -> Cluster:
    return make_cluster()


@pytest.fixture(scope="session")
def make_database(binary):
    """make_database(cluster) -> a fresh migrated database with the tree; catalogue=False: where nobody owes anything."""
    made = []

    def make(cluster: Cluster, catalogue: bool = True) -> Database:
        made.append(Database(cluster, f"anze_{os.getpid()}_{len(made)}", binary, catalogue))
        return made[-1]

    return make


@pytest.fixture(scope="session")
def database(cluster, make_database) -> Database:
    return make_database(cluster)


@pytest.fixture(scope="session")
def issuer(work) -> Issuer:
    return Issuer(work / "issuer")


@contextlib.contextmanager
def services(binary: Path, work: Path, issuer: Issuer):
    """What starts programs; they are stopped at the end."""
    made = []

    def make(database: Database, *, start: bool = True, **settings: str) -> Service:
        number = next(numbers)
        keys = work / f"keys-{number}"
        write_signing_key(keys, "own-1")
        plain = settings.get("ANZE_TOKEN_ISSUERS", issuer.setting).partition("=")[0]  # whose names tests look for in rows
        service = Service(binary, {**SETTINGS, "ANZE_DATABASE_URL": database.service_url, "ANZE_TOKEN_PLAIN_ISSUER": plain,
                                   "ANZE_TOKEN_ISSUERS": issuer.setting, "ANZE_KEY_DIRECTORY": str(keys), **settings},
                          work / f"service-{number}.log")
        made.append(service)
        return service.start() if start else service

    yield make
    for service in made:
        service.close()


@pytest.fixture(scope="module")
def make_service(binary, work, issuer):
    """make_service(database, ANZE_POOL_SIZE="2", …) -> a running program of its own, stopped with the module: sealers
    and sweepers that nobody asks any more would take the time of those who are tested."""
    with services(binary, work, issuer) as make:
        yield make


@pytest.fixture(scope="session")
def make_lasting_service(binary, work, issuer):
    """The same for services that several modules share."""
    with services(binary, work, issuer) as make:
        yield make


@pytest.fixture(scope="session")
def service(database, make_lasting_service) -> Service:
    return make_lasting_service(database, ANZE_EVENT_THREADS="2")  # others have one on a small machine


@pytest.fixture(scope="session")
def contract(service) -> Contract:
    answer = Client(service.url, None, None).get("/openapi.json")
    assert answer.status_code == 200, answer.text
    return Contract(answer.json())


@pytest.fixture(scope="session")
def token(issuer, contract):
    """token(role="county_officer", region="150622", sectors=["coal"], unit=id, **claims) -> a signed token.

    `role` is one of the contract's x-anze-roles and gives its scopes; `scopes` names them one by one instead. A role
    that reaches a unit gets an enterprise of 沙圪堵镇, one that reaches a region gets the city, unless told."""

    def make(role: str | None = None, *, scopes: list[str] | None = None, region: str | None = None,
             unit: str | None = None, sectors: list[str] | None = None, **claims) -> str:
        reach = contract.roles[role]["reach"] if role else None
        if reach == "unit" and unit is None:
            unit = tree.enterprise("150622101", 1).id
        if reach == "region" and region is None:
            region = "1506"
        granted = scopes if scopes is not None else contract.roles[role]["scopes"] if role else []
        return issuer.mint(**{"scope": " ".join(granted), "anze_unit": unit, "anze_region": region,
                              "anze_sectors": sectors, **claims})

    return make


@pytest.fixture(scope="session")
def client(service, contract, token):
    """client("county_officer", region="150622") -> a Client with such a token; client() has none.
    client(bearer=text) takes a ready one; client(…, to=other_service) goes elsewhere; language="zh" asks for Chinese."""

    def make(role: str | None = None, *, to: Service | None = None, language: str = "en", bearer: str | None = None,
             **grant) -> Client:
        if bearer is None and (role or grant):
            bearer = token(role, **grant)
        return Client((to or service).url, contract, bearer, language)

    return make


@pytest.fixture(scope="session")
def raw_http(service):
    """raw_http(b"GET / HTTP/1.1\\r\\n…") -> RawAnswer; what no well-behaved client would send."""

    def send(data: bytes, *, to: Service | None = None, **options) -> RawAnswer:
        return RawAnswer(exchange((to or service).port, data, **options))

    return send


@pytest.fixture(scope="session")
def register(cluster, make_database, make_lasting_service) -> tuple[Database, Service]:
    """A database and a service of their own for tests that write units and people: others count those of the tree."""
    database = make_database(cluster)
    return database, make_lasting_service(database)
