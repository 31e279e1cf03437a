"""Who holds which post from when to when, and who answers for a unit on a day."""
import threading
from functools import partial

import pytest

from harness import tree
from harness.hierarchy import appoint, appointment_body, day, faults, open_unit, patch, person

COUNTY, TOWN = "150622", "150622101"
GOVERNMENT, CITY = tree.body("government", COUNTY).id, tree.body("government", tree.CITY).id


@pytest.fixture(scope="module")
def client(client, register):
    """Clients of the service whose units these tests write."""
    return partial(client, to=register[1])


@pytest.fixture(scope="module")
def county(client):
    return client("county_officer", region=COUNTY)


@pytest.fixture
def unit(county):
    return open_unit(county)


@pytest.fixture
def who(county, unit):
    return person(county, unit["id"])


def end(client, held: dict, on: str, **more):
    return client.post(f"/v1/appointments/{held['id']}/end", json={"held_until": on, **more}, if_match=str(held["version"]))


def correct(client, held: dict, **changes):
    return patch(client, f"/v1/appointments/{held['id']}", held["version"], reason="录入有误", **changes)


def test_an_appointment_is_made_once_and_read_as_given(county, unit, who):
    body = appointment_body(who, unit["id"], post="safety_leader", portfolio=["coal"], portfolio_note="分管安全", is_full_time=True)
    first = county.post("/v1/appointments", json=body, key=f"appoint-{who['id']}")
    assert first.status_code == 201 and first.headers["ETag"] == '"1"'
    assert county.post("/v1/appointments", json=body, key=f"appoint-{who['id']}").content == first.content
    made = first.json()
    assert (made["person"]["name"], made["unit"]["id"], made["post"]["title_zh"]) == (who["name"], unit["id"], "分管安全负责人")
    assert {k: made[k] for k in ("held_from", "portfolio", "portfolio_note", "is_full_time", "document_number")} == {
        k: body[k] for k in ("held_from", "portfolio", "portfolio_note", "is_full_time", "document_number")}
    assert county.get(f"/v1/appointments/{made['id']}").json() == made


@pytest.mark.parametrize("changes, expected", [
    ({"post": "government_head"}, {("/post", "not-of-this-kind")}), ({"post": "no_such_post"}, {("/post", "unknown-reference")}),
    ({"held_from": day(101)}, {("/held_from", "unit-not-open")}),
    ({"held_until": day(50)}, {("/held_until", "not-after-start")}),
    ({"portfolio": ["coal", "no_such"]}, {("/portfolio/1", "unknown-reference")}),
    ({"person_id": tree.unit_id("nobody")}, {("/person_id", "unknown-reference")}),
    ({"unit_id": CITY}, {("/unit_id", "unknown-reference")}),
    ({"post": "no_such_post", "held_until": day(60), "person_id": tree.unit_id("nobody")},
     {("/post", "unknown-reference"), ("/held_until", "not-after-start"), ("/person_id", "unknown-reference")})])
def test_what_does_not_fit_is_refused_all_together(county, unit, who, changes, expected):
    answer = county.post("/v1/appointments", json={**appointment_body(who, unit["id"]), **changes})
    found = faults(answer)
    assert found >= expected if changes.get("unit_id") == CITY else found == expected


def test_nobody_holds_a_post_of_a_closed_unit(county, unit, who):
    county.post(f"/v1/units/{unit['id']}/closure", if_match="1", json={"effective_on": day(20), "document_number": "x"})
    for changes, expected in (({}, ("/held_until", "unit-not-open")), ({"held_from": day(20)}, ("/held_from", "unit-not-open")),
                              ({"held_until": day(19)}, ("/held_until", "unit-not-open"))):
        assert expected in faults(county.post("/v1/appointments", json=appointment_body(who, unit["id"], **changes)))
    assert appoint(county, who, unit["id"], held_until=day(20))["held_until"] == day(20)


