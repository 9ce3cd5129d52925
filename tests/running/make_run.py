"""`make run`, as a person starts and stops it."""

from __future__ import annotations

import os
import re
import signal
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.running.processes import Process, has_ended
from tests.running.waiting import eventually


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@dataclass(frozen=True)
class Started:
    """A running `make run`."""

    process: Process
    url: str

    @property
    def output(self) -> str:
        return self.process.text

    def clone_url(self) -> str:
        return self._said(r"Clone URL +(\S+)")

    def sign_in_path(self) -> str:
        return self._said(r"Sign in +(\S+)").removeprefix(self.url)

    def lines_to_paste(self) -> str:
        """The four lines, exactly as they are printed."""
        _, _, after = self.output.partition("in another terminal:\n\n")
        lines = after.splitlines()[:4]
        assert all(line.startswith("  ") for line in lines), self.output
        return "\n".join(lines)

    def interrupt(self) -> list[psutil.Process]:
        """Ctrl-C, which the terminal sends to its foreground group; returns what is left running."""
        family = self.process.family()
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(15)
        return [one for one in family if not has_ended(one)]

    def _said(self, pattern: str) -> str:
        found = re.search(pattern, self.output)
        assert found is not None, self.output
        return found[1]


def make_run(home: Path, port: int, output: Path) -> Started:
    """Start it and wait until it is ready."""
    ours = ("PUSHGATE_", "REDIS_URL", "DATABASE_URL", "MAKE", "MFLAGS")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    environment = {**inherited, "PUSHGATE_HOME": str(home), "PORT": str(port)}
    started = Started(Process(("make", "run"), environment, output), f"http://127.0.0.1:{port}")
    eventually(lambda: _is_ready(started), seconds=120, about=lambda: started.output)
    return started


def _is_ready(started: Started) -> bool:
    assert started.process.is_running(), started.output
    try:
        # /readyz says on the log why it is not ready; before the web process listens there is nothing to ask.
        with urllib.request.urlopen(f"{started.url}/readyz", timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
