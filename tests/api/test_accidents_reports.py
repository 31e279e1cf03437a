"""An accident from outside: reported, supplemented, corrected, passed up, acknowledged; versions, tags and history."""
import pytest

from harness import tree
from harness.accidents import ago, clocks, first_report, follow_up, told

PATH = "/v1/accidents"
LONG_AGO = {"occurred_at": ago(days=2, minutes=30), "learned_at": ago(days=2, minutes=20), "received_at": ago(days=2)}


@pytest.fixture(scope="module")
def county(client):
    return client("county_officer", region="150622", sub="county-7")


@pytest.fixture(scope="module")
def city(client):
    return client("city_officer", region="1506", sub="city-3")


@pytest.fixture(scope="module")
def province(client):
    return client("province_officer", region="15", sub="province-2")


@pytest.fixture(scope="module")
def mine(client):
    return client("enterprise_reporter", sub="mine-1")


def file(desk, **changes) -> dict:
    answer = desk.post(PATH, json=first_report(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def path(accident, rest: str = "") -> str:
    return f"{PATH}/{accident['id']}{rest}"


def done(answer, status: int = 201) -> dict:
    assert answer.status_code == status, answer.text
    return answer.json()


def pass_up(desk, accident, to_level="city", channel="phone", **more):
    return desk.post(path(accident, "/transmissions"), if_match=str(accident["version"]),
                     json={"to_level": to_level, "channel": channel, **more})


def correct(desk, accident, number=1, **more):
    return desk.post(path(accident, f"/reports/{number}/corrections"), if_match=str(accident["version"]),
                     json={"reason": "核实后更正", **more})


# ---------------------------------------------------------------- filing and reading

def test_what_is_filed_is_found_where_location_says(county):
    filed = county.post(PATH, json=first_report())
    assert filed.headers["Location"] == county.url + path(filed.json())
    assert filed.headers["Cache-Control"] == "no-store"
    read = county.get(path(filed.json()))
    assert read.json() == filed.json() and read.headers["ETag"] == filed.headers["ETag"]
    assert read.headers["Cache-Control"] == "private, no-cache" and "Last-Modified" in read.headers


def test_an_accident_in_hand_is_304_until_something_happens(county):
    filed = file(county)
    tags = {rest: county.get(path(filed, rest)).headers["ETag"] for rest in ("", "/timeline")}
    for rest, tag in tags.items():
        assert county.get(path(filed, rest), headers={"If-None-Match": tag}).status_code == 304
    done(county.post(path(filed, "/reports"), json=follow_up()))
    for rest, tag in tags.items():
        assert county.get(path(filed, rest), headers={"If-None-Match": tag}).status_code == 200


def test_a_unit_files_for_itself_without_naming_itself(mine):
    filed = file(mine, unit_id=None)
    assert filed["unit"]["id"] == tree.enterprise("150622101", 1).id and filed["sector"] == "coal"
    assert mine.get(path(filed, "/reports/1")).json()["on_behalf_of"] == filed["unit"]["id"]


def test_a_unit_of_another_place_is_named_by_credit_code_and_its_entry_is_not_shown(county):
    foreign = tree.enterprise(tree.FOREIGN_TOWN, 1)
    filed = file(county, unit_id=None, unit_credit_code=foreign.credit_code, unit_name="呼和浩特示例公司", sector="coal")
    assert filed["unit"] == {"credit_code": foreign.credit_code, "name": "呼和浩特示例公司"}


def test_zero_is_kept_as_zero_and_null_and_absent_as_unknown(county):
    filed = file(county, figures={"deaths": 0, "missing": None, "direct_loss_cny": "12345678901234.50"})
    assert filed["figures"] == {"deaths": 0, "direct_loss_cny": "12345678901234.50"}
    assert county.get(path(filed, "/reports/1")).json()["figures"] == {
        "deaths": 0, "missing": None, "direct_loss_cny": "12345678901234.50"}
    assert filed["grade"] == "exceptional", "by the loss alone"


@pytest.mark.parametrize("occurred,standard", [("2026-06-30T23:59:59+08:00", "GB/T 6441-1986"),
                                               ("2026-06-30T16:00:00Z", "GB 6441-2025")])
def test_the_standard_of_categories_is_that_of_the_day_in_china(county, occurred, standard):
    filed = file(county, occurred_at=occurred, learned_at=occurred, received_at=occurred, category="12")
    assert filed["category"]["standard"] == standard


# ---------------------------------------------------------------- late

def test_a_late_report_is_taken_and_says_by_how_much(mine):
    filed = file(mine, occurred_at=ago(hours=4), learned_at=ago(hours=3))
    clock, = clocks(filed, "unit_report")
    assert clock["state"] == "met_late" and 7200 <= clock["late_by_seconds"] < 7230
    assert filed["late"] is True and filed["late_by_seconds"] == clock["late_by_seconds"]


def test_the_accident_and_its_clock_count_whole_seconds_alike(county):
    filed = file(county, occurred_at=ago(hours=9), learned_at=ago(hours=8),
                 received_at=ago(minutes=1).replace("+08:00", ".700+08:00"))
    assert filed["late_by_seconds"] == clocks(filed, "unit_report")[0]["late_by_seconds"]


def test_the_hour_runs_from_when_the_head_learned_and_not_from_the_accident(mine):
    filed = file(mine, occurred_at=ago(days=3), learned_at=ago(minutes=50))
    assert clocks(filed, "unit_report")[0]["state"] == "met" and filed["late"] is False


def test_what_counts_is_when_the_office_received_it_and_not_when_it_typed_it(county):
    filed = file(county, **LONG_AGO)
    assert clocks(filed, "unit_report")[0]["state"] == "met"
    assert filed["reported_at"] < filed["recorded_at"]
    assert clocks(filed, "pass_up")[0]["state"] == "overdue", "the county's two hours run from its receipt"
    late = file(county, **{**LONG_AGO, "learned_at": LONG_AGO["occurred_at"], "received_at": ago(days=1)})
    assert clocks(late, "unit_report")[0]["state"] == "met_late"


# ---------------------------------------------------------------- follow-ups, supplements, the end

def test_figures_left_out_stay_and_null_makes_one_unknown(county):
    filed = file(county)
    second = done(county.post(path(filed, "/reports"), json=follow_up(figures={"serious_injuries": 1})))
    assert second["figures"] == {"deaths": 2, "missing": 3, "serious_injuries": 1}
    third = done(county.post(path(filed, "/reports"), json=follow_up(figures={"missing": None})))
    assert third["figures"] == {"deaths": 2, "serious_injuries": 1}


def test_a_report_has_a_place_of_its_own(county):
    filed = file(county)
    answer = county.post(path(filed, "/reports"), json=follow_up())
    assert answer.headers["Location"] == county.url + path(filed, "/reports/2") and answer.json()["version"] == 2
    report = county.get(path(filed, "/reports/2")).json()
    assert (report["kind"], report["content"], report["actor"], report["level"]) == (
        "follow_up", {"narrative": "救援正在进行"}, "county-7", "county")
    assert county.get(path(filed, "/reports/3")).status_code == 404


@pytest.mark.parametrize("category,days,grade", [("12", 30, "larger"), ("12", 31, "ordinary"), ("03", 7, "larger"),
                                                 ("03", 8, "ordinary"), ("09", 8, "ordinary")])
def test_a_death_counts_within_the_time_for_supplements_and_is_recorded_after_it(county, category, days, grade):
    begun = {name: ago(days=60) for name in ("occurred_at", "learned_at", "received_at")}
    filed = file(county, category=category, figures={"deaths": 2}, **begun)
    risen = done(county.post(path(filed, "/reports"), json={
        "kind": "supplement", "as_of": ago(days=60 - days), "figures": {"deaths": 3, "missing": 0}}))
    assert risen["grade"] == grade and risen["figures"]["deaths"] == 3
    assert county.get(path(filed, "/reports/2")).json()["moves_grade"] is (grade == "larger")


@pytest.mark.parametrize("body,faults", [
    ({"kind": "follow_up"}, {("", "anyOf")}), ({"kind": "first", "narrative": "x"}, {("/kind", "enum")}),
    ({"kind": "follow_up", "narrative": "x", "as_of": ago(hours=-1)}, {("/as_of", "in-future")}),
    ({"kind": "follow_up", "narrative": "x", "as_of": ago(days=9)}, {("/as_of", "before-occurred-at")}),
    ({"kind": "follow_up", "narrative": "x", "place": "y", "figures": {"deaths": -1}},
     {("/place", "unknown-field"), ("/figures/deaths", "minimum")})])
def test_a_report_that_breaks_a_rule_is_422(county, body, faults):
    filed = file(county)
    answer = county.post(path(filed, "/reports"), json=body)
    assert answer.status_code == 422
    assert {(e["pointer"], e["code"]) for e in answer.json()["errors"]} == faults
    assert county.get(path(filed)).json()["report_count"] == 1


def test_after_the_final_report_only_supplements_and_corrections_follow(county):
    filed = file(county)
    final = done(county.post(path(filed, "/reports"), json={"kind": "final", "narrative": "救援结束"}))
    assert final["state"] == "final" and clocks(final, "follow_up")[-1]["because"] == "final"
    for kind in ("follow_up", "final"):
        refused = county.post(path(filed, "/reports"), json={"kind": kind, "narrative": "x"})
        assert (refused.status_code, refused.json()["code"]) == (409, "state-conflict")
        assert refused.json()["allowed"] == ["supplement", "correction"]
    risen = done(county.post(path(filed, "/reports"), json={"kind": "supplement", "figures": {"deaths": 3}}))
    assert (risen["grade"], risen["state"]) == ("larger", "final")


# ---------------------------------------------------------------- corrections

def test_a_correction_recomputes_and_the_corrected_report_stays_as_it_was(county):
    filed = file(county, figures={"deaths": 3, "missing": 2})
    before = county.get(path(filed, "/reports/1")).json()
    answer = correct(county, filed, figures={"deaths": 2}, place="4号工作面")
    fixed = done(answer)
    assert answer.headers["Location"] == county.url + path(filed, "/reports/2")
    assert (fixed["grade"], fixed["figures"], fixed["place"]) == ("ordinary", {"deaths": 2, "missing": 2}, "4号工作面")
    assert [h["grade"] for h in fixed["grade_history"]] == ["larger", "ordinary"]
    assert {c["state"] for c in clocks(fixed, "unit_report_province")} == {"superseded"}
    after = county.get(path(filed, "/reports/1")).json()
    assert after == {**before, "corrected_by": 2} and after["content"]["place"] == "3号工作面"
    correction = county.get(path(filed, "/reports/2")).json()
    assert (correction["corrects"], correction["reason"], correction["kind"]) == (1, "核实后更正", "correction")


def test_a_correction_of_a_later_report_speaks_for_its_moment(county):
    filed = file(county)
    wrong = done(county.post(path(filed, "/reports"), json=follow_up(figures={"deaths": 12})))
    assert wrong["grade"] == "major"
    newer = done(county.post(path(filed, "/reports"), json=follow_up(figures={"missing": 1})))
    fixed = done(correct(county, newer, 2, figures={"deaths": 2}))
    assert (fixed["grade"], fixed["figures"]) == ("ordinary", {"deaths": 2, "missing": 1})


def test_only_the_latest_word_is_corrected_and_the_answer_names_it(county):
    filed = file(county)
    fixed = done(correct(county, filed, place="4号工作面"))
    again = correct(county, fixed, place="5号工作面")
    assert again.status_code == 409 and again.json()["allowed"] == ["2"]
    assert done(correct(county, fixed, 2, place="5号工作面"))["place"] == "5号工作面"
    assert correct(county, fixed, 9, place="x").status_code in (404, 412)


def test_a_correction_goes_through_the_checks_of_the_first_report(county):
    filed = file(county)
    answer = correct(county, filed, learned_at=ago(days=3), region_code="150699", category="99")
    assert {(e["pointer"], e["code"]) for e in answer.json()["errors"]} == {
        ("/learned_at", "before-occurred-at"), ("/region_code", "unknown-reference"), ("/category", "unknown-reference")}
    assert county.get(path(filed)).json() == filed


def test_what_has_no_unit_is_filed_by_its_name_and_a_person_is_no_credit_code(county):
    named = {"unit_id": None, "learned_at": None, "unit_name": "某村民自建房"}
    filed = file(county, **named)
    assert filed["unit"] == {"name": "某村民自建房"} and filed["learned_at"] == filed["reported_at"]
    assert county.get(path(filed)).json() == filed
    refused = {
        "/unit_credit_code": {**named, "unit_credit_code": "369999190002300738", "learned_at": ago(minutes=20)},
        "/learned_at": {**named, "unit_credit_code": "91350203M0001QKT19"},
        "": {**named, "unit_id": tree.enterprise("150622101", 1).id, "learned_at": ago(minutes=20)},
    }
    for pointer, given in refused.items():
        answer = county.post("/v1/accidents", json=first_report(**given))
        assert [e["pointer"] for e in answer.json()["errors"]] == [pointer], answer.text
    tied = done(correct(county, filed, unit_id=tree.enterprise("150622101", 1).id))
    assert tied["unit"]["id"] == tree.enterprise("150622101", 1).id and tied["sector"] == "coal"


def test_when_it_was_passed_up_is_put_right_and_what_was_said_before_stays(county):
    filed = file(county)
    wrong = done(pass_up(county, filed, sent_at=ago(minutes=1)))
    sent = path(filed, f"/transmissions/{wrong['transmissions'][0]['id']}")
    corrected = county.post(f"{sent}/corrections", if_match="2", json={"sent_at": ago(minutes=9), "reason": "值班记录有误"})
    assert corrected.status_code == 201 and corrected.headers["Location"] == county.url + sent
    shown = county.get(sent).json()
    (was,) = shown["corrections"]
    assert shown["sent_at"] == was["sent_at"] == corrected.json()["transmissions"][0]["sent_at"]
    assert was["was_sent_at"] == wrong["transmissions"][0]["sent_at"] and was["reason"] == "值班记录有误"
    (event,) = [e for e in county.get(path(filed, "/timeline")).json()["events"] if e["event"] == "sending_corrected"]
    assert event["about"]["was_sent_at"] == was["was_sent_at"] and event["level"] == "county"


def test_an_accident_names_who_else_had_part_in_it_and_where_else_it_was(county):
    contractor = tree.enterprise("150622101", 2)
    given = {"involved": [{"role": "contractor", "unit_id": contractor.id}, {"role": "landlord", "unit_name": "某村委会"}],
             "more_places": [{"region_code": "150621100", "place": "下游河道"}], "socially_major": True}
    filed = file(county, **given)
    assert filed["involved"] == [{"role": "contractor", "unit_id": contractor.id, "unit_name": contractor.name},
                                 {"role": "landlord", "unit_name": "某村委会"}]
    assert filed["more_places"] == given["more_places"] and filed["socially_major"] is True
    wrong = correct(county, filed, involved=[{"role": "zone", "unit_id": tree.unit_id("none")}],
                    more_places=[{"region_code": "159999", "place": "某处"}])
    assert {(e["pointer"], e["code"]) for e in wrong.json()["errors"]} == {
        ("/involved/0/unit_id", "unknown-reference"), ("/more_places/0/region_code", "unknown-reference")}
    right = done(correct(county, filed, involved=[{"role": "client", "unit_name": "某建设单位"}], socially_major=False))
    assert [i["role"] for i in right["involved"]] == ["client"] and right["socially_major"] is False


def test_a_unit_does_not_correct(mine):
    assert correct(mine, file(mine), place="x").status_code == 403


# ---------------------------------------------------------------- passing up, acknowledging, telling

def test_level_by_level_to_the_province_with_a_receipt_each(county, city, province):
    filed = file(county, figures={"deaths": 3})
    passed = done(pass_up(county, filed, notified=["government"]))
    assert county.get(path(filed)).json()["levels"][1]["received_at"] == passed["transmissions"][0]["sent_at"]
    sent = path(filed, f"/transmissions/{passed['transmissions'][0]['id']}")
    assert county.post(f"{sent}/receipt", if_match="2", json={}).status_code == 403, "not by the sender"
    taken = done(city.post(f"{sent}/receipt", if_match="2", json={"notified": ["trade_union"], "note": "收到"}), 200)
    assert told(taken, "city") == {"trade_union"} and told(taken, "county") == {"government"}
    receipt = city.get(sent).json()
    assert (receipt["received_by"], receipt["received_level"], receipt["receipt_note"]) == ("city-3", "city", "收到")
    again = city.post(f"{sent}/receipt", if_match="3", json={})
    assert (again.status_code, again.json()["code"]) == (409, "state-conflict")
    up = done(pass_up(city, taken, "province", "system"))
    assert clocks(up, "pass_up", from_level="city")[0]["state"] == "met"
    sent = path(filed, f"/transmissions/{up['transmissions'][1]['id']}")
    assert province.post(f"{sent}/receipt", if_match="4", json={"notified": ["procuratorate"]}).status_code == 200


def test_a_level_may_be_passed_over_and_is_still_owed_the_report(county):
    filed = file(county, figures={"deaths": 3})
    up = done(pass_up(county, filed, "province", sent_at=ago(minutes=1)))
    assert {(c["to_level"], c["state"]) for c in up["clocks"] if c.get("from_level") == "county"} == {
        ("province", "met"), ("city", "running")}
    told = done(pass_up(county, up, "city"))
    assert {c["state"] for c in told["clocks"] if c.get("from_level") == "county"} == {"met"}
    refused = pass_up(county, {**filed, "version": 3}, "city")
    assert refused.status_code == 409 and "nation" in refused.json()["allowed"]


@pytest.mark.parametrize("given,pointer", [({"channel": "system", "sent_at": ago(minutes=1)}, "/sent_at"),
                                           ({"sent_at": ago(hours=-1)}, "/sent_at"), ({"sent_at": ago(days=9)}, "/sent_at"),
                                           ({"notified": ["coal_regulator", "state_council"]}, "/notified/1"),
                                           ({"to_level": "town"}, "/to_level"), ({"channel": "fax"}, "/channel")])
def test_passing_up_what_cannot_be_is_422(county, given, pointer):
    filed = file(county)
    answer = county.post(path(filed, "/transmissions"), if_match="1", json={"to_level": "city", "channel": "phone", **given})
    assert answer.status_code == 422 and [e["pointer"] for e in answer.json()["errors"]] == [pointer]
    assert county.get(path(filed)).json()["transmissions"] == []


def test_whom_one_told_is_recorded_once_with_how_and_when(county):
    filed = file(county, notified=["government", "mine_safety_agency"])
    assert told(filed, "county") == {"government"} and told(filed, "unit") == {"mine_safety_agency"}
    first = done(county.post(path(filed, "/notices"), if_match="1", json={
        "notified": ["government", "procuratorate"], "channel": "text", "told_at": ago(minutes=3)}), 200)
    by_name = {r["recipient"]: r for r in first["recipients"] if r["level"] == "county"}
    assert by_name["procuratorate"]["channel"] == "text" and by_name["government"]["channel"] == "system"
    assert county.post(path(filed, "/notices"), if_match="2", json={"notified": []}).status_code == 422
    unknown = county.post(path(filed, "/notices"), if_match="2", json={"notified": ["public_security", "state_council"]})
    assert unknown.status_code == 422 and unknown.json()["errors"][0]["pointer"] == "/notified/1"


# ---------------------------------------------------------------- versions

@pytest.mark.parametrize("tag,status", [('"7"', 412), ('"0"', 412), ('W/"1"', 412), ('"x"', 412), ("*", 201), ("1", 400),
                                        ('"1", "2"', 201), ('"2", W/"1"', 412), ('"1-br"', 412), ('"1" "2"', 400), ('"', 400), ("", 400), ('"1"', 201), ('"1-gzip"', 201)])
def test_only_the_current_version_is_changed(county, tag, status):
    filed = file(county)
    answer = county.post(path(filed, "/transmissions"), json={"to_level": "city", "channel": "phone"},
                         headers={"If-Match": tag})
    assert answer.status_code == status, answer.text
    if status == 412:
        assert answer.headers["ETag"] == '"1"' and answer.json()["code"] == "precondition-failed"
        assert "W/" in answer.json()["detail"], "it says what to do"
    assert county.get(path(filed)).json()["version"] == (2 if status == 201 else 1)


@pytest.mark.parametrize("rest,body", [("/transmissions", {"to_level": "city", "channel": "phone"}),
                                       ("/reports/1/corrections", {"reason": "x", "place": "y"}),
                                       ("/notices", {"notified": ["government"]})])
def test_without_a_version_it_is_428(county, rest, body):
    answer = county.post(path(file(county), rest), json=body)
    assert (answer.status_code, answer.json()["code"]) == (428, "precondition-required")


def test_the_tag_as_it_was_read_is_good_although_a_clock_ran_out(county):
    filed = file(county, **LONG_AGO)
    tag = county.get(path(filed)).headers["ETag"]
    assert tag.startswith('"1.2.'), "two clocks ran out"
    done(county.post(path(filed, "/transmissions"), json={"to_level": "city", "channel": "phone"}, headers={"If-Match": tag}))


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_an_accident_is_neither_replaced_nor_deleted(county, method):
    filed = file(county)
    assert county.request(method, path(filed), json={}, if_match="1").status_code == 405
    assert county.get(path(filed)).json() == filed


# ---------------------------------------------------------------- on whose behalf

def test_who_acts_for_another_is_named_with_the_other(client):
    deputy = client("county_officer", region="150622", sub="head", act={"sub": "deputy"})
    filed = file(deputy, notified=["government"])
    done(pass_up(deputy, filed))
    report = deputy.get(path(filed, "/reports/1")).json()
    assert (report["actor"], report["on_behalf_of"]) == ("deputy", "head")
    events = deputy.get(path(filed, "/timeline")).json()["events"]
    acts = [e for e in events if e["event"] in ("filed", "graded", "told", "passed_up")]
    assert len(acts) == 4 and {(e["actor"], e["on_behalf_of"]) for e in acts} == {("deputy", "head")}
    sent = deputy.get(path(filed)).json()["transmissions"][0]["id"]
    assert deputy.get(path(filed, f"/transmissions/{sent}")).json()["on_behalf_of"] == "head"
