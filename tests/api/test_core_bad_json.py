"""What is no JSON, and what is JSON and breaks the contract: refused whole, by name, with every fault at once."""
import json
import re

import pytest

from harness import tree
from harness.accidents import ago, first_report
from harness.credit_code import credit_code

PATH = "/v1/accidents"
JSON = {"Content-Type": "application/json"}
CODE = credit_code(1)
WRONG_CODE = "369999190002300738"


@pytest.fixture(scope="module")
def officer(client):
    return client("county_officer", region="150622")


@pytest.fixture(autouse=True)
def nothing_is_kept(database):
    """Every body of this file is refused but those that `kept` counts."""
    count = "select count(*) from anze.accident"
    before, allowed = database.value(count), []
    yield allowed
    assert database.value(count) == before + len(allowed)


def send(officer, body: bytes, **headers):
    return officer.post(PATH, data=body, headers={**JSON, **headers})


def refused(answer) -> dict[str, str]:
    """pointer -> rule of a 422"""
    assert answer.status_code == 422, answer.text
    return {error["pointer"]: error["code"] for error in answer.json()["errors"]}


# ---------------------------------------------------------------- what is no JSON

@pytest.mark.parametrize("name,body", [
    ("empty", b""), ("blank", b"  \r\n\t"), ("byte order mark", b"\xef\xbb\xbf{}"), ("UTF-16", '{"a":1}'.encode("utf-16")),
    ("GBK", '{"place":"东胜区"}'.encode("gbk")), ("cut short", b'{"place":"a'), ("cut before its end", b'{"place":"a"'),
    ("text behind", b'{} x'), ("NUL behind", b'{}\x00'), ("two documents", b'{}{}'), ("a comment", b'{/* */}'),
    ("single quotes", b"{'a':1}"), ("NaN", b'{"lon":NaN}'), ("Infinity", b'{"lon":Infinity}'), ("+1", b'{"lon":+1}'),
    ("01", b'{"lon":01}'), (".5", b'{"lon":.5}'), ("1.", b'{"lon":1.}'), ("comma behind", b'{"a":1,}'),
    ("an array", b'[]'), ("a string", b'"a"'), ("a number", b'123'), ("null", b'null'),
    ("a key twice", b'{"place":"a","place":"b"}'), ("a key twice, once escaped", b'{"place":"a","\\u0070lace":"b"}'),
    ("a key twice within", b'{"figures":{"deaths":1,"deaths":2}}'),
    ("U+0000 in a value", b'{"place":"a\\u0000b"}'), ("U+0000 in a key", b'{"a\\u0000b":1}'),
    ("a raw NUL", b'{"place":"a\x00b"}'), ("a lone high surrogate", b'{"place":"\\ud800"}'),
    ("a lone low surrogate", b'{"place":"\\udc00"}'), ("surrogates the wrong way round", b'{"place":"\\udc00\\ud800"}'),
    ("overlong", b'{"place":"\xc0\xaf"}'), ("a surrogate in UTF-8", b'{"place":"\xed\xa0\x80"}'),
    ("beyond U+10FFFF", b'{"place":"\xf4\x90\x80\x80"}'), ("a raw line feed", b'{"place":"a\nb"}'),
    ("a raw tab", b'{"place":"a\tb"}'), ("2^63", b'{"lon":9223372036854775808}'),
    ("-2^63-1", b'{"lon":-9223372036854775809}'), ("1e400", b'{"lon":1e400}'),
    ("a number of 1000 digits", b'{"lon":' + b"1" * 1000 + b'}'),
    ("depth 33", b'{"a":' * 32 + b"[]" + b"}" * 32), ("depth 2049", b'{"a":' * 2049 + b"1" + b"}" * 2049),
    ("depth 100000", b'{"a":' + b"[" * 100000), ("50000 keys", b'{' + b",".join(b'"k%d":1' % i for i in range(50000)) + b'}'),
])
def test_what_is_no_json_is_400(officer, name, body):
    answer = send(officer, body)
    assert answer.status_code == 400, answer.text
    assert not re.search(r"jansson|libpq|\.c\b|東|near '", answer.text, re.IGNORECASE), "no library speaks"


def test_the_answer_to_no_json_says_where_in_both_languages(client):
    for language, word in (("en", "line|byte|position|offset"), ("zh", "行|字节|位置")):
        answer = send(client("county_officer", region="150622", language=language), b'{"place": "a" "b"}')
        assert answer.status_code == 400 and re.search(word, answer.text), answer.text


