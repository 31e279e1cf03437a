"""Requests generated from the contract: whatever a client may send, no 5xx, and no answer that is not documented."""
import os

import hypothesis
import pytest
import requests
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks as openapi_checks

from harness import tree
from harness.accidents import first_report

load_all_checks()
EXAMPLES = int(os.environ.get("ANZE_EXAMPLES", "12"))
HEAD_LIMIT = 12 * 1024  # of a request, by the HTTP library: deploy/README.md


@pytest.fixture(scope="module")
def generated(cluster, make_database, make_service, client):
    """A service of its own with one accident, and the schema loaded from it."""
    database = make_database(cluster)
    service = make_service(database)
    officer = client(scopes=["accidents:report"], region="150622", to=service)
    assert officer.post("/v1/accidents", json=first_report()).status_code == 201
    loaded = schemathesis.openapi.from_url(f"{service.url}/openapi.json")
    return loaded.include(lambda context: "admin" not in (context.operation.definition.raw.get("x-anze-listeners") or [])
                          or "public" in context.operation.definition.raw["x-anze-listeners"])


@pytest.fixture(scope="module")
def bearer(token, contract):
    every = sorted({scope for role in contract.roles.values() for scope in role["scopes"]})
    return token(scopes=every, region="1506", unit=tree.body("emergency", "150600").id)


CHECKS = [schemathesis.checks.not_a_server_error, openapi_checks.status_code_conformance,
          openapi_checks.content_type_conformance, openapi_checks.response_headers_conformance,
          openapi_checks.response_schema_conformance]


def is_too_long(request: requests.PreparedRequest) -> bool:
    """Its head is answered by the HTTP library itself, or by closing the connection."""
    return len(request.url) + sum(len(f"{name}: {value}\r\n") for name, value in request.headers.items()) > HEAD_LIMIT


def trouble_with(operation, bearer: str) -> str | None:
    """What is wrong with the answers to `EXAMPLES` generated requests, valid and invalid ones; None: nothing."""

    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
                         suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
                      | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def run(case):
        try:
            response = case.call(headers={"Authorization": f"Bearer {bearer}"}, timeout=60)
        except requests.ConnectionError as error:
            if is_too_long(error.request):
                return
            raise
        if response.status_code in (414, 431) and "problem" not in response.headers.get("Content-Type", ""):
            return  # the HTTP library's own answer to a line over 12 KiB: deploy/README.md
        case.validate_response(response, checks=CHECKS)

    try:
        run()
    except Exception as error:  # noqa: BLE001 - every kind of failure is reported, by operation
        every = getattr(error, "exceptions", [error])
        return f"{operation.label}: " + "; ".join(f"{type(e).__name__} {e} {e.__cause__ or ''}"[:900] for e in every)
    return None


def test_every_operation_answers_as_documented(generated, bearer):
    operations = [found.ok() for found in generated.get_all_operations()]
    assert len(operations) > 25
    assert [t for t in (trouble_with(operation, bearer) for operation in operations) if t] == []
