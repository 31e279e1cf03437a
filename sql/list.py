#!/usr/bin/env python3
"""Prints the .sql files below a folder, one per line, by path relative to it."""
import pathlib
import sys

root = pathlib.Path(sys.argv[1])
print("\n".join(sorted(str(path.relative_to(root)) for path in root.rglob("*.sql"))))
