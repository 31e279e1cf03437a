#!/usr/bin/env python3
"""Prints the contract's files below a folder, one per line, by path relative to it; its head first."""
import pathlib
import sys

root = pathlib.Path(sys.argv[1])
names = sorted(str(path.relative_to(root)) for path in root.rglob("*.yaml"))
print("\n".join(sorted(names, key=lambda name: name != "service.yaml")))
