"""HTTP itself, bent: each message that proxies and servers may read differently is refused, and the next one works."""
import socket
import struct
import time

import pytest

HEAD = "GET /healthz HTTP/1.1\r\n"


@pytest.fixture(autouse=True)
def still_well(service, client):
    yield
    assert client().get("/healthz").status_code == 200, "the service answers the next request on a new connection"


@pytest.mark.parametrize("name,message,statuses", [
    ("garbage", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", (400, 0)),
    ("no Host", b"GET /healthz HTTP/1.1\r\n\r\n", (400,)),
    ("two Host", (HEAD + "Host: a\r\nHost: b\r\n\r\n").encode(), (400,)),
    ("version 1.9", b"GET /healthz HTTP/1.9\r\nHost: a\r\n\r\n", (505,)),
    ("two lengths", (HEAD + "Host: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n").encode(), (400,)),
    ("length and chunks", (HEAD + "Host: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").encode(), (400,)),
    ("odd coding", (HEAD + "Host: a\r\nTransfer-Encoding: xchunked\r\n\r\n").encode(), (400, 0)),
    ("length with sign", (HEAD + "Host: a\r\nContent-Length: +4\r\n\r\nabcd").encode(), (400,)),
    ("list of lengths", (HEAD + "Host: a\r\nContent-Length: 4,4\r\n\r\nabcd").encode(), (400,)),
    ("space before colon", (HEAD + "Host: a\r\nX-A : b\r\n\r\n").encode(), (400,)),
    ("control character", HEAD.encode() + b"Host: a\r\nX-A: a\x01b\r\n\r\n", (400,)),
    ("two credentials", (HEAD + "Host: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n").encode(), (400,)),
    ("unknown expectation", (HEAD + "Host: a\r\nExpect: something\r\n\r\n").encode(), (417,)),
    ("bad chunk size", b"POST /v1/accidents HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", (400, 0)),
    ("many header fields", (HEAD + "Host: a\r\n" + "".join(f"X-{i}: 1\r\n" for i in range(100)) + "\r\n").encode(), (431,)),
    ("huge header block", (HEAD + "Host: a\r\nX-A: " + "a" * 60000 + "\r\n\r\n").encode(), (431, 0)),
    ("long target", ("GET /" + "a" * 5000 + " HTTP/1.1\r\nHost: a\r\n\r\n").encode(), (414,)),
    ("body on GET", (HEAD + "Host: a\r\nContent-Length: 2\r\n\r\n{}").encode(), (400,)),
])
def test_a_bent_message_is_refused(raw_http, name, message, statuses):
    answer = raw_http(message, timeout=5)
    assert answer.status in statuses, answer.data[:300]


def test_what_follows_a_refused_message_on_the_same_connection_is_not_read(raw_http):
    smuggled = (HEAD + "Host: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HEAD + "Host: a\r\n\r\n")
    answer = raw_http(smuggled.encode())
    assert answer.status == 400 and answer.data.count(b"HTTP/1.1 ") == 1


def test_a_client_that_resets_during_the_answer_cannot_choose_a_format(service):
    for _ in range(30):
        with socket.create_connection(("127.0.0.1", service.port)) as connection:
            connection.sendall(b"GET /x/%25s%25s%25n%25n%25016llx HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(0.2)


def test_a_body_over_the_limit_is_413_and_not_cut(client):
    officer = client("county_officer", region="150622")
    answer = officer.request("POST", "/v1/accidents", data=b'{"x":"' + b"a" * 1100000 + b'"}',
                             headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_a_chunked_body_over_the_limit_is_413_too(client):
    def chunks():
        yield b'{"x":"'
        for _ in range(120):
            yield b"a" * 10000
        yield b'"}'

    officer = client("county_officer", region="150622")
    answer = officer.request("POST", "/v1/accidents", data=chunks(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_the_method_cannot_be_overridden_and_proxies_headers_mean_nothing(client):
    officer = client("county_officer", region="150622")
    answer = officer.get("/v1/units", headers={"X-HTTP-Method-Override": "DELETE", "X-Role": "administrator",
                                               "X-User-Id": "1", "X-Forwarded-For": "10.0.0.1", "Range": "bytes=0-1"})
    assert answer.status_code == 200


def test_pipelined_requests_are_answered_in_order(raw_http):
    answer = raw_http((HEAD + "Host: a\r\n\r\n" + HEAD + "Host: a\r\nConnection: close\r\n\r\n").encode())
    assert answer.status == 200
