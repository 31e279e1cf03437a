"""The calls that are measured, in every form that they take: an HTTP request, values for a statement, a pgbench script.

The statement is made from the service's own template by the same rules (include/anze/db/statement.h): so pgbench and
the twin send what the service sends."""
import base64
import json
import re
import struct
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

ROOT = Path(__file__).resolve().parent.parent.parent
ISSUER, AUDIENCE, KEY_ID = "https://bench.example", "anze", "bench-1"
KEY_SPACE = "K" * 32  # load puts another text here in each request


# ---- contract ----

class Contract:
    def __init__(self, folder: Path, root: Path = ROOT, bundled: Path | None = None) -> None:
        """Bundles openapi/ as the build does. Of another version, `root`, the build's own bundle is taken."""
        self.root = root
        out = bundled or folder / "openapi.json"
        if not bundled:
            names = subprocess.run([sys.executable, str(root / "openapi/list.py"), str(root / "openapi")], check=True,
                                   capture_output=True, text=True).stdout.split()
            subprocess.run([sys.executable, str(root / "openapi/bundle.py"), str(out), str(folder / "openapi.yaml"),
                            *(str(root / "openapi" / name) for name in names)], check=True)
        self.document = json.loads(out.read_text(encoding="utf-8"))
        self.operations = {
            operation["operationId"]: {**operation, "method": method.upper(), "path": path,
                                       "parameters": [self.resolve(p) for p in operation.get("parameters", [])]}
            for path, item in self.document["paths"].items() for method, operation in item.items()}

    def resolve(self, node: dict) -> dict:
        if "$ref" not in node:
            return node
        found = self.document
        for step in node["$ref"][2:].split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        return self.resolve(found)

    def defaults(self, operation: str) -> dict[str, str]:
        """What parameters are when a request does not give them."""
        found = {}
        for parameter in self.operations[operation]["parameters"]:
            schema = self.resolve(parameter["schema"])
            if "default" in schema:
                default = schema["default"]
                found[parameter["name"]] = str(default).lower() if isinstance(default, bool) else str(default)
        return found

    def body_schema(self, operation: str) -> str | None:
        """The $ref of its JSON request body."""
        body = self.operations[operation].get("requestBody")
        return self.resolve(body)["content"]["application/json"]["schema"]["$ref"] if body else None

    def scopes(self, role: str) -> str:
        return " ".join(self.document["x-anze-roles"][role]["scopes"])


# ---- statements ----

TOKEN = re.compile(r"'(?:[^']|'')*'|--[^\n]*|::|:([A-Za-z_]\w*)")


@dataclass
class Line:
    text: str
    condition: str | None  # name, !name or name=text


def template(operation: str, root: Path = ROOT) -> list[Line]:
    path = next((root / "sql/queries").glob(f"*/{operation}.sql"))
    lines = []
    for line in path.read_text(encoding="utf-8").rstrip().rstrip(";").splitlines():
        text, _, condition = line.partition("--?")
        lines.append(Line(text.rstrip() if condition else line, condition.strip() or None))
    return [line for line in lines if not line.text.lstrip().startswith("--")]


def holds(condition: str | None, values: dict[str, str]) -> bool:
    if condition is None:
        return True
    if condition.startswith("!"):
        return condition[1:] not in values
    name, equal, text = condition.partition("=")
    return values.get(name) == text if equal else name in values


def conditions(operation: str) -> list[tuple[str, str | None]]:
    """Every condition of the template, as name and text (None: any value)."""
    found = dict.fromkeys(line.condition for line in template(operation) if line.condition)
    return [(name, text if equal else None) for name, equal, text in (one.partition("=") for one in found)]


def variant(operation: str, values: dict[str, str], keeps_reply: bool = False,
            root: Path = ROOT) -> tuple[str, list[str]]:
    """The SQL with $1, $2 … and the slots that they stand for."""
    slots: list[str] = []

    def position(name: str) -> str:
        if name not in slots:
            slots.append(name)
        return f"${slots.index(name) + 1}"

    text = "\n".join(line.text for line in template(operation, root)
                     if holds(line.condition, values))
    sql = TOKEN.sub(lambda m: position(m[1]) if m[1] else m[0], text)
    if keeps_reply:
        key, request_hash = position("idempotency_key"), position("request_hash")
        sql = (f"with reply as materialized ({sql}), kept as (insert into anze.idempotency_key (actor, operation, key,"
               f" request_hash, status, etag, location, body) select anze.actor(), anze.operation(), {key},"
               f" {request_hash}, r.status::text, r.etag::text, r.location::text, r.body::text from reply r)"
               f" select * from reply")
    return sql, slots


def context_settings(root: Path = ROOT) -> list[str]:
    """Names of the settings of the service's own context statement, in its order."""
    source = (root / "src/db/run.c").read_text(encoding="utf-8")
    found = re.findall(r"set_config\('([a-z_.]+)', \$(\d+), true\)", source)
    if not found or [int(number) for _, number in found] != list(range(1, len(found) + 1)):
        raise RuntimeError("the context statement in src/db/run.c is not where it was")
    return [name for name, _ in found]


CONTEXT = context_settings()
CLAIM = "select anze.claim_key($1, $2)"


# ---- who calls ----

@dataclass(frozen=True)
class Principal:
    subject: str
    scopes: str
    region: str = ""
    unit: str = ""

    @property
    def reach(self) -> str:
        return "region" if self.region else "unit"

    @property
    def slot(self) -> tuple[str, str]:
        if not self.region:
            return "scope_unit", self.unit
        by_length = {2: "scope_province", 4: "scope_city", 6: "scope_county"}
        return by_length.get(len(self.region), "scope_town"), self.region

    def context(self, operation: str, writes: bool) -> dict[str, str]:
        return {"anze.actor": self.subject, "anze.on_behalf_of": self.unit, "anze.client": "bench",
                "anze.unit": self.unit, "anze.reach": self.reach, "anze.region": self.region, "anze.sectors": "",
                "anze.scopes": self.scopes, "anze.operation": operation, "anze.request": uuid.uuid4().hex,
                "anze.trace": uuid.uuid4().hex, "transaction_read_only": "off" if writes else "on"}


