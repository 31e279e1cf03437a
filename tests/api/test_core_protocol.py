"""How the API behaves towards any client, shown on the units: routes, methods, negotiation, caching, pages, CORS."""
import gzip
import json
import re
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from harness import tree
from harness.accidents import first_report

UNITS = "/v1/units"
REGIONS = "/v1/regions"  # only read


@pytest.fixture(scope="module")
def officer(client):
    return client("county_officer", region="150622")


# ---------------------------------------------------------------- routes and methods

@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/units/", "//v1/units", "/v1//units", "/v1/./units",
                                  "/v1/regions/../units", "/v1/units/%2e%2e", "/V1/units", "/v1/units%2Fx"])
def test_an_unknown_path_is_404_and_nothing_is_normalised(raw_http, path):
    answer = raw_http(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert answer.status in (404, 401) and (answer.status == 404 or path == "/v1/units/%2e%2e")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method,status", [("DELETE", 405), ("PUT", 405), ("POST", 405), ("TRACE", 405),
                                           ("FOO", 501), ("get", 501)])
def test_a_method_that_the_path_does_not_take(raw_http, method, status):
    answer = raw_http(f"{method} {REGIONS} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".encode())
    assert answer.status == status
    if status == 405 and method != "TRACE":
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_options_names_the_methods_without_a_token(client):
    answer = client().options(REGIONS)
    assert answer.status_code == 204 and answer.headers["Allow"] == "GET, HEAD, OPTIONS" and not answer.content


def test_head_has_the_headers_of_get_and_no_body(officer):
    got, head = officer.get(UNITS), officer.head(UNITS)
    assert head.status_code == got.status_code == 200 and head.content == b""
    for name in ("Content-Type", "Content-Length", "Cache-Control", "Vary"):
        assert head.headers.get(name) == got.headers.get(name), name


# ---------------------------------------------------------------- negotiation

@pytest.mark.parametrize("accept,status", [("*/*", 200), ("application/*;q=0.5", 200), ("text/html", 406),
                                           ("application/json;q=0", 406), ("text/html, */*;q=0.1", 200)])
def test_accept_decides_whether_json_may_be_sent(officer, accept, status):
    assert officer.get(UNITS, headers={"Accept": accept}).status_code == status


def test_problems_speak_the_language_asked_for(client):
    chinese, english = client(language="zh-CN").get(UNITS), client(language="en").get(UNITS)
    assert chinese.headers["Content-Language"] == "zh-CN" and "令牌" in chinese.json()["title"]
    assert english.headers["Content-Language"] == "en" and "token" in english.json()["title"]
    assert chinese.json()["code"] == english.json()["code"] == "unauthenticated"


def test_large_answers_are_compressed_when_asked_and_small_ones_not(officer):
    large = officer.get("/openapi.json", headers={"Accept-Encoding": "gzip"}, stream=True)
    raw = large.raw.read(decode_content=False)
    assert large.headers["Content-Encoding"] == "gzip" and json.loads(gzip.decompress(raw))["openapi"] == "3.1.0"
    plain = officer.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers and plain.headers["ETag"] != large.headers["ETag"]
    assert "Content-Encoding" not in officer.get("/healthz", headers={"Accept-Encoding": "gzip"}).headers


def head_of(token, *lines: str) -> str:
    return "".join(f"{line}\r\n" for line in ("Host: anze.example:8080", "Connection: close", f"Authorization: Bearer {token}", *lines))


def test_the_lines_of_a_list_field_are_one_list(raw_http, token, database):
    mine = token("county_officer", region="150622")
    body = json.dumps(first_report()).encode()
    count = "select count(*) from anze.accident"
    before = database.value(count)
    filed = raw_http(f"POST /v1/accidents HTTP/1.1\r\n".encode() + head_of(
        mine, "Prefer: handling=lenient", "Prefer: dry-run", "Idempotency-Key: k-lines", "Content-Type: application/json",
        f"Content-Length: {len(body)}").encode() + b"\r\n" + body)
    assert filed.status == 200 and filed.headers["preference-applied"] == "handling=lenient, dry-run"
    assert database.value(count) == before, "a dry run is one on whichever line it is asked for"

    def read(target: str, *lines: str):
        return raw_http(f"GET {target} HTTP/1.1\r\n{head_of(mine, *lines)}\r\n".encode())

    tag = read("/openapi.json").headers["etag"]
    assert read(UNITS, "Accept: text/html", "Accept: application/json").status == 200
    assert read("/v1/nothing", "Accept-Language: zh;q=0.5", "Accept-Language: en").headers["content-language"] == "en"
    assert read("/openapi.json", "Accept-Encoding: br", "accept-encoding: gzip").headers["content-encoding"] == "gzip"
    assert read("/openapi.json", 'If-None-Match: "other"', f"If-None-Match: {tag}").status == 304