def test_a_post_is_held_once_at_a_time_by_one_person_and_again_later(county, unit, who):
    appoint(county, who, unit["id"], held_until=day(30))
    again = county.post("/v1/appointments", json=appointment_body(who, unit["id"], held_from=day(31)))
    assert again.status_code == 409 and again.json()["errors"][0]["pointer"] == "/held_from"
    assert appoint(county, who, unit["id"], held_from=day(30))["held_from"] == day(30)
    assert appoint(county, person(county, unit["id"]), unit["id"])["post"]["code"] == "principal"


def test_of_two_overlapping_appointments_at_once_one_is_made(client, county, unit, who):
    clients = [client("county_officer", region=COUNTY) for _ in range(4)]
    barrier, answers = threading.Barrier(4), [0] * 4

    def make(i):
        barrier.wait()
        answers[i] = clients[i].post("/v1/appointments", json=appointment_body(who, unit["id"], held_from=day(40 + i))).status_code

    threads = [threading.Thread(target=make, args=(i,)) for i in range(4)]
    [t.start() for t in threads], [t.join() for t in threads]
    assert answers.count(201) == 1 and set(answers) <= {201, 409, 422}, answers
    assert len(county.items(f"/v1/appointments?unit_id={unit['id']}")) == 1


def test_a_unit_that_closes_while_somebody_is_appointed_keeps_no_open_post(client, county):
    clients = [client("county_officer", region=COUNTY) for _ in range(2)]
    for _ in range(6):
        closing = open_unit(county)
        who, barrier = person(county, closing["id"]), threading.Barrier(2)

        def close():
            barrier.wait()
            clients[0].post(f"/v1/units/{closing['id']}/closure", if_match="1", json={"effective_on": day(1), "document_number": "x"})

        def make():
            barrier.wait()
            clients[1].post("/v1/appointments", json=appointment_body(who, closing["id"]))

        threads = [threading.Thread(target=close), threading.Thread(target=make)]
        [t.start() for t in threads], [t.join() for t in threads]
        assert county.get(f"/v1/units/{closing['id']}").json()["closed_on"] == day(1)
        assert all(a["held_until"] == day(1) for a in county.items(f"/v1/appointments?unit_id={closing['id']}"))


def test_an_appointment_ends_by_its_document_and_once(county, unit, who):
    held = appoint(county, who, unit["id"])
    assert county.post(f"/v1/appointments/{held['id']}/end", json={"held_until": day(1)}).status_code == 428
    answer = end(county, held, day(10), document_number="免〔2026〕5号")
    assert answer.status_code == 201 and answer.headers["ETag"] == '"2"'
    ended = answer.json()
    assert (ended["held_until"], ended["ending_document_number"], ended["document_number"]) == (
        day(10), "免〔2026〕5号", held["document_number"])
    assert end(county, held, day(5)).status_code == 412
    assert end(county, ended, day(5)).status_code == 409 and end(county, ended, day(10)).status_code == 409
    assert end(county, ended, day(15)).status_code == 201
    assert faults(end(county, {**ended, "version": 3}, day(50))) == {("/held_until", "not-after-start")}


def test_a_correction_has_a_reason_and_counts_from_the_start(county, unit, who):
    held = appoint(county, who, unit["id"], held_until=day(10), portfolio_note="旧")
    assert faults(patch(county, f"/v1/appointments/{held['id']}", 1, held_from=day(60), is_full_time=True)) == {("/reason", "required")}
    other = person(county, unit["id"])
    answer = correct(county, held, held_from=day(60), held_until=None, person_id=other["id"], portfolio_note=None,
                     post="safety_leader", is_full_time=True)
    assert answer.status_code == 200, answer.text
    now = answer.json()
    assert (now["held_from"], now.get("held_until"), now["person"]["id"], now["post"]["code"], now["is_full_time"]) == (
        day(60), None, other["id"], "safety_leader", True)
    assert now["correction_reason"] == "录入有误" and "portfolio_note" not in now and now["version"] == 2
    assert faults(correct(county, now, post="party_head")) == {("/post", "not-of-this-kind")}
    assert faults(correct(county, now, held_until=day(60))) == {("/held_until", "not-after-start")}
    assert correct(county, held, held_from=day(70)).status_code == 412


def void(client, held: dict, **body):
    return client.post(f"/v1/appointments/{held['id']}/void", json=body or {"reason": "同名人员，录入错误"},
                       if_match=str(held["version"]))


