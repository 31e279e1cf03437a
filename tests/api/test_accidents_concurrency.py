"""Many at once on one accident: one wins, nobody's word is lost, and what is kept is one history."""
import concurrent.futures
import itertools

import pytest

from harness.accidents import ago, first_report, follow_up

PATH = "/v1/accidents"


@pytest.fixture(scope="module")
def desks(database, make_database, cluster, make_service, client):
    """desks(n) -> n clients of as many people of the county, on a service with a database of its own."""
    service = make_service(make_database(cluster))
    return lambda count: [client("county_officer", region="150622", to=service, sub=f"county-{i}") for i in range(count)]


@pytest.fixture
def filed(desks):
    answer = desks(1)[0].post(PATH, json=first_report())
    assert answer.status_code == 201, answer.text
    return answer.json()


def at_once(desks, ask) -> list:
    """ask(desk, number) by every desk at the same time; whoever waited too long in the queue (503) asks again."""
    def patiently(desk, number):
        for _ in range(20):
            answer = ask(desk, number)
            if answer.status_code != 503:
                break
            assert answer.json()["code"] == "unavailable" and int(answer.headers["Retry-After"]) >= 1
        return answer

    with concurrent.futures.ThreadPoolExecutor(len(desks)) as pool:
        return list(pool.map(patiently, desks, itertools.count()))


def test_of_50_that_pass_it_up_at_once_exactly_one_does(desks, filed):
    desks = desks(50)
    answers = at_once(desks, lambda desk, _: desk.post(
        f"{PATH}/{filed['id']}/transmissions", if_match="1", json={"to_level": "city", "channel": "phone"}))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(201) == 1 and set(statuses) <= {201, 409, 412}, statuses
    for answer in answers:
        if answer.status_code == 412:
            assert answer.headers["ETag"] == '"2"'
    read = desks[0].get(f"{PATH}/{filed['id']}").json()
    assert read["version"] == 2 and len(read["transmissions"]) == 1
    events = [e for e in desks[0].get(f"{PATH}/{filed['id']}/timeline").json()["events"] if e["event"] == "passed_up"]
    assert len(events) == 1


def test_of_two_that_correct_the_same_version_one_wins_and_the_other_learns_the_version(desks, filed):
    answers = at_once(desks(2), lambda desk, n: desk.post(
        f"{PATH}/{filed['id']}/reports/1/corrections", if_match="1", json={"reason": "核实", "figures": {"deaths": 3 + n}}))
    lost, won = sorted(answers, key=lambda answer: answer.status_code, reverse=True)
    assert (won.status_code, lost.status_code) == (201, 412)
    assert lost.headers["ETag"] == '"2"' and won.json()["report_count"] == 2


def test_reports_that_come_at_once_are_all_kept_in_one_order(desks, filed):
    desks, as_of = desks(20), ago(minutes=5)  # of one moment, so that the last one to come in has the last word
    answers = at_once(desks, lambda desk, n: desk.post(
        f"{PATH}/{filed['id']}/reports", json=follow_up(narrative=f"报告 {n}", as_of=as_of, figures={"minor_injuries": n})))
    assert [answer.status_code for answer in answers] == [201] * 20, [a.text for a in answers if a.status_code != 201]
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, 22))
    reports = desks[0].items(f"{PATH}/{filed['id']}/reports?limit=7")
    assert [report["number"] for report in reports] == list(range(1, 22))
    assert {report["content"].get("narrative") for report in reports[1:]} == {f"报告 {n}" for n in range(20)}
    for answer, number in zip(answers, range(20)):
        own = reports[answer.json()["report_count"] - 1]
        assert own["content"]["narrative"] == f"报告 {number}" and own["actor"] == f"county-{number}"
    read = desks[0].get(f"{PATH}/{filed['id']}").json()
    assert read["figures"]["minor_injuries"] == reports[-1]["figures"]["minor_injuries"], "the last word holds"
    assert (read["version"], read["report_count"]) == (21, 21)


def test_two_deaths_that_raise_the_grade_at_once_make_one_change(desks, filed):
    answers = at_once(desks(10), lambda desk, _: desk.post(
        f"{PATH}/{filed['id']}/reports", json={"kind": "supplement", "figures": {"deaths": 3}}))
    assert {answer.status_code for answer in answers} == {201}
    read = desks(1)[0].get(f"{PATH}/{filed['id']}").json()
    assert [h["grade"] for h in read["grade_history"]] == ["ordinary", "larger"]
    for code in ("unit_report_province", "flash"):
        assert len([c for c in read["clocks"] if c["code"] == code and c["state"] != "superseded"]) == 1


def test_a_reader_during_writes_sees_whole_versions_that_only_grow(desks, filed):
    desks = desks(9)
    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        writers = [pool.submit(desk.post, f"{PATH}/{filed['id']}/reports", json=follow_up()) for desk in desks[:8]]
        seen = []
        while not all(writer.done() for writer in writers):
            seen.append(desks[8].get(f"{PATH}/{filed['id']}"))
    bodies = [answer.json() for answer in seen]
    assert [b["version"] for b in bodies] == sorted(b["version"] for b in bodies)
    for answer, body in zip(seen, bodies):
        assert body["report_count"] == body["version"] and answer.headers["ETag"].startswith(f'"{body["version"]}')
