"""What the service did stands in the audit: by whom, for whom, with what program, in which request; and it verifies."""
import json
import time

import pytest

from harness.accidents import first_report, follow_up

PATH = "/v1/accidents"
KEY = {"ANZE_AUDIT_KEY": "a key of sixteen letters and more"}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def house(make_database, cluster, make_service):
    database = make_database(cluster)
    return database, make_service(database, **KEY)


@pytest.fixture(scope="module")
def written(house, client):
    """Every write there is, each with a request id of its own name."""
    _, service = house
    county = client("county_officer", region="150622", to=service, sub="head-7", act={"sub": "deputy-8"}, client_id="desk-9")
    city = client("city_officer", region="1506", to=service, sub="city-3", client_id="desk-9")

    def write(desk, name, path, body, version=None):
        answer = desk.post(path, json=body, if_match=version, headers={
            "X-Request-Id": f"test-{name}", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    filed = write(county, "fileAccident", PATH, first_report())
    path = f"{PATH}/{filed['id']}"
    write(county, "addAccidentReport", f"{path}/reports", follow_up(figures={"deaths": 3}))
    write(county, "correctAccidentReport", f"{path}/reports/1/corrections", {"reason": "核实", "place": "4号工作面"}, "2")
    passed = write(county, "passAccidentUp", f"{path}/transmissions", {"to_level": "city", "channel": "phone"}, "3")
    sent = passed["transmissions"][0]["id"]
    write(city, "acknowledgeAccident", f"{path}/transmissions/{sent}/receipt", {"notified": ["government"]}, "4")
    write(county, "recordAccidentNotices", f"{path}/notices", {"notified": ["procuratorate"]}, "5")
    return filed["id"], sent, county


EXPECTED = {
    "fileAccident": {("anze.accident", "insert"), ("anze.accident_report", "insert"), ("anze.accident_grade_change", "insert")},
    "addAccidentReport": {("anze.accident", "update"), ("anze.accident_report", "insert"),
                          ("anze.accident_grade_change", "insert")},
    "correctAccidentReport": {("anze.accident", "update"), ("anze.accident_report", "insert")},
    "passAccidentUp": {("anze.accident", "update"), ("anze.accident_transmission", "insert")},
    "acknowledgeAccident": {("anze.accident", "update"), ("anze.accident_receipt", "insert"),
                            ("anze.accident_recipient", "update")},
    "recordAccidentNotices": {("anze.accident", "update"), ("anze.accident_recipient", "update")},
}


def entries(database, request: str) -> list[dict]:
    with database.admin() as admin:
        return admin.execute("select json_build_object('type', object_type, 'id', object_id, 'action', action, 'actor', actor,"
                             " 'for', on_behalf_of, 'client', client, 'operation', operation, 'trace', trace,"
                             " 'change', change) from audit.entry where request = %s order by id", [request]).fetchall()


@pytest.mark.parametrize("operation", EXPECTED)
def test_each_write_has_its_entries_with_who_for_whom_and_where_from(house, written, operation):
    database, _ = house
    found = [row[0] for row in entries(database, f"test-{operation}")]
    assert EXPECTED[operation] <= {(e["type"], e["action"]) for e in found}
    actor, behalf = ("city-3", None) if operation == "acknowledgeAccident" else ("deputy-8", "head-7")
    assert {(e["actor"], e["for"], e["client"], e["operation"], e["trace"]) for e in found} == {
        (actor, behalf, "desk-9", operation, TRACE)}
    assert all(written[0] in e["id"] or written[0] in str(e["change"]) for e in found)


def test_what_changed_stands_with_its_old_and_its_new_value(house, written):
    database, _ = house
    change = next(row[0]["change"] for row in entries(database, "test-correctAccidentReport")
                  if row[0]["type"] == "anze.accident")
    assert change["place"] == {"old": "3号工作面", "new": "4号工作面"} and change["version"] == {"old": 2, "new": 3}


def test_the_entries_of_one_write_are_of_one_transaction(house, written):
    database, _ = house
    assert database.value("select max(n) from (select count(distinct xid) as n from audit.entry"
                          " where starts_with(request, 'test-') group by request) x") == 1


def test_reads_refusals_repeats_and_dry_runs_leave_no_entry(house, written):
    database, _ = house
    identity, sent, county = written
    key = "audit-once"
    body = follow_up()
    assert county.post(f"{PATH}/{identity}/reports", json=body, key=key).status_code == 201
    before = database.value("select count(*) from audit.entry")
    county.get(f"{PATH}/{identity}")
    county.get(PATH)
    assert county.post(f"{PATH}/{identity}/reports", json=body, key=key).headers["Idempotency-Replayed"] == "true"
    assert county.post(f"{PATH}/{identity}/reports", json=follow_up(), headers={"Prefer": "dry-run"}).status_code == 200
    assert county.post(f"{PATH}/{identity}/transmissions", if_match="1",
                       json={"to_level": "province", "channel": "phone"}).status_code == 412
    assert county.post(PATH, json=first_report(region_code="150602001")).status_code == 422
    assert database.value("select count(*) from audit.entry") == before


def test_the_chain_is_sealed_by_itself_and_verifies(house, written):
    database, _ = house
    deadline = time.monotonic() + 15
    waiting = "select count(*) from audit.entry e where e.id not in (select unnest(s.entry_ids) from audit.seal s)"
    while database.value(waiting) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert database.value(waiting) == 0, "sealed within seconds"
    verified = database.anze("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_what_the_audit_masks_is_digested_with_the_key_of_the_service(house, written):
    """Reporter and phone of each report: none is in the audit, and none can be exchanged unseen."""
    database, _ = house
    verified = database.anze("audit", "verify", "--json", env=KEY)
    summary = json.loads(verified.stdout.splitlines()[-1])
    assert verified.returncode == 0 and summary["texts"] >= 2, verified.stdout
    with database.admin() as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("update anze.accident_report set reporter_name = '李某' where accident_id = %s and number = 1", [written[0]])
    found = [json.loads(line) for line in database.anze("audit", "verify", "--json", env=KEY).stdout.splitlines()]
    assert [(f["fault"], f["object"]) for f in found[:-1]] == [
        ("altered-text", f"anze.accident_report/{written[0]}/1 reporter_name")]


def test_a_changed_entry_of_a_report_is_found(house, written):
    """The control of the test above; runs last, for it spoils the chain."""
    database, _ = house
    with database.admin() as admin:
        admin.execute("set session_replication_role = replica")
        spoiled = admin.execute("update audit.entry set actor = 'somebody' where id = (select max(id) from audit.entry where"
                                " request = 'test-fileAccident') returning id").fetchone()[0]
    verified = database.anze("audit", "verify")
    assert verified.returncode != 0 and str(spoiled) in verified.stdout
