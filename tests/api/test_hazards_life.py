"""Hazards over HTTP: filed, judged, found again, merged and parted, listed and counted."""
import pytest

from harness import tree
from harness.duty_records import RECORDS, inspection
from harness.files import picture, upload
from harness.hazards import CRITERIA, HAZARDS, MINE, STATISTICS, ago, day, faults, filed, filing, judged, merged

PLANT, OTHER = tree.enterprise("150622101", 2), tree.enterprise("150621100", 1)
GOVERNMENT = tree.body("government", "150622")
NOWHERE = "019a7b2e-4c00-7b3a-9d52-000000000000"


@pytest.fixture(scope="module")
def alone(cluster, make_database):
    return make_database(cluster)


@pytest.fixture(scope="module")
def desk(alone, make_service, client):
    service = make_service(alone)
    return lambda role="county_officer", **grant: client(role, to=service, **grant)


@pytest.fixture(scope="module")
def county(desk):
    return desk(region="150622", unit=GOVERNMENT.id, sub="county-7")


@pytest.fixture(scope="module")
def mine(desk):
    return desk("enterprise_reporter", unit=MINE.id, sub="mine-1")


@pytest.fixture(scope="module")
def city(desk):
    return desk("city_officer", region="1506", sub="city-1")


# ---- filing ----

def test_a_hazard_is_filed_with_its_case_and_read_as_it_was_answered(county):
    answer = county.post(HAZARDS, json=filing(criterion="COAL.02", point={"lon": 110.868912, "lat": 39.653122, "crs": "CGCS2000"},
                                              found_by="王某", rectification={"responsible": "机电队队长", "due_on": day(7),
                                                                             "budget_cny": "3500.00"}))
    made = answer.json()
    assert answer.status_code == 201 and answer.headers["Location"].endswith(f"{HAZARDS}/{made['id']}")
    assert (made["state"], made["open"], made["recurrences"], made["found_by"]) == ("found", True, 0, "王某")
    assert made["unit"] == {"id": MINE.id, "name": MINE.name} and made["region_code"] == MINE.region_code
    assert made["criterion"]["code"] == "COAL.02" and "severity" not in made
    assert made["rectification"] == {"responsible": "机电队队长", "due_on": day(7), "budget_cny": "3500.00"}
    assert made["case"]["kind"] == "hazard" and made["case"]["title"] == made["description"]
    assert [c["clock"] for c in made["case"]["clocks"]] == ["judge"] and made["due_at"] == made["case"]["due_at"]
    assert {a["action"] for a in made["case"]["actions"]} >= {"judge_general", "judge_major", "stop_work", "dismiss"}
    read = county.get(f"{HAZARDS}/{made['id']}")
    assert read.json() == made and read.headers["ETag"] == answer.headers["ETag"]
    assert county.get(f"{HAZARDS}/{made['id']}", if_none_match=read.headers["ETag"].strip('"')).status_code == 304


def test_the_id_of_a_hazard_begins_with_the_moment_of_finding(county):
    found_at = "2026-03-31T08:00:00.250+08:00"
    made = filed(county, found_at=found_at)
    assert int(made["id"].replace("-", "")[:12], 16) == 1774915200250 and made["id"][14] == "8"
    assert made["found_at"] == found_at


def test_the_same_key_files_one_hazard(county):
    body = filing()
    first, again = (county.post(HAZARDS, json=body, key="the-same-hazard") for _ in range(2))
    assert first.json() == again.json() and again.headers["Idempotency-Replayed"] == "true"


def test_a_unit_files_its_own_check_and_no_office_s(mine):
    made = filed(mine, unit_id=None, source="own_check")
    assert made["unit"]["id"] == MINE.id and made["case"]["level"] == "county"
    assert faults(mine.post(HAZARDS, json=filing(source="tip"))) == {("/source", "not-for-units")}
    assert faults(mine.post(HAZARDS, json=filing(unit_id=PLANT.id, source="own_check"))) == {("/unit_id", "unknown-reference")}


