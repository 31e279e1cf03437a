"""The papers of a case are read by whoever sees the case, whoever uploaded them: and by nobody else."""
import itertools
from pathlib import Path

import pytest

from harness import tree
from harness.cases import day
from harness.duty_records import RECORDS, faults, record
from harness.files import PATH, picture, upload
from harness.hazards import filed, judged
from harness.listing import (CITY_OFFICE, COUNTY, MINE, PARTIES, PLAN, PROVINCE_OFFICE, SCOPES, cast, notice, papers,
                             pass_days, proposal)

NEIGHBOUR = tree.enterprise("150622101", 2)
ELSEWHERE = tree.body("emergency", "150621")
NOBODY_OF_IT = {
    "another enterprise": {"unit": NEIGHBOUR.id}, "another county": {"region": "150621"},
    "another town": {"region": "150622100"}, "another city": {"region": "1501"},
    "another sector": {"region": "1506", "sectors": ["road_traffic"]}, "nothing": {"unit": ELSEWHERE.id},
}
MIGRATIONS = Path(__file__).parents[2] / "sql/migrations"
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def world(cluster, make_database, make_service):
    database = make_database(cluster)
    with database.owner() as owner:
        persons = cast(owner)
    return database, make_service(database), persons


@pytest.fixture(scope="module")
def who(world, client):
    """who(unit=…, region=…, sectors=…): a client with that reach that may read, write and handle."""
    return lambda **reach: client(scopes=[*SCOPES, "files:read", "files:write", "duties:read", "duties:record"], to=world[1],
                                  **{"sub": "-".join(str(v) for v in reach.values())[:40], **reach})


@pytest.fixture(scope="module")
def by(who):
    return lambda party, person=None: who(**PARTIES[party], sub=person or f"{party}-1")


@pytest.fixture(scope="module")
def strangers(who):
    return {name: who(**reach) for name, reach in NOBODY_OF_IT.items()}


def paper(caller, size: int = 3000) -> dict:
    return upload(caller, picture(size, 1000 + next(numbers)), "文书.png")


def attached(kind: str, file: dict) -> list[dict]:
    return [{"kind": kind, "file_id": file["id"]}]


def status(caller, file: dict) -> set[int]:
    """How the file is answered: its description and its bytes, read or asked for without a body, alike."""
    return {call(f"{PATH}/{file['id']}{rest}").status_code for rest in ("", "/content") for call in (caller.get, caller.head)}


def try_act(caller, case: str, action: str, fields: dict, evidence: list | None = None):
    version = str(caller.get(f"/v1/cases/{case}").json()["version"])
    return caller.post(f"/v1/cases/{case}/actions", if_match=version,
                       json={"action": action, "fields": fields, "evidence": evidence or []})


def act(*step) -> dict:
    answer = try_act(*step)
    assert answer.status_code == 200, f"{step[2]}: {answer.text}"
    return answer.json()


def noticed(world, by, evidence: list[dict], supervisor: str = COUNTY.id, unit: tree.Unit = MINE) -> str:
    """A case of the unit that the city listed by a notice, with this evidence, for that body to supervise."""
    made = by("county").post("/v1/listed-cases", json=proposal(unit_id=unit.id))
    assert made.status_code == 201, made.text
    case = made.json()["id"]
    act(by("city"), case, "approve", {"person_id": world[2]["city"], "opinion": "同意"})
    act(by("city"), case, "issue_notice", notice(day(40), supervisor), evidence)
    return case


