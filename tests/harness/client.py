"""A thin HTTP client whose every answer is held against the contract, and raw bytes on a socket."""
import socket
import uuid

import requests

from .contract import Contract


class Client:
    """client.get("/v1/units"), client.post("/v1/accidents", json=…).

    POST carries a fresh Idempotency-Key unless key=None; key="…" sets it. if_match="4" sends If-Match: "4".
    contract=False skips the check of the answer, for the rare test that breaks HTTP itself; stream=True does too."""

    def __init__(self, url: str, contract: Contract | None, token: str | None, language: str = "en") -> None:
        self.url, self.contract, self.token = url, contract, token
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Accept-Language"] = language
        if token is not None:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def request(self, method: str, target: str, *, key: str | None = "", if_match: str | None = None,
                if_none_match: str | None = None, headers: dict | None = None, contract: bool = True,
                **options) -> requests.Response:
        sent = dict(headers or {})
        if method.upper() == "POST" and key is not None and "Idempotency-Key" not in sent:
            sent["Idempotency-Key"] = key or str(uuid.uuid4())
        if if_match is not None:
            sent["If-Match"] = f'"{if_match}"'
        if if_none_match is not None:
            sent["If-None-Match"] = f'"{if_none_match}"'
        options.setdefault("timeout", 30)
        options.setdefault("allow_redirects", False)
        response = self.session.request(method, self.url + target, headers=sent, **options)
        if contract and self.contract and not options.get("stream"):
            self.contract.check(method, target, response)
        return response

    def get(self, target: str, **options) -> requests.Response:
        return self.request("GET", target, **options)

    def head(self, target: str, **options) -> requests.Response:
        return self.request("HEAD", target, **options)

    def options(self, target: str, **options) -> requests.Response:
        return self.request("OPTIONS", target, **options)

    def post(self, target: str, **options) -> requests.Response:
        return self.request("POST", target, **options)

    def put(self, target: str, **options) -> requests.Response:
        return self.request("PUT", target, **options)

    def patch(self, target: str, **options) -> requests.Response:
        return self.request("PATCH", target, **options)

    def delete(self, target: str, **options) -> requests.Response:
        return self.request("DELETE", target, **options)

    def items(self, target: str, *, pages: int = 1000) -> list[dict]:
        """All items of a list, page by page."""
        found: list[dict] = []
        glue = "&" if "?" in target else "?"
        cursor = None
        for _ in range(pages):
            page = self.get(target + (f"{glue}cursor={cursor}" if cursor else "")).json()
            found += page["items"]
            cursor = page["page"]["next"]
            if cursor is None:
                return found
        raise AssertionError(f"the list does not end after {pages} pages")


def exchange(port: int, data: bytes, *, timeout: float = 10, half_close: bool = False, host: str = "127.0.0.1") -> bytes:
    """Sends bytes and returns all that comes until the peer closes or is silent for `timeout` seconds."""
    received = b""
    with socket.create_connection((host, port), timeout=timeout) as connection:
        try:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                received += part
                if _is_whole(received, bodiless=data.startswith(b"HEAD ")):
                    break
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            pass
    return received


def _is_whole(data: bytes, bodiless: bool) -> bool:
    """Whether the last answer that has begun is complete; an interim 100 is not the last."""
    head, found, body = data.partition(b"\r\n\r\n")
    if found and head.startswith(b"HTTP/1.1 100"):
        return _is_whole(body, bodiless)
    if not found or bodiless or head[9:12] in (b"204", b"304"):
        return bool(found)
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(body) >= int(value)
    return False


class RawAnswer:
    """The first answer in some bytes; status 0 when the connection was closed without one."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if lines[0].startswith("HTTP/") else 0
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
