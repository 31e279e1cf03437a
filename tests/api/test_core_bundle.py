"""openapi/bundle.py: one document from many files, and no fault of theirs passed over."""
import json
import subprocess
import sys
from pathlib import Path

import pytest

BUNDLE = Path(__file__).parents[2] / "openapi/bundle.py"
HEAD = """
openapi: 3.1.0
security: [{token: []}]
x-anze-answers:
  every: {'500': {$ref: '#/components/responses/failed'}}
  body: {'422': {$ref: '#/components/responses/failed'}}
  secured: {'401': {$ref: '#/components/responses/failed'}}
  path_parameter: {'404': {$ref: '#/components/responses/failed'}}
paths:
  /: {get: {operationId: getRoot, security: [], responses: {'200': {description: ok}}}}
components:
  responses: {failed: {description: failed}}
"""
PART = "paths: {'/v1/things/{id}': {get: {operationId: getThing, responses: {'200': {description: ok}}}}}\n"


@pytest.fixture
def bundle(tmp_path):
    """bundle(part, …) -> (the document or None, what was complained of)"""

    def run(*parts: str):
        files = []
        for number, text in enumerate((HEAD, *parts)):
            files.append(tmp_path / f"{number}.yaml")
            files[-1].write_text(text, encoding="utf-8")
        out = tmp_path / "out.json"
        done = subprocess.run([sys.executable, BUNDLE, out, tmp_path / "out.yaml", *files], capture_output=True, text=True)
        return (json.loads(out.read_text()) if done.returncode == 0 else None), done.stderr

    return run


def test_each_operation_documents_the_answers_of_its_kind(bundle):
    document, _ = bundle(PART)
    assert list(document["paths"]["/"]["get"]["responses"]) == ["200", "500"]
    assert list(document["paths"]["/v1/things/{id}"]["get"]["responses"]) == ["200", "401", "404", "500"]
    assert "x-anze-answers" not in document


def test_no_answer_422_is_added_where_errors_are_those_of_oauth(bundle):
    body = "{{post: {{operationId: {0}, requestBody: {{}}, responses: {{'200': {{description: ok}}}}{1}}}}}"
    document, _ = bundle("paths: {/a: %s, /b: %s}" % (body.format("a", ""), body.format("b", ", x-anze-errors: oauth")))
    assert [list(document["paths"][path]["post"]["responses"]) for path in ("/a", "/b")] == [
        ["200", "401", "422", "500"], ["200", "401", "500"]]


@pytest.mark.parametrize("part, complaint", [
    ("paths: {/: {get: {operationId: again}}}", "path / stands in another file already"),
    ("components: {responses: {failed: {}}}", "responses failed stands in another file already"),
    ("paths: {/x: {get: {operationId: getRoot}}}", "operationId getRoot"),
    ("paths: {/x: {get: {summary: nameless}}}", "operationId None"),
    ("paths: {/x: {get: {operationId: x, responses: {'200': {$ref: '#/components/responses/none'}}}}}", "leads nowhere"),
    ("paths: {/x: {get: {operationId: x, responses: {'200': {$ref: 'other.yaml#/a'}}}}}", "does not lead into"),
    ("paths: {/x: {parameters: []}}", "parameters is no method"),
    ("info: {title: again}", "only paths and components"),
    ("paths: {/x: {}, /x: {}}", "given twice")])
def test_a_fault_of_the_files_is_named(bundle, part, complaint):
    document, complaints = bundle(part)
    assert document is None and complaint in complaints
