"""What an accident says that its reader may do now: exactly what the operations accept of that reader; and the cases that
name it."""
import json

import pytest

from harness import tree
from harness.accidents import first_report, follow_up, minutes_ago

PATH = "/v1/accidents"
EVERY = ["accidents:read", "accidents:report", "accidents:correct", "accidents:transmit", "accidents:acknowledge"]
COAL, OTHER = tree.enterprise("150622101", 1), tree.enterprise("150622101", 2)
# Readers: the contract's roles where they stand, and levels with every scope.
READERS = {
    "reporter": {"role": "enterprise_reporter"}, "town": {"role": "town_officer", "region": "150622101"},
    "county": {"role": "county_officer", "region": "150622"}, "city": {"role": "city_officer", "region": "1506"},
    "province": {"role": "province_officer", "region": "15"}, "auditor": {"role": "auditor", "region": "1506"},
    "committee": {"role": "committee_office", "region": "1506"},
    "unit, every scope": {"scopes": EVERY, "unit": COAL.id}, "other unit, every scope": {"scopes": EVERY, "unit": OTHER.id},
    "town, every scope": {"scopes": EVERY, "region": "150622101"},
    "province, every scope": {"scopes": EVERY, "region": "15"}, "to report alone": {"scopes": EVERY[:2], "region": "150622"},
}
# What accidents have gone through: unit, figures, and steps as (who, path below the accident, body).
TO_CITY = ("county", "/transmissions", {"to_level": "city", "channel": "phone"})
TO_PROVINCE = ("county", "/transmissions", {"to_level": "province", "channel": "text"})
CORRECTED = ("county", "/reports/1/corrections", {"reason": "核实后更正", "place": "4号工作面"})
ADDED = ("county", "/reports", follow_up())
FINAL = ("county", "/reports", {"kind": "final", "narrative": "救援结束"})
TAKEN = ("city", "/transmissions/{first}/receipt", {})
STATES = {
    "filed": (COAL, {"deaths": 2}, []),
    "filed by an office for a unit that is no mine": (OTHER, {"deaths": 2}, []),
    "exceptional": (COAL, {"deaths": 30}, []),
    "passed up": (COAL, {"deaths": 3}, [TO_CITY, TO_PROVINCE]),
    "acknowledged": (COAL, {"deaths": 3}, [TO_CITY, TAKEN, TO_PROVINCE]),
    "corrected": (COAL, {"deaths": 2}, [ADDED, CORRECTED, ADDED]),
    "final": (COAL, {"deaths": 2}, [TO_CITY, FINAL]),
}
LEVELS = ["county", "city", "province", "nation"]
RECIPIENTS = ["government", "public_security", "labour_security", "trade_union", "procuratorate", "safety_office",
              "state_council", "coal_regulator", "mine_safety_agency"]
BODY = {"addAccidentReport": {"narrative": "情况有变"}, "correctAccidentReport": {"reason": "核实", "figures": {"missing": 1}},
        "passAccidentUp": {"channel": "phone"}, "acknowledgeAccident": {}, "recordAccidentNotices": {},
        "correctAccidentTransmission": {"reason": "录入有误", "sent_at": minutes_ago(5)},
        "withdrawAccident": {"reason": "误报"}, "joinAccident": {"reason": "同一起事故"}}


@pytest.fixture(scope="module")
def alone(cluster, make_database):
    """Where nobody owes anything, so that no sweep holds the one unit that all of this is about."""
    return make_database(cluster, catalogue=False)


@pytest.fixture(scope="module")
def service_alone(alone, make_service):
    return make_service(alone)


@pytest.fixture(scope="module")
def readers(client, service_alone):
    return {name: client(sub=f"{name} of actions", to=service_alone, **grant) for name, grant in READERS.items()}


