"""Shapes of messages, one table: the status of each, and whether the connection goes on after it. A second request
follows each on the same connection: it is answered where the connection goes on, and never where a proxy could have
taken it for a part of the first."""
import re
import socket

import pytest

NEXT = b"GET /healthz HTTP/1.1\r\nHost: next\r\nConnection: close\r\n\r\n"


def get(*lines: bytes | str, target: str = "/healthz", host: bool = True, method: str = "GET", body: bytes = b"") -> bytes:
    fields = [f"{method} {target} HTTP/1.1", *(["Host: a"] if host else []), *lines]
    return b"\r\n".join(f if isinstance(f, bytes) else f.encode() for f in fields) + b"\r\n\r\n" + body


def post(*lines: bytes | str, body: bytes = b"{}", target: str = "/v1/accidents", length: bool = True, **more) -> bytes:
    return get(*([f"Content-Length: {len(body)}"] if length else []), *lines, target=target, method="POST", body=body, **more)


def chunked(body: bytes, *lines: bytes | str, **more) -> bytes:
    return post("Transfer-Encoding: chunked", *lines, body=body, length=False, **more)


def talk(port: int, data: bytes) -> bytes:
    """All that comes until the service closes. What is sent after it has closed is lost, and that is no fault."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            connection.sendall(data)
            while part := connection.recv(65536):
                received += part
        except (ConnectionResetError, BrokenPipeError):
            pass
    return received


MANY = [f"X-{i}: 1" for i in range(70)]
HIDDEN = b"POST /v1/accidents HTTP/1.1\r\nHost: hidden\r\n\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded"

# Good or bad, and read as it was meant: the next request is answered.
KEPT = [
    ("plain", 200, get()),
    ("an empty line before", 200, b"\r\n" + get()),
    ("a bare line feed before", 200, b"\n" + get()),
    ("bare line feeds", 200, b"GET /healthz HTTP/1.1\nHost: a\n\n"),
    ("1.0 kept alive", 200, b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
    ("an empty value", 200, get("X-A:")),
    ("no blank after the colon", 200, get("X-A:a")),
    ("tabs around a value", 200, get("X-A:\t\ta\t")),
    ("bytes over 127 in a value", 200, get("X-A: 安责".encode())),
    ("64 fields", 200, get(*MANY[:63])),
    ("a length of 0", 200, get("Content-Length: 0")),
    ("a length of 00", 200, get("Content-Length: 00")),
    ("an upgrade to h2c", 200, get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMA")),
    ("an upgrade to websocket", 200, get("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")),
    ("cookies", 200, get('Cookie: a=b; c="d; e=f')),
    ("a range", 200, get("Range: bytes=0-1")),
    ("TE", 200, get("TE: trailers", "Connection: TE")),
    ("HEAD", 200, get(method="HEAD")),
    ("OPTIONS *", 204, get(target="*", method="OPTIONS")),
    ("OPTIONS", 204, get(method="OPTIONS")),
    ("GET *", 404, get(target="*")),
    ("an absolute target", 404, get(target="http://a/healthz")),
    ("a fragment", 404, get(target="/healthz#x")),
    ("raw UTF-8", 404, get(target="/健康")),
    ("an empty query", 200, get(target="/healthz?")),
    ("no such path", 404, get(target="/v1/nothing")),
    ("no such path, a body", 404, post(target="/v1/nothing")),
    ("no such path, chunks", 404, chunked(b"2\r\n{}\r\n0\r\n\r\n", target="/v1/nothing")),
    ("no such path, 300 KB", 404, post(target="/v1/nothing", body=b"a" * 300_000)),
    ("no such path, a request as its body", 404, post(target="/v1/nothing", body=HIDDEN)),
    ("a dot segment", 404, get(target="/v1/../healthz")),
    ("an empty segment", 404, get(target="//healthz")),
    ("an escaped slash", 404, get(target="/healthz%2F")),
    ("an escaped NUL", 400, get(target="/healthz?a=%00")),
    ("a broken escape", 400, get(target="/healthz?a=%zz")),
    ("half an escape", 400, get(target="/healthz?a=%a")),
    ("overlong UTF-8", 400, get(target="/healthz?a=%c0%af")),
    ("an unknown parameter", 400, get(target="/healthz?a=1")),
    ("20 empty parameters", 400, get(target="/healthz?" + "&" * 20)),
    ("a body on GET", 400, get("Content-Length: 2", body=b"{}")),
    ("chunks on GET", 400, get("Transfer-Encoding: chunked", body=b"1\r\na\r\n0\r\n\r\n")),
    ("no chunk on GET", 200, get("Transfer-Encoding: chunked", body=b"0\r\n\r\n")),
    ("a method that the path does not take", 405, get("Content-Length: 2", method="PUT", target="/v1/units", body=b"{}")),
    ("TRACE", 405, get(method="TRACE")),
    ("CONNECT", 405, get(target="a:443", method="CONNECT")),
    ("an unknown method", 501, get(method="FOO")),
    ("a method in lower case", 501, get(method="get")),
    ("PROPFIND", 501, get(method="PROPFIND")),
    ("no token", 401, get(target="/v1/units")),
    ("no token, a body", 401, post("Content-Type: application/json")),
    ("no token, a form", 401, post(FORM, body=b"a=b&c=d%zz")),
    ("no token, parts", 401, post("Content-Type: multipart/form-data; boundary=x",
                                  body=b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--\r\n")),
    ("Basic", 401, get("Authorization: Basic YTpi", target="/v1/units")),
    ("Digest", 401, get('Authorization: Digest username="a", realm="b"', target="/v1/units")),
    ("an empty credential", 401, get("Authorization:", target="/v1/units")),
    ("a bearer of nothing", 401, get("Authorization: Bearer", target="/v1/units")),
    ("a bearer of dots", 401, get("Authorization: Bearer ..", target="/v1/units")),
    ("CHUNKED", 401, post("Transfer-Encoding: CHUNKED", body=b"0\r\n\r\n", length=False)),
    ("a chunk extension", 401, chunked(b"2;a=b\r\n{}\r\n0\r\n\r\n")),
    ("a chunk extension and a bare line feed", 401, chunked(b"2;a\n{}\r\n0\r\n\r\n")),
    ("chunks of one byte", 401, chunked(b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")),
    ("leading zeros of a chunk", 401, chunked(b"0002\r\n{}\r\n0\r\n\r\n")),
    ("a trailer that is a credential", 401, chunked(b"2\r\n{}\r\n0\r\nAuthorization: Bearer x\r\n\r\n")),
    ("a trailer that is a Host", 401, chunked(b"2\r\n{}\r\n0\r\nHost: b\r\n\r\n")),
    ("a trailer that is a length", 401, chunked(b"2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n")),
    ("text/html", 406, get("Accept: text/html")),
    ("a length as a second name", 200, get("X-Content-Length: 5")),
    ("Host with a port", 200, get("Host: a:8080", host=False)),
    ("Host of IPv6", 200, get("Host: [::1]:80", host=False)),
    ("a target of 4,096 bytes", 404, get(target="/" + "a" * 4095)),
    ("a request id of its own", 200, get("X-Request-Id: abc")),
    ("a broken trace", 200, get("traceparent: 00-zz")),
]

# Two readers may see two things in it: a problem document, and nothing that follows is read.
REFUSED = [
    ("two Host", 400, get("Host: b")),
    ("no Host", 400, get(host=False)),
    ("a length and chunks", 400, get("Content-Length: 3", "Transfer-Encoding: chunked", body=b"0\r\n\r\n")),
    ("chunks and a length", 400, get("Transfer-Encoding: chunked", "Content-Length: 3", body=b"0\r\n\r\n")),
    ("a length and chunks behind 70 fields", 431, get(*MANY, "Content-Length: 4", "Transfer-Encoding: chunked", body=b"0\r\n\r\n")),
    ("70 fields before a hidden request", 431, post(*MANY, "Transfer-Encoding: x", body=HIDDEN)),
    ("65 fields", 431, get(*MANY[:64])),
    ("two lengths", 400, get("Content-Length: 0", "Content-Length: 0")),
    ("two other lengths", 400, get("Content-Length: 0", f"Content-Length: {len(HIDDEN)}", body=HIDDEN)),
    ("a length of 22 zeros", 400, get("Content-Length: " + "0" * 22)),
    ("a length of 2^63", 400, get(f"Content-Length: {2**63}")),
    ("two codings", 400, get("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=b"0\r\n\r\n")),
    ("identity", 400, get("Transfer-Encoding: identity")),
    ("gzip, chunked", 400, get("Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n")),
    ("chunked, chunked", 400, get("Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n")),
    ("an empty coding", 400, get("Transfer-Encoding:")),
    ("xchunked", 400, get("Transfer-Encoding: xchunked", body=b"0\r\n\r\n")),
    ("a coding and a blank", 400, get("Transfer-Encoding: chunked ", body=b"0\r\n\r\n")),
    ("a coding behind a vertical tab", 400, get(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n")),
    ("two credentials", 400, get("Authorization: Bearer a", "Authorization: Bearer b")),
    ("two idempotency keys", 400, get("Idempotency-Key: a", "Idempotency-Key: b")),
    ("two content types", 400, get("Content-Type: a/b", "Content-Type: a/b")),
    ("an unknown expectation", 417, get("Expect: something")),
    ("100-continue for nothing", 417, get("Expect: 100-continue")),
    ("100-continue for no bytes", 417, post("Expect: 100-continue", body=b"")),
    ("1.2", 505, b"GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n"),
    ("1.9", 505, b"GET /healthz HTTP/1.9\r\nHost: a\r\n\r\n"),
    ("two blanks", 400, b"GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("two blanks before the version", 400, b"GET /healthz  HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a blank in the target", 400, get(target="/health z")),
    ("a tab in the target", 400, get(target="/health\tz")),
    ("DEL in the target", 400, get(target="/healthz\x7f")),
    ("a control character in the target", 400, get(target="/healthz\x01")),
    ("a NUL in the target", 400, get(target="/healthz\0/x")),
    ("a NUL at the target's end", 400, get(target="/healthz\0")),
    ("a NUL in the query", 400, get(target="/healthz?\0a=1")),
    ("bytes over 127 in the method", 400, get(method="健GET")),
    ("a control character in the method", 400, get(method="G\x01ET")),
    ("a bracket in the method", 400, get(method="GET]")),
    ("a NUL in the method", 400, get(method="GET\0X")),
    ("a NUL in a value", 400, get("X-A: a\0b", "X-B: c")),
    ("a NUL in the last value", 400, get("X-A: a\0b")),
    ("a NUL at a value's end", 400, get("X-A: a\0", "X-B: c")),
    ("a NUL alone", 400, get("X-A: \0", "X-B: c")),
    ("a NUL in a credential", 400, get("Authorization: Bearer a\0b", "X-B: c", target="/v1/units")),
    ("a NUL in Host", 400, get("Host: a\0b", host=False)),
    ("a control character in a value", 400, get("X-A: a\x01b")),
    ("an escape character in a value", 400, get("X-A: \x1b[31m")),
    ("a carriage return in a value", 400, get("X-A: a\rb")),
    ("a folded line", 400, get("X-A: a\r\n b", "X-B: c")),
    ("a folded line at the end", 400, get("X-B: c", "X-A: a\r\n\tb")),
    ("a folded line of blanks", 400, get("X-A: a\r\n ")),
    ("a folded line that makes a length", 400, get(f"Content-Len: {len(HIDDEN)}\r\n gth", body=HIDDEN)),
    ("a blank before the colon", 400, get("X-A : a")),
    ("a length with a blank before the colon", 400, get(f"Content-Length : {len(HIDDEN)}", body=HIDDEN)),
    ("a name with a bracket", 400, get("X[A: a")),
    ("a NUL at the last value's end", 400, get("X-A: a\0")),
    ("mixed line ends", 400, b"GET /healthz HTTP/1.1\r\nHost: a\n\r\n"),
    ("an empty name at the end", 400, get(": a")),
    ("an empty name before a hidden request", 400, get(": a\r\n" + HIDDEN.decode())),
    ("an empty name at once", 400, b"GET /healthz HTTP/1.1\r\n: a\r\nHost: a\r\n\r\n"),
    ("an empty name", 400, get(": a", "X-B: c")),
    ("a body declared over the limit", 401, post("Content-Length: 2000000", length=False)),
    ("a body for nowhere, over the limit", 404, post("Content-Length: 2000000", length=False, target="/v1/nothing")),
    ("a target of 4,097 bytes", 414, get(target="/" + "a" * 4096)),
    ("a head of 13,000 bytes", 431, get("X-A: " + "a" * 13000)),
    ("an announced body without a token", 401, get("Expect: 100-continue", "Content-Length: 1000", target="/v1/accidents", method="POST")),
]

# libmicrohttpd cannot read it, and says so in its own way or not at all.
LIBRARY = [
    ("a blank after the version", b"GET /healthz HTTP/1.1 \r\nHost: a\r\n\r\n"),
    ("a blank before the method", b" GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("tabs for blanks", b"GET\t/healthz\tHTTP/1.1\r\nHost: a\r\n\r\n"),
    ("0.9", b"GET /healthz\r\n\r\n"),
    ("no target", b"GET HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("only a method", b"GET\r\n\r\n"),
    ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    ("1.10", b"GET /healthz HTTP/1.10\r\nHost: a\r\n\r\n"),
    ("01.1", b"GET /healthz HTTP/01.1\r\nHost: a\r\n\r\n"),
    ("a version in lower case", b"GET /healthz http/1.1\r\nHost: a\r\n\r\n"),
    ("a NUL in the version", b"GET /healthz HTTP/1.1\0\r\nHost: a\r\n\r\n"),
    ("a NUL in a name", get("X\0A: a")),
    ("no colon", get("X-A")),
    ("bare carriage returns", b"GET /healthz HTTP/1.1\rHost: a\r\n\r\n"),
    ("a negative length", get("Content-Length: -1")),
    ("a signed length", get("Content-Length: +1")),
    ("a length in hex", get("Content-Length: 0x0")),
    ("a list of lengths", get("Content-Length: 4,4", body=b"abcd")),
    ("a length with a blank", get("Content-Length: 1 0")),
    ("an empty length", get("Content-Length:")),
    ("a length of 2^64", get(f"Content-Length: {2**64}")),
    ("a chunk that is no number", chunked(b"ZZ\r\n")),
    ("a negative chunk", chunked(b"-2\r\n{}\r\n0\r\n\r\n")),
    ("a chunk with 0x", chunked(b"0x2\r\n{}\r\n0\r\n\r\n")),
    ("a chunk of 2^68", chunked(b"FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n")),
    ("a chunk longer than its size", chunked(b"2\r\n{}0\r\n\r\n")),
    ("a head of 60,000 bytes", get("X-A: " + "a" * 60000)),
    ("a target of 60,000 bytes", get(target="/" + "a" * 60000)),
]


def statuses(data: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)]


def test_what_is_read_as_it_was_meant_is_answered_and_the_connection_goes_on(service):
    wrong = [(name, status, got) for name, status, shape in KEPT
             if (got := statuses(talk(service.port, shape + NEXT))) != [status, 200]]
    assert not wrong


def test_what_two_readers_may_read_differently_gets_a_problem_and_nothing_after_it(service):
    wrong = []
    for name, status, shape in REFUSED:
        data = talk(service.port, shape + NEXT)
        head = data.partition(b"\r\n\r\n")[0]
        if statuses(data) != [status] or b"application/problem+json" not in head or b"Connection: close" not in head:
            wrong.append((name, status, data[:200]))
    assert not wrong


def test_what_the_library_cannot_read_is_400_413_414_431_505_or_nothing_and_nothing_after_it(service):
    wrong = []
    for name, shape in LIBRARY:
        data = talk(service.port, shape + NEXT)
        if not set(statuses(data)) <= {400, 413, 414, 431, 505} or b"health+json" in data:
            wrong.append((name, data[:200]))
    assert not wrong


def test_every_length_of_a_head_is_answered(service, client):
    """Where the answer's own head would not fit behind the request's, the work must not be done."""
    bearer = f"Authorization: Bearer {client('county_officer', region='150622').token}"
    done = service.metric("anze_http_requests_total", status="200", operation="listUnits")
    seen: dict[int, list[int]] = {0: [], 200: [], 431: []}
    for length in [*range(5_000, 17_000, 250), *range(7_000, 9_000, 40)]:
        for target, fields in (("/v1/units?limit=2", 1), ("/v1/units?limit=2", 40), ("/v1/units?limit=2&" + "&" * 20, 5)):
            filler = [f"X-{i}: " + "a" * (length // fields) for i in range(fields)]
            data = talk(service.port, get(bearer, "Prefer: handling=lenient", "Connection: close", *filler, target=target))
            seen.setdefault((statuses(data) or [0])[0], []).append(length)
    assert set(seen) == {0, 200, 431}
    assert service.metric("anze_http_requests_total", status="200", operation="listUnits") - done == len(seen[200])
    assert 7_000 < min(seen[431]) and 9_000 < max(seen[200]) and max(seen[200]) < 12_000 <= min([*seen[0], 17_000])


def test_a_long_query_is_answered_with_its_next_page_or_refused(service, client):
    officer = client("county_officer", region="150622")
    for length in range(100, 4_050, 150):
        query = "limit=2&nonsense=" + "a" * length
        data = talk(service.port, get(f"Authorization: Bearer {officer.token}", "Prefer: handling=lenient",
                                      "Connection: close", target=f"/v1/units?{query}"))
        assert statuses(data) in ([200], [431]), (length, data[:200])
        if statuses(data) == [200]:
            assert b"\r\nLink: <" in data


def test_a_method_that_is_never_taken_is_told_what_is(service):
    """A 405 has an Allow (RFC 9110 15.5.6), and libmicrohttpd sends no field that is empty, nor any behind it."""
    for target, allow in (("/healthz", b"GET, HEAD, OPTIONS"), ("/v1/accidents", b"GET, HEAD, POST, OPTIONS"), ("a:443", b"OPTIONS")):
        for method in ("TRACE", "CONNECT"):
            data = talk(service.port, get("Connection: close", method=method, target=target))
            head = data.partition(b"\r\n\r\n")[0]
            assert b"\r\nAllow: " + allow in head, (method, target, head)
