#!/usr/bin/env python3
"""Makes what the tests know of the last release, by the program of that release: tests/.venv/bin/python
tests/fault/last_release/make.py COMMIT, run after a release, in a checkout that has its commit.

- schema.sql.gz: its database as its own `anze migrate` makes it: tables, functions and shipped data, and nobody's data.
- statements.json.gz: the templates of its statements, by operation."""
import gzip
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from harness import cluster as clusters  # noqa: E402

EXTENSIONS = ["btree_gist"]


def program_of(commit: str, folder: Path) -> Path:
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    subprocess.run(["meson", "setup", "build", "-Dtests=false"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", "build"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder / "build/src/command/anze"


def dump(cluster: clusters.Cluster, name: str) -> str:
    """Without audit entries: they tell when it was made."""
    command = [clusters.BIN + "pg_dump", "-n", "anze", "-n", "audit", "--no-owner", "--exclude-table-data=audit.entry*",
               "--exclude-table-data=audit.link*", cluster.url(name, "admin")]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    extensions = "".join(f"CREATE EXTENSION IF NOT EXISTS {one};\n" for one in EXTENSIONS)
    # Of a schema alone pg_dump does not tell what holds for all of them.
    rights = "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;\n"
    return extensions + rights + re.sub(r"^--.*\n|^\n(?=\n)", "", text, flags=re.MULTILINE)


def write(path: Path, text: str) -> None:
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def main() -> None:
    cluster = clusters.Cluster()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            folder.chmod(0o755)
            program = program_of(sys.argv[1], folder)
            cluster.create_database("last", "template0")
            subprocess.run([str(program), "migrate"], check=True, stdout=subprocess.DEVNULL, env={
                "PATH": "/usr/bin:/bin", "ANZE_OWNER_DATABASE_URL": cluster.url("last", "anze_owner")})
            write(HERE / "schema.sql.gz", dump(cluster, "last"))
            write(HERE / "statements.json.gz", json.dumps(
                {path.stem: path.read_text(encoding="utf-8") for path in sorted((folder / "sql/queries").rglob("*.sql"))},
                ensure_ascii=False))
    finally:
        cluster.close()


main()
