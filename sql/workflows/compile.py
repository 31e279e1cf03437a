#!/usr/bin/env python3
"""Compiles the kinds of case: compile.py OPENAPI.json OUT_FOLDER KIND.yaml...

Each document is checked against the contract's schema `case_kind_document` and written twice: as
workflow_<kind>.json, and as workflow_<kind>.sql, which makes it rows. scopes.sql has the scopes that documents may ask
for: those of the contract's roles. Whether what a document names is there is checked by the database itself."""
import json
import pathlib
import sys

import jsonschema
import yaml

SCHEMA = {"$ref": "#/components/schemas/case_kind_document"}


class Loader(yaml.SafeLoader):
    """Dates stay text, and a key that is given twice is an error."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def flat(fields):
    """A list among fields is a group that was named elsewhere: its fields stand in its place."""
    return [one for field in fields for one in (flat(field) if isinstance(field, list) else [field])]


def read(path):
    """The document of a page: what stands under `common` is there to be named, and is no part of it."""
    with open(path, encoding="utf-8") as file:
        document = yaml.load(file, Loader)
    document.pop("common", None)
    for action in document["actions"]:
        if "fields" in action:
            action["fields"] = flat(action["fields"])
    return document


def pointer(error):
    return "".join(f"/{step}" for step in error.absolute_path)


def check(path, document, contract):
    resolver = jsonschema.RefResolver("", contract)
    faults = sorted((pointer(e), e.message) for e in
                    jsonschema.Draft202012Validator(SCHEMA, resolver=resolver).iter_errors(document))
    if document["code"] != pathlib.Path(path).stem:
        faults.append(("/code", "the page is named by its kind"))
    if faults:
        sys.exit("\n".join(f"{path}: {place}: {message}" for place, message in faults))


def scopes_sql(contract):
    scopes = sorted({scope for role in contract["x-anze-roles"].values() for scope in role["scopes"]})
    rows = ", ".join(f"('{scope}')" for scope in scopes)
    return (f"insert into anze.scope (code) values {rows} on conflict do nothing;\n"
            f"delete from anze.scope s where s.code not in ({', '.join(repr(scope) for scope in scopes)});\n")


def main(openapi, out, *paths):
    contract = json.loads(pathlib.Path(openapi).read_text(encoding="utf-8"))
    folder = pathlib.Path(out)
    (folder / "scopes.sql").write_text(scopes_sql(contract), encoding="utf-8")
    for path in paths:
        document = read(path)
        check(path, document, contract)
        compiled = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        name = f"workflow_{document['code']}"
        (folder / f"{name}.json").write_text(compiled, encoding="utf-8")
        (folder / f"{name}.sql").write_text(f"select anze.ship_case_kind($document${compiled}$document$);\n",
                                            encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
