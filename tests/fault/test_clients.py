"""Slow, idle and vanishing clients."""
import contextlib
import socket
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