def test_all_faults_of_a_filing_come_at_once(county):
    assert faults(county.post(HAZARDS, json=filing(
        unit_id=OTHER.id, found_at=ago(hours=-2), criterion="NO.SUCH", source="record_finding",
        rectification={"due_on": "2026-01-01"}, evidence=[{"kind": "photo", "file_id": NOWHERE}]))) == {
        ("/unit_id", "unknown-reference"), ("/found_at", "in-future"), ("/criterion", "unknown-reference"),
        ("/finding", "finding-and-source"), ("/rectification/due_on", "before-found-at"),
        ("/evidence/0/file_id", "unknown-reference")}
    assert faults(county.post(HAZARDS, json=filing(found_at="2008-01-31T12:00:00+08:00"))) == {("/found_at", "no-rule-in-force")}


def test_a_dry_run_keeps_nothing(county):
    answer = county.post(HAZARDS, json=filing(), headers={"Prefer": "dry-run"})
    assert answer.status_code == 200 and county.get(f"{HAZARDS}/{answer.json()['id']}").status_code == 404


def test_a_finding_of_a_led_inspection_becomes_a_hazard_once_and_both_know(county):
    record = county.post(RECORDS, json=inspection([{"matter": "护栏缺失", "unit_id": MINE.id}, {"matter": "灯坏"}])).json()
    finding = {"record_id": record["id"], "number": 1}
    made = filed(county, unit_id=None, source="record_finding", finding=finding, found_at=ago(hours=2))
    assert made["unit"]["id"] == MINE.id and made["finding"] == finding
    assert county.get(f"{RECORDS}/{record['id']}/follow-ups/1").json()["hazard_id"] == made["id"]
    assert "hazard_id" not in county.get(f"{RECORDS}/{record['id']}/follow-ups/2").json()
    again = county.post(HAZARDS, json=filing(source="record_finding", finding=finding))
    assert again.status_code == 409
    assert faults(county.post(HAZARDS, json=filing(source="record_finding", finding={**finding, "number": 2}))) == {
        ("/unit_id", "of-other-unit")}
    assert faults(county.post(HAZARDS, json=filing(source="record_finding", finding={**finding, "number": 9}))) == {
        ("/finding", "unknown-reference")}


# ---- judging ----

def test_a_judgement_says_who_when_and_by_which_criterion_and_stays(county, city):
    made = judged(county, filed(county), "general", basis="可立即整改")
    assert (made["severity"], made["state"], "criterion" in made) == ("general", "general", False)
    major = judged(city, made, "major", criterion="COAL.04", basis="抽采系统停运", imminent_danger=True)
    assert (major["severity"], major["state"], major["criterion"]["code"], major["imminent_danger"]) == (
        "major", "major", "COAL.04", True)
    first, second = major["judgements"]
    assert (first["severity"], first["actor"], first["level"], first["basis"]) == ("general", "county-7", "county", "可立即整改")
    assert (second["severity"], second["actor"], second["level"]) == ("major", "city-1", "city")
    assert second["criterion"]["version"] == 2
    assert {c["clock"] for c in major["case"]["clocks"] if c["state"] == "running"} == {
        "order", "plan", "report_congress", "report_department"}


def test_what_makes_a_hazard_major_is_a_criterion_and_no_opinion(county):
    made = filed(county)
    path = f"{HAZARDS}/{made['id']}/judgements"
    for given, fault in (({"severity": "major"}, "required"),
                         ({"severity": "major", "criterion": "COAL.99"}, "unknown-reference"),
                         ({"severity": "major", "criterion": "TRADE.03.01"}, "of-other-sector"),
                         ({"severity": "major", "criterion": "FIRE.EXIT"}, "criterion-of-other-severity"),
                         ({"severity": "general", "criterion": "COAL.04"}, "criterion-of-other-severity")):
        assert faults(county.post(path, json=given, if_match="1")) == {("/criterion", fault)}, given
    assert county.get(f"{HAZARDS}/{made['id']}").json() == made


