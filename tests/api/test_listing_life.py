"""Listed supervision: the story of a tailings pond from the finding to the removal, what is public of it, what grassroots
ask of those above, and a hazard that is treated as an accident."""
import concurrent.futures
import uuid

import pytest

from harness import tree
from harness.accidents import ago, first_report
from harness.cases import day
from harness.duty_records import faults
from harness.listing import (CITY_GOVERNMENT, CITY_OFFICE, COUNTY, MINE, PARTIES, PLAN, PROVINCE_OFFICE, SCOPES, cast,
                             hazard_case, notice, papers, pass_days, proposal)

LISTED = "/v1/listed-cases"
PUBLIC = "/v1/public/listed-cases"


@pytest.fixture(scope="module")
def world(cluster, make_database, make_service):
    """A database of its own: public lists are counted here."""
    database = make_database(cluster)
    with database.owner() as owner:
        persons = cast(owner)
    return database, make_service(database), persons


@pytest.fixture(scope="module")
def by(world, client):
    """by("city", "city-2"): a client of that party as that person."""
    return lambda party, person=None: client(scopes=SCOPES, sub=person or f"{party}-1", to=world[1], **PARTIES[party])


@pytest.fixture(scope="module")
def stranger(world, client):
    return client(scopes=SCOPES, region="150621", sub="county-of-elsewhere", to=world[1])


