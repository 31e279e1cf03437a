"""Slow, idle and vanishing clients."""
import contextlib
import resource
import select
import socket
import subprocess
import struct
import time

import pytest


@pytest.fixture(scope="module")
def impatient(database, make_service):
    return make_service(database, ANZE_REQUEST_TIMEOUT_S="2", ANZE_IDLE_TIMEOUT_S="3")


def closed_within(connection, seconds: float) -> bool:
    connection.settimeout(seconds)
    try:
        while connection.recv(4096):
            pass
        return True
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


@pytest.mark.parametrize("piece", [b"X-A: b\r\n", b"a"])
def test_a_client_that_trickles_its_request_is_cut_off(impatient, piece):
    with socket.create_connection(("127.0.0.1", impatient.port)) as slow:
        slow.sendall(b"POST /v1/accidents HTTP/1.1\r\nHost: a\r\n" + (b"Content-Length: 100\r\n\r\n" if piece == b"a" else b""))
        begun = time.monotonic()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while time.monotonic() - begun < 5:
                slow.sendall(piece)
                time.sleep(0.25)
        assert time.monotonic() - begun < 4.5
        assert closed_within(slow, 1)
    assert impatient.metric("anze_http_connections_cut_total") >= 1


def test_a_client_that_never_finishes_its_request_line_is_cut_off_as_idle(impatient):
    with socket.create_connection(("127.0.0.1", impatient.port)) as slow:
        begun = time.monotonic()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while time.monotonic() - begun < 7:
                slow.sendall(b"G")
                time.sleep(0.25)
        assert time.monotonic() - begun < 6


def test_a_reader_that_does_not_read_holds_nobody_up(impatient, client):
    slow = [socket.create_connection(("127.0.0.1", impatient.port)) for _ in range(20)]
    for connection in slow:
        connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
    begun = time.monotonic()
    for _ in range(20):
        assert client(to=impatient).get("/healthz").status_code == 200
    assert time.monotonic() - begun < 2
    for connection in slow:
        connection.close()


def test_2000_idle_connections_are_kept_and_others_served(database, make_service, client):
    service = make_service(database)
    with contextlib.ExitStack() as held:
        idle = [held.enter_context(socket.create_connection(("127.0.0.1", service.port))) for _ in range(2000)]
        for connection in idle[::100]:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        assert client("county_officer", region="150622", to=service).get("/v1/units?limit=1").status_code == 200
        assert service.resident_kib() < 64 * 1024
        assert service.metric("anze_http_connections") >= 2000


def test_clients_that_reset_in_the_middle_leave_nothing_behind(service, client):
    officer = client("county_officer", region="150622")
    for _ in range(200):
        with socket.create_connection(("127.0.0.1", service.port)) as rude:
            rude.sendall(f"GET /v1/units HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {officer.token}\r\n\r\n".encode())
            rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(0.5)
    assert officer.get("/v1/units").status_code == 200
    assert service.metric("anze_http_connections") < 50


# ---------------------------------------------------------------- strangers

HEAD = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
BODY = b"POST /v1/accidents HTTP/1.1\r\nHost: a\r\n"
BROKEN = [
    HEAD,  # and nothing more
    b"GET /healthz HTTP/1.1\r\nHo",
    HEAD + b"X-A: " + b"a" * 17_000,
    HEAD + b"X-A: " + b"a" * 15_200 + b"\r\n\r\n",
    HEAD + b"X-A: " + b"a" * 9_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 17_000,
    HEAD + b"no colon\r\n\r\n",
    HEAD + b"X-A: a\0b\r\n\r\n",
    HEAD + b"Content-Length: x\r\n\r\n",
    HEAD + b"Content-Length: 18446744073709551616\r\n\r\n",
    HEAD + b"Transfer-Encoding: x\r\n\r\n",
    BODY + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
    BODY + b"Content-Length: 10\r\n\r\nabc",
    BODY + b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n",
    b"POST /v1/nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
    b"GET /healthz HTTP/9\r\n\r\n",
]

