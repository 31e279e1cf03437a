"""The same key, the same effect once; a dry run, no effect at all."""
import concurrent.futures
import uuid

import pytest

from harness import tree
from harness.accidents import first_report, follow_up
from harness.tokens import Issuer

PATH = "/v1/accidents"
BODY = first_report()


@pytest.fixture(scope="module")
def officer(client):
    return client("county_officer", region="150622", sub="keeper")


@pytest.fixture
def accidents(database):
    """How many accidents came about since the test began."""
    count = "select count(*) from anze.accident"
    before = database.value(count)
    return lambda: database.value(count) - before


@pytest.fixture
def filed(officer):
    return officer.post(PATH, json=first_report()).json()


def same(first, second) -> bool:
    names = ("ETag", "Location", "Content-Type", "Cache-Control")
    return (first.status_code, first.content, [first.headers.get(n) for n in names]) == (
        second.status_code, second.content, [second.headers.get(n) for n in names])


# ---------------------------------------------------------------- repeats

def test_a_repeat_is_answered_as_the_first_was_and_done_once(officer, accidents):
    key, body = str(uuid.uuid4()), first_report()
    first, second, third = (officer.post(PATH, json=body, key=key) for _ in range(3))
    assert first.status_code == 201 and "Idempotency-Replayed" not in first.headers
    for again in (second, third):
        assert again.headers["Idempotency-Replayed"] == "true" and same(first, again)
    assert accidents() == 1


def test_a_repeat_tells_what_was_said_then_not_what_is_true_now(officer):
    key, body = str(uuid.uuid4()), first_report()
    first = officer.post(PATH, json=body, key=key)
    officer.post(f"{PATH}/{first.json()['id']}/reports", json=follow_up())
    again = officer.post(PATH, json=body, key=key)
    assert same(first, again) and again.json()["version"] == 1


def test_a_repeat_with_a_version_that_it_made_old_is_still_a_repeat(officer, filed):
    key = str(uuid.uuid4())
    first, again = (officer.post(f"{PATH}/{filed['id']}/transmissions", key=key, if_match="1",
                                 json={"to_level": "city", "channel": "phone"}) for _ in range(2))
    assert first.status_code == 201 and same(first, again) and again.headers["Idempotency-Replayed"] == "true"


def test_a_refusal_is_not_kept_so_that_the_corrected_request_may_use_the_key(officer, accidents):
    key = str(uuid.uuid4())
    for wrong in ({"place": ""}, {"region_code": "150602001"}):
        assert officer.post(PATH, json=first_report(**wrong), key=key).status_code == 422
    assert officer.post(PATH, json=first_report(), key=key).status_code == 201 and accidents() == 1


def test_the_key_may_be_written_bare_or_as_a_structured_string(officer, accidents):
    key, body = str(uuid.uuid4()), first_report()
    bare, quoted = officer.post(PATH, json=body, key=key), officer.post(PATH, json=body, key=f'"{key}"')
    assert same(bare, quoted) and quoted.headers["Idempotency-Replayed"] == "true" and accidents() == 1


def test_a_key_survives_a_restart(client, database, make_service, accidents):
    service = make_service(database)
    key, body = str(uuid.uuid4()), first_report()
    first = client("county_officer", region="150622", to=service).post(PATH, json=body, key=key)
    service.restart()
    again = client("county_officer", region="150622", to=service).post(PATH, json=body, key=key)
    assert same(first, again) and accidents() == 1


# ---------------------------------------------------------------- other requests

def test_another_body_under_the_same_key_is_422_and_nothing_happens(officer, accidents):
    key = str(uuid.uuid4())
    officer.post(PATH, json=first_report(), key=key)
    answer = officer.post(PATH, json=first_report(place="4号工作面"), key=key)
    assert answer.status_code == 422 and answer.json()["code"] == "idempotency-key-reused" and accidents() == 1


def test_another_operation_or_another_accident_under_the_same_key_is_422(officer, filed):
    key, other = str(uuid.uuid4()), officer.post(PATH, json=first_report()).json()
    assert officer.post(f"{PATH}/{filed['id']}/reports", json=follow_up(), key=key).status_code == 201
    for target, body in ((PATH, first_report()), (f"{PATH}/{other['id']}/reports", follow_up())):
        answer = officer.post(target, json=body, key=key)
        assert answer.status_code == 422 and answer.json()["code"] == "idempotency-key-reused"
    assert officer.get(f"{PATH}/{other['id']}").json()["version"] == 1


