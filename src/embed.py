#!/usr/bin/env python3
"""Writes a C file that holds the given files, in the given order:
embed.py OUT SYMBOL ROOT FILE... [--as FOLDER FILE...]

They are named by their path below ROOT; what was generated, by its own name after FOLDER."""
import hashlib
import os
import sys

out, symbol, root, *files = sys.argv[1:]
generated = files.index("--as") if "--as" in files else len(files)
folder = files[generated + 1:generated + 2]
files = ([(os.path.relpath(f, root), f) for f in files[:generated]]
         + [(folder[0] + os.path.basename(f), f) for f in files[generated + 2:]])
with open(out, "w", encoding="ascii") as c:
    c.write('#include "anze/base/embedded.h"\n\n')
    for number, (_, path) in enumerate(files):
        data = open(path, "rb").read()
        c.write(f"static const char file_{number}[] = {{\n")
        for start in range(0, len(data), 24):
            c.write("".join(f"{b if b < 128 else b - 256}," for b in data[start:start + 24]) + "\n")
        c.write("0};\n")
    c.write(f"\nconst struct embedded_file {symbol}[] = {{\n")
    for number, (name, path) in enumerate(files):
        digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
        c.write(f'    {{ "{name}", {{ file_{number}, sizeof file_{number} - 1 }}, "{digest}" }},\n')
    c.write(f"}};\nconst size_t n_{symbol} = {len(files)};\n")
