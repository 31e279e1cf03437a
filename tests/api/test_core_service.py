"""What the service says about itself to anybody: its description, contract, health, measurements, keys and contacts."""
import datetime as dt
import json
import re
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from harness.demo import DEPLOY

# operationId: path, media type, how it may be kept
PAGES = {
    "getServiceDescription": ("/", "application/json", "public, max-age=300"),
    "getOpenapi": ("/openapi.json", "application/json", "public, max-age=300"),
    "getOpenapiYaml": ("/openapi.yaml", "application/yaml", "public, max-age=300"),
    "getHealth": ("/healthz", "application/health+json", "no-store"),
    "getReadiness": ("/readyz", "application/health+json", "no-store"),
    "getKeySet": ("/.well-known/jwks.json", "application/jwk-set+json", "public, max-age=300"),
    "getSecurityText": ("/.well-known/security.txt", "text/plain", "public, max-age=3600"),
    "getApiCatalog": ("/.well-known/api-catalog", "application/linkset+json", "public, max-age=3600"),
}


@pytest.fixture(scope="module")
def anybody(client):
    return client()


@pytest.mark.parametrize("operation", PAGES)
def test_a_page_about_the_service_is_for_anybody_and_says_what_it_is_and_how_long_it_holds(contract, anybody, operation):
    path, media, kept = PAGES[operation]
    assert contract.operation(operation)[:2] == ("get", path) and contract.operation(operation)[2]["security"] == []
    answer = anybody.get(path)
    assert answer.status_code == 200 and answer.headers["Content-Type"].partition(";")[0] == media
    assert answer.headers["Cache-Control"] == kept and re.fullmatch(r"[0-9A-Za-z-]{8,64}", answer.headers["X-Request-Id"])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    head = anybody.head(path)
    assert (head.status_code, head.content, head.headers["Content-Type"]) == (200, b"", answer.headers["Content-Type"])
    assert anybody.post(path, json={}).status_code == 405
    assert anybody.get(path, headers={"Accept": "image/png"}).status_code == 406


def test_the_description_leads_to_pages_that_are_there(contract, anybody):
    """getServiceDescription"""
    said = anybody.get("/").json()
    assert (said["name"], said["title"], said["version"]) == ("anze", "安责", contract.document["info"]["version"])
    assert set(said["links"].values()) == {PAGES[o][0] for o in ("getOpenapi", "getKeySet", "getHealth", "getReadiness")}
    assert all(anybody.get(path).status_code == 200 for path in said["links"].values())


def test_the_contract_is_the_bundled_one_in_both_forms_and_has_a_tag(contract, anybody):
    """getOpenapi, getOpenapiYaml"""
    as_json, as_yaml = anybody.get("/openapi.json"), anybody.get("/openapi.yaml")
    assert as_json.json() == contract.document
    assert json.loads(json.dumps(yaml.safe_load(as_yaml.content), default=str)) == json.loads(json.dumps(as_json.json()))
    for path, answer in (("/openapi.json", as_json), ("/openapi.yaml", as_yaml)):
        again = anybody.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304 and again.content == b"", path
        assert anybody.get(path, headers={"If-None-Match": '"another"'}).status_code == 200, path
    assert as_json.headers["ETag"] != as_yaml.headers["ETag"]


def test_health_is_told_without_the_database_and_readiness_with_it(contract, anybody):
    """getHealth, getReadiness: what they say when the database is away stands in fault/test_database_away.py."""
    version = contract.document["info"]["version"]
    assert anybody.get("/healthz").json() == {"status": "pass", "version": version}
    assert anybody.get("/readyz").json() == {"status": "pass", "version": version,
                                             "checks": {name: [{"status": "pass"}] for name in
                                                        ("database", "clock", "storage", "service")}}


def test_the_keys_are_public_and_are_those_that_signed(anybody, token):
    """getKeySet"""
    keys = anybody.get("/.well-known/jwks.json").json()["keys"]
    assert all(not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key) and {"kty", "kid", "use", "alg"} <= set(key) for key in keys)
    assert len({key["kid"] for key in keys}) == len(keys) and all(key["use"] == "sig" for key in keys)


def test_the_contact_for_weaknesses_holds_for_months(anybody, service):
    """getSecurityText, RFC 9116: Contact and Expires are required, less than a year ahead is recommended."""
    answer = anybody.get("/.well-known/security.txt")
    said = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert set(said) == {"Contact", "Expires", "Preferred-Languages"} and said["Preferred-Languages"] == "zh, en"
    assert said["Contact"] == service.settings.get("ANZE_SECURITY_CONTACT", "mailto:security@anze.invalid")
    left = dt.datetime.fromisoformat(said["Expires"]) - dt.datetime.now(dt.timezone.utc)
    assert dt.timedelta(days=170) < left < dt.timedelta(days=365)