def test_an_appointment_that_never_was_leaves_the_posts_and_is_read_by_its_id_alone(client, county, unit, who):
    right, wrong = appoint(county, who, unit["id"]), appoint(county, person(county, unit["id"]), unit["id"])
    assert faults(void(county, wrong, note="x")) == {("/reason", "required"), ("/note", "unknown-field")}
    answer = void(county, wrong)
    assert answer.status_code == 201, answer.text
    assert answer.json() == {**wrong, "version": 2, "updated_at": answer.json()["updated_at"],
                             "voided_at": answer.json()["voided_at"], "void_reason": "同名人员，录入错误"}
    read = county.get(f"/v1/appointments/{wrong['id']}")
    assert read.json() == answer.json() and read.headers["ETag"] == answer.headers["ETag"] == '"2"'
    assert [a["id"] for a in county.items(f"/v1/appointments?unit_id={unit['id']}")] == [right["id"]]
    assert county.items(f"/v1/appointments?person_id={wrong['person']['id']}") == []
    assert names(leadership(county, unit["id"])["first_responsible"]) == [who["name"]]
    now = answer.json()
    assert void(county, now).status_code == end(county, now, day(1)).status_code == correct(county, now, held_from=day(9)).status_code == 409
    stranger = client("county_officer", region="150621")
    assert void(stranger, now).status_code == stranger.get(f"/v1/appointments/{wrong['id']}").status_code == 404
    assert appoint(county, wrong["person"], unit["id"])["version"] == 1, "as if it had never been"


def test_what_a_void_appointment_owed_is_owed_by_whoever_held_the_post(county, client, register):
    government = open_unit(county, kind="government", sector=None, level="county", region_code=COUNTY)
    right, wrong = (person(county, government["id"]) for _ in range(2))
    held = appoint(county, wrong, government["id"], post="government_head")
    owed = lambda: {o["holder"]["id"] for o in county.items(f"/v1/obligations?unit_id={government['id']}") if "holder" in o}
    assert owed() == {wrong["id"]}
    assert void(county, held).status_code == 201
    assert owed() == set()
    appoint(county, right, government["id"], post="government_head")
    assert owed() == {right["id"]}


@pytest.fixture
def mine(client, unit):
    """The reporter of the enterprise, who may write its people."""
    return client("enterprise_reporter", unit=unit["id"], sub="clerk", scope="people:read people:write duties:read")


def test_an_enterprise_does_not_appoint_the_head_of_the_government(client, county, unit, mine):
    """Four posts, backdated: none is his, and what he owes stays what it was."""
    head = person(county, GOVERNMENT)
    appoint(county, head, GOVERNMENT, post="government_head", held_from=day(300))
    before = county.get(f"/v1/people/{head['id']}/compliance?period={day(0)[:4]}").json()["total"]
    for post in ("principal", "legal_representative", "safety_leader", "safety_manager"):
        body = appointment_body(head, unit["id"], post=post, held_from=day(90))
        assert faults(mine.post("/v1/appointments", json=body)) == {("/person_id", "not-agreed")}
    held = appoint(mine, person(county, unit["id"]), unit["id"])
    assert faults(correct(mine, held, person_id=head["id"])) == {("/person_id", "not-agreed")}
    assert county.get(f"/v1/people/{head['id']}/compliance?period={day(0)[:4]}").json()["total"] == before


def test_whose_file_is_kept_elsewhere_is_appointed_when_its_keeper_agrees(client, county, unit, mine):
    official = person(county, GOVERNMENT)
    appoint(county, official, GOVERNMENT, post="government_leader", held_from=day(90))
    body, consents = appointment_body(official, unit["id"], post="safety_leader", held_from=day(5)), f"/v1/people/{official['id']}/consents"
    assert mine.post(consents, json={"unit_id": unit["id"]}).status_code == 404, "not by the unit that asks"
    assert faults(county.post(consents, json={"unit_id": tree.unit_id("nobody"), "valid_until": day(1)})) == {
        ("/unit_id", "unknown-reference"), ("/valid_until", "in-past")}
    other = open_unit(county)
    assert county.post(consents, json={"unit_id": other["id"]}).status_code == 201
    assert mine.post("/v1/appointments", json=body).status_code == 422, "of another unit"
    agreed = county.post(consents, json={"unit_id": unit["id"], "valid_until": day(0), "note": "挂职"})
    assert agreed.status_code == 201 and (agreed.json()["unit"]["id"], agreed.json()["note"]) == (unit["id"], "挂职")
    assert mine.post("/v1/appointments", json=body).status_code == 201


