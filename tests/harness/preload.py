"""Small libraries that make a program see what no test can bring about: a clock that is wrong, a disk without room."""
import subprocess
from pathlib import Path


def preload(name: str, folder: Path) -> str:
    """Compiles harness/<name>.c into the folder; the path for LD_PRELOAD."""
    library = folder / f"{name}.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(library), str(Path(__file__).with_name(name + ".c"))],
                   check=True)
    library.chmod(0o755)
    return str(library)