@pytest.mark.parametrize("name", ["Authorization", "Content-Digest", "Content-Encoding", "Content-Type", "Expect", "Host",
                                  "Idempotency-Key", "If-Range", "Origin", "Range", "traceparent", "X-Request-Id"])
def test_the_lines_of_a_single_field_are_refused(raw_http, name):
    answer = raw_http(f"GET {REGIONS} HTTP/1.1\r\nHost: a\r\n{name}: a\r\n{name.lower()}: a\r\n\r\n".encode())
    assert answer.status == 400 and "repeated" in answer.data.decode() or "不得重复" in answer.data.decode()


@pytest.mark.parametrize("host,status", [
    ("anze.example", 200), ("anze.example:8080", 200), ("127.0.0.1:80", 200), ("[::1]:8080", 200), ("[2001:db8::1]", 200),
    ("a>; rel=next, <http://evil", 400), ("a b", 400), ("a,b", 400), ('a"', 400), ("a/b", 400), ("user@a", 400), ("a:80:80", 400),
    ("[::1", 400), ("a:x", 400), ("a<", 400), ("安责.example", 400)])
def test_host_is_a_name_or_an_address(raw_http, token, host, status):
    head = head_of(token("county_officer", region="150622")).replace("anze.example:8080", host)
    answer = raw_http(f"GET {UNITS}?limit=1 HTTP/1.1\r\n{head}\r\n".encode())
    assert answer.status == status, answer.data[:300]
    if status == 200:
        assert answer.headers["link"].startswith(f"<http://{host}/v1/units?limit=1&cursor=")


def test_a_query_cannot_add_links(raw_http, token):
    head = head_of(token("county_officer", region="150622"), "Prefer: handling=lenient")
    answer = raw_http(f'GET {UNITS}?limit=1&x=>;rel="y",<http://evil HTTP/1.1\r\n{head}\r\n'.encode())
    assert answer.status == 400 or "x=%3E;rel=%22y%22,%3Chttp://evil&cursor=" in answer.headers["link"]


# ---------------------------------------------------------------- caching

def test_last_modified_is_the_moment_in_greenwich(client):
    reader = client("county_officer", region="150622")
    accident = reader.post("/v1/accidents", json=first_report()).json()["id"]
    for target in (f"/v1/accidents/{accident}", f"/v1/accidents/{accident}/reports/1",
                   f"{UNITS}/{tree.enterprise('150622101', 1).id}"):
        answer = reader.get(target)
        modified = parsedate_to_datetime(answer.headers["Last-Modified"])
        behind = parsedate_to_datetime(answer.headers["Date"]) - modified
        assert timedelta(seconds=-2) <= behind < timedelta(hours=2), target


