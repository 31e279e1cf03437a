"""Every operation x role x what lies in and outside its reach, from the contract: a second opinion of who may do what.

The contract says which scopes an operation needs and which scopes a role has. A role without them gets 403 before
anything is looked up. With them, what lies outside its reach does not exist (404, or 422 in a body), and lists hold
exactly what the model below says.
"""
import random
import re
import uuid
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
from psycopg import sql

from harness import tree
from harness.accidents import first_report, follow_up
from harness.credit_code import credit_code
from harness.files import begin, picture, upload
from harness.statement import expand


@dataclass(frozen=True)
class Place:
    """Where an accident happened, and whom it befell."""
    region: str
    unit: str | None
    sector: str

    def report(self) -> dict:
        whom = {"unit_id": self.unit} if self.unit else {
            "unit_id": None, "unit_credit_code": credit_code(7, "110101"), "unit_name": "外地示例公司"}
        return first_report(region_code=self.region, sector=self.sector, **whom)


def at(town: str, number: int) -> Place:
    unit = tree.enterprise(town, number)
    return Place(town, unit.id, unit.sector)


OWN = at("150622101", 1)  # within the reach of every role below
PLACES = {
    "own": OWN,
    "other unit of the town": at("150622101", 2),
    "other town": at("150622100", 1),
    "other county": at("150621100", 1),
    "other city": at("150102001", 1),
    "other province": Place("110101", None, "coal"),
}
REACHES = {
    "enterprise_reporter": {"unit": OWN.unit},
    "town_officer": {"region": "150622101"},
    "county_officer": {"region": "150622"},
    "city_officer": {"region": "1506"},
    "committee_office": {"region": "1506"},
    "sector_officer": {"region": "1506", "sectors": ["coal"]},
    "province_officer": {"region": "15"},
    "auditor": {"region": "1506"},
    "administrator": {"region": "1506"},
}


def sees(role: str, place: Place) -> bool:
    reach = REACHES[role]
    if "unit" in reach:
        return place.unit == reach["unit"]
    return place.region.startswith(reach["region"]) and place.sector in reach.get("sectors", [place.sector])


@pytest.fixture(scope="module")
def alone(make_database, cluster):
    return make_database(cluster)


@pytest.fixture(scope="module")
def world(alone, make_service, client):
    """A database of its own with one accident in every place, and a client of every role."""
    with alone.owner() as owner:
        owner.execute("insert into anze.region (code, name, parent_code) values ('110100', '市辖区', '110000'),"
                      " ('110101', '东城区', '110100') on conflict do nothing")
        for module in ASKED_MODULES:
            getattr(module, "prepare", lambda _: None)(owner)
    service = make_service(alone)
    made = {}
    for name, place in PLACES.items():
        filer = client(scopes=["accidents:report"], region=place.region[:6], to=service)
        answer = filer.post("/v1/accidents", json=place.report())
        assert answer.status_code == 201, answer.text
        passed = client(scopes=["accidents:transmit"], region=place.region[:6], to=service).post(
            f"/v1/accidents/{answer.json()['id']}/transmissions", if_match="1",
            json={"to_level": "province" if place.region.startswith("11") else "city", "channel": "system"})  # 直辖市 has no city
        assert passed.status_code == 201, passed.text
        made[name] = client(scopes=["accidents:read"], region=place.region[:6], to=service).get(
            f"/v1/accidents/{answer.json()['id']}").json()
    return made, {role: client(role, to=service, **reach) for role, reach in REACHES.items()}, service


def accident_path(rest: str = ""):
    return lambda accident: f"/v1/accidents/{accident['id']}{rest}"


def transmission_path(rest: str = ""):
    return lambda accident: f"/v1/accidents/{accident['id']}/transmissions/{accident['transmissions'][0]['id']}{rest}"