def test_callers_do_not_share_keys(client, officer, accidents):
    key, body = str(uuid.uuid4()), first_report()
    other = client("county_officer", region="150622", sub="another")
    first, second = officer.post(PATH, json=body, key=key), other.post(PATH, json=body, key=key)
    assert first.status_code == second.status_code == 201 and accidents() == 2
    assert first.json()["id"] != second.json()["id"] and "Idempotency-Replayed" not in second.headers


@pytest.fixture(scope="module")
def two_issuers(database, make_service, issuer, tmp_path_factory):
    other = Issuer(tmp_path_factory.mktemp("other"), "https://other.example")
    return make_service(database, ANZE_TOKEN_ISSUERS=f"{issuer.setting} {other.setting}", ANZE_RATE_LIMIT="1000"), other


def test_callers_are_told_apart_by_issuer_and_by_whom_they_act_for(client, token, database, two_issuers, contract):
    service, other = two_issuers
    claims = {"scope": "accidents:report accidents:read", "anze_region": "150622", "client_id": "desk"}
    callers = [client("county_officer", region="150622", sub="zhang", to=service)] + [
        client(bearer=who, to=service) for who in (
            other.mint(sub="zhang", **claims), other.mint(sub="wang", act={"sub": "gate"}, **claims),
            other.mint(sub="li", act={"sub": "gate"}, **claims))]
    key, body = str(uuid.uuid4()), first_report()
    answers = [who.post(PATH, json=body, key=key) for who in callers]
    assert [a.status_code for a in answers] == [201] * 4 and len({a.json()["id"] for a in answers}) == 4
    assert len({a.headers["RateLimit"].split(";")[1] for a in answers}) == 1, "each has used one of its own share"
    cursor = callers[0].get(f"{PATH}?limit=1").json()["page"]["next"]
    assert [who.get(f"{PATH}?limit=1&cursor={cursor}").status_code for who in callers] == [200, 400, 400, 400]
    for who, first in zip(callers, answers):
        again = who.post(PATH, json=body, key=key)
        assert same(first, again) and again.headers["Idempotency-Replayed"] == "true"
    told = [database.value("select concat_ws('|', actor, on_behalf_of) from audit.entry"
                           f" where object_type = 'anze.accident' and object_id = '{a.json()['id']}' limit 1") for a in answers]
    assert told == ["zhang", "https://other.example#zhang", "https://other.example#gate|https://other.example#wang",
                    "https://other.example#gate|https://other.example#li"]


# ---------------------------------------------------------------- keys that are none

def test_without_a_key_nothing_is_filed(client, accidents):
    for language, word in (("en", "Idempotency-Key"), ("zh", "幂等键")):
        answer = client("county_officer", region="150622", language=language).post(PATH, json=first_report(), key=None)
        assert answer.status_code == 400 and answer.json()["code"] == "idempotency-key-required"
        assert word in answer.text
    assert accidents() == 0


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "a b", "a\tb", '"a', "é".encode(), '"a" b', '"é"'.encode()])
def test_a_malformed_key_is_400(officer, accidents, key):
    answer = officer.post(PATH, json=first_report(), headers={"Idempotency-Key": key})
    assert answer.status_code == 400 and accidents() == 0
    assert [(e["in"], e["pointer"]) for e in answer.json()["errors"]] == [("header", "Idempotency-Key")]


@pytest.mark.parametrize("key", ["a", "x" * 255, "~!@#$%^&*()", "'or(1=1)--", '"a,b"', '"a\\\\b"'])
def test_a_key_of_visible_characters_is_taken_literally(officer, key):
    first, again = (officer.post(PATH, json=BODY, headers={"Idempotency-Key": key}) for _ in range(2))
    assert first.status_code == 201 and again.headers["Idempotency-Replayed"] == "true"


def test_a_key_given_twice_is_400(raw_http, officer):
    answer = raw_http((f"POST {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {officer.token}\r\nIdempotency-Key: a\r\n"
                       "Idempotency-Key: b\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}").encode())
    assert answer.status == 400


# ---------------------------------------------------------------- at the same time