@pytest.fixture(scope="module")
def accidents(readers):
    """An accident in every state."""
    made = {}
    for name, (unit, figures, steps) in STATES.items():
        answer = readers["county"].post(PATH, json=first_report(unit_id=unit.id, sector=unit.sector, figures=figures))
        assert answer.status_code == 201, answer.text
        for who, rest, body in steps:
            accident = answer.json()
            first = accident["transmissions"][0]["id"] if accident["transmissions"] else ""
            answer = readers[who].post(f"{PATH}/{accident['id']}{rest.format(first=first)}", json=body,
                                       if_match=str(accident["version"]))
            assert answer.status_code in (200, 201), answer.text
        made[name] = answer.json()["id"]
    return made


def values(accident: dict) -> dict[str, list]:
    """Everything that might be chosen, by operation."""
    return {"addAccidentReport": ["follow_up", "supplement", "final"],
            "correctAccidentReport": list(range(1, accident["report_count"] + 2)), "passAccidentUp": LEVELS,
            "acknowledgeAccident": [t["id"] for t in accident["transmissions"]] + [tree.unit_id("none")],
            "recordAccidentNotices": RECIPIENTS,
            "correctAccidentTransmission": [t["id"] for t in accident["transmissions"]] + [tree.unit_id("none")],
            "withdrawAccident": ["not_an_accident", "false_alarm", "drill", "other"],
            "joinAccident": [d["id"] for d in accident.get("possible_duplicates", [])] + [tree.unit_id("none")]}


def offered(accident: dict) -> dict[str, list]:
    """What may be chosen, as it is told."""
    return {a["operation_id"]: [c["code"] if isinstance(c, dict) else c for c in a["fields"][0]["choices"]]
            for a in accident["actions"]}


def attempt(reader, contract, accident: dict, operation: str, field: str, value):
    """The operation as the contract has it, without keeping anything."""
    method, path = next((m, p) for m, p, o in contract.operations() if o["operationId"] == operation)
    body = dict(BODY[operation])
    if "{" + field + "}" not in path:
        body[field] = [value] if operation == "recordAccidentNotices" else value
    path = path.format(**{"accident_id": accident["id"], field: value})
    return reader.request(method, path, json=body, if_match=str(accident["version"]), headers={"Prefer": "dry-run"})


