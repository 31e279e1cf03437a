"""What was done, from outside: filed, replaced, published, retracted, listed; and what a record must not say."""
import psycopg
import pytest

from harness import tree
from harness.duty_records import RECORDS, appoint, day, event_kind, examples, faults, inspection, raise_event, record, training

COAL, OTHER = tree.enterprise("150622101", 1), tree.enterprise("150621100", 1)
GOVERNMENT = tree.body("government", "150622")
KINDS = ["meeting", "led_inspection", "hazard_check", "study_session", "annual_report", "plenary_report", "duty_list",
         "task_list", "plan", "document", "budget_line", "training", "publicity", "risk_assessment", "risk_publication",
         "hazard_statistics", "major_hazard_report", "hazard_source_check", "mine_shift", "insurance_policy",
         "staff_register", "equipment_register", "supervision_task", "issue", "analysis", "bulletin", "talk",
         "assessment", "ruling"]


@pytest.fixture(scope="module")
def alone(cluster, make_database):
    """Examples have days that do not move: here whatever was done since can be entered."""
    database = make_database(cluster)
    with database.owner() as owner:
        owner.execute("update anze.rule set value = 3650 where code like 'DUTY.BACKDATE.%'")
    return database


@pytest.fixture(scope="module")
def running(alone, make_service):
    return make_service(alone)


@pytest.fixture(scope="module")
def county(client, running):
    """An officer who sits in the county's government."""
    return client("county_officer", region="150622", unit=GOVERNMENT.id, sub="county-7", to=running)


@pytest.fixture(scope="module")
def mine(client, running):
    return client("enterprise_reporter", unit=COAL.id, sub="mine-1", to=running)


