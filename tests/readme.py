#!/usr/bin/env python3
"""Runs the README's commands as a newcomer would, against a fresh instance of deploy/up, and compares what they print with
what the README says. `tests/readme.py --write FILE` puts what they print into the file instead.

Instants, ids, digests and durations differ from run to run; everything else must be the same."""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"```bash\n(.*?)```\n(?:```(?:json|text)\n(.*?)```\n)?", re.S)
VARYING = [
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+([+-]\d\d:\d\d|Z)", "INSTANT"),
    (r"\d{4}-\d\d-\d\d", "DAY"),
    (r'"\d\d:\d\d","running"', '"TIME","running"'),
    (r"[0-9a-f]{64}", "DIGEST"),
    (r'"late_by_seconds":\d+', '"late_by_seconds":N'),
    # Which stage of warning has come depends on the day.
    (r"\d+ days? overdue and not done\. .*", "OVERDUE"),
    (r"已逾期\d+天仍未履行，.*", "OVERDUE"),
    (r"\d{4}年\d+月\d+日", "DAY"),
    (r"\d+ entries checked|\d+ entries not sealed|\d+ heads|\d+ masked texts|head \d+", "COUNT"),
]
SCRATCH = re.compile(r"(?<![/\w.])((?:accident|missed|excuse|visits|hazard|listing|story)\.json)")  # files that the commands write
MARK = "@@@ end of block @@@"


def steady(text: str) -> str:
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return text.strip()


def run_all(blocks: list[str]) -> list[str]:
    """All blocks in one shell, as typed one after another; what each prints."""
    with tempfile.TemporaryDirectory() as folder:
        script = "set -euo pipefail\n" + f"cd {ROOT}\n" + "".join(
            SCRATCH.sub(rf"{folder}/\1", block) + f"\necho '{MARK}'\n" for block in blocks)
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=os.environ)
    if done.returncode:
        sys.exit(f"a command of the README failed ({done.returncode}):\n{done.stdout[-2000:]}\n{done.stderr}")
    return [part.strip("\n") for part in done.stdout.split(MARK)[:-1]]


def main() -> None:
    write = "--write" in sys.argv
    files = [a for a in sys.argv[1:] if not a.startswith("--")] or ["README.md", "README.zh-CN.md"]
    faults = 0
    for name in files:
        text = (ROOT / name).read_text(encoding="utf-8")
        found = list(BLOCK.finditer(text))
        printed = run_all([match[1] for match in found])
        if write:
            for match, output in reversed(list(zip(found, printed))):
                if match[2] is not None:
                    text = text[:match.start(2)] + (output + "\n" if output else "") + text[match.end(2):]
            (ROOT / name).write_text(text, encoding="utf-8")
            continue
        for match, output in zip(found, printed):
            if match[2] is not None and steady(match[2]) != steady(output):
                faults += 1
                print(f"{name}: the commands\n{match[1]}print\n{output}\nbut the README says\n{match[2]}")
        print(f"{name}: {len(found)} blocks ran")
    sys.exit(1 if faults else 0)


main()
