#!/usr/bin/env python3
"""Makes what the tests know of the last release, by the program of that release: tests/.venv/bin/python
tests/fault/last_release/make.py COMMIT, run after a release, in a checkout that has its commit.

- schema.sql.gz: its database as its own `anze migrate` makes it: tables, functions and shipped data, and nobody's data.
- statements.json.gz: the templates of its statements, by operation.
- sql/bookkeeping/adopted.sql: what that database has applied, statement by statement, for databases from before
  anze.migration_object. It goes when no such database is left."""
import gzip
import hashlib
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
from harness.script import digests, routine  # noqa: E402

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


def adopted(cluster: clusters.Cluster, name: str, sql: Path) -> str:
    """A name that several functions have does not tell which of them a statement made: those are applied once more."""
    with clusters.psycopg.connect(cluster.url(name, "admin")) as admin:
        signatures: dict[str, list[str]] = {}
        for full_name, signature in admin.execute(
                "select n.nspname || '.' || p.proname, p.oid::regprocedure::text from pg_proc p"
                " join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('anze', 'audit')").fetchall():
            signatures.setdefault(full_name, []).append(signature)
    files = {path: path.read_text(encoding="utf-8") for path in sorted((sql / "functions").rglob("*.sql"))}
    rows = []
    for path, objects in digests(files).items():
        checksum = hashlib.sha256(files[path].encode()).hexdigest()
        for one in objects:
            made = one.makes if not routine(one.text) else None
            if routine(one.text):
                if len(signatures[routine(one.text)]) != 1:
                    continue
                made = signatures[routine(one.text)][0]
            rows.append(f"    ('{checksum[:16]}', '{one.digest}', {'null' if made is None else chr(39) + made + chr(39)})")
    return ("-- What databases of the last release have applied, by the digests of its files (tests/fault/last_release/make.py).\n"
            "select a.digest, m.name, a.makes from anze.migration m join (values\n" + ",\n".join(rows)
            + "\n) a(file, digest, makes) on a.file = left(m.checksum, 16)\n")


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
            (ROOT / "sql/bookkeeping").mkdir(exist_ok=True)
            (ROOT / "sql/bookkeeping/adopted.sql").write_text(adopted(cluster, "last", folder / "sql"), encoding="utf-8")
    finally:
        cluster.close()


main()