def test_the_catalogue_names_the_contract_in_both_forms_and_the_status(anybody):
    """getApiCatalog, RFC 9727"""
    one, = anybody.get("/.well-known/api-catalog").json()["linkset"]
    assert one["anchor"] == "/"
    assert {link["href"]: link["type"] for link in one["service-desc"] + one["status"]} == {
        PAGES[o][0]: PAGES[o][1] for o in ("getOpenapi", "getOpenapiYaml", "getReadiness")}
    assert all(anybody.get(link["href"]).status_code == 200 for link in one["service-desc"] + one["status"])


def test_measurements_are_for_the_inner_listener_alone(anybody, service):
    """getMetrics: the text format of Prometheus, each metric once with its help and type."""
    assert anybody.get("/metrics").status_code == 404
    anybody.get("/healthz")
    with urllib.request.urlopen(service.admin_url + "/metrics", timeout=5) as answer:
        text = answer.read().decode()
        assert answer.headers["Content-Type"].startswith("text/plain") and answer.headers["Cache-Control"] == "no-store"
    names = re.findall(r"^# TYPE (\w+) (?:counter|gauge|histogram)$", text, re.MULTILINE)
    assert len(names) == len(set(names)) and set(re.findall(r"^# HELP (\w+) \S", text, re.MULTILINE)) == set(names)
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert samples and all(re.fullmatch(r"\w+(\{.*\})? -?[0-9.e+-]+", line) for line in samples)
    assert {re.match(r"\w+", line)[0].removesuffix("_bucket").removesuffix("_sum").removesuffix("_count")
            for line in samples} <= set(names)
    assert any(line.startswith("anze_build_info{") for line in samples)
    assert service.metric("anze_http_requests_total", operation="getHealth") >= 1


def test_no_memory_of_the_program_is_both_written_and_executed(service):
    """So that MemoryDenyWriteExecute of deploy/anze.service changes nothing of what is tested here."""
    assert "MemoryDenyWriteExecute=true" in (DEPLOY / "anze.service").read_text(encoding="utf-8").splitlines()
    for line in Path(f"/proc/{service.pid}/maps").read_text(encoding="utf-8").splitlines():
        _, rights, _, _, inode, *path = line.split(maxsplit=5)
        assert "x" not in rights or ("w" not in rights and (inode != "0" or path[:1] == ["[vdso]"] or "vsyscall" in line)), line


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/.well-known/jwks.json", "/v1/units"])
def test_the_inner_listener_serves_nothing_else(service, path):
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(service.admin_url + path, timeout=5)
    assert error.value.code == 404


@pytest.mark.parametrize("url, place, password", [
    ("postgresql://o:p%40ss@db/anze?sslmode=require", "postgresql://o@db/anze?sslmode=require", "p@ss"),
    ("postgresql://o@db/anze?password=pw&sslmode=require", "postgresql://o@db/anze?sslmode=require", "pw"),
    ("host=db password=pw user=o", "host=db  user=o", "pw"),
    ("host=db user=o password='a b\\'c'", "host=db user=o ", "a b'c"),
    ("host=db user=o", "host=db user=o", ""),
])
def test_no_password_of_a_connection_stands_among_the_arguments_of_a_program(url, place, password):
    said = subprocess.run(["bash", "-c", '. "$1"; url_split "$2"; printf "%s\\n" "$url_place" "$url_password"', "split",
                           str(DEPLOY / "lib.sh"), url], capture_output=True, text=True, check=True).stdout
    assert said.split("\n")[:2] == [place, password]
    for line in (DEPLOY / "up").read_text(encoding="utf-8").splitlines():
        arguments = line.partition("psql ")[2]
        assert not re.search(r"owner_url|secret |password=", arguments), line


def test_the_service_refuses_the_password_of_the_owner(service):
    """Whoever takes it over would own the database."""
    settings = {**service.settings, "ANZE_OWNER_DATABASE_URL": "host=nowhere"}
    done = subprocess.run([str(service.binary), "serve"], env=settings, capture_output=True, text=True, timeout=20)
    assert done.returncode != 0 and "ANZE_OWNER_DATABASE_URL is set" in done.stderr
