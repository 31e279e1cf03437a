"""The real program, as a process with its own ports and a configuration of environment variables alone."""
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path


def free_ports(count: int) -> list[int]:
    """Below the range that the kernel gives to outgoing connections: none of those takes one before it is used."""
    ports: list[int] = []
    while len(ports) < count:
        port = random.SystemRandom().randrange(15000, 32000)
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            ports.append(port)
    return ports


class Service:
    def __init__(self, binary: Path, settings: dict[str, str], log: Path) -> None:
        """`settings` are ANZE_ keys. Started by start(); the same ports over restarts."""
        self.binary, self.log_path = binary, log
        self.port, self.admin_port = free_ports(2)
        self.settings = {"ANZE_PORT": str(self.port), "ANZE_ADMIN_PORT": str(self.admin_port), **settings}
        self.url = f"http://127.0.0.1:{self.port}"
        self.admin_url = f"http://127.0.0.1:{self.admin_port}"
        self.process: subprocess.Popen | None = None

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self, wait: bool = True) -> "Service":
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", **self.settings}
        with open(self.log_path, "ab") as log:
            # Tests that are killed themselves leave none behind.
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", str(self.binary), "serve"],
                                            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                            start_new_session=True)
        if wait:
            self.wait_ready()
        return self

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.admin_url + "/readyz", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def wait_ready(self, seconds: float = 15) -> float:
        """How long it took. Fails with the end of the log."""
        begun = time.monotonic()
        while not self.is_ready():
            ended = self.process.poll()
            if ended is not None or time.monotonic() - begun > seconds:
                state = f"ended with {ended}" if ended is not None else f"is not ready after {seconds} s"
                raise AssertionError(f"anze serve {state}:\n{self.log_text()[-3000:]}")
            time.sleep(0.01)
        return time.monotonic() - begun

    def stop(self, seconds: float = 20) -> int:
        """SIGTERM; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def restart(self) -> "Service":
        self.stop()
        return self.start()

    def close(self) -> None:
        if self.process and self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop()
                return
            self.kill()

    def log_text(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    @property
    def log(self) -> list[dict]:
        """Every line, parsed: a line that is no JSON object fails here, as it would in a log collector."""
        return [json.loads(line) for line in self.log_text().splitlines()]

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples whose labels include the given ones."""
        with urllib.request.urlopen(self.admin_url + "/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        samples = [line for line in lines
                   if (line.startswith(name + "{") or line.startswith(name + " ")) and all(w in line for w in wanted)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in samples)

    def resident_kib(self) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("the process has no VmRSS")

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