def test_a_judgement_needs_the_version_that_it_is_about(county):
    made = filed(county)
    path, body = f"{HAZARDS}/{made['id']}/judgements", {"severity": "general"}
    assert county.post(path, json=body, if_match="9").status_code == 412
    assert county.post(path, json=body, if_match=str(made["version"])).status_code == 201
    assert county.post(path, json=body, if_match=str(made["version"])).status_code == 412


def test_a_major_hazard_is_made_general_by_another_than_who_judged_it(county, desk):
    major = judged(county, filed(county), "major", criterion="COAL.05")
    path, body = f"{HAZARDS}/{major['id']}/judgements", {"severity": "general", "basis": "复核后系统完好"}
    assert county.post(path, json=body, if_match=str(major["version"])).status_code == 403
    other = desk(region="150622", unit=GOVERNMENT.id, sub="county-8")
    lower = judged(other, major, "general", basis="复核后系统完好")
    assert lower["state"] == "general" and [j["severity"] for j in lower["judgements"]] == ["major", "general"]
    assert {c["clock"] for c in lower["case"]["clocks"] if c["state"] == "running"} == {"order"}


# ---- recurrence ----

def test_the_same_criterion_at_the_same_unit_within_a_year_is_a_recurrence(county):
    first = filed(county, unit_id=PLANT.id, criterion="ANY.MAJOR", found_at=ago(days=300))
    second = filed(county, unit_id=PLANT.id, criterion="ANY.MAJOR", found_at=ago(days=20))
    third = filed(county, unit_id=PLANT.id, criterion="ANY.MAJOR")
    assert (first["recurrences"], second["recurrences"], third["recurrences"]) == (0, 1, 2)
    assert second["recurrence_of"] == first["id"] and third["recurrence_of"] == second["id"]
    assert filed(county, unit_id=PLANT.id, criterion="FIRE.EXIT")["recurrences"] == 0
    listed = {h["id"] for h in county.items(f"{HAZARDS}?unit_id={PLANT.id}&recurrent=true")}
    assert {second["id"], third["id"]} <= listed and first["id"] not in listed
    known_later = judged(county, filed(county, unit_id=PLANT.id), "major", criterion="ANY.MAJOR")
    assert known_later["recurrences"] == 3 and known_later["recurrence_of"] == third["id"]


# ---- duplicates ----

def test_likely_duplicates_are_suggested_the_likeliest_first(county):
    town = tree.enterprise("150622100", 1)
    base = filed(county, unit_id=town.id, description="三号皮带机头部防护栏缺失", place="三号皮带机", criterion="COAL.10", found_at=ago(days=3))
    near = filed(county, unit_id=town.id, description="3号皮带机头部防护栏缺损", place="三号皮带机头", found_at=ago(days=1))
    filed(county, unit_id=town.id, description="值班室灭火器过期", place="调度楼值班室", found_at=ago(days=1))
    filed(county, unit_id=town.id, description="三号皮带机头部防护栏缺失", place="三号皮带机", found_at=ago(days=200))
    same = filed(county, unit_id=town.id, description="三号皮带机头部防护栏缺失", place="三号皮带机", criterion="COAL.10")
    found = county.get(f"{HAZARDS}/{same['id']}/duplicates").json()
    assert [c["hazard"]["id"] for c in found["candidates"]] == [base["id"], near["id"]]
    first, second = found["candidates"]
    assert first["same_criterion"] and first["text_likeness"] == 1 and first["score"] > 0.95 > second["score"] > 0.5
    assert "same_criterion" not in second and 2.8 < first["days_apart"] < 3.1