def test_a_resource_has_a_strong_tag_and_is_not_sent_again(officer):
    unit = tree.enterprise("150622101", 1)
    first = officer.get(f"{UNITS}/{unit.id}")
    tag = first.headers["ETag"]
    assert re.fullmatch(r'"[^"]+"', tag) and first.headers["Cache-Control"] == "private, no-cache"
    for value in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = officer.get(f"{UNITS}/{unit.id}", headers={"If-None-Match": value})
        assert again.status_code == 304 and again.content == b"" and again.headers["ETag"] == tag, value
    assert officer.get(f"{UNITS}/{unit.id}", headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_tag_of_a_compressed_answer_is_known_again(officer):
    tag = officer.get("/openapi.json", headers={"Accept-Encoding": "gzip"}).headers["ETag"]
    assert tag.endswith('-gzip"')
    assert officer.get("/openapi.json", headers={"If-None-Match": tag}).status_code == 304
    for coding in ("gzip", "identity"):
        whole = officer.get("/openapi.json", headers={"Accept-Encoding": coding})
        unchanged = officer.get("/openapi.json", headers={"Accept-Encoding": coding, "If-None-Match": tag})
        assert unchanged.status_code == 304 and unchanged.headers["ETag"] == whole.headers["ETag"], coding


# ---------------------------------------------------------------- lists

def test_a_list_is_walked_page_by_page_without_gap_or_repetition(client):
    city = client("city_officer", region="1506")
    whole = [unit["id"] for unit in city.items(f"{UNITS}?limit=200")]
    paged = [unit["id"] for unit in city.items(f"{UNITS}?limit=7")]
    assert paged == whole and len(set(whole)) == len(whole) > 14


def test_the_next_page_stands_in_body_and_link(officer):
    answer = officer.get(f"{UNITS}?limit=2&kind=enterprise")
    page = answer.json()["page"]
    assert page["limit"] == 2 and len(answer.json()["items"]) == 2
    link = re.fullmatch(r'<http://[^/]+(/.*)>; rel="next"', answer.headers["Link"])
    assert link and page["next"] in link[1] and "kind=enterprise" in link[1]
    assert officer.get(link[1]).json()["items"][0]["id"] not in [u["id"] for u in answer.json()["items"]]


@pytest.mark.parametrize("limit", ["0", "-1", "201", "1e3", "%D9%A3", "10%20", "%2B10", "0x10", ""])
def test_a_limit_out_of_the_contract_is_400(officer, limit):
    answer = officer.get(f"{UNITS}?limit={limit}")
    assert answer.status_code == 400 and answer.json()["errors"][0]["pointer"] == "limit"


def test_a_cursor_belongs_to_its_caller_filters_and_order(client, officer):
    cursor = officer.get(f"{UNITS}?limit=2").json()["page"]["next"]
    flipped = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    for target in (f"{UNITS}?limit=2&cursor={flipped}", f"{UNITS}?limit=2&cursor={cursor[:-4]}",
                   f"{UNITS}?limit=2&cursor=abc", f"{UNITS}?limit=2&kind=enterprise&cursor={cursor}"):
        answer = officer.get(target)
        assert answer.status_code == 400 and answer.json()["code"] == "invalid-cursor", target
    other = client("county_officer", region="150621").get(f"{UNITS}?cursor={cursor}")
    assert other.status_code == 400
    assert officer.get(f"{UNITS}?limit=5&cursor={cursor}").status_code == 200, "the limit may change on the way"


@pytest.mark.parametrize("query,name", [("?nonsense=1", "nonsense"), ("?limit=1&limit=2", "limit"),
                                        ("?unit_id=x", "unit_id"), ("?kind=ENTERPRISE", "kind")])
def test_query_parameters_are_known_single_and_valid(officer, query, name):
    answer = officer.get(UNITS + query)
    assert answer.status_code == 400 and name in [e["pointer"] for e in answer.json()["errors"]]


def test_unknown_query_parameters_are_passed_over_when_leniency_is_asked(officer):
    answer = officer.get(f"{UNITS}?nonsense=1", headers={"Prefer": "handling=lenient"})
    assert answer.status_code == 200 and answer.headers["Preference-Applied"] == "handling=lenient"


@pytest.mark.parametrize("target", [f"{UNITS}?name=%zz", f"{UNITS}?name=%00a", f"{UNITS}?name=%ff", f"{UNITS}/%00",
                                    f"{UNITS}/%ff", f"{UNITS}?name=%c0%af"])
def test_escapes_that_hide_something_are_400(raw_http, officer, target):
    answer = raw_http(f"GET {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {officer.token}\r\n\r\n".encode())
    assert answer.status == 400


@pytest.mark.parametrize("unit", ["abc", "-1", "0", "9223372036854775808", "{" + tree.enterprise("150622101", 1).id + "}",
                                  tree.enterprise("150622101", 1).id.upper(), "00000000-0000-4000-8000-000000000000"])
def test_an_id_of_another_form_or_of_nothing_is_404(officer, unit):
    assert officer.get(f"{UNITS}/{unit}").status_code == 404


def test_a_path_parameter_cannot_be_changed_by_the_query(officer):
    unit = tree.enterprise("150622101", 1)
    assert officer.get(f"{UNITS}/{unit.id}?unit_id=7").status_code == 400


# ---------------------------------------------------------------- identity of requests

def test_request_id_and_trace_are_taken_over_or_made(officer):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = officer.get("/v1/nothing", headers={"X-Request-Id": "abc-1", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert answer.headers["X-Request-Id"] == "abc-1" and answer.json()["trace_id"] == trace
    for bad in ("a b", "x" * 129, "<script>"):
        made = officer.get("/v1/nothing", headers={"X-Request-Id": bad, "traceparent": "00-zz"}).headers["X-Request-Id"]
        assert re.fullmatch(r"[0-9a-f]{32}", made)


def test_security_headers_are_on_good_and_bad_answers(officer):
    for answer in (officer.get(UNITS), officer.get("/v1/nothing")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in answer.headers


# ---------------------------------------------------------------- CORS and limits, by configuration

@pytest.fixture(scope="module")
def strict_service(database, make_service):
    return make_service(database, ANZE_CORS_ORIGINS="https://desk.example.cn https://map.example.cn", ANZE_RATE_LIMIT="5",
                        ANZE_RATE_WINDOW_S="60", ANZE_HSTS="true")


def test_only_listed_origins_are_let_in(client, strict_service):
    caller = client(to=strict_service)
    preflight = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    good = caller.options(UNITS, headers={"Origin": "https://map.example.cn", **preflight})
    assert good.headers["Access-Control-Allow-Origin"] == "https://map.example.cn"
    assert "Authorization" in good.headers["Access-Control-Allow-Headers"]
    for origin in ("https://evil.example", "null", "https://desk.example.cn.evil.example", "https://desk.example"):
        assert "Access-Control-Allow-Origin" not in caller.options(UNITS, headers={"Origin": origin, **preflight}).headers
    assert "Strict-Transport-Security" in good.headers


def test_a_caller_over_the_limit_is_429_and_others_are_not(client, strict_service):
    greedy = client("county_officer", region="150622", to=strict_service, sub="greedy")
    answers = [greedy.get(UNITS) for _ in range(6)]
    assert [a.status_code for a in answers] == [200] * 5 + [429]
    assert answers[0].headers["RateLimit-Policy"] == '"default";q=5;w=60'
    assert answers[4].headers["RateLimit"].startswith('"default";r=0;t=')
    assert 1 <= int(answers[5].headers["Retry-After"]) <= 60
    assert client("county_officer", region="150622", to=strict_service, sub="modest").get(UNITS).status_code == 200


PUBLIC = "/v1/public/listed-cases"


@pytest.fixture(scope="module")
def limited_service(database, make_service):
    return make_service(database, ANZE_RATE_LIMIT="3", ANZE_TRUSTED_PROXIES="127.0.0.1 192.0.2.0/24")


def from_address(address: str) -> dict:
    return {"headers": {"X-Forwarded-For": address}}


def test_whoever_is_not_authenticated_has_the_share_of_his_address(client, limited_service):
    """Without a token, with a bad one and with none that is asked for: all of it counts, and ends in 429."""
    nobody, forger = client(to=limited_service), client(bearer="a.b.c", to=limited_service)
    here = from_address("203.0.113.5")
    answers = [nobody.get(UNITS, **here), forger.get(UNITS, **here), nobody.get(PUBLIC, **here)]
    assert [a.status_code for a in answers] == [401, 401, 200]
    assert answers[0].headers["RateLimit-Policy"] == '"address";q=3;w=60'
    assert [a.headers["RateLimit"].split(";")[1] for a in answers] == ["r=2", "r=1", "r=0"]
    for answer in (nobody.get(UNITS, **here), forger.post("/v1/accidents", json={}, **here), nobody.get(PUBLIC, **here),
                   nobody.get("/openapi.json", **here), nobody.get(PUBLIC, **from_address("198.51.100.1, 203.0.113.5"))):
        assert (answer.status_code, answer.json()["code"]) == (429, "too-many-requests")
        assert 1 <= int(answer.headers["Retry-After"]) <= 60 and answer.headers["RateLimit"].startswith('"address";r=0;')
    assert nobody.get(PUBLIC, **from_address("203.0.113.6")).status_code == 200, "another address"
    assert nobody.get(PUBLIC, **from_address("203.0.113.5, 198.51.100.1")).status_code == 200, "named by himself"


def test_a_good_token_is_never_refused_for_others_at_its_address(client, limited_service):
    here = from_address("203.0.113.7")
    assert [client(bearer="a.b.c", to=limited_service).get(UNITS, **here).status_code for _ in range(5)] == [401] * 3 + [429] * 2
    honest = client("county_officer", region="150622", to=limited_service, sub="honest")
    answers = [honest.get(UNITS, **here) for _ in range(3)]
    assert [a.status_code for a in answers] == [200] * 3
    assert answers[2].headers["RateLimit"].startswith('"default";r=0;'), "his own share, and nothing of the address's"
    assert client(to=limited_service).get(PUBLIC, **from_address("203.0.113.8")).headers["RateLimit"].startswith('"address";r=2;')


def test_health_and_who_is_not_known_are_not_limited_by_address(client, limited_service):
    nobody, here = client(to=limited_service), from_address("203.0.113.9")
    for _ in range(5):
        for path in ("/healthz", "/readyz"):
            answer = nobody.get(path, **here)
            assert answer.status_code == 200 and "RateLimit" not in answer.headers
        assert nobody.get(PUBLIC).status_code == 200, "the proxy itself: all behind it would share one"
    assert nobody.get(PUBLIC, **here).headers["RateLimit"].startswith('"address";r=2;')


def test_strangers_behind_a_proxy_that_nobody_named_share_nothing(client, strict_service):
    nobody = client(to=strict_service)
    greedy = [nobody.get(PUBLIC, **from_address("203.0.113.5")).status_code for _ in range(6)]
    assert greedy == [200] * 5 + [429]
    assert nobody.get(PUBLIC, **from_address("203.0.113.6")).status_code == 200
    assert nobody.get(PUBLIC).status_code == 200