# Many fields, up to where libmicrohttpd has no room left even for its own 431.
FULL = [HEAD + b"".join(b"X-%d: %b\r\n" % (field, b"a" * (length // 40)) for field in range(40)) + b"\r\n"
        for length in range(8_000, 17_000, 50)]

# Many parameters or cookies: libmicrohttpd has no room for what it notes of each, and ends without telling anybody.
NOTED = [line + b"\r\n\r\n" for notes in range(260, 400, 10)
         for line in (b"GET /healthz?" + b"&" * notes + b" HTTP/1.1\r\nHost: a", HEAD + b"Cookie: " + b"a=b; " * notes)]


def break_off(port: int, count: int) -> None:
    for number in range(count):
        kinds = (BROKEN, FULL, NOTED)[number % 3]
        with socket.create_connection(("127.0.0.1", port)) as rude:
            with contextlib.suppress(OSError):
                rude.sendall(kinds[number // 3 % len(kinds)])
            with contextlib.suppress(OSError):  # it may have closed already
                rude.shutdown(socket.SHUT_WR)
                while rude.recv(4096):
                    pass


def test_10000_heads_that_break_off_leave_no_bytes_behind(database, make_service):
    """A ticket that nobody gave back was about 1 KiB."""
    service = make_service(database, ANZE_LOG_REQUESTS="false")
    break_off(service.port, 2_000)
    before = service.resident_kib()
    break_off(service.port, 10_000)
    assert service.resident_kib() - before < 2 * 1024
    assert service.metric("anze_http_connections") < 10


def test_strangers_that_take_all_connections_keep_out_neither_the_admin_listener_nor_a_stop(database, make_service):
    service = make_service(database, ANZE_MAX_CONNECTIONS="40", ANZE_MAX_CONNECTIONS_PER_CLIENT="40")
    with contextlib.ExitStack() as held:
        for _ in range(120):
            idle = held.enter_context(socket.socket())
            idle.setblocking(False)
            idle.connect_ex(("127.0.0.1", service.port))
        while service.metric("anze_http_connections") < 40:
            time.sleep(0.05)
        assert service.is_ready(), "the admin listener has connections of its own"
        assert service.stop() == 0


def test_one_address_has_half_of_the_connections_unless_told(database, make_service):
    service = make_service(database, ANZE_MAX_CONNECTIONS="20")
    with contextlib.ExitStack() as held:
        for _ in range(15):
            held.enter_context(socket.create_connection(("127.0.0.1", service.port)))
        with socket.create_connection(("127.0.0.1", service.port)) as late:
            late.settimeout(10)
            with contextlib.suppress(ConnectionResetError):
                assert late.recv(1) == b"", "it is closed at once"
        with socket.socket() as other:
            other.bind(("127.0.0.2", 0))
            other.connect(("127.0.0.1", service.port))
            other.sendall(HEAD + b"\r\n")
            assert other.recv(4096).startswith(b"HTTP/1.1 200")


def test_the_limit_of_open_files_is_raised_to_what_is_promised_or_it_does_not_start(database, make_service):
    service = make_service(database, start=False)
    service.start()
    soft, hard = resource.prlimit(service.pid, resource.RLIMIT_NOFILE)
    assert soft >= 4096 + 200
    service.stop()
    refusing = make_service(database, start=False, ANZE_MAX_CONNECTIONS=str(hard))
    environment = {"PATH": "/usr/bin:/bin", **refusing.settings}
    done = subprocess.run([refusing.binary, "serve"], env=environment, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "ANZE_MAX_CONNECTIONS" in done.stderr and "LimitNOFILE" in done.stderr


def test_bodies_under_way_have_a_budget_and_those_that_began_first_go(database, make_service, client):
    service = make_service(database, ANZE_BODY_MEMORY_MIB="4")
    officer = client("county_officer", region="150622", to=service)
    head = (BODY + f"Authorization: Bearer {officer.token}\r\n".encode() +
            b"Content-Type: application/json\r\nContent-Length: 1048576\r\nExpect: 100-continue\r\n\r\n")
    with contextlib.ExitStack() as held:
        begun = []
        for number in range(8):
            connection = held.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            connection.sendall(head)
            assert connection.recv(100).startswith(b"HTTP/1.1 100 "), "its head has been read"
            connection.sendall(b"a" * 900_000)
            begun.append(connection)
            while number >= 4 and not select.select([begun[number - 4]], [], [], 20)[0]:
                raise AssertionError(f"the body that began first is still there after {number + 1}")
        assert [bool(select.select([c], [], [], 0)[0]) for c in begun] == [True] * 4 + [False] * 4
        assert service.metric("anze_http_connections_cut_total") == 4
    assert officer.get("/v1/units?limit=1").status_code == 200


def test_a_body_that_no_token_allows_costs_no_memory(database, make_service):
    service = make_service(database)
    lost = [b"POST /v1/nothing HTTP/1.1\r\nHost: a\r\n", BODY, b"PUT /v1/units HTTP/1.1\r\nHost: a\r\n"]
    before = service.resident_kib()
    with contextlib.ExitStack() as held:
        for number in range(60):
            connection = held.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            connection.sendall(lost[number % 3] + b"Content-Length: 1048576\r\n\r\n" + b"a" * 1_000_000)
        assert service.resident_kib() - before < 20 * 1024, "60 MB were sent"
        assert service.metric("anze_http_connections_cut_total") == 0
