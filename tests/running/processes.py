"""Processes that a test starts, and ends by their ids with everything that they started themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from tests.running.waiting import eventually

CHECKOUT = Path(__file__).parents[2]


class Process:
    """One running process of the gate, with all that it prints in a file."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        output: Path,
        *,
        folder: Path = CHECKOUT,
        descriptors: Sequence[int] = (),
    ) -> None:
        self.output = output
        with output.open("wb") as file:
            self._child = subprocess.Popen(
                command,
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                pass_fds=descriptors,
                start_new_session=True,
            )
        self.pid = self._child.pid

    @property
    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def is_running(self) -> bool:
        return self._child.poll() is None

    def family(self) -> list[psutil.Process]:
        """Whatever runs in its session, where a process stays that has lost its parent, and below that."""
        found: dict[int, psutil.Process] = {}
        for one in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, ProcessLookupError):
                if os.getsid(one.pid) == self.pid:
                    found |= {each.pid: each for each in (one, *one.children(recursive=True))}
        return [one for one in found.values() if not has_ended(one)]

    def kill(self) -> None:
        """`kill -9`, to all of the family, and to whom they started meanwhile."""
        while family := self.family():
            for one in family:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            eventually(lambda family=family: all(has_ended(one) for one in family))
        self._child.wait(timeout=30)

    def stop(self) -> int:
        """Ask it to end as a process manager does, and return its exit code; what stays is killed."""
        self._child.terminate()
        try:
            return self._child.wait(timeout=20)
        finally:
            self.kill()

    def wait(self, seconds: float) -> int:
        return self._child.wait(timeout=seconds)


def has_ended(process: psutil.Process) -> bool:
    """Whether it runs no more; that nobody has asked for its exit code yet does not count."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """The command line that runs a module of this checkout."""
    return (sys.executable, "-m", name, *arguments)