def test_a_merged_hazard_is_kept_points_to_the_other_and_is_parted_again_as_it_was(county):
    one, two = filed(county), judged(county, filed(county), "general")
    gone = merged(county, two, one)
    assert (gone["state"], gone["open"], gone["merged_into"], gone["severity"]) == ("merged", False, one["id"], "general")
    assert [c for c in gone["case"]["clocks"] if c["state"] in ("running", "overdue")] == []
    assert [m["hazard_id"] for m in county.get(f"{HAZARDS}/{one['id']}").json()["mergers"]] == [two["id"]]
    assert two["id"] not in {c["hazard"]["id"] for c in county.get(f"{HAZARDS}/{one['id']}/duplicates").json()["candidates"]}
    undo = county.post(f"{HAZARDS}/{two['id']}/mergers/undo", json={"reason": "两处不同"}, if_match=str(gone["version"]))
    back = undo.json()
    assert undo.status_code == 200 and (back["state"], back["open"], "merged_into" in back) == ("general", True, False)
    assert [(m["reason"], m["undo_reason"], m["undone_by"]) for m in back["mergers"]] == [("同一隐患", "两处不同", "county-7")]
    assert [e["action"] for e in back["case"]["timeline"]] == ["opened", "judge_general", "merge", "part"]
    assert county.post(f"{HAZARDS}/{two['id']}/mergers/undo", json={"reason": "再次"},
                       if_match=str(back["version"])).status_code == 409
    assert merged(county, back, one)["state"] == "merged"


def test_a_merger_that_is_undone_gives_a_late_unit_no_new_time(county, alone):
    one, two = (judged(county, filed(county), "major", criterion="COAL.02") for _ in range(2))
    owed = ("report_department", "report_congress", "plan", "order")
    with alone.owner() as owner:
        owner.execute("update anze.deadline set starts_at = starts_at - interval '90 days', due_at = due_at - interval '90 days'"
                      " where subject_id = %s", (two["case"]["id"],))
    due = {c["clock"]: c["due_at"] for c in county.get(f"{HAZARDS}/{two['id']}").json()["case"]["clocks"] if c["clock"] in owed}
    gone = merged(county, two, one)
    assert {c["state"] for c in gone["case"]["clocks"] if c["clock"] in owed} == {"superseded_late"}
    back = county.post(f"{HAZARDS}/{two['id']}/mergers/undo", json={"reason": "两处不同"}, if_match=str(gone["version"])).json()
    assert {c["clock"]: c["due_at"] for c in back["case"]["clocks"] if c["state"] == "overdue"} == due and len(due) == 4


def test_a_merger_needs_an_open_hazard_of_the_same_unit_that_is_no_less_severe(county, mine):
    one, plant = filed(county), filed(county, unit_id=PLANT.id)
    major = judged(county, filed(county), "major", criterion="COAL.03")

    def refused(hazard, into):
        return faults(county.post(f"{HAZARDS}/{hazard['id']}/mergers", if_match=str(hazard["version"]),
                                  json={"into_id": into, "reason": "同一隐患"}))
    assert refused(one, plant["id"]) == {("/into_id", "of-other-unit")}
    assert refused(one, one["id"]) == {("/into_id", "itself")}
    assert refused(one, NOWHERE) == {("/into_id", "unknown-reference")}
    assert refused(major, one["id"]) == {("/into_id", "less-severe")}
    gone = merged(county, filed(county), one)
    assert refused(one, gone["id"]) == {("/into_id", "not-open")}
    assert mine.post(f"{HAZARDS}/{one['id']}/mergers", if_match=str(one["version"]),
                     json={"into_id": major["id"], "reason": "同一隐患"}).status_code == 403


# ---- lists and figures ----