def filed(caller, body: dict) -> dict:
    answer = caller.post(RECORDS, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def refused(caller, **changes) -> set:
    return faults(caller.post(RECORDS, json=record(**changes)))


# ---- each kind ----

def test_the_contract_and_the_database_know_the_same_kinds(contract, alone):
    known = [row[0] for row in alone.owner().execute("select code from anze.duty_record_kind order by code")]
    shown = contract.document["components"]["schemas"]["duty_record_kind"]["enum"]
    assert sorted(shown) == known == sorted(KINDS)
    assert sorted(examples(contract)) == known, "every kind shows how it is filed"


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_each_kind_can_be_filed_and_is_read_as_it_was_filed(contract, county, kind):
    body = examples(contract)[kind]
    answer = county.post(RECORDS, json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["Location"].endswith(f"{RECORDS}/{made['id']}")
    for name in set(body) - {"content", "unit_id"}:
        assert made[name] == body[name], name
    assert made["unit"] == {"id": GOVERNMENT.id, "name": GOVERNMENT.name} and made["actor"] == "county-7"
    counted = {n: made["content"].pop(n) for n in ("system", "differences") if n in made["content"]}
    assert made["content"] == {n: v for n, v in body["content"].items() if n not in ("decisions", "findings")}
    assert bool(counted) == (kind == "hazard_statistics"), "what the service counts stands beside it"
    made["content"] |= counted
    given = body["content"].get("decisions", []) + body["content"].get("findings", [])
    assert [f["matter"] for f in made["follow_ups"]] == [g["matter"] for g in given]
    again = county.get(f"{RECORDS}/{made['id']}")
    assert again.json() == made and again.headers["ETag"] == answer.headers["ETag"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_refuses_the_content_of_another(contract, county, kind):
    other = examples(contract)["talk" if kind != "talk" else "training"]["content"]
    assert {pointer.split("/")[1] for pointer, _ in faults(county.post(
        RECORDS, json={**examples(contract)[kind], "content": other}))} == {"content"}


# ---- what is refused ----

def test_nothing_was_done_in_the_future(county):
    assert refused(county, on_day=day(1)) == {("/on_day", "in-future")}
    assert county.post(RECORDS, json=record(on_day=day())).status_code == 201


def test_a_period_that_is_made_up_for_begins_before(county):
    assert refused(county, for_period=day()) == {("/for_period", "after-on-day")}
    assert filed(county, record(for_period=day(-90)))["for_period"] == day(-90)


@pytest.mark.parametrize("changes, expected", [
    ({"valid_from": "2025-02-01", "valid_until": "2025-01-31"}, ("/valid_until", "before-valid-from")),
    ({"valid_until": "2025-01-31"}, ("/valid_from", "dependentRequired")),
    ({"published_url": "https://example.cn/1"}, ("/published_on", "dependentRequired")),
    ({"published_on": day(-1), "published_url": "javascript:alert(1)"}, ("/published_url", "pattern")),
    ({"published_on": day(1)}, ("/published_on", "in-future")),
    ({"published_on": day(-5)}, ("/published_on", "before-on-day")),
    ({"kind": "party"}, ("/kind", "enum")), ({"kind": None}, ("/kind", "required")), ({"content": {}}, None), ({"content": None}, None), ({"title": ""}, ("/title", "minLength")),
    ({"evidence": [{"kind": "gossip"}]}, ("/evidence/0/kind", "enum")), ({"on_day": "2025-02-30"}, ("/on_day", "format"))])
def test_what_the_shape_or_the_days_do_not_allow_is_refused_by_place(county, changes, expected):
    found = refused(county, **changes)
    assert found and (expected is None or expected in found), found


def test_validity_is_given_by_its_first_and_last_day(county):
    made = filed(county, record(valid_from="2025-01-01", valid_until="2025-12-31"))
    assert (made["valid_from"], made["valid_until"]) == ("2025-01-01", "2025-12-31")
    open_ended = filed(county, record(valid_from="2025-01-01"))
    assert open_ended["valid_from"] == "2025-01-01" and "valid_until" not in open_ended


def test_the_unit_is_the_callers_own_unless_named_and_must_be_in_reach(county, mine, client, running):
    assert filed(county, record())["unit"]["id"] == GOVERNMENT.id
    assert filed(county, training(unit_id=COAL.id))["unit"]["id"] == COAL.id
    assert filed(mine, training())["unit"]["id"] == COAL.id
    for unit in (OTHER.id, "00000000-0000-4000-8000-000000000000"):
        assert refused(county, unit_id=unit) == {("/unit_id", "unknown-reference")}
    assert refused(mine, unit_id=GOVERNMENT.id) == {("/unit_id", "unknown-reference")}
    homeless = client("county_officer", region="150622", to=running)
    assert refused(homeless) == {("/unit_id", "required")}


def test_a_unit_does_nothing_before_it_opened_or_after_it_closed(county, alone):
    with alone.owner() as owner:
        unit = str(owner.execute(
            "insert into anze.unit (kind, name, region_code, sector, opened_on, closed_on)"
            " values ('enterprise', '已撤销的煤矿', '150622101', 'coal', '2024-01-01', '2025-01-01') returning id").fetchone()[0])
    for wrong in ("2023-12-31", "2025-01-01"):
        assert refused(county, unit_id=unit, on_day=wrong) == {("/on_day", "unit-not-open")}
    for right in ("2024-01-01", "2024-12-31"):
        assert filed(county, record(unit_id=unit, on_day=right))["on_day"] == right


def test_who_led_held_a_post_of_the_unit_on_that_day(county, alone):
    leader = appoint(alone, GOVERNMENT, "government_head", "[2025-01-01,2025-07-01)", "赵某")
    stranger = appoint(alone, COAL, "principal", "[2020-01-01,)", "钱某")
    far = appoint(alone, OTHER, "principal", "[2020-01-01,)", "孙某")
    made = filed(county, record(person_id=leader, on_day="2025-06-30"))
    assert made["person"] == {"id": leader, "name": "赵某"}
    for person, when in ((leader, "2025-07-01"), (leader, "2024-12-31"), (stranger, "2025-06-30")):
        assert refused(county, person_id=person, on_day=when) == {("/person_id", "not-appointed")}
    for person in (far, "00000000-0000-4000-8000-000000000000"):
        assert refused(county, person_id=person, on_day="2025-06-30") == {("/person_id", "unknown-reference")}


def test_the_event_is_one_of_the_unit_and_comes_first(county, alone):
    kind = event_kind(alone, "told_to_check")
    event = raise_event(alone, kind, GOVERNMENT, "2025-06-01T08:00:00+08:00")
    of_mine, far = (raise_event(alone, kind, unit, "2025-06-01T08:00:00+08:00") for unit in (COAL, OTHER))
    assert filed(county, record(event_id=event, on_day="2025-06-01"))["event_id"] == event
    assert refused(county, event_id=event, on_day="2025-05-31") == {("/on_day", "before-event")}
    assert refused(county, event_id=of_mine) == {("/event_id", "of-other-unit")}
    assert refused(county, event_id=far) == {("/event_id", "unknown-reference")}
    assert [r["id"] for r in county.items(f"{RECORDS}?event_id={event}")] == [
        r["id"] for r in county.items(RECORDS) if county.get(f"{RECORDS}/{r['id']}").json().get("event_id") == event]


def test_evidence_names_files_that_exist(county):
    unknown = "00000000-0000-4000-8000-00000000f11e"
    found = refused(county, evidence=[{"kind": "minutes"}, {"kind": "photo", "file_id": unknown}])
    assert found == {("/evidence/1/file_id", "unknown-reference")}


def test_a_list_names_the_kinds_of_evidence_once(county):
    made = filed(county, record(evidence=[{"kind": "photo"}, {"kind": "minutes"}, {"kind": "photo"}]))
    item = next(i for i in county.items(RECORDS) if i["id"] == made["id"])
    assert item["evidence_kinds"] == ["minutes", "photo"] and len(made["evidence"]) == 3


def test_all_faults_come_at_once(county):
    body = inspection([{"matter": "x", "unit_id": OTHER.id}, {"matter": "y", "due_on": day(-9)}], on_day=day(-1),
                      published_on=day(1), person_id=OTHER.id)
    body["content"]["places"].append({"place": "矿区", "unit_id": OTHER.id})
    assert faults(county.post(RECORDS, json=body)) == {
        ("/published_on", "in-future"), ("/person_id", "unknown-reference"),
        ("/content/places/1/unit_id", "unknown-reference"), ("/content/findings/0/unit_id", "unknown-reference"),
        ("/content/findings/1/due_on", "before-on-day")}


def test_the_insured_limit_is_not_below_the_rule_of_its_day(county, contract, alone):
    body = examples(contract)["insurance_policy"]
    low = {**body, "content": {**body["content"], "limit_cny": "399999.99"}}
    assert faults(county.post(RECORDS, json=low)) == {("/content/limit_cny", "below-minimum")}
    assert filed(county, {**body, "content": {**body["content"], "limit_cny": "400000"}})
    before = {**low, "on_day": "2025-03-01", "valid_from": "2025-03-01", "valid_until": "2026-02-28"}
    assert filed(county, before), "no figure was in force when it began"
    assert ("/valid_until", "required") in faults(county.post(RECORDS, json={
        n: v for n, v in body.items() if n != "valid_until"}))


@pytest.mark.parametrize("changes, expected", [
    ({"up_at": "2025-08-19T07:45:00+08:00"}, ("/content/up_at", "before-down-at")),
    ({"down_at": "2025-08-18T23:59:00+08:00"}, ("/content/down_at", "not-on-day")),
    ({"up_at": "2099-08-19T07:45:00+08:00"}, ("/content/up_at", "in-future"))])
def test_a_shift_goes_down_on_its_day_and_comes_up_after(county, contract, changes, expected):
    body = examples(contract)["mine_shift"]
    assert faults(county.post(RECORDS, json={**body, "content": {**body["content"], **changes}})) == {expected}


@pytest.mark.parametrize("kind, changes, expected", [
    ("staff_register", {"qualified": 41}, ("/content/qualified", "more-than-officers")),
    ("hazard_statistics", {"rectified": 39}, ("/content/rectified", "more-than-found")),
    ("hazard_check", {"major": 8}, ("/content/major", "more-than-found")),
    ("hazard_statistics", {"major": 39, "major_rectified": 0}, ("/content/major", "more-than-found")),
    ("hazard_statistics", {"major_rectified": 2}, ("/content/major_rectified", "more-than-major"))])
def test_a_part_is_not_more_than_the_whole(county, contract, kind, changes, expected):
    body = examples(contract)[kind]
    assert faults(county.post(RECORDS, json={**body, "content": {**body["content"], **changes}})) == {expected}


def test_a_units_own_table_is_filled_in_by_the_service_and_a_difference_is_shown_and_explained(county, mine):
    """Two hazards of this quarter, one of them no hazard after all: the table says one, unless a reason says otherwise."""
    made = [mine.post("/v1/hazards", json={"unit_id": COAL.id, "description": what, "place": "3号工作面", "source": "own_check",
                                           "category": "equipment", "found_at": f"{day()}T00:00:00+08:00"}) for what in ("风筒破损", "支护不足")]
    assert {m.status_code for m in made} == {201}, made[0].text
    table = {"kind": "hazard_statistics", "title": "隐患统计分析表", "on_day": day(), "for_period": day(), "evidence": [{"kind": "table"}]}
    filled = filed(mine, {**table, "content": {"analysis": "无"}})["content"]
    figures = {"found": 2, "rectified": 0, "major": 0, "major_rectified": 0}
    assert {n: filled[n] for n in figures} == figures and "differences" not in filled
    quarter = (int(day()[5:7]) - 1) // 3 * 3 + 1
    assert filled["system"]["period_from"] == f"{day()[:4]}-{quarter:02}-01" and filled["analysis"] == "无"
    differing = {**table, "content": {"found": 5, "rectified": 1}}
    answer = mine.post(RECORDS, json=differing)
    assert faults(answer) == {("/content/found", "differs-from-system"), ("/content/rectified", "differs-from-system")}
    assert "2" in answer.json()["errors"][0]["detail"]
    shown = filed(mine, {**differing, "content": {**differing["content"], "difference_reason": "启用前的未录入"}})["content"]
    assert (shown["found"], shown["major"], shown["differences"]) == (5, 0, {"found": 3, "rectified": 1})
    assert {n: shown["system"][n] for n in figures} == figures
    yearly = filed(mine, {**table, "evidence": [{"kind": "annual_table"}], "content": {}})["content"]
    assert yearly["system"]["period_until"] == f"{day()[:4]}-12-31"
    assert refused(mine, kind="hazard_statistics", content={"system": figures}) >= {("/content/system", "unknown-field")}


def test_a_repeat_is_answered_as_the_first_was_and_a_dry_run_keeps_nothing(county):
    first = county.post(RECORDS, json=record(title="只登记一次"), key="once-and-only")
    again = county.post(RECORDS, json=record(title="只登记一次"), key="once-and-only")
    assert again.json() == first.json() and again.headers["Idempotency-Replayed"] == "true"
    dry = county.post(RECORDS, json=record(title="试一试"), headers={"Prefer": "dry-run"})
    assert dry.status_code == 200 and county.get(f"{RECORDS}/{dry.json()['id']}").status_code == 404


# ---- afterwards ----

def test_a_retracted_record_stays_with_its_reason_and_leaves_the_list(county):
    made = filed(county, inspection([{"matter": "护栏缺失"}]))
    path = f"{RECORDS}/{made['id']}"
    assert county.post(f"{path}/retraction", json={"reason": "误登"}, if_match="2").status_code == 412
    assert county.post(f"{path}/retraction", json={"reason": "误登"}).status_code == 428
    gone = county.post(f"{path}/retraction", json={"reason": "误登到其他单位名下"}, if_match="1")
    assert gone.status_code == 200, gone.text
    assert gone.json()["retraction_reason"] == "误登到其他单位名下" and gone.json()["retracted_by"] == "county-7"
    assert [f["state"] for f in gone.json()["follow_ups"]] == ["withdrawn"] and gone.json()["version"] == 2
    assert county.get(path).json() == gone.json()
    assert made["id"] not in [r["id"] for r in county.items(RECORDS)]
    assert made["id"] in [r["id"] for r in county.items(f"{RECORDS}?retracted=true")]
    for rest, body in (("retraction", {"reason": "x"}), ("publication", {"published_on": day()}),
                       ("versions", {"reason": "x", "record": inspection([])})):
        assert county.post(f"{path}/{rest}", json=body, if_match="2").status_code == 409


def test_a_version_replaces_the_record_before_it(county):
    first = filed(county, training())
    corrected = training(content={"topic": "重大事故隐患判定标准", "attendees": 48, "hours": 16})
    answer = county.post(f"{RECORDS}/{first['id']}/versions", json={"reason": "人数有误", "record": corrected}, if_match="1")
    assert answer.status_code == 201, answer.text
    second = answer.json()
    assert second["replaces"] == first["id"] and second["content"]["attendees"] == 48 and second["version"] == 1
    assert answer.headers["Location"].endswith(second["id"])
    former = county.get(f"{RECORDS}/{first['id']}").json()
    assert former["replaced_by"] == second["id"] and former["retraction_reason"] == "人数有误"
    listed = [r["id"] for r in county.items(RECORDS)]
    assert second["id"] in listed and first["id"] not in listed
    assert county.post(f"{RECORDS}/{first['id']}/versions", json={"reason": "再改", "record": corrected},
                       if_match="2").status_code == 409


def test_a_version_is_of_the_same_kind_and_unit_and_its_faults_point_into_it(county):
    of_mine = filed(county, training(unit_id=COAL.id))
    path = f"{RECORDS}/{of_mine['id']}/versions"
    other = county.post(path, json={"reason": "x", "record": record(unit_id=GOVERNMENT.id, on_day=day(1))}, if_match="1")
    assert faults(other) == {("/record/kind", "of-other-kind"), ("/record/unit_id", "of-other-unit"),
                             ("/record/on_day", "in-future")}
    kept = county.post(path, json={"reason": "x", "record": training()}, if_match="1").json()
    assert kept["unit"]["id"] == COAL.id, "without a unit it stays with the one before"


def test_what_was_completed_stays_completed_in_the_next_version(county):
    findings = [{"matter": "护栏缺失", "unit_id": COAL.id}, {"matter": "灭火器过期", "unit_id": COAL.id}]
    first = filed(county, inspection(findings, on_day=day(-3)))
    done = county.post(f"{RECORDS}/{first['id']}/follow-ups/1/completion", if_match="1",
                       json={"done_on": day(-1), "result": "已补装"})
    assert done.status_code == 200, done.text
    second = county.post(f"{RECORDS}/{first['id']}/versions", if_match="1", json={
        "reason": "漏登一项", "record": inspection([*reversed(findings), {"matter": "通风不畅"}], on_day=day(-3))}).json()
    assert [(f["matter"], f["state"], f.get("result")) for f in second["follow_ups"]] == [
        ("灭火器过期", "open", None), ("护栏缺失", "done", "已补装"), ("通风不畅", "open", None)]


def test_a_record_is_published_once(county, contract):
    made = filed(county, {n: v for n, v in examples(contract)["duty_list"].items() if not n.startswith("published")})
    path = f"{RECORDS}/{made['id']}/publication"
    assert faults(county.post(path, json={"published_on": day(1)}, if_match="1")) == {("/published_on", "in-future")}
    assert faults(county.post(path, json={"published_on": "2025-02-28"}, if_match="1")) == {
        ("/published_on", "before-on-day")}
    answer = county.post(path, json={"published_on": "2025-03-05", "url": "https://example.cn/1"}, if_match="1")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["published_on"], answer.json()["published_url"]) == ("2025-03-05", "https://example.cn/1")
    assert county.post(path, json={"published_on": "2025-03-06"}, if_match="2").status_code == 409


def test_a_reader_who_holds_the_current_record_gets_304(county):
    made = filed(county, record())
    tag = county.get(f"{RECORDS}/{made['id']}").headers["ETag"].strip('"')
    assert county.get(f"{RECORDS}/{made['id']}", if_none_match=tag).status_code == 304
    assert tag.startswith("1."), "If-Match looks at the version alone"
    assert county.post(f"{RECORDS}/{made['id']}/retraction", json={"reason": "x"}, if_match=tag).status_code == 200


# ---- which obligations it serves ----

DUTY = """
    insert into anze.duty (code, version, in_force, clause, nature, title_zh, title_en, actor_zh, record_kinds, counting,
        period, instrument, confidence, origin)
    values ('T.MEET', 1, '[2020-01-01,)', '2.01', 'R', '专题研究', 'Meets', '政府', '{meeting}', 'within', 'half_year',
        'OPINION-ORDOS-2022', 'found', 'shipped') on conflict do nothing"""
OBLIGATION = """
    insert into anze.obligation (id, duty, duty_version, clause, unit_id, unit_kind, period, period_start, period_end, due_at,
        missed_from, required, region_code)
    values (gen_random_uuid(), 'T.MEET', 1, '2.01', %s, 'government', 'half_year', '2025-01-01', '2025-07-01',
        '2025-07-01 00:00+08', '2025-07-01 00:00+08', 1, '150622') returning id"""


def test_a_record_says_which_obligations_it_serves_and_what_it_lacks(county, alone):
    made = filed(county, record(on_day="2025-06-30"))
    assert made["serves"] == [] or "lacking" in made["serves"][0]
    with alone.owner() as owner:
        owner.execute(DUTY)
        obligation = owner.execute(OBLIGATION, (GOVERNMENT.id,)).fetchone()[0]
        owner.execute("insert into anze.obligation_record (obligation_id, record_id, lacking, is_late)"
                      " values (%s, %s, '{evidence:minutes}', false)", (obligation, made["id"]))
    read = county.get(f"{RECORDS}/{made['id']}")
    served = next(s for s in read.json()["serves"] if s["obligation_id"] == str(obligation))
    assert served == {"obligation_id": str(obligation), "duty": "T.MEET", "duty_version": 1, "clause": "2.01",
                      "title_zh": "专题研究", "title_en": "Meets", "period_from": "2025-01-01",
                      "period_until": "2025-06-30", "due_at": "2025-07-01T00:00:00.000+08:00", "state": "open",
                      "is_late": False, "lacking": ["evidence:minutes"]}


# ---- lists ----

@pytest.fixture(scope="module")
def desk(cluster, make_database, make_service, client):
    """desk(role, **grant) on a service with a database of its own."""
    database = make_database(cluster)
    service = make_service(database)
    make = lambda role="city_officer", **grant: client(role, to=service, **{"region": "1506", **grant})  # noqa: E731
    make.database = database
    return make


@pytest.fixture(scope="module")
def world(desk):
    """Records as the list shows them, newest first."""
    leader = appoint(desk.database, GOVERNMENT, "government_head", "[2020-01-01,)")
    county = tree.body("emergency", "150621")
    city = desk(unit=tree.body("government", "150600").id)
    for n, unit in enumerate((COAL, OTHER, GOVERNMENT, county, tree.enterprise("150622100", 2))):
        for age in (0, 1, 40):
            filed(city, training(unit_id=unit.id, on_day=day(-age)))
        person = {"person_id": leader} if unit is GOVERNMENT else {}
        filed(city, record(unit_id=unit.id, on_day=day(-10 - n), **person))
    world = city.items(f"{RECORDS}?limit=200")
    assert len(world) == 20
    return world


def ids(items) -> list[str]:
    return [item["id"] for item in items]


FILTERS = {
    "unit": ({"unit_id": COAL.id}, lambda r: r["unit"]["id"] == COAL.id),
    "person": ({}, lambda r: "person" in r),
    "kind": ({"kind": "training"}, lambda r: r["kind"] == "training"),
    "county": ({"region": "150621"}, lambda r: r["region_code"].startswith("150621")),
    "sector": ({"sector": "coal"}, lambda r: r.get("sector") == "coal"),
    "from": ({"on_from": day(-1)}, lambda r: r["on_day"] >= day(-1)),
    "until": ({"on_until": day(-1)}, lambda r: r["on_day"] <= day(-1)),
    "several": ({"kind": "training", "region": "150622", "on_from": day(-1), "on_until": day(-1)},
                lambda r: r["kind"] == "training" and r["region_code"].startswith("150622") and r["on_day"] == day(-1)),
    "retracted": ({"retracted": "true"}, lambda r: False),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_keeps_exactly_what_it_says_the_latest_first(desk, world, name):
    filters, holds = FILTERS[name]
    if name == "person":
        filters = {"person_id": next(r["person"]["id"] for r in world if "person" in r)}
    expected = sorted((r for r in world if holds(r)), key=lambda r: (r["on_day"], r["id"]), reverse=True)
    assert name == "retracted" or 0 < len(expected) < len(world)
    for limit in (2, 200):
        query = "&".join(f"{n}={v}" for n, v in {**filters, "limit": limit}.items())
        assert desk().items(f"{RECORDS}?{query}") == expected
    counted = desk().get(f"{RECORDS}?{query}", headers={"Prefer": "count=exact"}).json()
    assert counted["page"]["total"] == len(expected)


@pytest.mark.parametrize("grant, sees", [
    ({"role": "county_officer", "region": "150622"}, lambda r: r["region_code"].startswith("150622")),
    ({"role": "town_officer", "region": "150622101"}, lambda r: r["region_code"] == "150622101"),
    ({"role": "sector_officer", "sectors": ["coal"]}, lambda r: r.get("sector") == "coal"),
    ({"role": "sector_officer", "sectors": ["coal", "hazardous_chemicals"], "unit": GOVERNMENT.id},
     lambda r: r.get("sector") in ("coal", "hazardous_chemicals") or r["unit"]["id"] == GOVERNMENT.id),
    ({"role": "auditor", "region": "15"}, lambda r: True), ({"role": "auditor", "region": "1501"}, lambda r: False),
    ({"role": "enterprise_reporter", "region": None, "unit": COAL.id}, lambda r: r["unit"]["id"] == COAL.id)])
def test_each_scope_lists_its_own(desk, world, grant, sees):
    assert ids(desk(**grant).items(f"{RECORDS}?limit=3")) == ids(r for r in world if sees(r))


def test_a_unit_lists_those_that_answer_to_it_when_it_asks_for_them(desk, world):
    government = desk("enterprise_reporter", region=None, unit=GOVERNMENT.id)
    assert {r["unit"]["id"] for r in government.items(RECORDS)} == {GOVERNMENT.id}
    assert ids(government.items(f"{RECORDS}?unit_id={COAL.id}")) == ids(r for r in world if r["unit"]["id"] == COAL.id)
    assert government.items(f"{RECORDS}?unit_id={OTHER.id}") == []


@pytest.mark.parametrize("query, name", [
    ("on_from=2025-02-30", "on_from"), ("kind=party", "kind"), ("retracted=yes", "retracted"), ("unit_id=7", "unit_id"),
    ("sort=title", "sort"), ("region=15062", "region")])
def test_a_filter_that_the_contract_does_not_know_is_400_by_name(county, query, name):
    answer = county.get(f"{RECORDS}?{query}")
    assert answer.status_code == 400 and answer.json()["errors"][0]["pointer"].startswith(name)


# ---- what the database itself holds ----

@pytest.mark.parametrize("statement", [
    "insert into anze.duty_record (kind, unit_id, on_day, title, region_code)"
    f" values ('meeting', '{GOVERNMENT.id}', '2025-01-01', 'x', '150622')",
    "update anze.duty_record set title = 'x'", "delete from anze.duty_record", "update anze.follow_up set result = 'x'",
    "delete from anze.duty_event"])
def test_the_service_writes_no_record_but_through_its_functions(alone, statement):
    with alone.service(reach="region", region="15") as service, pytest.raises(psycopg.errors.InsufficientPrivilege):
        service.execute(statement)


def test_who_attended_is_not_in_the_audit_but_what_was_filed_is(county, alone):
    made = filed(county, record(content={"body": "安委会", "topics": ["x"], "attendees": ["阿木古楞其其格"],
                                         "decisions": [{"matter": "整改", "responsible": "阿木古楞其其格"}]}))
    entries = alone.admin().execute("select change::text, object_type from audit.entry where object_id like %s",
                                    (made["id"] + "%",)).fetchall()
    assert {e[1] for e in entries} == {"anze.duty_record", "anze.follow_up"}
    assert not [e for e in entries if "阿木古楞" in e[0]] and [e for e in entries if "安委会全体会议" in e[0]]
