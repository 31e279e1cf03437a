"""Criteria of major hazards and the texts that they come from, as administrators write them."""
import pytest

from harness.hazards import CRITERIA, MINE, ago, faults, filed, filing, judged

SETS = "/v1/hazard-criterion-sets"


@pytest.fixture(scope="module")
def desk(cluster, make_database, make_service, client):
    database = make_database(cluster)
    service = make_service(database)
    roles = lambda role, **grant: client(role, to=service, **grant)  # noqa: E731
    roles.database = database
    return roles


@pytest.fixture(scope="module")
def administrator(desk):
    return desk("administrator", region="1506")


@pytest.fixture(scope="module")
def county(desk):
    return desk("county_officer", region="150622", sub="county-7")


def item(code: str, **given) -> dict:
    return {"code": code, "set": "COAL.2026", "article": "第四条第一项", "title_zh": "超能力组织生产", "title_en": "Beyond capacity",
            "sectors": ["coal"], "in_force_from": "2026-07-01", "reason": "录入原文", **given}


def entered(administrator, code: str, **given) -> dict:
    answer = administrator.post(CRITERIA, json=item(code, **given))
    assert answer.status_code == 201, answer.text
    return answer.json()


def patch(administrator, text: str, version: str, **given):
    return administrator.patch(f"{SETS}/{text}", json=given, if_match=version,
                               headers={"Content-Type": "application/merge-patch+json"})


def test_a_text_becomes_complete_when_its_items_are_entered_and_counted(administrator, county):
    made = entered(administrator, "COAL.NEW.01")
    assert (made["version"], made["versions"][0]["origin"], made["versions"][0]["instrument"]) == (1, "administrator", "MEM-21")
    read = administrator.get(f"{CRITERIA}/COAL.NEW.01")
    assert read.json() == made and read.headers["ETag"] == '"1"'
    text = administrator.get(f"{SETS}/COAL.2026").json()
    assert (text["items_entered"], text["is_complete"], text["version"]) == (1, False, 1)
    answer = patch(administrator, "COAL.2026", "1", item_count=1, confidence="found", note_zh=None, reason="核对")
    assert answer.status_code == 200 and answer.headers["ETag"] == '"2"'
    assert answer.json()["is_complete"] and "note_zh" not in answer.json()
    sets = {s["code"]: s for s in county.get(f"{CRITERIA}?sector=coal").json()["sets"]}
    assert sets["COAL.2026"]["is_complete"] and sets["COAL.2026"]["origin"] == "administrator"
    assert judged(county, filed(county, criterion="COAL.NEW.01"), "major", criterion="COAL.NEW.01")["severity"] == "major"


def test_a_revised_criterion_counts_from_its_day_and_hazards_found_before_keep_theirs(administrator, county):
    entered(administrator, "COAL.NEW.02")
    old = filed(county, criterion="COAL.NEW.02", found_at=ago(days=2))
    today = filing()["found_at"][:10]
    path = f"{CRITERIA}/COAL.NEW.02/versions"
    answer = administrator.post(path, json={"title_zh": "超强度组织生产", "in_force_from": today, "reason": "更正"}, if_match="1")
    assert answer.status_code == 201 and answer.json()["version"] == 2
    assert [v["title_zh"] for v in answer.json()["versions"]] == ["超强度组织生产", "超能力组织生产"]
    assert filed(county, criterion="COAL.NEW.02")["criterion"]["version"] == 2
    assert county.get(f"/v1/hazards/{old['id']}").json()["criterion"]["version"] == 1
    assert administrator.post(path, json={"in_force_from": "2027-01-01", "reason": "再改"}, if_match="1").status_code == 412
    assert faults(administrator.post(path, json={"in_force_from": today, "reason": "再改"}, if_match="2")) == {
        ("/in_force_from", "not-after-running-version")}


def test_a_text_that_ends_takes_its_items_along(administrator):
    made = administrator.post(SETS, json={"code": "TEST.ENDS", "instrument": "MEM-21", "sectors": ["coal"], "item_count": 2,
                                          "title_zh": "测试标准", "title_en": "Test", "in_force_from": "2026-01-01", "reason": "录入"})
    assert made.status_code == 201 and made.headers["Location"].endswith(f"{SETS}/TEST.ENDS")
    entered(administrator, "TEST.ENDS.01", set="TEST.ENDS", in_force_from="2026-01-01")
    ended = patch(administrator, "TEST.ENDS", "1", in_force_until="2026-10-31", reason="废止")
    assert ended.json()["in_force_until"] == "2026-10-31" and ended.json()["items_entered"] == 1
    assert administrator.get(f"{CRITERIA}/TEST.ENDS.01").json()["versions"][0]["in_force_until"] == "2026-10-31"
    assert "TEST.ENDS" not in {s["code"] for s in administrator.items(f"{SETS}?on=2026-11-01")}


def test_what_is_wrong_with_a_criterion_or_a_text_is_said(administrator, county):
    assert faults(administrator.post(CRITERIA, json=item("COAL.02", set="NO.SUCH", sectors=["coal", "nothing"]))) == {
        ("/code", "exists"), ("/set", "unknown-reference"), ("/sectors/1", "unknown-reference")}
    assert faults(administrator.post(CRITERIA, json=item("COAL.NEW.03", in_force_from="2026-06-30"))) == {
        ("/in_force_from", "out-of-set")}
    assert faults(administrator.post(CRITERIA, json=item("COAL.NEW.03", in_force_until="2026-06-30"))) == {
        ("/in_force_until", "before-in-force-from")}
    assert administrator.get(f"{CRITERIA}/NO.SUCH").status_code == administrator.get(f"{SETS}/NO.SUCH").status_code == 404
    assert county.post(CRITERIA, json=item("COAL.NEW.04")).status_code == 403
    assert MINE.sector == "coal"


def test_a_release_does_not_undo_what_an_administrator_wrote(administrator, desk):
    answer = administrator.post(f"{CRITERIA}/COAL.03/versions", if_match="2", json={
        "title_zh": "修订后的条文", "in_force_from": "2027-01-01", "reason": "核对"})
    assert answer.status_code == 201, answer.text
    with desk.database.owner() as owner:
        owner.execute("select anze.ship_hazard_criterion('COAL.03', 2, '2024-05-01', null, 'COAL.REGULATION', '{coal}', '一', '改写',"
                      " 'Rewritten', 'found')")
        owner.execute("select anze.ship_hazard_criterion_set('COAL.2026', '2026-07-01', null, 'MEM-21', '{coal}', null, 99, '改写',"
                      " 'Rewritten', 'found')")
        assert owner.execute("select title_zh, in_force::text from anze.hazard_criterion where code = 'COAL.03' order by version"
                             ).fetchall()[1:] == [("煤（岩）与瓦斯（二氧化碳）突出矿井未按照规定实施防突措施", "[2024-05-01,2027-01-01)"),
                                                  ("修订后的条文", "[2027-01-01,)")]
        assert owner.execute("select item_count from anze.hazard_criterion_set where code = 'COAL.2026'").fetchone() != (99,)


def test_criteria_of_a_sector_that_there_is_not_are_no_empty_list(county):
    answer = county.get(f"{CRITERIA}?sector=nothing")
    assert answer.status_code == 422 and faults(answer) == {("sector", "unknown-reference")}