def read(who, case: str) -> dict:
    answer = who.get(f"/v1/cases/{case}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def try_act(who, case: str, action: str, fields: dict | None = None, evidence: list | None = None):
    return who.post(f"/v1/cases/{case}/actions", if_match=str(read(who, case)["version"]),
                    json={"action": action, "fields": fields or {}, "evidence": evidence or []})


def act(who, case: str, action: str, fields: dict | None = None, evidence: list | None = None) -> dict:
    answer = try_act(who, case, action, fields, evidence)
    assert answer.status_code == 200, f"{action}: {answer.text}"
    return answer.json()


def clock(case: dict, code: str) -> dict:
    return [c for c in case["clocks"] if c["clock"] == code][-1]


def wait(world, case: str, days: int) -> None:
    with world[0].owner() as owner:
        pass_days(owner, case, days)


def decided(world, party: str, **fields) -> dict:
    return {"person_id": world[2][party], **fields}


def listed(world, by, **changes) -> str:
    """A case with its notice and published, due in 60 days."""
    answer = by("county").post(LISTED, json=proposal(**changes))
    assert answer.status_code == 201, answer.text
    case = answer.json()["id"]
    act(by("city"), case, "approve", decided(world, "city", opinion="同意"))
    act(by("city"), case, "issue_notice", notice(day(60)), papers("notice"))
    act(by("city"), case, "publish", {"published_on": day(0), "media": "市政府网站"})
    return case


def test_a_blocked_tailings_pond_is_listed_late_twice_upgraded_stopped_reviewed_and_struck_off(world, by, stranger, client):
    with world[0].owner() as owner:
        hazard = hazard_case(owner)  # found by the county's inspector, judged major
    inspector, city, province, unit = by("county", "inspector-zhunger"), by("city"), by("province"), by("unit")
    anybody = client(to=world[1])

    # proposed by the county's inspector: approved by somebody else, at the city
    made = inspector.post(LISTED, json=proposal(parent_id=hazard, unit_id=None, evidence=papers("report", "photo")))
    assert made.status_code == 201, made.text
    case = made.json()["id"]
    assert made.headers["Location"].endswith(f"/v1/cases/{case}")
    assert (made.json()["state"], made.json()["level"], made.json()["parent_id"]) == ("proposed", "city", hazard)
    assert clock(made.json(), "approve")["basis"]["rule"] == "LIST.HAZ.APPROVE"
    assert inspector.post(LISTED, json=proposal(parent_id=hazard)).status_code == 409, "it is listed once"
    assert try_act(inspector, case, "approve", decided(world, "city", opinion="同意")).status_code == 403
    assert stranger.get(f"/v1/cases/{case}").status_code == 404
    act(city, case, "approve", decided(world, "city", opinion="同意挂牌"))

    # listed by a notice, filed with the province, published
    shown = act(city, case, "issue_notice", notice(day(40)), papers("notice"))
    assert (shown["state"], shown["supervisor"]["id"], shown["facts"]["leader"]) == ("listed", COUNTY.id, "副市长 王某")
    assert clock(shown, "file_upward")["basis"]["rule"] == "LIST.HAZ.FILE"
    assert clock(shown, "publish")["basis"]["rule"] == "LIST.HAZ.PUBLISH"
    assert anybody.get(PUBLIC).json()["items"] == [], "not published yet"
    shown = act(city, case, "file_upward", {"filed_on": day(0), "filed_to": "自治区安委办"})
    assert clock(shown, "file_upward")["state"] == "met"
    shown = act(city, case, "publish", {"published_on": day(0), "media": "鄂尔多斯日报、市政府网站"})
    assert shown["is_public"] and clock(shown, "publish")["state"] == "met"
    assert [p["id"] for p in anybody.get(PUBLIC).json()["items"]] == [case]

    # the unit plans and reports, the supervising unit visits
    act(unit, case, "file_plan", PLAN, papers("plan"))
    first = clock(act(unit, case, "report_progress", {"progress": "已疏通80米", "percent": 30}), "progress")
    assert first["state"] == "running"
    act(by("county"), case, "visit", {"visited_on": day(0), "visitors": "张某、李某", "findings": "进度滞后"}, papers("record"))
    assert try_act(city, case, "note_lateness", {"due_on": day(70), "reason": "x"}, papers("document")).status_code == 409

    # late twice, with a talk each time
    for time in (1, 2):
        wait(world, case, 41)
        late = read(city, case)
        assert late["overdue"] and clock(late, "rectify")["state"] == "overdue"
        assert [c["id"] for c in city.get(f"{LISTED}?overdue=true").json()["items"]] == [case]
        late = act(city, case, "note_lateness", {"due_on": day(40), "reason": "未按期完成整改"}, papers("document"))
        assert late["facts"]["late_count"] == time and clock(late, "rectify")["state"] == "running"
        missed = [c for c in late["clocks"] if c["clock"] == "rectify"][-2]
        assert missed["state"] == "superseded_late" and 0 <= missed["late_by_seconds"] < 2 * 86400, "the new day does not hide it"
        assert "late_by_seconds" not in clock(late, "rectify")
        act(city, case, "talk", {"talked_on": day(0), "talked_with": "企业主要负责人", "demands": "限期完成"}, papers("minutes"))

    # the province takes it over, and stops the work
    answer = try_act(city, case, "upgrade", {"upgrade_reason": "late", "supervisor_id": CITY_OFFICE.id, "opinion": "x"})
    assert answer.status_code == 403, "only a level above takes it over"
    raised = act(province, case, "upgrade", decided(world, "province", upgrade_reason="late", opinion="两次逾期，提级督办",
                                                    supervisor_id=PROVINCE_OFFICE.id), papers("document"))
    assert (raised["level"], raised["supervisor"]["id"]) == ("province", PROVINCE_OFFICE.id)
    assert raised["facts"]["upgrades"][0]["from_level"] == "city"
    assert {name: clock(raised, name)["basis"]["rule"] for name in ("refile", "republish")} == {
        "refile": "LIST.HAZ.FILE", "republish": "LIST.HAZ.PUBLISH"}, "filed and published anew, for the level that has it now"
    assert clock(raised, "refile")["owed_by"]["id"] == PROVINCE_OFFICE.id
    act(province, case, "file_upward", {"filed_on": day(0), "filed_to": "国务院安委办"})
    anew = act(province, case, "republish", {"published_on": day(0), "media": "内蒙古日报"})
    assert [clock(anew, name)["state"] for name in ("refile", "republish")] == ["met", "met"]
    assert anybody.get(PUBLIC).json()["items"][0]["level"] == "province"
    assert try_act(city, case, "order_stop", decided(world, "city", stop_scope="选厂和尾矿库", stop_number="x"),
                   papers("document")).status_code == 403, "it is the province's now"
    stop = dict(stop_scope="选厂和尾矿库", stop_number="内应急停〔2026〕7号")
    assert try_act(province, case, "order_stop", decided(world, "province", **stop), papers("document")).status_code == 403, \
        "a committee's office orders no enterprise"
    stopped = act(by("bureau"), case, "order_stop", decided(world, "bureau", **stop), papers("document"))
    assert stopped["facts"]["is_stopped"]
    assert city.get(LISTED).json()["items"][0]["is_stopped"]

    # put right, reviewed on site by somebody else, struck off by another, published
    done = {"completed_on": day(0), "summary": "排洪能力恢复至设计要求", "evaluated_by": "某安全评价机构"}
    answer = try_act(unit, case, "ask_review", done)
    assert faults(answer) == {("/evidence", "evidence-needed")}
    asked = act(unit, case, "ask_review", done, papers("report", "photo"))
    assert clock(asked, "review")["basis"]["rule"] == "LIST.HAZ.REVIEW" and clock(asked, "rectify")["state"] == "met"
    review = {"reviewed_on": day(0), "reviewers": "专家组", "findings": "排洪系统畅通"}
    assert try_act(unit, case, "pass_review", review, papers("record", "photo")).status_code == 403
    act(by("province", "reviewer-1"), case, "pass_review", review, papers("record", "photo"))
    removal = decided(world, "province", removal_number="内安委督解〔2026〕2号", opinion="同意摘牌")
    assert try_act(by("province", "reviewer-1"), case, "strike_off", removal, papers("notice")).status_code == 403
    other = by("province", "reviewer-2")
    assert faults(try_act(other, case, "strike_off", removal, papers("notice"))) == {("/fields/resumption_approved", "required")}
    off = act(other, case, "strike_off", {**removal, "resumption_approved": True}, papers("notice"))
    assert not off["facts"]["is_stopped"] and clock(off, "unpublish")["basis"]["rule"] == "LIST.HAZ.UNPUBLISH"
    closed = act(other, case, "publish_removal", {"removal_published_on": day(0), "removal_media": "鄂尔多斯日报"})

    # each step with who, when, clock and paper; nothing runs any more, and the public list no longer has it
    assert (closed["state"], closed["is_open"], closed["is_public"]) == ("closed", False, False)
    assert all(c["state"] in ("met", "met_late", "superseded", "superseded_late") for c in closed["clocks"])
    assert {c["id"] for c in closed["clocks"] if c["state"].endswith("_late")} == {
        c["id"] for c in closed["clocks"] if "late_by_seconds" in c}
    told = closed["timeline"]
    assert [e["number"] for e in told] == list(range(1, len(told) + 1)) and all(e["actor"] and e["at"] for e in told)
    assert [e["action"] for e in told if e["action"] in ("opened", "approve", "issue_notice", "publish", "upgrade",
            "order_stop", "ask_review", "pass_review", "strike_off", "publish_removal")] == [
        "opened", "approve", "issue_notice", "publish", "upgrade", "order_stop", "ask_review", "pass_review", "strike_off",
        "publish_removal"]
    assert [e["action"] for e in told].count("note_lateness") == 2
    papered = {e["action"]: {p["kind"] for p in e["evidence"]} for e in told if e["evidence"]}
    assert papered["issue_notice"] == {"notice"} and papered["pass_review"] == {"record", "photo"}
    assert {e["action"]: e["person"]["id"] for e in told if "person" in e}["strike_off"] == world[2]["province"]
    assert anybody.get(PUBLIC).json()["items"] == [] and closed["actions"] == []


def test_the_public_reads_what_is_published_and_nothing_else(world, by, client):
    anybody = client(to=world[1])
    case = listed(world, by, title="供公众查看的案件", category="group_rental")
    item = next(p for p in anybody.get(PUBLIC).json()["items"] if p["id"] == case)
    assert set(item) == {"id", "title", "unit", "region_code", "category", "level", "state", "state_title_zh",
                         "state_title_en", "supervisor", "document_number", "published_on", "due_on"}
    assert (item["unit"], item["level"], item["due_on"]) == (MINE.name, "city", day(60))
    text = anybody.get(PUBLIC).text
    assert "王某" not in text and "37户" not in text and "city-1" not in text
    assert [p["id"] for p in anybody.get(f"{PUBLIC}?category=group_rental&region=150622").json()["items"]] == [case]
    assert anybody.get(f"{PUBLIC}?region=150621").json()["items"] == []
    more = [listed(world, by, title=f"案件{n}") for n in range(3)]
    assert [p["id"] for p in anybody.items(f"{PUBLIC}?limit=1")][:3] == more[::-1]


def test_what_is_withheld_is_public_in_no_state(world, by, client):
    case = by("county").post(LISTED, json=proposal(title="涉密")).json()["id"]
    act(by("city"), case, "approve", decided(world, "city", opinion="同意"))
    act(by("city"), case, "issue_notice", notice(day(60)), papers("notice"))
    shown = act(by("city"), case, "withhold", decided(world, "city", withheld_reason="涉及国家秘密"))
    assert shown["state"] == "rectifying" and not shown["is_public"]
    shown = act(by("unit"), case, "file_plan", PLAN, papers("plan"))
    assert not shown["is_public"] and "涉密" not in client(to=world[1]).get(PUBLIC).text
    act(by("unit"), case, "ask_review", {"completed_on": day(0), "summary": "已整改", "evaluated_by": "某机构"},
        papers("report", "photo"))
    act(by("city"), case, "pass_review", {"reviewed_on": day(0), "reviewers": "专家组", "findings": "合格"}, papers("record", "photo"))
    act(by("city", "city-2"), case, "strike_off", decided(world, "city", removal_number="x", opinion="同意"), papers("notice"))
    assert act(by("city"), case, "close_withheld", {"reason": "未公示"})["state"] == "closed"


def test_closure_is_proposed_by_the_grounds_of_article_113_and_decided_by_a_government(world, by):
    case = listed(world, by, title="核查不合格")
    act(by("unit"), case, "file_plan", PLAN, papers("plan"))
    act(by("unit"), case, "ask_review", {"completed_on": day(0), "summary": "已整改", "evaluated_by": "某机构"},
        papers("report", "photo"))
    failed = act(by("county"), case, "fail_review", {"reviewed_on": day(0), "reviewers": "旗区核查组", "findings": "隧洞仍有淤堵"},
                 papers("record"))
    assert failed["state"] == "rectifying" and failed["facts"]["failed_reviews"] == 1
    assert clock(failed, "rectify")["state"] == "running"

    def propose(ground: str, **fields):
        return try_act(by("city"), case, "propose_closure", decided(
            world, "city", ground=ground, reason="拒不整改", to_government_id=CITY_GOVERNMENT.id, **fields), papers("document"))

    # A failed review, like lateness, is no ground of the law.
    assert faults(propose("unfit_after_stop")) == faults(propose("refuses_stop")) == {("/fields/ground", "not-stopped")}
    assert faults(propose("unfit_after_accident")) == {("/fields/accident_id", "required")}
    assert faults(propose("repeated_penalties")) == {
        (f"/fields/{name}", "required") for name in ("penalties", "penalized_from", "penalized_until")}
    for penalties, days, reason in ((2, 30, "too-few"), (3, 180, "too-few"), (4, 366, "too-few")):
        answer = propose("repeated_penalties", penalties=penalties, penalized_from=day(-days), penalized_until=day(0))
        assert faults(answer) == {("/fields/penalties", reason)}, (penalties, days)
    assert propose("repeated_penalties", penalties=4, penalized_from=day(-364), penalized_until=day(0)).status_code == 200
    assert act(by("government"), case, "refuse_closure", decided(world, "government", reason="已缴清罚款并整改"))["state"] == "rectifying"
    proposed = propose("repeated_penalties", penalties=3, penalized_from=day(-179), penalized_until=day(0)).json()
    assert clock(proposed, "rectify")["state"] == "running" and clock(proposed, "closure")["state"] == "running"
    assert clock(proposed, "closure")["owed_by"]["id"] == CITY_GOVERNMENT.id
    decision = {"closure_number": "鄂政关〔2026〕1号", "opinion": "同意关闭"}
    answer = try_act(by("city", "city-2"), case, "decide_closure", decided(world, "city", **decision), papers("document"))
    assert answer.status_code == 403, "an office closes nobody down"
    assert try_act(by("government", "city-1"), case, "decide_closure", decided(world, "government", **decision),
                   papers("document")).status_code == 403, "nor does whoever proposed it"
    final = act(by("government"), case, "decide_closure", decided(world, "government", **decision), papers("document"))
    assert final["state"] == "closed_down" and not final["is_public"]


def test_who_was_stopped_and_stays_unfit_or_goes_on_working_may_be_closed_down(world, by):
    for ground in ("unfit_after_stop", "refuses_stop"):
        case = listed(world, by, title=ground)
        act(by("bureau"), case, "order_stop", decided(world, "bureau", stop_scope="选厂", stop_number="x"), papers("document"))
        proposed = act(by("city"), case, "propose_closure", decided(
            world, "city", ground=ground, reason="经停产整顿仍不具备条件", to_government_id=CITY_GOVERNMENT.id), papers("document"))
        assert (proposed["state"], proposed["facts"]["ground"]) == ("closure_proposed", ground)


def test_suspected_concealment_is_listed_by_the_level_above(world, by, client):
    reporter = client(scopes=["accidents:report"], unit=MINE.id, to=world[1])
    accident = reporter.post("/v1/accidents", json=first_report()).json()
    assert accident["grade"] == "ordinary", "the county answers for it"
    county = client(scopes=[*SCOPES, "accidents:read"], sub="county-9", to=world[1], **PARTIES["county"])
    body = proposal(category="suspected_concealment", title="涉嫌瞒报", level=None, accident_id=accident["id"])
    made = county.post(LISTED, json=body)
    assert made.status_code == 201, made.text
    assert (made.json()["level"], made.json()["facts"]["accident_id"]) == ("city", accident["id"])
    assert faults(county.post(LISTED, json={**body, "level": "county"})) == {("/level", "not-the-upper-level")}
    assert faults(county.post(LISTED, json={k: v for k, v in body.items() if k != "accident_id"})) == {
        ("/accident_id", "required")}
    unseen = tree.enterprise("150621100", 1).id
    elsewhere = client(scopes=SCOPES, region="150621", to=world[1])
    assert faults(elsewhere.post(LISTED, json={**body, "unit_id": unseen})) == {("/accident_id", "unknown-reference")}


def test_a_proposal_names_what_it_may(world, by, stranger, client):
    county, city = by("county"), by("city")
    assert faults(county.post(LISTED, json=proposal(level=None))) == {("/level", "required")}
    assert faults(city.post(LISTED, json=proposal(level="county"))) == {("/level", "below-own-level")}
    assert faults(county.post(LISTED, json=proposal(unit_id=None))) == {("/unit_id", "required")}
    assert faults(stranger.post(LISTED, json=proposal())) == {("/unit_id", "unknown-reference")}
    with world[0].owner() as owner:
        hazard = hazard_case(owner)
    assert faults(stranger.post(LISTED, json=proposal(parent_id=hazard, unit_id=None))) == {("/parent_id", "unknown-reference")}
    other = tree.enterprise("150622101", 2).id
    assert faults(county.post(LISTED, json=proposal(parent_id=hazard, unit_id=other))) == {("/unit_id", "of-other-unit")}
    reporter = client("enterprise_reporter", unit=MINE.id, to=world[1])
    assert reporter.post(LISTED, json=proposal()).status_code == 403, "an enterprise does not list"


@pytest.mark.parametrize("target, body", [(LISTED, proposal(unit_id=None)),
                                          ("/v1/hazards-as-accidents", {"grounds": "未列入清单，经查实"})])
def test_of_12_that_open_the_same_from_one_hazard_at_once_exactly_one_does(world, by, target, body):
    with world[0].owner() as owner:
        hazard = hazard_case(owner)
    desks = [by("county", f"officer-{n}") for n in range(12)]
    with concurrent.futures.ThreadPoolExecutor(len(desks)) as pool:
        answers = list(pool.map(lambda desk: desk.post(target, json={**body, "parent_id": hazard}), desks))
    assert sorted(a.status_code for a in answers) == [201] + [409] * 11


def test_the_list_follows_reach_and_filters(world, by, stranger):
    case = listed(world, by, title="过滤", category="self_built_house")
    for target in (f"{LISTED}?category=self_built_house", f"{LISTED}?category=self_built_house&level=city&open=true",
                   f"{LISTED}?category=self_built_house&state=published&supervisor_id={COUNTY.id}",
                   f"{LISTED}?category=self_built_house&region=150622101&unit_id={MINE.id}"):
        assert [c["id"] for c in by("county").items(target)] == [case], target
        assert [c["id"] for c in by("unit").items(target)] == [case], target
        assert stranger.items(target) == [], target
    assert by("county").items(f"{LISTED}?category=self_built_house&level=county") == []
    counted = by("city").get(LISTED, headers={"Prefer": "count=exact"}).json()["page"]["total"]
    assert counted == len(by("city").items(f"{LISTED}?limit=2"))


# What grassroots cannot solve -------------------------------------------------------------------------------------------

ASK = {"unit_id": MINE.id, "title": "请求协调村民搬迁", "matter": "用地指标不足", "asks_for": "协调用地指标"}


def test_what_a_town_cannot_solve_goes_up_and_comes_back_with_a_decision(world, by, client):
    town = client(scopes=SCOPES, region="150622101", sub="town-1", to=world[1])
    made = town.post("/v1/escalations", json=ASK)
    assert made.status_code == 201, made.text
    case = made.json()["id"]
    committee = tree.body("office", "150622")
    assert (made.json()["level"], made.json()["supervisor"]["id"]) == ("county", committee.id)
    assert made.json()["facts"]["superior_id"] == tree.body("coal", "150600").id, "the city's department of the sector"
    assert clock(made.json(), "decide")["owed_by"]["id"] == committee.id
    office = client(scopes=SCOPES, unit=committee.id, region="150622", sub="office-1", to=world[1])
    back = act(office, case, "return", {"reason": "请补充户数"})
    assert back["state"] == "returned"
    act(town, case, "resubmit", {"addition": "37户112人"})
    assert faults(try_act(office, case, "pass_on", {"supervisor_id": COUNTY.id, "reason": "超出权限"})) == {
        ("/fields/supervisor_id", "not-above")}
    up = act(office, case, "pass_on", {"supervisor_id": CITY_OFFICE.id, "reason": "超出旗区权限"})
    assert (up["level"], up["supervisor"]["id"]) == ("city", CITY_OFFICE.id)
    assert [c["state"] for c in up["clocks"] if c["clock"] == "decide"].count("running") == 1
    decision = {"decision": "市自然资源局解决用地指标", "responsible_id": COUNTY.id, "due_on": day(30)}
    assert try_act(town, case, "decide", decision).status_code == 403
    taken = act(by("city"), case, "decide", decision)
    assert taken["state"] == "decided" and clock(taken, "carry_out")["state"] == "running"
    assert try_act(by("city"), case, "confirm", {"result": "已解决"}, papers("record")).status_code == 403
    assert act(town, case, "confirm", {"result": "已搬迁"}, papers("record"))["state"] == "settled"


def test_asking_upward_is_the_record_of_the_duty_to_report_what_is_beyond_local_power(world, by, client):
    """Clause 6.11: 基层难以解决的重要问题报告本级安委会和上级主管部门."""
    town = str(uuid.uuid4())
    with world[0].owner() as owner:
        owner.execute("insert into anze.unit (id, kind, name, region_code, level) values"
                      " (%s, 'township', '沙圪堵镇人民政府', '150622101', 'town')", (town,))
    desk = client(scopes=[*SCOPES, "duties:read", "duties:record"], region="150622101", unit=town, sub="town-2", to=world[1])
    owed = lambda: [(o["state"], o["clause"]) for o in desk.items(f"/v1/obligations?unit_id={town}&clause=6.11&state=all")]  # noqa: E731
    assert desk.post("/v1/escalations", json=ASK).status_code == 201
    assert owed() == [("done", "6.11")]
    record, = desk.items(f"/v1/duty-records?unit_id={town}&kind=issue")
    assert desk.get(f"/v1/duty-records/{record['id']}").json()["content"]["matter"] == ASK["matter"]
    # An event that was recorded before is the one that it serves.
    event = desk.post("/v1/duty-events", json={"kind": "beyond_local_power", "unit_id": town, "occurred_at": ago(hours=3),
                                               "subject": "用地"}).json()["id"]
    assert sorted(owed())[-1][0] != "done"
    assert faults(by("county").post("/v1/escalations", json={**ASK, "event_id": event})) == {("/event_id", "unknown-reference")}
    assert desk.post("/v1/escalations", json={**ASK, "event_id": event}).status_code == 201
    assert owed() == [("done", "6.11")] * 2


def test_whoever_asks_does_not_decide_and_another_county_knows_nothing(world, by, stranger):
    case = by("county").post("/v1/escalations", json=ASK).json()["id"]
    decision = {"decision": "自行解决", "responsible_id": COUNTY.id, "due_on": day(30)}
    assert try_act(by("county"), case, "decide", decision).status_code == 403
    assert stranger.get(f"/v1/cases/{case}").status_code == 404
    assert faults(stranger.post("/v1/escalations", json=ASK)) == {("/unit_id", "unknown-reference")}


# A hazard treated as an accident ----------------------------------------------------------------------------------------

def test_an_unlisted_major_hazard_is_treated_as_an_accident_until_the_four_are_met(world, by, client):
    with world[0].owner() as owner:
        hazard, general = hazard_case(owner), hazard_case(owner, "general")
    city = by("city")
    target, body = "/v1/hazards-as-accidents", {"parent_id": hazard, "grounds": "未列入清单，经市级督查查实"}
    assert city.post(target, json={**body, "parent_id": general}).status_code == 409, "only a major hazard"
    made = city.post(target, json=body)
    assert made.status_code == 201, made.text
    case = made.json()["id"]
    assert (made.json()["state"], made.json()["parent_id"]) == ("opened", hazard)
    assert city.post(target, json=body).status_code == 409, "once"
    act(city, case, "examine_causes", {"causes": "隧洞失修", "missed_how": "排查走过场"}, papers("report"))
    act(city, case, "find_liability", decided(world, "city", liable="某某", proposal="给予处分"), papers("document"))
    answer = try_act(city, case, "satisfy", {"item": "causes_found", "finding": "已查清"})
    assert faults(answer) == {("/evidence", "evidence-needed")}
    other = by("city", "city-2")
    end = decided(world, "city", opinion="办结")
    for item in ("causes_found", "persons_handled", "measures_carried_out", "people_educated"):
        assert try_act(other, case, "close", end).status_code == 409, f"before {item}"
        act(city, case, "satisfy", {"item": item, "finding": "已核实"}, papers("document"))
    assert try_act(city, case, "close", end).status_code == 403, "not by who verified"
    closed = act(by("province"), case, "close", decided(world, "province", opinion="办结"))
    assert closed["state"] == "closed" and len(closed["facts"]["four_checks"]) == 4


def test_what_was_listed_is_not_treated_as_an_accident_and_an_accident_that_follows_is_linked(world, by, client):
    with world[0].owner() as owner:
        first, second = hazard_case(owner), hazard_case(owner)
    county = client(scopes=[*SCOPES, "accidents:read"], sub="county-1", to=world[1], **PARTIES["county"])
    assert county.post(LISTED, json=proposal(parent_id=first)).status_code == 201
    assert county.post("/v1/hazards-as-accidents", json={"parent_id": first, "grounds": "x"}).status_code == 409
    case = county.post("/v1/hazards-as-accidents", json={"parent_id": second, "grounds": "查实"}).json()["id"]
    reporter = client(scopes=["accidents:report"], unit=MINE.id, to=world[1])
    accident = reporter.post("/v1/accidents", json=first_report()).json()["id"]
    assert faults(try_act(county, case, "link_accident", {"accident_id": tree.unit_id("none")})) == {
        ("/fields/accident_id", "unknown-reference")}
    assert act(county, case, "link_accident", {"accident_id": accident})["facts"]["accident_id"] == accident