def test_a_list_goes_by_the_day_of_finding_through_its_months_and_filters(county, desk):
    unit = tree.enterprise("150622100", 3)
    made = [filed(county, unit_id=unit.id, found_at=ago(days=d), source=s) for d, s in
            ((1, "inspection"), (40, "tip"), (100, "monitoring"), (700, "inspection"))]
    target = f"{HAZARDS}?unit_id={unit.id}"
    assert [h["id"] for h in county.items(f"{target}&limit=1")] == [h["id"] for h in made]
    assert [h["id"] for h in county.items(f"{target}&source=tip,monitoring")] == [made[1]["id"], made[2]["id"]]
    assert [h["id"] for h in county.items(f"{target}&found_from={ago(days=150).replace('+', '%2B')}"
                                          f"&found_to={ago(days=2).replace('+', '%2B')}")] == [made[1]["id"], made[2]["id"]]
    major = judged(county, made[1], "major", criterion="ANY.MAJOR")
    assert [h["id"] for h in county.items(f"{target}&severity=major")] == [major["id"]]
    assert [h["id"] for h in county.items(f"{target}&state=found&overdue=false&open=true&merged=false")] == [
        made[i]["id"] for i in (0, 2, 3)]
    counted = county.get(target, headers={"Prefer": "count=exact"}).json()["page"]["total"]
    assert counted == 4
    assert desk("city_officer", region="1501").items(target) == []


def test_a_hazard_is_overdue_when_a_deadline_of_its_case_has_passed(county, alone):
    made = filed(county)
    assert made["id"] not in {h["id"] for h in county.items(f"{HAZARDS}?overdue=true")}
    with alone.owner() as owner:
        owner.execute("update anze.deadline set starts_at = now() - interval '9 days', due_at = now() - interval '1 minute'"
                      " where subject_id = %s", (made["case_id"],))
        owner.execute("update anze.case_file set due_at = now() - interval '1 minute', version = version where id = %s",
                      (made["case_id"],))
    assert made["id"] in {h["id"] for h in county.items(f"{HAZARDS}?overdue=true")}
    assert county.get(f"{HAZARDS}/{made['id']}").json()["overdue"] is True


def test_criteria_are_those_of_the_day_that_is_asked_about(county):
    today = county.items(f"{CRITERIA}?sector=coal&code=COAL&limit=5")
    assert len(today) == 17 and {c["instrument"] for c in today} == {"SC-COAL-2024"}
    before = county.items(f"{CRITERIA}?code=COAL&on=2024-04-30")
    assert len(before) == 15 and {c["instrument"] for c in before} == {"MEM-4"}
    assert {c["in_force_until"] for c in before} == {"2024-04-30"}
    assert len(county.items(f"{CRITERIA}?code=CHEM&severity=major&on=2026-09-29")) == 20
    assert [c["code"] for c in county.items(f"{CRITERIA}?severity=general")] == ["FIRE.EXIT"]


def worth(caller, query: str) -> tuple[dict, dict]:
    """(sets by code, sectors by code) of a list of criteria."""
    answer = caller.get(f"{CRITERIA}?{query}").json()
    return {s["code"]: s for s in answer["sets"]}, {s["sector"]: s for s in answer["sectors"]}


def test_a_list_of_criteria_says_of_each_text_how_many_of_its_items_are_entered(county):
    sets, sectors = worth(county, "sector=chemical&on=2026-09-30&limit=1")
    assert (sets["CHEM.2026"]["items_in_instrument"], sets["CHEM.2026"]["items_entered"], sets["CHEM.2026"]["is_complete"]) == (
        53, 0, False)
    assert sets["CHEM.2026"]["number"] == "AQ 3067-2026" and "CHEM.2017" not in sets
    assert sets["ANY"]["is_general_clause"] and "sectors" not in sets["ANY"]
    assert list(sectors) == ["chemical"] and not sectors["chemical"]["is_complete"] and sectors["chemical"]["sets"] == ["CHEM.2026"]
    sets, sectors = worth(county, "sector=chemical&on=2026-09-29")
    assert sets["CHEM.2017"]["in_force_until"] == "2026-09-29"
    assert sectors["chemical"] == {"sector": "chemical", "is_complete": True, "sets": ["CHEM.2017"]}


