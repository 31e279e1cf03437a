#!/usr/bin/env python3
"""Merges the contract's files into one document: bundle.py OUT.json OUT.yaml FILE...

The first file is service.yaml, the contract's head. Paths and components keep the order of the files; one that is
given twice is an error, and so is a $ref that leads nowhere. What `x-anze-answers` says is added to the operations
that it concerns, so that each of them documents every answer that it can give."""
import json
import sys

import yaml

MERGE = "tag:yaml.org,2002:merge"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Loader(yaml.SafeLoader):
    """Dates and times stay text, and a key that is given twice is an error. `<<` takes in another mapping's members."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != MERGE]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


class Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


def fail(message):
    sys.exit(f"openapi: {message}")


def read(path):
    with open(path, encoding="utf-8") as file:
        try:
            return yaml.load(file, Loader)
        except yaml.YAMLError as error:
            fail(f"{path}: {error}")


def merge_into(target, more, what, path):
    for name, value in more.items():
        if name in target:
            fail(f"{path}: {what} {name} stands in another file already")
        target[name] = value


def merge(paths):
    document = read(paths[0])
    for path in paths[1:]:
        part = read(path)
        for member in part.keys() - {"paths", "components"}:
            fail(f"{path}: only paths and components may stand here, not {member}")
        merge_into(document["paths"], part.get("paths", {}), "path", path)
        for kind, more in part.get("components", {}).items():
            merge_into(document["components"].setdefault(kind, {}), more, kind, path)
    return document


def look_up(document, reference):
    node = document
    if not reference.startswith("#/"):
        fail(f"$ref {reference} does not lead into this document")
    for step in reference[2:].split("/"):
        step = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, dict) or step not in node:
            fail(f"$ref {reference} leads nowhere")
        node = node[step]
    return node


def check_references(document, node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            look_up(document, node["$ref"])
        for value in node.values():
            check_references(document, value)
    elif isinstance(node, list):
        for value in node:
            check_references(document, value)


def kinds_of(document, path, operation):
    """The kinds of x-anze-answers that concern an operation."""
    parameters = [look_up(document, p["$ref"]) if "$ref" in p else p for p in operation.get("parameters", [])]
    headers = {p["name"].lower() for p in parameters if p["in"] == "header"}
    return [kind for kind, holds in (
        ("every", True),
        ("secured", operation.get("security", document["security"]) != []),
        ("limited_by_address", operation.get("security", document["security"]) == []
         and "admin" not in operation.get("x-anze-listeners", [])),
        ("path_parameter", "{" in path),
        ("body", "requestBody" in operation),
        ("idempotency_key", "idempotency-key" in headers),
        ("if_match", "if-match" in headers)) if holds]


def add_answers(document):
    answers = document.pop("x-anze-answers", {})
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in METHODS:
                fail(f"{path}: {method} is no method (parameters stand in the operation)")
            responses = operation.setdefault("responses", {})
            for kind in kinds_of(document, path, operation):
                for status, response in answers.get(kind, {}).items():
                    if status != "422" or operation.get("x-anze-errors") != "oauth":  # what does not fit is 400 there
                        responses.setdefault(status, response)
            operation["responses"] = dict(sorted(responses.items()))


def check_operation_ids(document):
    seen = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            name = operation.get("operationId")
            if not name or name in seen:
                fail(f"{method} {path}: operationId {name} is missing or used by {seen.get(name)}")
            seen[name] = f"{method} {path}"


def main(out_json, out_yaml, *paths):
    document = merge(paths)
    add_answers(document)
    check_references(document, document)
    check_operation_ids(document)
    with open(out_json, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, separators=(",", ":"))
    with open(out_yaml, "w", encoding="utf-8") as file:
        yaml.dump(document, file, Dumper, allow_unicode=True, sort_keys=False, width=120)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