def test_how_far_back_a_post_changes_hands_is_a_rule_of_who_enters_it(county, unit, who, mine, register):
    set_rule = lambda code, value: _owner(register, "update anze.rule set value = %s where code = %s", value, code)  # noqa: E731
    set_rule("APPOINT.BACKDATE.UNIT", 30)
    set_rule("APPOINT.BACKDATE.ABOVE", 60)
    try:
        for caller, days, code in ((mine, 30, "APPOINT.BACKDATE.UNIT"), (county, 60, "APPOINT.BACKDATE.ABOVE")):
            early = caller.post("/v1/appointments", json=appointment_body(who, unit["id"], held_from=day(days + 1)))
            assert faults(early) == {("/held_from", "backdated-too-far")} and code in early.json()["errors"][0]["detail"]
        held = appoint(county, who, unit["id"], held_from=day(60))
        assert faults(end(mine, held, day(31))) == {("/held_until", "backdated-too-far")}
        assert faults(correct(mine, held, held_until=day(31))) == {("/held_until", "backdated-too-far")}
        assert faults(correct(county, held, held_from=day(61))) == {("/held_from", "backdated-too-far")}
        assert correct(mine, held, document_number="准任〔2026〕1号").status_code == 200, "what changes no day is free"
        assert end(mine, {**held, "version": 2}, day(30)).status_code == 201
    finally:
        set_rule("APPOINT.BACKDATE.UNIT", 366)
        set_rule("APPOINT.BACKDATE.ABOVE", 18250)


def _owner(register, statement: str, *given) -> None:
    with register[0].owner() as owner:
        owner.execute(statement, given)


def test_an_acting_head_is_shown_as_one(county, client, unit, who):
    acting = appoint(county, who, unit["id"], kind="acting")
    assert acting["kind"] == "acting" and county.get(f"/v1/appointments/{acting['id']}").json() == acting
    assert [(h["person"]["id"], h["is_acting"]) for h in leadership(county, unit["id"])["first_responsible"]] == [(who["id"], True)]
    regular = correct(county, acting, kind="regular").json()
    assert regular["kind"] == "regular" and "is_acting" not in leadership(county, unit["id"])["first_responsible"][0]
    assert faults(county.post("/v1/appointments", json=appointment_body(who, unit["id"], kind="deputy"))) == {("/kind", "enum")}


def test_a_correction_does_not_make_a_post_held_twice(county, unit, who):
    appoint(county, who, unit["id"], held_until=day(30))
    later = appoint(county, who, unit["id"], held_from=day(20))
    assert correct(county, later, held_from=day(35)).status_code == 409


@pytest.mark.parametrize("caller", [("county_officer", {"region": "150621"}), ("enterprise_reporter", {"unit": tree.enterprise(TOWN, 1).id})])
def test_an_appointment_out_of_reach_is_as_absent_as_none(client, county, unit, who, caller):
    held = appoint(county, who, unit["id"])
    stranger = client(caller[0], **caller[1])
    assert stranger.get(f"/v1/appointments/{held['id']}").status_code == 404
    assert end(stranger, held, day(1)).status_code == correct(stranger, held, held_from=day(60)).status_code == 404
    assert held["id"] not in {a["id"] for a in stranger.items("/v1/appointments?limit=200")}


def test_who_holds_posts_above_is_seen_and_not_written(client, county):
    held = appoint(county, person(county, GOVERNMENT), GOVERNMENT, post="government_leader", held_from=day(3))
    reporter = client("enterprise_reporter")
    assert reporter.get(f"/v1/appointments/{held['id']}").json() == held
    assert end(reporter, held, day(1)).status_code == 404