def test_a_sector_without_a_text_says_so_instead_of_an_empty_list_that_looks_like_nothing_is_major(county):
    assert county.items(f"{CRITERIA}?sector=railway&code=RAIL") == []
    _, sectors = worth(county, "sector=railway&code=RAIL")
    assert sectors["railway"]["sets"] == [] and not sectors["railway"]["is_complete"]
    assert "没有列出不等于不是重大隐患" in sectors["railway"]["note_zh"] and "may be major" in sectors["railway"]["note_en"]
    _, sectors = worth(county, "limit=1")
    assert len(sectors) > 30 and sectors["industry_trade"]["is_complete"] and not sectors["coal"]["is_complete"]


def test_several_criteria_of_one_hazard_are_shown_in_its_answer_its_list_and_its_judgement(county):
    made = filed(county, criteria=["COAL.02", "COAL.05"])
    assert made["criterion"]["code"] == "COAL.02" and [k["code"] for k in made["criteria"]] == ["COAL.02", "COAL.05"]
    shown = next(h for h in county.items(f"{HAZARDS}?unit_id={made['unit']['id']}&criterion=COAL.02") if h["id"] == made["id"])
    assert shown["criteria"] == made["criteria"]
    major = judged(county, made, "major", criteria=["COAL.05", "COAL.02"])
    assert [k["code"] for k in major["judgements"][-1]["criteria"]] == ["COAL.05", "COAL.02"] == [
        k["code"] for k in county.get(f"{HAZARDS}/{made['id']}").json()["criteria"]]
    assert major["case"]["timeline"][-1]["fields"]["further_criteria"] == "COAL.02"


def test_statistics_count_what_was_found_in_the_period(desk):
    coal, chemical = tree.enterprise("150621101", 1), tree.enterprise("150621101", 2)
    officer = desk(region="150621", sub="county-9")
    for unit, found_at, criterion in ((coal, "2025-07-01T00:00:00+08:00", "COAL.02"), (coal, "2025-09-30T23:59:59+08:00", "COAL.02"),
                                      (chemical, "2025-08-01T08:00:00+08:00", None), (coal, "2025-06-30T23:59:59+08:00", None),
                                      (coal, "2025-10-01T00:00:00+08:00", None)):
        made = filed(officer, unit_id=unit.id, found_at=found_at, criterion=criterion)
        if criterion:
            judged(officer, made, "major", criterion=criterion)
    merged(officer, filed(officer, unit_id=coal.id, found_at="2025-08-02T08:00:00+08:00"), made)
    whole, = officer.items(f"{STATISTICS}?period=2025-Q3")
    assert (whole["found"], whole["major"], whole["rectified"], whole["recurrent"], whole["rate_percent"]) == (3, 2, 0, 1, 0)
    assert (whole["from"], whole["until"], whole["as_of"]) == ("2025-07-01", "2025-09-30", "2025-10-01T00:00:00.000+08:00")
    by_unit = {g["key"]: (g["title"], g["found"]) for g in officer.items(f"{STATISTICS}?period=2025-Q3&group_by=unit&limit=1")}
    assert by_unit == {coal.id: (coal.name, 2), chemical.id: (chemical.name, 1)}
    assert [(g["key"], g["found"]) for g in officer.items(f"{STATISTICS}?period=2025&group_by=region")] == [("150621101", 5)]
    assert [(g["key"], g["found"]) for g in officer.items(f"{STATISTICS}?period=2025-Q3&group_by=criterion")] == [
        ("", 1), ("COAL.02", 2)]
    assert {g["key"]: g["found"] for g in officer.items(f"{STATISTICS}?period=2025-Q3&group_by=sector")} == {
        "coal": 2, "hazardous_chemicals": 1}


# ---- from finding to 销号 ----

def step(caller, hazard: dict, action: str, evidence: tuple = (), **fields) -> dict:
    """One step of its case; the hazard as it is then."""
    answer = caller.post(f"/v1/cases/{hazard['case_id']}/actions", if_match=str(hazard["version"]),
                         json={"action": action, "fields": fields, "evidence": [{"kind": k} for k in evidence]})
    assert answer.status_code == 200, f"{action}: {answer.text}"
    return caller.get(f"{HAZARDS}/{hazard['id']}").json()