FIELDS = {"addAccidentReport": "kind", "correctAccidentReport": "report_number", "passAccidentUp": "to_level",
          "acknowledgeAccident": "transmission_id", "recordAccidentNotices": "notified", "correctAccidentTransmission": "transmission_id",
          "withdrawAccident": "ground", "joinAccident": "into"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_offered_is_accepted_and_what_is_not_is_refused(readers, accidents, contract, state, reader):
    answer = readers[reader].get(f"{PATH}/{accidents[state]}")
    unit = STATES[state][0]
    if READERS[reader].get("unit", COAL.id if reader == "reporter" else unit.id) != unit.id:
        assert answer.status_code == 404
        return
    accident = answer.json()
    told = offered(accident)
    for operation, candidates in values(accident).items():
        for value in candidates:
            answer = attempt(readers[reader], contract, accident, operation, FIELDS[operation], value)
            if value in told.get(operation, []):
                assert answer.status_code == 200, (operation, value, answer.text)
            elif operation in ("recordAccidentNotices", "joinAccident") and answer.status_code == 422:
                assert [e["code"] for e in answer.json()["errors"]] == ["unknown-reference"]
            else:
                assert answer.status_code in (403, 404, 409), (operation, value, answer.text)
        assert set(told.get(operation, [])) <= set(candidates), "nothing is offered that was not tried"


def test_some_reader_is_offered_each_operation_and_some_reader_nothing(readers, accidents):
    seen = [offered(readers[r].get(f"{PATH}/{a}").json()) for a in (accidents["passed up"],)
            for r in ("reporter", "county", "city", "province", "auditor")]
    assert set().union(*seen) == set(FIELDS) and {} in seen
    assert seen[0] == {"addAccidentReport": ["follow_up", "supplement", "final"], "passAccidentUp": ["county", "province"],
                       "recordAccidentNotices": ["coal_regulator", "mine_safety_agency"]}, "what the law asks of the mine itself"
    assert "acknowledgeAccident" not in seen[1] and len(seen[2]["acknowledgeAccident"]) == 1, "the city's, not the province's"


def test_a_transmission_that_waits_says_from_where_and_since_when(readers, accidents):
    accident = readers["city"].get(f"{PATH}/{accidents['passed up']}").json()
    action = next(a for a in accident["actions"] if a["operation_id"] == "acknowledgeAccident")
    sent = accident["transmissions"][0]
    assert action["fields"][0]["choices"] == [
        {"code": sent["id"], "from_level": "county", "to_level": "city", "sent_at": sent["sent_at"]}]


def test_actions_are_called_as_the_contract_calls_them_and_need_its_scopes(alone, contract):
    with alone.owner() as owner:
        rows = {row[0]: row[1:] for row in owner.execute(
            "select operation_id, title_en, title_zh, scope, field->>'name' from anze.accident_action").fetchall()}
    said = {o["operationId"]: (o["summary"], o["x-anze-summary-zh"], o["security"][0]["token"][0], FIELDS[o["operationId"]])
            for _, _, o in contract.operations() if o["operationId"] in FIELDS}
    assert rows == said


# ---------------------------------------------------------------- the law's clocks

REGION_OF = {"town": "150622101", "county": "150622", "city": "1506", "province": "15"}
DEATHS_OF = {1: 2, 2: 3, 3: 10, 4: 30}


@pytest.fixture(scope="module")
def clock_rules(alone) -> list[tuple]:
    """Every clock of reporting that the law knows: code, from, to, the lowest grade that it is for."""
    with alone.owner() as owner:
        return owner.execute("select c.code, f.code, t.code, (select min(g.rank) from anze.accident_grade g where"
                             " anze.accident_clock_applies(g.rank, anze.today(), '150622101', c.grade_from, c.grade_to,"
                             " c.up_to_top, c.to_level)) from anze.accident_clock_rule c"
                             " join anze.level f on f.rank = c.from_level join anze.level t on t.rank = c.to_level"
                             " order by 1, c.from_level").fetchall()


def brought_to(readers, level: str, deaths: int) -> dict:
    """An accident of the mine of so many dead, which the county has, and the level as well."""
    filed = readers["county"].post(PATH, json=first_report(figures={"deaths": deaths}))
    for by, to in (("county", "city"), ("city", "province")):
        if list(REGION_OF).index(level) < list(REGION_OF).index(to):
            break
        filed = readers[by].post(f"{PATH}/{filed.json()['id']}/transmissions", json={"to_level": to, "channel": "phone"},
                                 if_match=str(filed.json()["version"]))
        assert filed.status_code == 201, filed.text
    return filed.json()


def state_of(accident: dict, code: str, origin: str, to: str) -> set[str]:
    return {c["state"] for c in accident["clocks"] if (c["code"], c.get("from_level"), c.get("to_level")) == (code, origin, to)}


def test_some_shipped_role_can_meet_every_clock_of_the_law(readers, clock_rules, contract, client, service_alone):
    at_level = {"unit": {r: {} for r, role in contract.roles.items() if role["reach"] == "unit"},
                **{level: {r: {"region": region} for r, role in contract.roles.items() if role["reach"] == "region"}
                   for level, region in REGION_OF.items()}}
    met_by = {}
    for code, origin, to, grade in clock_rules:
        deaths = DEATHS_OF[grade]
        if (origin, to) == ("unit", "county"):
            answer = readers["reporter"].post(PATH, json=first_report(unit_id=None, figures={"deaths": deaths}))
            assert answer.status_code == 201 and state_of(answer.json(), code, origin, to) == {"met"}
            continue
        accident = brought_to(readers, "county" if origin == "unit" else origin, deaths)
        assert state_of(accident, code, origin, to) == {"running"}, (code, origin, to)
        for role, grant in at_level[origin].items():
            answer = client(role, sub=f"{role} of clocks", to=service_alone, **grant).post(
                f"{PATH}/{accident['id']}/transmissions", json={"to_level": to, "channel": "phone"},
                if_match=str(accident["version"]))
            assert answer.status_code in (201, 403), answer.text
            if answer.status_code == 201:
                assert state_of(answer.json(), code, origin, to) == {"met"}
                met_by[code, origin, to] = role
                break
    assert {(code, origin, to) for code, origin, to, _ in clock_rules} - set(met_by) == {
        (code, origin, to) for code, origin, to, _ in clock_rules if (origin, to) == ("unit", "county")}
    assert {role for (_, origin, _), role in met_by.items() if origin == "unit"} == {"enterprise_reporter"}


def test_the_province_tells_the_state_council_and_a_town_passes_to_its_county_with_their_shipped_roles(readers):
    accident = brought_to(readers, "province", 10)
    told = readers["province"].post(f"{PATH}/{accident['id']}/notices", json={"notified": ["state_council"]},
                                    if_match=str(accident["version"]))
    assert told.status_code == 200 and "state_council" in {r["recipient"] for r in told.json()["recipients"] if "told_at" in r}
    filed = readers["town"].post(PATH, json=first_report()).json()
    assert not [level for level in filed["levels"] if "received_at" in level]
    passed = readers["town"].post(f"{PATH}/{filed['id']}/transmissions", json={"to_level": "county", "channel": "phone"},
                                  if_match=str(filed["version"]))
    assert passed.status_code == 201 and [lv["level"] for lv in passed.json()["levels"] if "received_at" in lv] == ["county"]


# ---------------------------------------------------------------- tags

def test_the_tag_tells_apart_who_may_do_what(readers, accidents):
    target = f"{PATH}/{accidents['filed']}"
    tag = readers["county"].get(target).headers["ETag"]
    assert readers["county"].get(target, headers={"If-None-Match": tag}).status_code == 304
    assert readers["to report alone"].get(target, headers={"If-None-Match": tag}).status_code == 200
    assert readers["city"].get(target, headers={"If-None-Match": tag}).status_code == 200


# ---------------------------------------------------------------- cases

@pytest.fixture
def linked(alone, service_alone, client):
    """An accident of the mine in another county, with a case that names it: (path, case)."""
    mine = client("enterprise_reporter", sub="mine of actions", to=service_alone)
    answer = mine.post(PATH, json=first_report(unit_id=None, region_code="150621100"))
    assert answer.status_code == 201, answer.text
    path, tag = f"{PATH}/{answer.json()['id']}", answer.headers["ETag"]
    assert answer.json()["cases"] == [] and mine.get(path, headers={"If-None-Match": tag}).status_code == 304
    with alone.owner() as owner:
        case = owner.execute(
            "select (anze.open_case('hazard_as_accident', %s, %s, 2::smallint, '未列入清单的重大隐患', %s, null, '{}', '[]')).id::text",
            (COAL.id, tree.body("emergency", "150622").id, json.dumps({"accident_id": answer.json()["id"]}))).fetchone()[0]
    return path, case, mine, tag


def test_an_accident_names_the_cases_that_name_it_and_its_tag_says_so(linked):
    path, case, mine, tag = linked
    read = mine.get(path, headers={"If-None-Match": tag})
    assert read.status_code == 200 and read.json()["version"] == 1
    (reference,) = read.json()["cases"]
    assert (reference["id"], reference["kind"], reference["state"], reference["is_open"], reference["level"]) == (
        case, "hazard_as_accident", "opened", True, "county")
    assert mine.get(f"/v1/cases/{case}").json()["facts"]["accident_id"] in path


def test_a_case_is_named_to_those_who_see_it_alone(linked, service_alone, client):
    path, case, *_ = linked
    there = client("county_officer", region="150621", sub="other county of actions", to=service_alone)
    assert there.get(path).json()["cases"] == [] and there.get(f"/v1/cases/{case}").status_code == 404
    assert client(scopes=["accidents:read"], unit=COAL.id, to=service_alone).get(path).json()["cases"] == [], "without cases:read"


def test_cases_of_an_accident_are_found_by_their_index_under_row_level_security(alone):
    with alone.service(reach="region", region="1506") as service:
        service.execute("set enable_seqscan = off")
        plan = service.execute("explain select from anze.case_file c where c.accident_id = %s", (tree.unit_id("none"),)).fetchall()
    assert "Index Cond: (accident_id = " in str(plan) and "case_file_accident" in str(plan)
