"""The contract as a document: valid OpenAPI 3.1, complete in both languages, its examples true to their schemas."""
import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from harness.contract import METHODS


def schemas_with_examples(contract):
    """(place, pointer of the schema, example) of every body and answer that shows one."""
    for method, path, operation in contract.operations():
        bodies = [(("paths", path, method, "requestBody"), operation.get("requestBody", {}))]
        bodies += [(("paths", path, method, "responses", status), response)
                   for status, response in operation["responses"].items()]
        for pointer, node in bodies:
            resolved = contract.resolve(node)
            if resolved is not node:
                pointer = tuple(node["$ref"].removeprefix("#/").split("/"))
            for media, content in resolved.get("content", {}).items():
                examples = [content["example"]] if "example" in content else []
                examples += [shown["value"] for shown in content.get("examples", {}).values()]
                for example in examples:
                    yield f"{method} {path} {pointer[-1]}", (*pointer, "content", media, "schema"), example


def test_the_document_is_valid_openapi(contract):
    faults = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
              for error in OpenAPIV31SpecValidator(contract.document).iter_errors()]
    assert not faults, "\n".join(faults)


def test_every_example_follows_its_schema(contract):
    shown = list(schemas_with_examples(contract))
    faults = [f"{place}: {fault}" for place, pointer, example in shown
              for fault in contract.schema_faults(example, *pointer)]
    assert shown and not faults, "\n".join(faults)


def test_every_operation_speaks_both_languages_and_shows_its_answer(contract):
    for method, path, operation in contract.operations():
        place = f"{method} {path}"
        assert operation["summary"] and re.search("[\u4e00-\u9fff]", operation["x-anze-summary-zh"]), place
        assert re.fullmatch("[a-z][A-Za-z0-9]+", operation["operationId"]), place
        success = [contract.resolve(r) for status, r in operation["responses"].items() if status[0] == "2"]
        assert success, f"{place}: no success is documented"
        for content in (c for answer in success for c in answer.get("content", {}).values()):
            assert "example" in content or "examples" in content, f"{place}: the answer has no example"


def test_operation_ids_are_unique(contract):
    ids = [operation["operationId"] for _, _, operation in contract.operations()]
    assert len(ids) == len(set(ids))


def test_every_scope_that_an_operation_asks_for_is_in_some_role(contract):
    granted = {scope for role in contract.roles.values() for scope in role["scopes"]}
    asked = {scope for _, _, operation in contract.operations()
             for requirement in operation.get("security", contract.document.get("security", []))
             for scopes in requirement.values() for scope in scopes}
    assert asked <= granted and granted <= asked, asked ^ granted


@pytest.mark.parametrize("method", METHODS)
def test_every_documented_path_is_answered_and_not_as_unknown(contract, client, method):
    """Contract and routes are the same: what is documented is found, without a token at least as 401 or 4xx."""
    anonymous = client()
    for found, path, operation in contract.operations():
        if found != method or "public" not in operation.get("x-anze-listeners", ["public"]):
            continue
        target = re.sub(r"\{[^}]+\}", "0190a5c2-0001-7000-8000-000000000001", path)
        status = anonymous.request(method.upper(), target, json={} if "requestBody" in operation else None).status_code
        public = not operation.get("security", contract.document.get("security"))
        assert status < 500 and status not in (404, 405) if public else status == 401, f"{method} {target}: {status}"
