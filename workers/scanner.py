"""`python -m workers.scanner`: answers the hooks' question what a scan for secrets says of a push.

It listens on a socket file that only the gate's user can open. Without it nothing is lost but the lines on
the agent's terminal: the assessment of a push scans it in any case.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socketserver
import threading
from pathlib import Path

from gate.adapters.logs import report_fault
from gate.adapters.process import begin
from gate.bootstrap import Container, build
from gate.config import load
from gate.domain.errors import GateError

# The hook waits for two seconds, and nobody reads an answer after that.
_SECONDS = 10.0
_LONGEST_QUESTION = 4096
_AT_ONCE = 4


class ScanServer(socketserver.ThreadingUnixStreamServer):
    """Answers a few questions at once; who comes when it is busy gets no answer."""

    daemon_threads = True

    def __init__(self, path: Path, container: Container) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self.container = container
        self.places = threading.BoundedSemaphore(_AT_ONCE)
        before = os.umask(0o177)
        try:
            super().__init__(str(path), _Handler)
        finally:
            os.umask(before)


class _Handler(socketserver.StreamRequestHandler):
    timeout = _SECONDS

    def handle(self) -> None:
        server = self.server
        assert isinstance(server, ScanServer)
        if not server.places.acquire(blocking=False):
            return
        try:
            # A hook that has stopped waiting is no fault.
            with contextlib.suppress(OSError):
                self.wfile.write(self._answer(server.container))
        finally:
            server.places.release()

    def _answer(self, container: Container) -> bytes:
        try:
            asked = json.loads(self.rfile.readline(_LONGEST_QUESTION))
            lines = container.scan_now(str(asked["repository"]), str(asked["push"]))
        except (ValueError, KeyError, TypeError):
            return b""
        except GateError as fault:
            report_fault("scanner:failed", fault)
            return b""
        shown = [line.replace("\n", " ").encode("utf-8", "backslashreplace") for line in lines]
        return b"".join(line + b"\n" for line in shown)


def main() -> None:
    settings = load(os.environ)
    begin(settings.log_level)
    container = build(settings)
    try:
        container.scanner.warm_up()
    except GateError as fault:
        # It goes on: each question tries again, and the assessment says what is wrong.
        report_fault("scanner:cold", fault)
    with ScanServer(settings.scan_socket, container) as server:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        server.serve_forever()


if __name__ == "__main__":
    main()