def running(hazard: dict) -> set[str]:
    return {c["clock"] for c in hazard["case"]["clocks"] if c["state"] in ("running", "overdue")}


FIVE = {"responsible": "矿长", "measures": "恢复抽采系统", "budget_cny": "1200000.00", "due_on": day(60), "emergency_plan": "停采撤人预案"}


def test_a_major_hazard_goes_all_the_way_to_its_closing(county, mine, desk):
    made = filed(county, criterion="COAL.04")
    major = judged(county, made, "major", criterion="COAL.04", basis="抽采系统停运")
    ordered = step(county, major, "order_major", **FIVE)
    assert (ordered["state"], ordered["rectification"]) == ("governed", {k: FIVE[k] for k in FIVE})
    assert running(ordered) == {"rectify", "plan", "report_department", "report_congress"}
    told = step(mine, ordered, "report_to_department", ("report",), present_state="抽采泵损坏", harm_analysis="瓦斯超限风险高",
                governance_plan="更换抽采泵")
    told = step(mine, told, "report_to_congress", told_on=day(0), meeting="职工代表大会")
    told = step(mine, told, "submit_plan", ("plan",), goals="恢复抽采", methods="更换两台泵", funds="120万元", organisation="机电队",
                timetable="60日", safety_measures="停采撤人")
    assert running(told) == {"rectify"} and told["congress_told_on"] == day(0) and told["department_told_at"]
    asked = step(mine, told, "ask_major_extension", asked_until=day(80), reason="设备到货延迟")
    assert running(asked) == {"rectify", "extension"}
    longer = step(county, asked, "grant_major_extension", due_on=day(75), opinion="同意延至七十五日")
    assert longer["rectification"]["due_on"] == day(75)
    assert [c["state"] for c in longer["case"]["clocks"] if c["clock"] == "rectify"] == ["superseded", "running"]
    stopped = step(county, longer, "stop_work", reason="瓦斯浓度持续升高", scope="东翼采区停产撤人", withdrawn_people=86)
    assert stopped["imminent_danger"] and {"stop", "rectify"} == running(stopped)
    done = step(mine, stopped, "report_completed", ("report", "photo"), result="两台泵已更换", evaluation="评估合格，示范评价公司")
    assert done["state"] == "completed" and running(done) == {"acceptance"}
    review = next(c for c in done["case"]["clocks"] if c["clock"] == "acceptance")
    assert review["basis"]["rule"] == "HAZ.COAL.ACCEPT" and done["case"]["facts"]["review_by"] == day(20)
    failed = step(county, done, "fail_acceptance", ("record",), opinion="备用泵未到位", due_on=day(30))
    assert failed["state"] == "governed" and running(failed) == {"rectify"}
    again = step(mine, failed, "report_completed", ("report", "photo"), result="备用泵已到位", evaluation="评估合格")
    closed = step(county, again, "pass_acceptance", ("record",), opinion="现场审查合格")
    assert (closed["state"], closed["open"], running(closed)) == ("closed", False, set()) and closed["closed_at"]
    assert {a["action"] for a in closed["case"]["actions"]} == set()


