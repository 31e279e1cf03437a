"""Tokens as the service meets them over HTTP; what a token may say is held by the unit tests."""
import base64
import hashlib
import hmac
import json
import time

import pytest
from cryptography.hazmat.primitives import serialization

from cryptography import x509

from harness import tree
from harness.https import DAY, LOOPBACK, Authority, KeyServer
from harness.tokens import Issuer

UNITS = "/v1/units"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_of(token: str) -> str:
    return token.split(".")[1]


def public_pem(issuer, kid: str) -> bytes:
    return issuer.keys[kid][1].public_key().public_bytes(serialization.Encoding.PEM,
                                                        serialization.PublicFormat.SubjectPublicKeyInfo)


def unsigned(token: str, algorithm: str) -> str:
    header = encoded(json.dumps({"alg": algorithm, "kid": "test-1", "typ": "at+jwt"}).encode())
    return f"{header}.{claims_of(token)}."


def signed_with_public_key(token: str, issuer) -> str:
    header = encoded(json.dumps({"alg": "HS256", "kid": "test-1", "typ": "at+jwt"}).encode())
    signed = f"{header}.{claims_of(token)}"
    return f"{signed}.{encoded(hmac.digest(public_pem(issuer, 'test-1'), signed.encode(), hashlib.sha256))}"


def is_refused(answer, error: str | None = "invalid_token") -> bool:
    challenge = answer.headers.get("WWW-Authenticate", "")
    return (answer.status_code == 401 and challenge.startswith("Bearer")
            and (f'error="{error}"' in challenge if error else "error=" not in challenge))


@pytest.fixture
def good(token):
    return token("county_officer", region="150622")


def test_a_good_token_is_good(client, good):
    assert client(bearer=good).get(UNITS).status_code == 200


def test_without_a_token_the_challenge_names_no_error(client):
    assert is_refused(client().get(UNITS), None)


NOW = int(time.time())


@pytest.mark.parametrize("name,claims", [
    ("expired", {"exp": NOW - 120}), ("without an end", {"exp": None}), ("with an end in words", {"exp": "tomorrow"}),
    ("not valid yet", {"nbf": NOW + 3600}), ("issued in the future", {"iat": NOW + 3600}),
    ("for somebody else", {"aud": "another"}), ("for nobody", {"aud": None}), ("for a list without us", {"aud": ["a", "b"]}),
    ("of another issuer", {"iss": "https://evil.example"}), ("of the service's own name", {"iss": "urn:anze:tests"}),
    ("of no issuer", {"iss": None}), ("of nobody", {"sub": None}), ("of no client", {"client_id": None}),
    ("without an id", {"jti": None}), ("with an actor of no name", {"act": {}}), ("with an actor in words", {"act": "boss"})])
def test_a_token_with_wrong_claims_is_401(client, token, name, claims):
    assert is_refused(client(bearer=token("county_officer", region="150622", **claims)).get(UNITS)), name


@pytest.mark.parametrize("name,headers", [
    ("of another type", {"typ": "JWT"}), ("with an unknown key", {"kid": "test-2"}), ("with a path as key", {"kid": "../../x"}),
    ("with SQL as key", {"kid": "' or 1=1--"}), ("with conditions", {"crit": ["exp"], "exp": 1}),
    ("with a key of its own", {"jku": "http://127.0.0.1:1/keys"}), ("with a certificate", {"x5u": "http://127.0.0.1:1/"}),
    ("compressed", {"zip": "DEF"}), ("with a key inside", {"jwk": {"kty": "oct", "k": "AAAA"}})])
def test_a_token_with_a_wrong_header_is_401(client, token, name, headers):
    assert is_refused(client(bearer=token("county_officer", region="150622", headers=headers)).get(UNITS)), name


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "ES256"])
def test_an_unsigned_token_is_401_however_it_calls_itself(client, good, algorithm):
    assert is_refused(client(bearer=unsigned(good, algorithm)).get(UNITS))


def test_a_token_signed_with_the_public_key_as_a_secret_is_401(client, good, issuer):
    assert is_refused(client(bearer=signed_with_public_key(good, issuer)).get(UNITS))