def test_the_notice_of_the_city_is_read_by_the_county_the_unit_and_the_province(world, by, strangers):
    file = paper(by("city"))
    assert [status(by(party), file) for party in ("county", "unit")] == [{404}] * 2, "nothing has it as its paper yet"
    case = noticed(world, by, attached("notice", file))
    whole = by("city").get(f"{PATH}/{file['id']}/content")
    for party in ("county", "unit", "province"):
        caller = by(party)
        named = caller.get(f"/v1/cases/{case}").json()["timeline"][-1]["evidence"]
        assert named == attached("notice", file) and status(caller, file) == {200}, party
        assert caller.get(f"{PATH}/{file['id']}").json() == by("city").get(f"{PATH}/{file['id']}").json()
        path = f"{PATH}/{file['id']}/content"
        assert caller.get(path).content == whole.content
        part = caller.get(path, headers={"Range": "bytes=1000-1999"})
        assert (part.status_code, part.content) == (206, whole.content[1000:2000])
        assert caller.get(path, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    assert {name: status(caller, file) for name, caller in strangers.items()} == dict.fromkeys(strangers, {404})


def test_what_is_seen_through_a_case_is_in_nobody_elses_list_and_takes_no_bytes_from_them(world, by):
    file = paper(by("city"))
    noticed(world, by, attached("notice", file))
    for caller in (by("county"), by("unit")):
        assert status(caller, file) == {200} and file["id"] not in {f["id"] for f in caller.items(f"{PATH}?limit=200")}
        assert caller.get(f"{PATH}?unit_id={CITY_OFFICE.id}").json()["items"] == []
    sent = by("unit").put(f"{PATH}/{file['id']}/chunks/0", data=b"x", headers={"Content-Type": "application/octet-stream"})
    assert (sent.status_code, sent.json()["code"]) == (403, "forbidden")
    assert by("unit").post(f"{PATH}/{file['id']}/completion").status_code == 403


def test_a_village_lists_its_own_files_and_not_those_of_the_town_that_it_sees_through_a_case(world, by, who):
    there = tree.Unit(tree.unit_id("village works"), "enterprise", "村办示例砖厂", "150622101001", sector="coal")
    village = who(region="150622101001")
    with world[0].owner() as owner:
        owner.execute("insert into anze.region (code, name, parent_code) values ('150622101001', '示例村', '150622101')")
        owner.execute("insert into anze.unit (id, kind, name, region_code, sector) values (%s, %s, %s, %s, %s)",
                      (there.id, there.kind, there.name, there.region_code, there.sector))
    own, of_town = paper(who(unit=there.id)), paper(who(unit=NEIGHBOUR.id))
    filed(by("county"), unit_id=there.id, evidence=attached("photo", of_town))
    assert status(village, own) == status(village, of_town) == {200}
    assert [f["id"] for f in village.items(PATH)] == [own["id"]]
    assert village.get(PATH, headers={"Prefer": "count=exact"}).json()["page"]["total"] == 1


def test_a_paper_of_two_cases_is_read_through_either_and_opens_nothing_else_of_the_other(world, by, who):
    shared, first_alone = paper(by("city")), paper(by("city"))
    first = noticed(world, by, attached("notice", shared) + attached("document", first_alone))
    neighbour = who(unit=NEIGHBOUR.id)
    assert status(neighbour, shared) == {404}
    second = noticed(world, by, attached("notice", shared), unit=NEIGHBOUR)
    assert status(neighbour, shared) == status(by("unit"), shared) == {200}
    assert status(neighbour, first_alone) == {404} and status(by("unit"), first_alone) == {200}
    assert neighbour.get(f"/v1/cases/{first}").status_code == by("unit").get(f"/v1/cases/{second}").status_code == 404


def test_a_paper_that_is_seen_through_a_case_may_be_given_as_evidence_and_another_may_not(world, by):
    seen, unseen = paper(by("city")), paper(by("city"))
    case = noticed(world, by, attached("notice", seen))
    act(by("city"), case, "publish", {"published_on": day(0), "media": "市政府网站"})
    refused = try_act(by("unit"), case, "file_plan", PLAN, attached("plan", seen) + attached("plan", unseen))
    assert faults(refused) == {("/evidence/1/file_id", "unknown-reference")}
    assert status(by("unit"), unseen) == {404}, "what was refused opens nothing"
    act(by("unit"), case, "file_plan", PLAN, attached("plan", seen))


def test_what_the_level_above_took_over_with_is_read_below_and_the_former_supervisor_reads_no_more(world, by, who):
    former = who(unit=ELSEWHERE.id)  # a body of elsewhere that supervises, and acts for itself alone
    file, order = paper(by("city")), paper(by("province"))
    case = noticed(world, by, attached("notice", file), supervisor=ELSEWHERE.id)
    act(by("city"), case, "publish", {"published_on": day(0), "media": "市政府网站"})
    assert status(former, file) == {200} and status(by("city"), order) == {404}
    with world[0].owner() as owner:
        pass_days(owner, case, 41)
    raised = act(by("province"), case, "upgrade", {
        "person_id": world[2]["province"], "upgrade_reason": "late", "opinion": "提级督办",
        "supervisor_id": PROVINCE_OFFICE.id}, attached("document", order))
    assert raised["supervisor"]["id"] == PROVINCE_OFFICE.id
    assert former.get(f"/v1/cases/{case}").status_code == 404
    assert status(former, file) == status(former, order) == {404}
    for party in ("city", "county", "unit", "province"):
        assert status(by(party), file) == status(by(party), order) == {200}, party


def test_an_officer_of_the_province_takes_a_case_over_and_leaves_what_is_not_the_provinces(world, by, client):
    case = noticed(world, by, papers("notice"))
    with world[0].owner() as owner:
        pass_days(owner, case, 41)
    officer = client("province_officer", to=world[1], sub="province-officer-1", **PARTIES["province"])
    offered = {a["action"] for a in officer.get(f"/v1/cases/{case}").json()["actions"]}
    assert "upgrade" in offered and not offered & {"file_plan", "report_progress", "ask_review"}
    raised = act(officer, case, "upgrade", {"person_id": world[2]["province"], "upgrade_reason": "late", "opinion": "提级督办",
                                            "supervisor_id": PROVINCE_OFFICE.id}, papers("document"))
    assert raised["level"] == "province"
    for method, path, body in (("post", PATH, {"name": "a.png", "size": 1, "sha256": "0" * 64, "media_type": "image/png"}),
                               ("post", "/v1/hazards", {}), ("post", RECORDS, {}), ("post", "/v1/accidents", {}),
                               ("post", "/v1/units", {}), ("post", "/v1/people", {}), ("post", "/v1/risk-points", {})):
        answer = officer.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient-scope"), path


def test_the_order_for_a_hazard_is_read_by_the_enterprise_it_is_for(by, strangers):
    county, photo = by("county"), paper(by("county"))
    hazard = judged(county, filed(county, evidence=attached("photo", photo)), "general")
    order = paper(county)
    assert status(by("unit"), photo) == {200} and status(by("unit"), order) == {404}
    act(county, hazard["case_id"], "order", {"responsible": "队长", "measures": "整改", "due_on": day(5)}, attached("order", order))
    assert status(by("unit"), order) == {200}
    assert {name: status(caller, order) for name, caller in strangers.items()} == dict.fromkeys(strangers, {404})


def test_what_came_with_a_tip_is_read_by_offices_and_not_by_whom_it_is_about_until_they_use_it_openly(by, who):
    county, town = by("county"), who(region="150622101")
    letter = paper(county)
    hazard = judged(county, filed(county, source="tip", evidence=attached("photo", letter)), "general")
    assert by("unit").get(f"/v1/hazards/{hazard['id']}").status_code == 200
    assert status(town, letter) == {200} and status(by("unit"), letter) == {404}
    act(county, hazard["case_id"], "order", {"responsible": "队长", "measures": "整改", "due_on": day(5)})
    refused = try_act(by("unit"), hazard["case_id"], "report_rectified", {"result": "已整改"}, attached("photo", letter))
    assert faults(refused) == {("/evidence/0/file_id", "unknown-reference")}
    act(county, hazard["case_id"], "record_refusal", {"reason": "拒绝签收"}, attached("record", letter))
    assert status(by("unit"), letter) == {200}


def test_the_papers_of_a_record_are_read_by_who_sees_the_record(by, who, strangers):
    file = paper(by("city"))
    assert status(by("county"), file) == {404}
    made = by("city").post(RECORDS, json=record(unit_id=COUNTY.id, evidence=attached("minutes", file)))
    assert made.status_code == 201, made.text
    assert by("county").get(f"{RECORDS}/{made.json()['id']}").json()["evidence"] == attached("minutes", file)
    assert status(by("county"), file) == {200}
    for caller in (by("unit"), who(region="150622101"), *strangers.values()):
        assert caller.get(f"{RECORDS}/{made.json()['id']}").status_code == 404 and status(caller, file) == {404}
    version = by("city").post(f"{RECORDS}/{made.json()['id']}/versions", if_match=str(made.json()["version"]), json={
        "reason": "补充材料", "record": record(evidence=attached("minutes", other := paper(by("city"))))})
    assert version.status_code == 201, version.text
    assert status(by("county"), other) == status(by("county"), file) == {200}


def test_a_database_from_before_learns_of_every_use_what_it_would_have_kept(world, by):
    case = noticed(world, by, attached("notice", paper(by("city"))))
    county, letter, photo = by("county"), paper(by("county")), paper(by("county"))
    filed(county, source="tip", evidence=attached("photo", letter) + [{"kind": "record"}])
    opened = judged(county, filed(county, source="tip", evidence=attached("photo", photo)), "general")
    act(county, opened["case_id"], "order", {"responsible": "队长", "measures": "整改", "due_on": day(5)}, attached("order", photo))
    of_office = paper(by("city"))
    assert by("city").post(RECORDS, json=record(unit_id=COUNTY.id, evidence=attached("minutes", of_office))).status_code == 201
    first = (MIGRATIONS / "0036_file_uses.sql").read_text(encoding="utf-8").partition("-- Declared here")[0]
    by_subject = (MIGRATIONS / "202611281905_files_uses_by_subject.sql").read_text(encoding="utf-8")
    filling = (first + "alter table" + by_subject.partition("alter table")[2]).replace("file_use", "file_use_before")
    asked = "select file_id::text, subject, subject_id::text, offices_only from anze.{} order by 1, 2, 3"
    with world[0].owner() as owner:
        kept = owner.execute(asked.format("file_use")).fetchall()
        assert {(row[0], row[3]) for row in kept} >= {(letter["id"], True), (photo["id"], False), (of_office["id"], False)}
        assert ("case", case) in {row[1:3] for row in kept} and "record" in {row[1] for row in kept}
        owner.execute(filling)
        assert owner.execute(asked.format("file_use_before")).fetchall() == kept
        owner.rollback()