@pytest.mark.parametrize("media", ["text/plain", "application/jsonx", "text/plain;x=application/json", "application/xml",
                                   "application/json; charset=gbk", "application/json; charset=utf-16",
                                   "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                                   "application/merge-patch+json"])
def test_another_media_type_is_415_and_json_is_named(officer, media):
    answer = send(officer, b"{}", **{"Content-Type": media})
    assert answer.status_code == 415 and "application/json" in answer.headers["Accept"]


def test_a_body_without_a_media_type_is_415(raw_http, officer):
    answer = raw_http((f"POST {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {officer.token}\r\n"
                       "Idempotency-Key: no-type\r\nContent-Length: 2\r\n\r\n{}").encode())
    assert answer.status == 415


def test_a_coded_body_is_415(officer):
    answer = send(officer, b"{}", **{"Content-Encoding": "gzip"})
    assert answer.status_code == 415 and "Accept-Encoding" in answer.headers


@pytest.mark.parametrize("media", ["application/json; charset=UTF-8", "APPLICATION/JSON", 'application/json;charset="utf-8"'])
def test_utf_8_may_be_named_and_case_does_not_matter(officer, media):
    assert send(officer, b"{}", **{"Content-Type": media}).status_code == 422


def test_who_has_no_token_is_not_told_what_is_wrong_with_the_body(client):
    assert client().post(PATH, data=b"{", headers=JSON).status_code == 401


# ---------------------------------------------------------------- one fault each

@pytest.mark.parametrize("pointer,rule,change", [
    ("/occurred_at", "format", {"occurred_at": "2026-02-30T08:00:00+08:00"}),
    ("/occurred_at", "format", {"occurred_at": "2026-13-01T08:00:00+08:00"}),
    ("/occurred_at", "format", {"occurred_at": "2026-03-01"}),
    ("/occurred_at", "format", {"occurred_at": "2026-03-01T08:00:00"}),
    ("/occurred_at", "format", {"occurred_at": "2026-03-01 08:00:00+08"}),
    ("/occurred_at", "format", {"occurred_at": "2026-03-01T08:00:00+99:00"}),
    ("/occurred_at", "format", {"occurred_at": "2026-03-01T24:00:00+08:00"}),
    ("/occurred_at", "format", {"occurred_at": "infinity"}),
    ("/occurred_at", "format", {"occurred_at": "now"}),
    ("/occurred_at", "format", {"occurred_at": "10000-01-01T00:00:00Z"}),
    ("/occurred_at", None, {"occurred_at": "2026-06-30T23:59:60Z"}),
    ("/occurred_at", None, {"occurred_at": "2026-06-30T23:59:59.1234567890Z"}),
    ("/occurred_at", "in-future", {"occurred_at": ago(minutes=-60), "learned_at": ago(minutes=-61)}),
    ("/learned_at", "in-future", {"learned_at": ago(minutes=-60)}),
    ("/learned_at", "before-occurred-at", {"learned_at": ago(days=1)}),
    ("/occurred_at", "no-rule-in-force", {"occurred_at": "2007-05-31T23:59:59+08:00"}),
    ("/received_at", "before-occurred-at", {"received_at": ago(days=1)}),
    ("/received_at", "in-future", {"received_at": ago(hours=-1)}),
    ("/figures/deaths", "minimum", {"figures": {"deaths": -1}}),
    ("/figures/deaths", "maximum", {"figures": {"deaths": 10**9}}),
    ("/figures/deaths", "type", {"figures": {"deaths": 1.5}}),
    ("/figures/deaths", "type", {"figures": {"deaths": "1"}}),
    ("/figures/deaths", "type", {"figures": {"deaths": True}}),
    ("/figures", "type", {"figures": []}),
    ("/figures/deads", "unknown-field", {"figures": {"deads": 1}}),
    ("/figures/direct_loss_cny", "pattern", {"figures": {"direct_loss_cny": "1.234"}}),
    ("/figures/direct_loss_cny", "pattern", {"figures": {"direct_loss_cny": "-1"}}),
    ("/figures/direct_loss_cny", "pattern", {"figures": {"direct_loss_cny": "1e3"}}),
    ("/figures/direct_loss_cny", "pattern", {"figures": {"direct_loss_cny": "100000000000000"}}),
    ("/figures/direct_loss_cny", "type", {"figures": {"direct_loss_cny": 12.5}}),
    ("/lat", "maximum", {"lon": 110, "lat": 91}),
    ("/lon", "minimum", {"lon": -181, "lat": 39}),
    ("/lat", "dependentRequired", {"lon": 110}),
    ("/place", "maxLength", {"place": "矿" * 201}),
    ("/place", "minLength", {"place": ""}),
    ("/place", "format", {"place": "a\u202eb"}), ("/place", "format", {"place": "a\u2066b"}),
    ("/place", "format", {"place": "a\u200bb"}), ("/place", "format", {"place": "a\uffffb"}),
    ("/place", "format", {"place": "a\u007fb"}), ("/place", "format", {"place": "a\u0085b"}),
    ("/place", "format", {"place": "a\nb"}), ("/course", "format", {"course": "a\rb"}),
    ("/course", "maxLength", {"course": "a\u0301" * 2001}),
    ("/category", "pattern", {"category": "1"}), ("/category", "pattern", {"category": "12 "}),
    ("/category", "pattern", {"category": "１２"}),
    ("/category", "unknown-reference", {"category": "99"}),
    ("/category_standard", "enum", {"category_standard": "gb 6441-2025"}),
    ("/category_standard", "not-in-force", {"category_standard": "GB/T 6441-1986"}),
    ("/notified/0", "enum", {"notified": ["Government"]}), ("/notified/0", "enum", {"notified": ["government "]}),
    ("/notified/1", "uniqueItems", {"notified": ["government", "government"]}),
    ("/notified/0", "unknown-reference", {"notified": ["state_council"]}),
    ("/endangered/0", "enum", {"endangered": ["none"]}),
    ("/endangered", "type", {"endangered": "other"}),
    ("/reporter_phone", "pattern", {"reporter_phone": "no telephone"}),
    ("/region_code", "unknown-reference", {"region_code": "150699"}),
    ("/region_code", "pattern", {"region_code": "1506"}), ("/region_code", None, {"region_code": "15062210"}),
    ("/sector", "unknown-reference", {"sector": "alchemy"}),
    ("/unit_id", "format", {"unit_id": tree.enterprise("150622101", 1).id.upper()}),
    ("/unit_id", "format", {"unit_id": "7"}),
    ("/unit_credit_code", "format", {"unit_id": None, "unit_credit_code": WRONG_CODE, "unit_name": "示例公司", "sector": "coal"}),
    ("/status", "unknown-field", {"status": "final"}), ("/id", "unknown-field", {"id": "7"}),
    ("/grade", "unknown-field", {"grade": "ordinary"}), ("/version", "unknown-field", {"version": 1}),
    ("/created_by", "unknown-field", {"created_by": "x"}), ("/actor", "unknown-field", {"actor": "x"}),
    ("/role", "unknown-field", {"role": "administrator"}), ("/reported_at", "unknown-field", {"reported_at": ago(days=1)}),
])
def test_one_fault_is_named_where_it_is(officer, pointer, rule, change):
    found = refused(officer.post(PATH, json=first_report(**change)))
    assert pointer in found and found[pointer] == (rule or found[pointer]), found


@pytest.mark.parametrize("member", ["occurred_at", "learned_at", "region_code", "place", "course", "category", "measures"])
def test_each_mandatory_member_of_article_12_is_missed_by_name(officer, member):
    assert refused(officer.post(PATH, json=first_report(**{member: None}))) == {f"/{member}": "required"}
    assert refused(officer.post(PATH, json={**first_report(), member: None})) == {f"/{member}": "type"}


def test_a_count_is_written_without_point_and_exponent(officer):
    body = json.dumps(first_report(figures={})).encode()
    answer = send(officer, body.replace(b'"figures": {}', b'"figures": {"deaths": 1.0, "missing": 1e2}'))
    assert refused(answer) == {"/figures/deaths": "type", "/figures/missing": "type"}


def test_a_city_is_too_large_a_place(client):
    city = client("city_officer", region="1506")
    assert refused(city.post(PATH, json=first_report(region_code="150600"))) == {"/region_code": "county-needed"}


# ---------------------------------------------------------------- many faults together

MANY = {"occurred_at": "2026-02-30T00:00:00Z", "learned_at": None, "category": None, "place": "x" * 201, "role": "admin",
        "figures": {"deaths": -1, "missing": "3", "direct_loss_cny": "1.234", "born": 1}}
MANY_FAULTS = {"/occurred_at": "format", "/learned_at": "required", "/category": "required", "/place": "maxLength",
               "/role": "unknown-field", "/figures/deaths": "minimum", "/figures/missing": "type",
               "/figures/direct_loss_cny": "pattern", "/figures/born": "unknown-field"}


def test_all_faults_of_a_body_come_together_in_a_stable_order(officer):
    first, second = (officer.post(PATH, json=first_report(**MANY)) for _ in range(2))
    assert refused(first) == MANY_FAULTS
    assert first.json()["errors"] == second.json()["errors"]
    assert all(error["in"] == "body" and error["detail"] for error in first.json()["errors"])


def test_the_sentences_are_chinese_or_english_and_the_codes_are_the_same(client):
    english, chinese = (client("county_officer", region="150622", language=language).post(PATH, json=first_report(**MANY))
                        for language in ("en", "zh-CN"))
    assert refused(english) == refused(chinese)
    assert english.headers["Content-Language"] == "en" and chinese.headers["Content-Language"] == "zh-CN"
    for error in english.json()["errors"]:
        assert error["detail"].isascii(), error
    for error in chinese.json()["errors"]:
        assert re.search("[\u4e00-\u9fff]", error["detail"]), error


def test_the_faults_that_only_the_register_knows_come_together_too(client):
    body = first_report(unit_id="00000000-0000-4000-8000-000000000000", region_code="150699", category="99",
                        sector="coal", learned_at=ago(days=1), received_at=ago(days=1))
    expected = {"/unit_id": "unknown-reference", "/region_code": "unknown-reference", "/category": "unknown-reference",
                "/learned_at": "before-occurred-at", "/received_at": "before-occurred-at"}
    for language, pattern in (("en", r"^[ -~]+$"), ("zh", "[\u4e00-\u9fff]")):
        answer = client("county_officer", region="150622", language=language).post(PATH, json=body)
        assert refused(answer) == expected
        assert all(re.search(pattern, error["detail"]) for error in answer.json()["errors"])


def test_the_faults_of_header_and_body_do_not_hide_each_other(officer):
    answer = officer.post(PATH, json=first_report(place=""), key=None)
    places = {(e["in"], e["pointer"]) for e in answer.json()["errors"]}
    assert answer.status_code == 400 and ("header", "Idempotency-Key") in places


def test_at_most_100_faults_are_listed_and_the_rest_is_told(officer):
    answer = officer.post(PATH, json=first_report(**{f"x{i}": 1 for i in range(300)}))
    assert answer.status_code == 422 and len(answer.json()["errors"]) <= 100 and answer.json()["truncated"] is True


def test_a_refusal_does_not_repeat_what_was_sent(officer):
    sent = "ZQXJ9-echo"
    for change in ({"place": sent + "\u202e"}, {"category": sent}, {"occurred_at": sent}, {"reporter_phone": sent}):
        assert sent not in officer.post(PATH, json=first_report(**change)).text


# ---------------------------------------------------------------- references out of reach

def test_a_unit_out_of_sight_is_refused_like_one_that_does_not_exist(officer):
    foreign, nothing = (officer.post(PATH, json=first_report(unit_id=unit, sector="coal"))
                        for unit in (tree.enterprise("150602001", 1).id, "00000000-0000-4000-8000-000000000000"))
    assert refused(foreign) == refused(nothing) == {"/unit_id": "unknown-reference"}
    assert foreign.json()["errors"] == nothing.json()["errors"]


def test_a_place_outside_the_callers_region_is_refused(officer):
    assert refused(officer.post(PATH, json=first_report(region_code="150602001"))) == {"/region_code": "out-of-scope"}


def test_a_sector_outside_the_callers_sectors_is_refused(client):
    coal = client("sector_officer", region="150622", sectors=["coal"])
    found = refused(coal.post(PATH, json=first_report(sector="fire")))
    assert found == {"/region_code": "out-of-scope"}


def test_a_unit_reports_for_itself_alone(client):
    own, other = tree.enterprise("150622101", 1), tree.enterprise("150622101", 2)
    reporter = client("enterprise_reporter", unit=own.id)
    assert refused(reporter.post(PATH, json=first_report(unit_id=other.id, sector="coal"))) == {"/unit_id": "unknown-reference"}
    declared = reporter.post(PATH, json=first_report(unit_id=None, unit_credit_code=other.credit_code, unit_name=other.name,
                                                     sector="coal"))
    assert refused(declared) == {"/unit_credit_code": "not-own-unit"}
    assert refused(reporter.post(PATH, json=first_report(received_at=ago(minutes=10)))) == {"/received_at": "not-for-units"}


@pytest.mark.parametrize("text", ["' or 1=1--", "$1", "\\0", "{}", "%s%n", "'; drop table anze.accident;--", "\"", "<b>&amp;",
                                  ":body::jsonb", "–? x", "𠮷野家"])
def test_what_looks_like_code_is_kept_as_it_is(officer, nothing_is_kept, text):
    filed = officer.post(PATH, json=first_report(place=text, course=text, scene=text, measures=text, reporter_name=text))
    assert filed.status_code == 201, filed.text
    nothing_is_kept.append(1)
    read = officer.get(f"{PATH}/{filed.json()['id']}").json()
    assert [read["place"], read["course"], read["scene"], read["measures"], read["reporter"]["name"]] == [text] * 5
