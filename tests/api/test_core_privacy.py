"""Who reported is personal data: it is in the report, and nowhere else."""
import gzip
import secrets
import time
import urllib.request

import pytest

from harness.accidents import first_report, follow_up

PATH = "/v1/accidents"


class Planted:
    """Marks that occur nowhere else, in every text that a reporter gives."""

    def __init__(self) -> None:
        self.name = "阿" + secrets.token_hex(6)
        self.phone = "139" + "".join(secrets.choice("123456789") for _ in range(8))
        self.texts = {name: f"{name} {secrets.token_hex(8)}" for name in ("place", "scene", "course", "measures", "rescue",
                                                                          "cause", "other", "unit_overview")}
        self.narrative, self.note = "续报 " + secrets.token_hex(8), "备注 " + secrets.token_hex(8)

    @property
    def person(self) -> list[str]:
        return [self.name, self.phone]

    @property
    def everything(self) -> list[str]:
        return [*self.person, *self.texts.values(), self.narrative, self.note]

    def found_in(self, text: str) -> list[str]:
        return [mark for mark in self.everything if mark in text]

    def report(self, **changes) -> dict:
        return first_report(**{"reporter_name": self.name, "reporter_phone": self.phone, **self.texts, **changes})


def eventually(holds, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture(scope="module")
def house(make_cluster, make_database, make_service):
    """A cluster, database and service of this file alone. The server logs as deploy/README.md asks, and even every
    statement that fails."""
    cluster = make_cluster()
    database = make_database(cluster)
    with database.admin() as admin:
        admin.execute("alter system set log_min_error_statement = 'error'")
        admin.execute("alter system set log_min_messages = 'notice'")
        admin.execute("select pg_reload_conf()")
    with database.owner() as owner:
        owner.execute("alter table anze.accident_report add constraint planted check (number < 4)")
    return cluster, database, make_service(database)


@pytest.fixture(scope="module")
def planted(house, client):
    """One accident through all that can be written about it, and requests that fail at every door."""
    _, _, service = house
    marks = Planted()
    officer = client("county_officer", region="150622", to=service)
    answers = {"filed": officer.post(PATH, json=marks.report())}
    assert answers["filed"].status_code == 201, answers["filed"].text
    path = f"{PATH}/{answers['filed'].json()['id']}"
    person = {"reporter_name": marks.name, "reporter_phone": marks.phone}
    more = follow_up(narrative=marks.narrative, **person)
    answers["reported"] = officer.post(f"{path}/reports", json=more)
    answers["corrected"] = officer.post(f"{path}/reports/1/corrections", if_match="2",
                                        json={"reason": "核实", "figures": {"deaths": 3}})
    answers["passed"] = officer.post(f"{path}/transmissions", if_match="3",
                                     json={"to_level": "city", "channel": "phone", "note": marks.note})
    assert [answers[name].status_code for name in ("reported", "corrected", "passed")] == [201] * 3
    answers |= {
        "fails validation": officer.post(PATH, json=marks.report(category=marks.name, occurred_at=marks.phone, role=marks.name,
                                                                 reporter_phone=marks.phone + "x")),
        "unknown member": officer.post(PATH, json={**marks.report(), marks.name: 1, "figures": {marks.phone: 1}}),
        "fails in the register": officer.post(PATH, json=marks.report(region_code="150602001", category="99")),
        "hits a constraint": officer.post(f"{path}/reports", json=more),
        "no JSON": officer.post(PATH, data=f'{{"reporter_name": "{marks.name}" "{marks.phone}"}}'.encode(),
                                headers={"Content-Type": "application/json"}),
        "in the query": officer.get(f"{PATH}?{marks.phone}={marks.name}&unit_id={marks.phone}"),
        "in the path": officer.get(f"{PATH}/{marks.phone}"),
        "in a header": officer.get(PATH, headers={"If-None-Match": marks.phone, "Prefer": marks.phone}),
    }
    return marks, officer, answers, path


def refused(answers) -> dict:
    return {name: answer for name, answer in answers.items() if answer.status_code >= 400}


def test_the_requests_that_should_fail_do(planted):
    _, _, answers, _ = planted
    assert {name: answer.status_code for name, answer in refused(answers).items()} == {
        "fails validation": 422, "unknown member": 422, "fails in the register": 422, "hits a constraint": 422, "no JSON": 400,
        "in the query": 400, "in the path": 404}


def test_no_problem_repeats_what_a_body_said(planted):
    marks, _, answers, _ = planted
    for name, answer in refused(answers).items():
        # A name that the contract does not know is named, for else nobody finds it; values never are.
        mine = [m for m in marks.found_in(answer.text) if name not in ("unknown member", "in the query")
                or m not in marks.person]
        assert mine == [], name


def test_reading_shows_the_name_and_masks_the_telephone(planted):
    marks, officer, _, path = planted
    masked = marks.phone[:3] + "****" + marks.phone[-4:]
    for target in (path, f"{path}/reports/1", f"{path}/reports/2"):
        reporter = officer.get(target).json()["reporter"]
        assert reporter in ({"name": marks.name, "phone": masked}, {})
    assert officer.get(f"{path}/reports/1").json()["reporter"] == {"name": marks.name, "phone": masked}


def test_the_telephone_is_in_no_answer_at_all(planted):
    marks, officer, answers, path = planted
    texts = [a.text for n, a in answers.items() if a.ok] + [officer.get(path + rest).text for rest in (
        "", "/timeline", "/reports", "/reports/1", "/reports/2", "/reports/3")] + [officer.get(PATH).text]
    assert not [text for text in texts if marks.phone in text]


def test_lists_and_the_timeline_know_no_reporter(planted):
    marks, officer, _, path = planted
    for target in (PATH, f"{PATH}?sort=due_at", f"{PATH}?sort=-reported_at&late=false", f"{path}/timeline"):
        text = officer.get(target).text
        assert marks.name not in text and "reporter" not in text, target


def test_the_services_log_holds_none_of_it(house, planted):
    marks, _, answers, _ = planted
    _, _, service = house
    text = service.log_text()
    assert answers["filed"].headers["X-Request-Id"] in text, "the log is the right one"
    assert marks.found_in(text) == []
    assert "\\u963f" not in text.lower(), "nor escaped"


def test_the_database_servers_log_holds_none_of_it(house, planted):
    marks, _, _, _ = planted
    cluster, database, _ = house
    with database.admin() as admin:
        admin.execute("do $$ begin raise warning 'a mark of the test'; end $$")
    text = cluster.log.read_text(errors="replace")
    assert "a mark of the test" in text, "what is logged arrives there"
    assert 'violates check constraint "planted"' in text, "the failure itself is logged"
    assert marks.found_in(text) == []


def test_the_servers_log_would_hold_it_without_the_settings_that_are_asked_for(house, planted):
    """The control of the test above: what fails does carry personal data, and the search would find it."""
    _, officer, _, path = planted
    cluster, database, _ = house
    marks = Planted()
    with database.admin() as admin:
        for setting in ("log_error_verbosity = 'default'", "log_parameter_max_length_on_error = -1"):
            admin.execute(f'alter database "{database.name}" set {setting}')
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'anze_service'")
        assert eventually(lambda: officer.post(f"{path}/reports", json=follow_up(
            reporter_name=marks.name, reporter_phone=marks.phone)).status_code == 422)
        admin.execute(f'alter database "{database.name}" reset all')
    assert marks.found_in(cluster.log.read_text(errors="replace")) != []


def test_the_audit_masks_the_person_and_keeps_the_rest(house, planted):
    marks, _, _, _ = planted
    _, database, _ = house
    text = database.value("select string_agg(e::text, ' ') from audit.entry e")
    assert [mark for mark in marks.person if mark in text] == []
    assert marks.texts["course"] in text and marks.narrative in text, "what is no personal data is recorded"


def test_the_telephone_is_kept_in_one_column_alone(house, planted):
    marks, _, _, _ = planted
    _, database, _ = house
    places = set()
    with database.admin() as admin:
        columns = admin.execute("select table_schema, table_name, column_name from information_schema.columns"
                                " where table_schema in ('anze', 'audit')").fetchall()
        for schema, table, column in columns:
            if admin.execute(f'select 1 from "{schema}"."{table}" where "{column}"::text like %s limit 1',
                             [f"%{marks.phone}%"]).fetchone():
                places.add(f"{schema}.{table}.{column}")
    assert places == {"anze.accident_report.reporter_phone"}


def test_metrics_hold_none_of_it(house, planted):
    marks, _, _, _ = planted
    _, _, service = house
    request = urllib.request.Request(service.admin_url + "/metrics", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        data = answer.read()
    text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()
    assert "fileAccident" in text and marks.found_in(text) == []