# How each operation is asked about one accident: path, body, whether it needs If-Match.
ABOUT_ACCIDENT = {
    "getAccident": (accident_path(), None, False),
    "getAccidentTimeline": (accident_path("/timeline"), None, False),
    "listAccidentReports": (accident_path("/reports"), None, False),
    "getAccidentReport": (accident_path("/reports/1"), None, False),
    "getAccidentTransmission": (transmission_path(), None, False),
    "addAccidentReport": (accident_path("/reports"), follow_up(), False),
    "correctAccidentReport": (accident_path("/reports/1/corrections"), {"reason": "核实后更正", "place": "井下 3 号巷道"}, True),
    "passAccidentUp": (accident_path("/transmissions"), {"to_level": "city", "channel": "system"}, True),
    "acknowledgeAccident": (transmission_path("/receipt"), {}, True),
    "correctAccidentTransmission": (
        transmission_path("/corrections"), {"reason": "录入有误", "sent_at": "2026-11-20T14:30:00+08:00"}, True),
    "withdrawAccident": (accident_path("/withdrawal"), {"ground": "false_alarm", "reason": "误报"}, True),
    "joinAccident": (accident_path("/joining"), {"into": OWN.unit, "reason": "同一起事故"}, True),
    "recordAccidentNotices": (accident_path("/notices"), {"notified": ["public_security"]}, True),
}
# How each operation is asked about one file: path, body, headers; and the state that the file is in.
OCTETS = {"Content-Type": "application/octet-stream"}
ABOUT_FILE = {
    "getFile": ("complete", "", None, {}),
    "getFileContent": ("complete", "/content", None, {}),
    "putFileChunk": ("uploading", "/chunks/0", picture(100), OCTETS),
    "completeFile": ("complete", "/completion", None, {}),
}
# The rest: what reading or writing them shows is the same for every caller, or is checked by a test of its own tag.
# Each asked_<tag>.py beside this file says by operationId how to ask: path, body (or what makes them), If-Match or None.
# What must be there for it, its prepare(owner) puts there.
ASKED_MODULES = [import_module(module.stem) for module in sorted(Path(__file__).parent.glob("asked_*.py"))]
OTHERS = {operation: asked for module in ASKED_MODULES for operation, asked in module.ASKED.items()}


def secured(contract):
    return {operation["operationId"]: (method, operation["security"][0]["token"])
            for method, _, operation in contract.operations() if operation.get("security")}


def ask(client, method: str, path: str, body, version):
    headers = {"Content-Type": "application/merge-patch+json"} if method == "patch" else None
    return client.request(method, path() if callable(path) else path, json=body() if callable(body) else body, if_match=version, headers=headers)


def test_the_matrix_knows_every_operation_that_needs_a_token(contract):
    assert set(secured(contract)) == set(ABOUT_ACCIDENT) | set(ABOUT_FILE) | set(OTHERS)


def test_every_role_of_the_contract_is_in_the_matrix(contract):
    assert set(contract.roles) == set(REACHES)


def test_without_a_token_every_operation_is_401(contract, client, world):
    made, _, service = world
    nobody = client(to=service)
    for operation, (method, _) in secured(contract).items():
        path = (ABOUT_ACCIDENT[operation][0](made["own"]) if operation in ABOUT_ACCIDENT
                else f"/v1/files/{OWN.unit}{ABOUT_FILE[operation][1]}" if operation in ABOUT_FILE else OTHERS[operation][0])
        answer = ask(nobody, method, path, None, None)
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == 'Bearer realm="anze"', operation


# Who sees nothing of the enterprise that most of the matrix is about, and how many pages more than for an id that nobody has
# a foreign one may cost: that of the row, and what its policy looks at, which is nothing for a region; a unit asks whether
# anybody stands under it, at most for both units of a row. Asked before the matrix writes: a person of many posts costs more.
STRANGERS = {"county": {"reach": "region", "region": "150621"},
             "sector": {"reach": "region", "region": "150621", "sectors": "{coal}"},
             "unit": {"reach": "unit", "unit": tree.enterprise("150621100", 1).id}}
FOREIGN_COSTS = {"county": 1, "sector": 1, "unit": 5}
# Reports and sendings are seen as their accident is, which is asked then. Units and people are a directory: those above the
# caller in the tree are in it, too, and people by each post; of a tree, unit and regions are looked at.
COSTS_MORE = dict.fromkeys(("getAccidentReport", "getAccidentTransmission"), {"county": 3, "sector": 3}) | {
    "getUnitTree": {"county": 3, "sector": 3, "unit": 27}} | dict.fromkeys(
    ("getUnit", "getUnitHistory", "getUnitLeadership", "getUnitCompliance", "getAppointment"), {"unit": 13}) | dict.fromkeys(
    ("getPerson", "getPersonCompliance"), {"unit": 25})
