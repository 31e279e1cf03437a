#!/usr/bin/env python3
"""Prints the .sql files below a folder, one per line, by path relative to it, in the order in which they are applied:
migrations by name, then functions and data by domain (domains.txt) and name, then queries. With a second argument
`workflows`, the kinds of case that have a page there."""
import pathlib
import sys

root = pathlib.Path(sys.argv[1])
domains = (root / "domains.txt").read_text(encoding="ascii").split()
KINDS = ("bookkeeping", "migrations", "functions", "data", "queries")


def place(path):
    kind, *folders, name = path.parts
    if kind in ("functions", "data") and (len(folders) != 1 or folders[0] not in domains):
        sys.exit(f"sql: {path} is in no folder of a domain that domains.txt names")
    return KINDS.index(kind), domains.index(folders[0]) if kind in ("functions", "data") else 0, str(path)


if sys.argv[2:] == ["workflows"]:
    print("\n".join(sorted(page.stem for page in (root / "workflows").glob("*.yaml"))))
    sys.exit()
for path in sorted((p.relative_to(root) for p in root.rglob("*.sql")), key=place):
    print(path)