@pytest.mark.parametrize("bend", [
    lambda t: t[:-1], lambda t: t + "A", lambda t: t + "=", lambda t: ".".join(t.split(".")[:2]), lambda t: t + ".x",
    lambda t: "..", lambda t: "a.b.c", lambda t: t.replace(".", "..", 1), lambda t: t[:20] + "." + t[20:],
    lambda t: t.split(".")[0] + "." + encoded(b'{"sub":"a"}') + "." + t.split(".")[2], lambda t: t + "A" * 9000])
def test_a_bent_token_is_401(client, good, bend):
    assert is_refused(client(bearer=bend(good)).get(UNITS))


@pytest.mark.parametrize("form,status", [("Bearer {}", 200), ("bearer {}", 200), ("BEARER {}", 200), ("Basic {}", 401),
                                         ("{}", 401), ("Bearer", 401), ("Bearer {} x", 401)])
def test_the_scheme_is_bearer_in_any_case(raw_http, good, form, status):
    answer = raw_http(f"GET {UNITS} HTTP/1.1\r\nHost: a\r\nAuthorization: {form.format(good)}\r\n\r\n".encode())
    assert answer.status == status and (status == 200 or answer.headers["www-authenticate"].startswith("Bearer"))


def test_a_token_in_the_query_is_not_read(client, good):
    assert client().get(f"{UNITS}?access_token={good}").status_code in (400, 401)


def test_without_the_scope_it_is_403_and_the_scope_is_named(client):
    answer = client(scopes=["rules:read"], region="150622").get(UNITS)
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert 'scope="units:read"' in answer.headers["WWW-Authenticate"]


def test_a_token_that_reaches_nothing_sees_nothing(client):
    answer = client(scopes=["accidents:read"]).get("/v1/accidents")
    assert answer.status_code == 403 or answer.json()["items"] == []


def test_what_is_wrong_with_a_token_is_told_in_both_languages_and_without_the_token(client, token):
    bad = token("county_officer", region="150622", exp=NOW - 120)
    texts = {language: client(bearer=bad, language=language).get(UNITS) for language in ("zh", "en")}
    assert texts["en"].json()["title"].isascii() and not texts["zh"].json()["title"].isascii()
    for answer in texts.values():
        assert answer.json()["code"] == "unauthenticated" or answer.json()["code"] == "invalid-token"
        assert bad not in answer.text and claims_of(bad) not in answer.text


# ---------------------------------------------------------------- keys

@pytest.fixture
def issuer_of_its_own(work, make_service, database):
    issuer = Issuer(work / "rotating", "https://rotating.example")
    return issuer, make_service(database, ANZE_TOKEN_ISSUERS=issuer.setting)


def eventually(holds, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture
def by_url(work):
    """An issuer whose keys come by TLS, its server, and two authorities, of which the first is trusted."""
    issuer = Issuer(work / "by-url", "https://by-url.example")
    trusted, other = Authority(work, "trusted"), Authority(work, "other")
    server = KeyServer(issuer, trusted.issue("right", LOOPBACK))
    yield issuer, server, trusted, other
    server.close()


def said_of(service, event: str) -> list[str]:
    return [line.get("reason", "") for line in service.log if line["event"] == event]


def test_keys_by_url_are_taken_from_nobody_else_and_the_last_good_ones_stay(by_url, make_service, database, client, work):
    """The log says once what is wrong, and once that it is right again."""
    issuer, server, trusted, other = by_url
    service = make_service(database, ANZE_TOKEN_ISSUERS=f"{issuer.name}={server.url}", ANZE_JWKS_CA_FILE=str(trusted.path),
                           ANZE_JWKS_REFRESH_S="1", ANZE_JWKS_COOL_DOWN_S="1")
    officer = client(bearer=issuer.mint(scope="units:read", anze_region="150622"), to=service)
    assert officer.get(UNITS).status_code == 200
    wrong = {"another authority": other.issue("stranger", LOOPBACK),
             "another name": trusted.issue("elsewhere", [x509.DNSName("elsewhere.example")]),
             "no longer valid": trusted.issue("expired", LOOPBACK, (-30 * DAY, -DAY))}
    for n, (what, certificate) in enumerate(wrong.items(), 1):
        server.present(certificate)
        assert eventually(lambda n=n: len(said_of(service, "issuer-away")) == n), what
        assert officer.get(UNITS).status_code == 200, what
        server.present(trusted.folder / "right.pem")
        assert eventually(lambda n=n: len(said_of(service, "issuer-back")) == n), what
    assert all("certificate" in reason.lower() for reason in said_of(service, "issuer-away")), said_of(service, "issuer-away")


def test_tokens_of_an_issuer_whose_keys_never_came_are_to_be_sent_again(by_url, make_service, database, client):
    """Its authority is not one of the machine's. 401 would have its clients throw their tokens away."""
    issuer, server, _, _ = by_url
    service = make_service(database, ANZE_TOKEN_ISSUERS=f"{issuer.name}={server.url}", ANZE_JWKS_COOL_DOWN_S="7")
    answer = client(bearer=issuer.mint(scope="units:read", anze_region="150622"), to=service).get(UNITS)
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "unavailable", "7")
    assert len(said_of(service, "issuer-away")) == 1 and service.metric("anze_issuers_away") == 1
    stranger = Issuer(issuer.folder.parent / "stranger", "https://stranger.example")
    assert client(bearer=stranger.mint(scope="units:read", anze_region="150622"), to=service).get(UNITS).status_code == 401