def test_a_general_hazard_is_reviewed_by_another_than_who_put_it_right(mine, desk, county):
    record = county.post(RECORDS, json=inspection([{"matter": "护栏缺失", "unit_id": MINE.id}])).json()
    made = filed(county, unit_id=None, source="record_finding", finding={"record_id": record["id"], "number": 1})
    ordered = step(county, judged(county, made, "general"), "order", responsible="机电队队长", measures="加装护栏", due_on=day(7))
    assert running(ordered) == {"rectify"}
    right = step(mine, ordered, "report_rectified", ("photo",), result="护栏已装")
    refused = mine.post(f"/v1/cases/{made['case_id']}/actions", if_match=str(right["version"]),
                        json={"action": "pass_review", "fields": {"opinion": "合格"}})
    assert refused.status_code == 403
    other = desk("enterprise_reporter", unit=MINE.id, sub="mine-2")
    failed = step(other, right, "fail_review", opinion="螺栓未紧固", due_on=day(3))
    assert failed["state"] == "ordered" and failed["rectification"]["due_on"] == day(3)
    closed = step(county, step(mine, failed, "report_rectified", ("photo",), result="已紧固"), "pass_review", opinion="复查合格")
    assert closed["state"] == "closed"
    follow = county.get(f"{RECORDS}/{record['id']}/follow-ups/1").json()
    assert (follow["state"], follow["result"], follow["done_on"]) == ("done", "复查合格", day(0))


def test_blocked_exits_are_ordered_open_at_once_before_anything_else(county, mine):
    made = filed(county, description="二层东侧安全出口被封堵", criterion="FIRE.EXIT")
    at_once = step(county, made, "order_at_once", criterion="FIRE.EXIT", measures="立即清除封堵", responsible="店长")
    assert (at_once["state"], at_once["severity"], running(at_once)) == ("ordered", "general", {"at_once"})
    assert running(step(mine, at_once, "report_rectified", ("photo",), result="已清除")) == {"review"}


def test_who_refuses_is_stopped(county):
    made = step(county, judged(county, filed(county), "general"), "order", responsible="队长", measures="整改", due_on=day(5))
    refused = step(county, made, "record_refusal", ("record",), reason="拒不停用设备")
    assert refused["state"] == "refused"
    assert step(county, refused, "stop_work", reason="拒不整改", scope="停用该设备")["state"] == "suspended"


def test_a_step_without_its_evidence_or_by_a_wrong_criterion_is_refused(county, mine):
    made = judged(county, filed(county), "general")
    ordered = step(county, made, "order", responsible="队长", measures="整改", due_on=day(5))
    path = f"/v1/cases/{made['case_id']}/actions"
    assert faults(mine.post(path, if_match=str(ordered["version"]), json={
        "action": "report_rectified", "fields": {"result": "已整改"}})) == {("/evidence", "evidence-needed")}
    assert faults(county.post(path, if_match=str(ordered["version"]), json={
        "action": "judge_major", "fields": {"criterion": "TRADE.03.01"}})) == {("/fields/criterion", "of-other-sector")}


# ---- lights and audit ----

def test_an_open_major_hazard_turns_the_light_of_its_unit_and_says_why(county, alone):
    unit = tree.enterprise("150622100", 2)
    judged(county, filed(county, unit_id=unit.id), "major", criterion="ANY.MAJOR")
    with alone.owner() as owner:
        owner.execute("select anze.judge_lights(array[%s::uuid])", (unit.id,))
        reasons = owner.execute("select reasons from anze.unit_light where unit_id = %s", (unit.id,)).fetchone()[0]
    assert {r["rule"]: r["value"] for r in reasons}["yellow_hazards_major"] == 1


def test_who_found_a_hazard_and_who_answers_for_it_is_masked_in_the_audit(county, alone):
    made = filed(county, found_by="赵某", rectification={"responsible": "钱某"})
    change = alone.value("select change from audit.entry where object_type = 'anze.hazard' and object_id like %s",
                         f"{made['id']}%")
    assert (change["found_by"][:3], change["responsible"][:3], change["description"]) == ("***", "***", made["description"])
    assert "赵某" not in str(change) and "钱某" not in str(change)


def test_evidence_is_a_file_that_the_caller_sees(county, mine):
    kept = upload(mine, picture(200))
    made = filed(county, evidence=[{"kind": "photo", "file_id": kept["id"]}])
    assert made["evidence"] == [{"kind": "photo", "file_id": kept["id"]}] == made["case"]["timeline"][0]["evidence"]
