"""One git process: started in its own process group, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

# After a request to end, git removes its temporary objects and locks. Then comes SIGKILL.
_GRACE_SECONDS = 5.0


class GitChild:
    """A running git with pipes. Call `wait`, then `reap`, which also ends whatever git started."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], *, has_input: bool) -> None:
        self._process = subprocess.Popen(
            command,
            env=environment,
            cwd="/",
            stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self.output = _fileno(self._process.stdout)
        self.errors = _fileno(self._process.stderr)

    def write(self, block: bytes) -> None:
        """Write all of it to git's input; raises BrokenPipeError where git no longer reads."""
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(_fileno(self._process.stdin), rest) :]

    def close_input(self) -> None:
        """Tell git that the input ends here."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    @contextlib.contextmanager
    def ending_within(self, seconds: float) -> Iterator[None]:
        """While the block runs, end git where it does not end by itself in that time."""
        ended = threading.Event()
        hurry = threading.Thread(target=self._hurry, args=(seconds, ended), daemon=True)
        hurry.start()
        try:
            yield
        finally:
            ended.set()
            hurry.join()

    def wait(self) -> None:
        """Wait until git has ended."""
        # WNOWAIT keeps the process's number taken, so that no signal of ours can hit another process.
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)

    def reap(self) -> int:
        """Clear away the process and what is left of its group; returns git's exit status."""
        self._signal_all(signal.SIGKILL)
        status = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        return status

    def _hurry(self, seconds: float, ended: threading.Event) -> None:
        if ended.wait(seconds):
            return
        # Since 2.39 git leaves its temporary objects behind when a signal ends it, and removes them when the
        # program it waits for (index-pack, a hook) ends early. So the signal goes there.
        for pid in self._children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        if not ended.wait(_GRACE_SECONDS):
            self._signal_all(signal.SIGKILL)

    def _children(self) -> list[int]:
        git = self._process.pid
        try:
            children = Path(f"/proc/{git}/task/{git}/children").read_text().split()
        except OSError:
            children = []
        return [int(pid) for pid in children] or [git]

    def _signal_all(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def _fileno(pipe: IO[bytes] | None) -> int:
    if pipe is None:
        raise ValueError("git was started without this pipe")
    return pipe.fileno()