def test_appointments_are_filtered_and_the_latest_come_first(county, unit, who):
    other = person(county, unit["id"])
    a = appoint(county, who, unit["id"], held_from=day(90), held_until=day(60))
    b = appoint(county, other, unit["id"], held_from=day(60), portfolio=["coal"])
    c = appoint(county, other, unit["id"], post="safety_manager", held_from=day(30))
    for query, expected in [("", [c, b, a]), ("&post=principal", [b, a]), (f"&person_id={other['id']}", [c, b]),
                            (f"&on={day(61)}", [a]), (f"&on={day(60)}", [b]), (f"&on={day(0)}", [c, b]), (f"&on={day(91)}", []),
                            ("&portfolio=coal", [b]), (f"&region={TOWN}", [c, b, a]), ("&region=150621", [])]:
        listed = county.items(f"/v1/appointments?unit_id={unit['id']}&limit=1{query}")
        assert [x["id"] for x in listed] == [x["id"] for x in expected], query


# ---- who answers ----

def leadership(client, unit_id: str, on: str | None = None) -> dict:
    answer = client.get(f"/v1/units/{unit_id}/leadership" + (f"?on={on}" if on else ""))
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(leaders) -> list[str]:
    return [leader["person"]["name"] for leader in leaders]


def test_one_call_says_who_answers_for_a_unit_on_a_day(county, client):
    bureau = open_unit(county, kind="department", sector=None, level="county", region_code=COUNTY)
    mine = open_unit(county, accountable_to=bureau["id"])
    old, new, deputy, safety, worker = (person(county, mine["id"], name=n) for n in ("旧主", "新主", "矿长甲", "安全甲", "工人"))
    director = person(county, bureau["id"], name="局长")
    appoint(county, old, mine["id"], held_from=day(90), held_until=day(30))
    appoint(county, new, mine["id"], held_from=day(30))
    appoint(county, deputy, mine["id"], post="mine_manager", portfolio=["coal", "non_coal_mine"])
    appoint(county, safety, mine["id"], post="safety_leader", portfolio=["coal"])
    appoint(county, worker, mine["id"], post="front_line")
    appoint(county, director, bureau["id"], post="department_head")

    now = leadership(county, mine["id"])
    assert names(now["first_responsible"]) == ["新主"] and names(now["in_charge"]) == ["安全甲"]
    assert names(now["others"]) == ["矿长甲"] and now["on"] == day(0)
    assert {p["sector"]: names(p["holders"]) for p in now["portfolios"]} == {
        "coal": ["安全甲", "矿长甲"], "non_coal_mine": ["矿长甲"]}
    assert [p["code"] for p in now["vacant"]] == ["legal_representative"]
    assert [u["unit"]["id"] for u in now["above"]] == [bureau["id"], GOVERNMENT, CITY]
    assert names(now["above"][0]["first_responsible"]) == ["局长"]
    assert now["first_responsible"][0]["person"]["phone"] == "13800000000"
    assert names(leadership(county, mine["id"], day(31))["first_responsible"]) == ["旧主"]
    before = leadership(county, mine["id"], day(95))
    assert before["first_responsible"] == [] and {p["code"] for p in before["vacant"]} == {"legal_representative", "principal"}

    seen_from_below = leadership(client("enterprise_reporter", unit=mine["id"]), bureau["id"])
    assert names(seen_from_below["first_responsible"]) == ["局长"]
    assert seen_from_below["first_responsible"][0]["person"]["phone"] == "138****0000"


def test_party_and_government_of_a_seat_answer_together(county):
    committee = open_unit(county, kind="party_committee", sector=None, level="county", region_code=COUNTY)
    appoint(county, person(county, committee["id"], name="书记"), committee["id"], post="party_head")
    shown = {u["unit"]["id"]: names(u["first_responsible"]) for u in leadership(county, GOVERNMENT)["counterparts"]}
    assert shown[committee["id"]] == ["书记"] and GOVERNMENT not in shown


def test_the_leadership_of_a_unit_of_elsewhere_is_absent(county):
    assert county.get(f"/v1/units/{tree.enterprise(tree.FOREIGN_TOWN, 1).id}/leadership").status_code == 404
