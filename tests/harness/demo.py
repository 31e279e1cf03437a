"""The demo city of deploy/up, in a database of its own, loaded as deploy/up loads it."""
import re
import shutil
import subprocess
from pathlib import Path

from .cluster import Database

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def seed() -> str:
    return re.search(r"^demo_seed=(\d+)$", (DEPLOY / "up").read_text(encoding="utf-8"), re.M)[1]


class DemoCity(Database):
    """In place of the tests' tree: the city, its duties and its hazards."""

    def load_tree(self) -> None:
        self.anze("import", "regions", str(DEPLOY / "demo-regions.csv"), check=True)
        self.load("demo.sql", "demo_duties.sql", "demo_hazards.sql")

    def load(self, *files: str) -> None:
        done = subprocess.run([shutil.which("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", f"seed={seed()}", self.owner_url,
                               "-c", "set jit = off", *(word for file in files for word in ("-f", str(DEPLOY / file)))],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stdout + done.stderr
