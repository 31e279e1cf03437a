"""The bundled contract as an oracle: what an answer may look like, checked by another implementation than ours."""
import re
from functools import lru_cache

import jsonschema
import referencing
from referencing.jsonschema import DRAFT202012

ROOT = "urn:anze:openapi"
METHODS = ("get", "post", "put", "patch", "delete")

# Every instant of every answer has one form: China's offset, milliseconds.
TAKEN = jsonschema.Draft202012Validator.FORMAT_CHECKER
ANSWERED = jsonschema.FormatChecker()
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}\+08:00")


@ANSWERED.checks("date-time")
def is_instant(value) -> bool:
    return not isinstance(value, str) or INSTANT.fullmatch(value) is not None


def _pointer(*parts: str) -> str:
    return ROOT + "#/" + "/".join(part.replace("~", "~0").replace("/", "~1").replace("%", "%25").replace("{", "%7B")
                                  .replace("}", "%7D") for part in parts)


class Contract:
    def __init__(self, document: dict) -> None:
        self.document = document
        resource = referencing.Resource(contents=document, specification=DRAFT202012)
        self._registry = referencing.Registry().with_resource(ROOT, resource)
        self._paths = [(re.compile("".join("[^/]+" if p.startswith("{") else re.escape(p)
                                           for p in re.split(r"(\{[^}]+\})", path))), path)
                       for path in sorted(document["paths"], key=lambda p: p.count("{"))]
        self.roles: dict = document.get("x-anze-roles", {})

    def operations(self):
        """(method in lower case, path template, operation) of everything."""
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method, path, item[method]

    def operation(self, operation_id: str) -> tuple[str, str, dict]:
        return next(found for found in self.operations() if found[2]["operationId"] == operation_id)

    def resolve(self, node: dict) -> dict:
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def parameters(self, path: str, operation: dict) -> list[dict]:
        shared = self.document["paths"][path].get("parameters", [])
        return [self.resolve(p) for p in [*shared, *operation.get("parameters", [])]]

    def find(self, method: str, path: str) -> tuple[str, str, dict] | None:
        """The operation of a path as sent (without query); HEAD is answered by GET."""
        method = "get" if method.upper() == "HEAD" else method.lower()
        for pattern, template in self._paths:
            if pattern.fullmatch(path) and method in self.document["paths"][template]:
                return method, template, self.document["paths"][template][method]
        return None

    @lru_cache(maxsize=None)
    def _validator(self, formats: jsonschema.FormatChecker, *pointer: str) -> jsonschema.Draft202012Validator:
        return jsonschema.Draft202012Validator({"$ref": _pointer(*pointer)}, registry=self._registry, format_checker=formats)

    def schema_faults(self, value, *pointer: str, formats: jsonschema.FormatChecker = TAKEN) -> list[str]:
        """What is wrong with a value against the schema at a place: contract.schema_faults(v, "components", …)."""
        return [f"{error.json_path}: {error.message[:200]}"
                for error in self._validator(formats, *pointer).iter_errors(value)]

    def check(self, method: str, target: str, response) -> None:
        """Raises AssertionError when a `requests` response is not one that the contract documents."""
        path = target.partition("?")[0]
        place = f"{method} {path} -> {response.status_code}"
        found = self.find(method, path)
        media = response.headers.get("Content-Type", "").partition(";")[0]
        if response.status_code >= 400 and media != "application/health+json":  # readiness says no in its own words
            self._check_problem(place, method, response)
        if found is None or method.upper() == "OPTIONS" or "public" not in found[2].get("x-anze-listeners", ["public"]):
            return
        responses = found[2]["responses"]
        status = str(response.status_code)
        key = next((k for k in (status, status[0] + "XX", "default") if k in responses), None)
        assert key, f"{place}: this status is not documented; documented are {sorted(responses)}"
        documented = self.resolve(responses[key])
        pointer = (documented is responses[key]
                   and ("paths", found[1], found[0], "responses", key)
                   or tuple(responses[key]["$ref"].removeprefix("#/").split("/")))
        self._check_headers(place, documented, response)
        if method.upper() != "HEAD":
            self._check_body(place, documented, pointer, response)

    def _check_headers(self, place: str, documented: dict, response) -> None:
        for name, header in documented.get("headers", {}).items():
            if self.resolve(header).get("required"):
                assert name in response.headers, f"{place}: the header {name} is documented as required and missing"

    def _check_body(self, place: str, documented: dict, pointer: tuple, response) -> None:
        content = documented.get("content", {})
        if not content:
            assert not response.content, f"{place}: a body came, none is documented"
            return
        media = response.headers.get("Content-Type", "").partition(";")[0].strip()
        assert media in content, f"{place}: media type {media!r} is not documented; documented are {sorted(content)}"
        if media.endswith("json") and "schema" in content[media]:
            faults = self.schema_faults(response.json(), *pointer, "content", media, "schema", formats=ANSWERED)
            assert not faults, f"{place}: the body does not follow its schema:\n" + "\n".join(faults[:10])

    @staticmethod
    def _check_problem(place: str, method: str, response) -> None:
        media = response.headers.get("Content-Type", "").partition(";")[0]
        assert media == "application/problem+json", f"{place}: a refusal came as {media!r}"
        if method.upper() == "HEAD":
            return
        problem = response.json()
        assert problem["status"] == response.status_code, f"{place}: the problem says {problem['status']}"
        assert problem["type"] == f"urn:anze:problem:{problem['code']}", f"{place}: type {problem['type']}"
        assert problem["title"], f"{place}: no title"