def test_keys_are_rotated_without_a_restart(issuer_of_its_own, client):
    issuer, service = issuer_of_its_own
    pid = service.pid

    def status(token: str) -> int:
        return client(bearer=token, to=service).get(UNITS).status_code

    grant = {"scope": "units:read", "anze_region": "150622"}
    old = issuer.mint(**grant)
    assert status(old) == 200
    for kid, algorithm in (("new-1", "ES256"), ("new-2", "RS256"), ("new-3", "PS256")):
        issuer.add(kid, algorithm)
        new = issuer.mint(kid=kid, **grant)
        assert eventually(lambda token=new: status(token) == 200), algorithm
        assert status(old) == 200, "old and new overlap"
    other_old = issuer.mint(**grant)
    issuer.remove("test-1")
    assert eventually(lambda: status(old) == 401) and status(other_old) == 401
    assert status(new) == 200 and service.pid == pid


def test_an_algorithm_that_is_not_the_keys_is_401(issuer_of_its_own, client):
    issuer, service = issuer_of_its_own
    issuer.add("rsa", "RS256")
    good = issuer.mint(kid="rsa", scope="units:read", anze_region="150622")
    assert eventually(lambda: client(bearer=good, to=service).get(UNITS).status_code == 200)
    issuer.keys["rsa"] = ("PS256", issuer.keys["rsa"][1])
    assert is_refused(client(bearer=issuer.mint(kid="rsa", scope="units:read", anze_region="150622"), to=service).get(UNITS))


def test_a_key_of_one_issuer_does_not_sign_for_another(issuer_of_its_own, client):
    issuer, service = issuer_of_its_own
    foreign = issuer.mint(scope="units:read", anze_region="150622")
    assert client(bearer=foreign, to=service).get(UNITS).status_code == 200
    assert is_refused(client(bearer=foreign).get(UNITS))


def test_the_jwks_shows_public_members_alone(client):
    answer = client().get("/.well-known/jwks.json")
    assert answer.headers["Content-Type"] == "application/jwk-set+json" and "max-age" in answer.headers["Cache-Control"]
    keys = answer.json()["keys"]
    assert [key["kid"] for key in keys] == ["own-1"]
    for key in keys:
        assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}


def test_no_line_of_the_log_holds_a_token(client, service, token):
    bad = token("county_officer", region="150622", exp=NOW - 120)
    good = token("county_officer", region="150622")
    for one in (bad, good):
        client(bearer=one).get(UNITS)
    text = service.log_text()
    for one in (bad, good):
        assert claims_of(one) not in text and one.split(".")[2] not in text


def test_a_token_of_a_unit_reaches_that_unit_alone(client):
    own = tree.enterprise("150622101", 1)
    reporter = client("enterprise_reporter", unit=own.id)
    assert reporter.get(f"{UNITS}/{own.id}").status_code == 200
    assert reporter.get(f"{UNITS}/{tree.enterprise('150622101', 2).id}").status_code == 404
