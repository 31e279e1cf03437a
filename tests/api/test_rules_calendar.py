"""Notices about working days, as administrators enter them."""
import pytest

from harness.hazards import faults

NOTICES, DAYS = "/v1/calendar-notices", "/v1/working-days"


@pytest.fixture(scope="module")
def administrator(make_database, cluster, make_service, client):
    service = make_service(make_database(cluster))
    who = client("administrator", region="1506", to=service)
    who.reader = client(scopes=["cases:read", "rules:read"], region="150622", to=service)
    return who


def notice(code: str, *days: tuple, **given) -> dict:
    return {"code": code, "of_year": 2027, "title": "关于节假日安排的通知", "issued_on": "2026-11-05", "covers_year": False,
            "reason": "录入通知", "days": [{"day": day, "is_working": works, "title_zh": "放假", "title_en": "Off"}
                                           for day, works in days], **given}


def told(administrator, day: str) -> tuple[dict, dict]:
    answer = administrator.reader.get(f"{DAYS}?from={day}&until={day}").json()
    return answer["days"][0], answer["years"][0]


def test_a_notice_for_a_year_is_entered_listed_and_counts(administrator):
    assert told(administrator, "2027-01-04")[1]["calendar"] == "weekdays"
    entry = notice("SCGO-2026-9", ("2027-01-04", False), ("2027-01-09", True), covers_year=True, number="国办发明电〔2026〕9号")
    made = administrator.post(NOTICES, json=entry, key="notice-2027")
    assert made.status_code == 201 and made.headers["Location"].endswith(f"{NOTICES}?code=SCGO-2026-9")
    assert made.json()["origin"] == "administrator" and all(d["counts"] for d in made.json()["days"])
    assert administrator.post(NOTICES, json=entry, key="notice-2027").headers["Idempotency-Replayed"] == "true"
    day, year = told(administrator, "2027-01-04")
    assert not day["is_working"] and (year["calendar"], year["confidence"]) == ("announced", "found")
    assert year["notices"][0]["number"] == "国办发明电〔2026〕9号"
    assert told(administrator, "2027-01-09")[0]["is_working"]
    assert administrator.reader.items(f"{NOTICES}?year=2027") == [made.json()]


def test_a_single_day_of_a_later_notice_counts_and_the_earlier_one_is_kept(administrator):
    first = notice("TEST-1", ("2028-05-02", False), of_year=2028)
    later = notice("TEST-2", ("2028-05-02", True), of_year=2028, issued_on="2026-11-20")
    for entry in (later, first):  # entered in the other order: the day of issue decides
        assert administrator.post(NOTICES, json=entry).status_code == 201
    day, year = told(administrator, "2028-05-02")
    assert day["is_working"] and not day["changed_from"][0]["is_working"] and year["calendar"] == "partly"
    assert [n["days"][0]["counts"] for n in administrator.reader.items(f"{NOTICES}?year=2028")] == [False, True]


def test_a_notice_that_is_only_tried_changes_nothing(administrator):
    tried = administrator.post(NOTICES, json=notice("TEST-3", ("2029-05-02", False), of_year=2029), headers={"Prefer": "dry-run"})
    assert tried.status_code == 200 and told(administrator, "2029-05-02")[0]["is_working"]


def test_what_is_wrong_with_a_notice_is_said_all_at_once(administrator):
    wrong = notice("SCGO-2025-7", ("2027-05-02", False), ("2027-05-02", True), ("2031-01-01", False), issued_on="2099-01-01")
    assert faults(administrator.post(NOTICES, json=wrong)) == {
        ("/code", "exists"), ("/issued_on", "in-future"), ("/days/0/day", "repeated"), ("/days/2/day", "of-other-year")}
    assert administrator.reader.post(NOTICES, json=notice("TEST-4", ("2027-05-02", False))).status_code == 403