QUERY = {"limit": "20", "by": "territory", "depth": "2", "period": "2026-Q3", "as_of": None}


def reads_of_one(contract, made, files) -> dict:
    """By operation: its statement, its path's values, the name of the id."""
    paths = {o: path(made["own"]) for o, (path, *_) in ABOUT_ACCIDENT.items()}
    paths |= {o: f"/v1/files/{files['own'][state]['id']}{rest}" for o, (state, rest, *_) in ABOUT_FILE.items()}
    paths |= {o: path for o, (path, *_) in OTHERS.items() if not callable(path)}
    found = {}
    for method, template, operation in contract.operations():
        names = re.findall(r"{([^}]+)}", template)
        if method == "get" and names and operation.get("security"):
            pattern = re.sub(r"{([^}]+)}", r"(?P<\1>[^/?]+)", template)
            values = re.match(pattern, paths[operation["operationId"]]).groupdict()
            if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", values[names[0]]):
                found[operation["operationId"]] = (f"{operation['tags'][0]}/{operation['operationId']}", values, names[0])
    return found


def pages_read(service, statement: str, values: dict) -> int:
    """By the kept plan, when everything that it needs is known to the session; nothing must be found."""
    text, used = expand(statement, values)
    service.execute(f"prepare asked as {text}")
    asked = sql.SQL("explain (analyze, buffers, format json) execute asked ({})").format(
        sql.SQL(", ").join(sql.Literal(value) for value in used))
    plan = [service.execute(asked).fetchone()[0][0]["Plan"] for _ in range(2)][-1]
    service.execute("deallocate asked")
    assert plan["Actual Rows"] == 0, statement
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_foreign_id_costs_hardly_more_than_one_that_nobody_has(contract, world, files, alone, stranger):
    reads = reads_of_one(contract, world[0], files)
    assert len(reads) > 20
    with alone.admin() as admin:
        admin.execute("vacuum analyze")
    costs = {}
    with alone.service(**STRANGERS[stranger]) as service:
        service.prepare_threshold = None
        service.execute("set local plan_cache_mode = force_generic_plan; set local enable_bitmapscan = off")
        for operation, (statement, values, name) in reads.items():
            foreign = uuid.UUID(values[name])
            nobodys = uuid.UUID(int=foreign.int ^ random.Random(1).getrandbits(60))  # of the same moment and city
            read = [pages_read(service, statement, QUERY | values | {name: str(i)}) for i in (foreign, nobodys)]
            costs[operation] = read
    assert {o: c for o, c in costs.items() if c[0] - c[1] > COSTS_MORE.get(o, {}).get(stranger, FOREIGN_COSTS[stranger])} == {}


@pytest.mark.parametrize("role", REACHES)
def test_every_operation_on_every_accident(contract, world, role):
    made, clients, _ = world
    cases = 0
    for operation, (path_of, body, needs_match) in ABOUT_ACCIDENT.items():
        method, scopes = secured(contract)[operation]
        may = set(scopes) <= set(contract.roles[role]["scopes"])
        for name, place in PLACES.items():
            answer = ask(clients[role], method, path_of(made[name]), body, "0" if needs_match else None)
            case = f"{role} {operation} {name}: {answer.status_code} {answer.text[:200]}"
            if not may:
                assert answer.status_code == 403 and answer.json()["code"] == "insufficient-scope", case
            elif not sees(role, place):
                assert answer.status_code == 404, case
                assert made[name]["id"] not in answer.text, case
            else:
                # within reach: done, or refused for a reason that has to do with the accident itself
                assert answer.status_code in (200, 201, 403, 409, 412), case
                assert answer.status_code != 403 or answer.json()["code"] == "forbidden", case
            cases += 1
    assert cases == len(ABOUT_ACCIDENT) * len(PLACES)