def test_of_20_at_once_under_one_key_one_is_done_and_the_others_repeat_it_or_wait(client, accidents):
    key, body = str(uuid.uuid4()), first_report()
    callers = [client("county_officer", region="150622", sub="hasty") for _ in range(20)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda caller: caller.post(PATH, json=body, key=key), callers))
    done = [a for a in answers if a.status_code == 201]
    waiting = [a for a in answers if a.status_code == 409]
    assert len(done) + len(waiting) == 20 and accidents() == 1
    assert len([a for a in done if "Idempotency-Replayed" not in a.headers]) == 1
    assert len({a.json()["id"] for a in done}) == 1
    assert all(int(a.headers["Retry-After"]) >= 1 for a in waiting)
    later = callers[0].post(PATH, json=body, key=key)
    assert later.headers["Idempotency-Replayed"] == "true" and later.json()["id"] == done[0].json()["id"]


# ---------------------------------------------------------------- dry runs

TABLES = ("anze.accident", "anze.accident_report", "anze.deadline", "anze.accident_recipient",
          "anze.accident_transmission", "anze.accident_grade_change", "anze.accident_receipt", "anze.idempotency_key",
          "audit.entry")


@pytest.fixture
def untouched(database, filed):
    """Nothing may be added to any table, and the accident may not change, from here to the end of the test."""
    def state() -> list:
        return [database.value(f"select count(*) from {table}") for table in TABLES] + [
            database.value("select (version, updated_at)::text from anze.accident where id = %s", filed["id"])]

    before = state()
    yield filed
    assert state() == before


def test_a_dry_run_says_what_would_be_and_leaves_nothing(officer, untouched):
    dry = {"Prefer": "dry-run"}
    path = f"{PATH}/{untouched['id']}"
    would = {
        "filed": officer.post(PATH, json=first_report(figures={"deaths": 3}), headers=dry),
        "reported": officer.post(f"{path}/reports", json=follow_up(figures={"deaths": 30}), headers=dry),
        "corrected": officer.post(f"{path}/reports/1/corrections", if_match="1", headers=dry,
                                  json={"reason": "核实", "figures": {"deaths": 10}}),
        "passed": officer.post(f"{path}/transmissions", json={"to_level": "city", "channel": "phone"}, if_match="1",
                               headers=dry),
        "noticed": officer.post(f"{path}/notices", json={"notified": ["trade_union"]}, if_match="1", headers=dry),
    }
    for name, answer in would.items():
        assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, "dry-run"), (name, answer.text)
    assert [would[name].json()["grade"] for name in ("filed", "reported", "corrected")] == ["larger", "exceptional", "major"]
    assert would["passed"].json()["transmissions"][0]["to_level"] == "city"
    assert officer.get(f"{PATH}/{would['filed'].json()['id']}").status_code == 404


def test_a_dry_run_does_not_use_up_its_key(officer, accidents):
    key, body = str(uuid.uuid4()), first_report()
    for _ in range(2):
        dry = officer.post(PATH, json=body, key=key, headers={"Prefer": "dry-run"})
        assert dry.status_code == 200 and "Idempotency-Replayed" not in dry.headers
    done = officer.post(PATH, json=body, key=key)
    assert done.status_code == 201 and "Idempotency-Replayed" not in done.headers and accidents() == 1


def test_a_dry_run_refuses_what_would_be_refused(officer, client, untouched):
    dry, path = {"Prefer": "dry-run"}, f"{PATH}/{untouched['id']}"
    passing = {"to_level": "city", "channel": "phone"}
    assert officer.post(PATH, json=first_report(place=""), headers=dry).status_code == 422
    assert officer.post(PATH, json=first_report(unit_id=tree.enterprise("150602001", 1).id, sector="coal"),
                        headers=dry).status_code == 422
    assert officer.post(f"{path}/transmissions", json=passing, if_match="7", headers=dry).status_code == 412
    assert officer.post(f"{path}/transmissions", json=passing, headers=dry).status_code == 428
    town = client("town_officer", region="150622101")
    assert town.post(f"{path}/transmissions", json=passing, if_match="1", headers=dry).status_code == 403


def test_minimal_answers_carry_headers_alone_and_the_repeat_may_ask_for_the_whole(officer):
    key, body = str(uuid.uuid4()), first_report()
    minimal = officer.post(PATH, json=body, key=key, headers={"Prefer": "return=minimal"}, contract=False)
    assert (minimal.status_code, minimal.content) == (201, b"")
    assert minimal.headers["Preference-Applied"] == "return=minimal" and minimal.headers["ETag"].startswith('"1')
    whole = officer.post(PATH, json=body, key=key)
    assert whole.headers["Location"] == minimal.headers["Location"] and whole.json()["version"] == 1