class Issuer:
    """Signs ES256 tokens with a key of the run, by openssl."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.private = folder, folder.parent / "issuer-private.pem"
        folder.mkdir(parents=True, exist_ok=True)
        self.public = folder / f"{KEY_ID}.ES256.pem"
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(self.private))
        self.openssl("pkey", "-in", str(self.private), "-pubout", "-out", str(self.public))

    def openssl(self, *arguments: str, given: bytes = b"") -> bytes:
        return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True).stdout

    def token(self, principal: Principal) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": principal.subject, "client_id": "bench", "iat": now,
                  "exp": now + 24 * 3600, "jti": str(uuid.uuid4()), "scope": principal.scopes}
        if principal.region:
            claims["anze_region"] = principal.region
        if principal.unit:
            claims["anze_unit"] = principal.unit
        signed = b".".join(base64url(json.dumps(part).encode())
                           for part in ({"alg": "ES256", "typ": "at+jwt", "kid": KEY_ID}, claims))
        der = self.openssl("dgst", "-sha256", "-sign", str(self.private), given=signed)
        return (signed + b"." + base64url(raw_signature(der))).decode()


def base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def raw_signature(der: bytes) -> bytes:
    """SEQUENCE { INTEGER r, INTEGER s } as 64 bytes."""
    r_length = der[3]
    r, s = der[4:4 + r_length], der[6 + r_length:6 + r_length + der[5 + r_length]]
    return b"".join(part.lstrip(b"\0").rjust(32, b"\0") for part in (r, s))


# ---- calls ----

@dataclass
class Call:
    operation: str
    principal: Principal
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: str | None = None

    @property
    def writes(self) -> bool:
        return self.body is not None

    def values(self, contract: Contract) -> dict[str, str]:
        """By slot, as the service fills them."""
        slot, value = self.principal.slot
        values = {**contract.defaults(self.operation), **self.query, **self.path, slot: value,
                  "actor": self.principal.subject, "language": "zh"}
        if self.principal.unit:
            values["unit"] = self.principal.unit
        if self.body is not None:
            values["body"] = self.body
        return values

    def request(self, contract: Contract, token: str) -> bytes:
        operation = contract.operations[self.operation]
        target = re.sub(r"\{(\w+)\}", lambda m: quote(self.path[m[1]]), operation["path"])
        if self.query:
            target += "?" + urlencode(self.query)
        body = (self.body or "").encode()
        head = [f"{operation['method']} {target} HTTP/1.1", "Host: bench.example", "Accept: application/json",
                f"Authorization: Bearer {token}"]
        if self.writes:
            head += ["Content-Type: application/json", f"Content-Length: {len(body)}", f"Idempotency-Key: {KEY_SPACE}"]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def write_requests(path: Path, requests: list[bytes]) -> None:
    path.write_bytes(b"".join(struct.pack("<I", len(request)) + request for request in requests))


# ---- pgbench ----

def without_colons(sql: str) -> str:
    """pgbench takes :name for a variable inside quotes too, so a literal with one is written with its escape."""
    def literal(match: re.Match) -> str:
        text = match[0]
        if text.startswith("'") and re.search(r":\w", text):
            return "U&" + text.replace("\\", "\\\\").replace(":", "\\003a")
        return text
    return TOKEN.sub(literal, sql)


def with_values(sql: str, values: list[str]) -> str:
    return re.sub(r"\$(\d+)", lambda m: values[int(m[1]) - 1], without_colons(sql))


class Script:
    """A call as a pgbench script: context, statement and, for a write, the key's claim in one pipeline."""

    def __init__(self, number: int, call: Call, contract: Contract, computed: dict[str, str]) -> None:
        """`computed`: SQL in place of a slot's value, for what pgbench itself must vary."""
        self.variables: dict[str, str] = {f"warm{number}": "0"}
        values = call.values(contract)
        context = call.principal.context(call.operation, call.writes)
        statements = ["select " + ", ".join(
            f"set_config('{setting}', {self.variable(f'c{number}_{i}', context.get(setting, ''))}, true)"
            for i, setting in enumerate(context_settings(contract.root)))]
        if call.writes:
            computed = {"idempotency_key": ":key", "request_hash": self.variable(f"hash{number}", "0" * 64), **computed}
            statements.append(with_values(CLAIM, [":key", computed["request_hash"]]))
        sql, slots = variant(call.operation, values, keeps_reply=call.writes, root=contract.root)
        statements.append(with_values(sql, [
            computed.get(slot) or self.value(f"v{number}_{i}", values.get(slot)) for i, slot in enumerate(slots)]))
        # pgbench prepares a script when it first sends one of its statements, which cannot be in a pipeline.
        self.text = (f"\\if :warm{number}\n\\else\nselect 1;\n\\set warm{number} 1\n\\endif\n"
                     "\\set n random(1, :rows)\n\\set key random(1, 9000000000000000000)\n\\startpipeline\n"
                     + "".join(f"{statement};\n" for statement in statements) + "\\endpipeline\n")

    def value(self, name: str, value: str | None) -> str:
        """pgbench's variables are neither NULL nor empty."""
        return self.variable(name, value) if value is not None else f"nullif({self.variable(name, '-')}, '-')"

    def variable(self, name: str, value: str) -> str:
        if not value:
            return "''"
        self.variables[name] = value
        return ":" + name