@pytest.fixture(scope="module")
def files(world, client):
    """For every place with a unit: a complete file of it and one that is uploading."""
    _, _, service = world
    of = {name: client(scopes=["files:read", "files:write"], unit=place.unit, to=service)
          for name, place in PLACES.items() if place.unit}
    return {name: {"complete": upload(who, picture(100)), "uploading": begin(who, picture(100))} for name, who in of.items()}


@pytest.mark.parametrize("role", REACHES)
def test_every_operation_on_every_file(contract, world, files, role):
    _, clients, _ = world
    for operation, (state, rest, body, headers) in ABOUT_FILE.items():
        method, scopes = secured(contract)[operation]
        may = set(scopes) <= set(contract.roles[role]["scopes"])
        for name, made in files.items():
            answer = clients[role].request(method, f"/v1/files/{made[state]['id']}{rest}", data=body, headers=headers)
            case = f"{role} {operation} {name}: {answer.status_code}"
            if not may:
                assert answer.status_code == 403 and answer.json()["code"] == "insufficient-scope", case
            elif not sees(role, PLACES[name]):
                assert answer.status_code == 404, case
            elif "write" in scopes[0] and PLACES[name].unit != REACHES[role].get("unit"):
                assert answer.status_code == 403 and answer.json()["code"] == "forbidden", case
            else:
                assert answer.status_code in (200, 204), case
    if "files:read" in contract.roles[role]["scopes"]:
        expected = {f["id"] for name, made in files.items() if sees(role, PLACES[name]) for f in made.values()}
        known = {f["id"] for made in files.values() for f in made.values()}
        assert {f["id"] for f in clients[role].items("/v1/files?limit=3")} & known == expected


@pytest.mark.parametrize("role", REACHES)
def test_a_list_holds_exactly_what_the_role_may_see(contract, world, role):
    made, clients, _ = world
    if "accidents:read" not in contract.roles[role]["scopes"]:
        assert clients[role].get("/v1/accidents").status_code == 403
        return
    expected = {made[name]["id"] for name, place in PLACES.items() if sees(role, place)}
    known = {accident["id"] for accident in made.values()}
    for target in ("/v1/accidents?limit=1", "/v1/accidents?sort=due_at", "/v1/accidents?sort=-reported_at"):
        assert {a["id"] for a in clients[role].items(target)} & known == expected, target
    counted = clients[role].get("/v1/accidents", headers={"Prefer": "count=exact"}).json()["page"]["total"]
    assert counted == len(clients[role].items("/v1/accidents"))


@pytest.mark.parametrize("role", REACHES)
def test_the_other_operations_follow_the_scopes(contract, world, role):
    _, clients, _ = world
    for operation, (path, body, version) in OTHERS.items():
        method, scopes = secured(contract)[operation]
        may = set(scopes) <= set(contract.roles[role]["scopes"])
        answer = ask(clients[role], method, path, body, version)
        if may and operation == "createFile" and "unit" not in REACHES[role]:
            assert answer.json()["errors"][0]["code"] == "unit-required", f"{role}: a file belongs to a unit"
        elif may:
            assert answer.status_code in (200, 201, 412), f"{role} {operation}: {answer.status_code} {answer.text[:300]}"
        else:
            assert answer.status_code == 403, f"{role} {operation}: {answer.status_code}"


@pytest.mark.parametrize("role", [r for r in REACHES])
def test_nobody_files_outside_its_reach(contract, world, role):
    _, clients, _ = world
    if "accidents:report" not in contract.roles[role]["scopes"]:
        return
    for name, place in PLACES.items():
        answer = clients[role].post("/v1/accidents", json=place.report())
        if sees(role, place):
            assert answer.status_code == 201, f"{role} {name}: {answer.text[:300]}"
        else:
            assert answer.status_code == 422, f"{role} {name}: {answer.status_code}"


def test_another_units_accident_looks_like_none_at_all(world):
    made, clients, _ = world
    reporter = clients["enterprise_reporter"]
    there = reporter.get(f"/v1/accidents/{made['other county']['id']}")
    nowhere = reporter.get("/v1/accidents/00000000-0000-4000-8000-000000000000")
    plain = lambda a: {k: v for k, v in a.json().items() if k not in ("instance", "trace_id")}  # noqa: E731
    assert plain(there) == plain(nowhere) and len(there.content) == len(nowhere.content)
