"""One request and its answer through git, streamed both ways at once."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gate.transport.child import GitChild
from gate.transport.request_body import BodyBroken

_BLOCK = 64 * 1024
_ERRORS_KEPT = 4096
# How long git may live on after it closed its output.
_LINGER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How an exchange ended. `status` is git's exit status, `fed` the bytes that git's input took.

    `errors` is the beginning of what git said beside the answer, `broken` what the client did wrong.
    """

    status: int
    fed: int
    errors: str
    broken: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether git said all it had to say. Where it failed by itself, its words are in the answer."""
        return self.status >= 0 and self.broken is None


class GitFailed(ConnectionResetError):
    """Git did not finish its answer, so the connection must break: an orderly end would look like success."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        # Servers take this errno for a lost connection: they drop it and print no stack trace.
        super().__init__(errno.ECONNRESET, "git did not finish its answer")


class Exchange:
    """Git's answer as blocks, while a thread feeds the request's body to it.

    A class and not a generator, since `close` has to work even where nobody asked for the first block.
    `ended` is called exactly once, when no process of this request is left. `hang_up` makes a read from the
    client return. `finish_seconds` is what git has left to finish in when the client is gone.
    """

    def __init__(
        self,
        child: GitChild,
        body: Iterator[bytes] | None,
        *,
        hang_up: Callable[[], None],
        finish_seconds: float = 0,
        ended: Callable[[Ending], None],
    ) -> None:
        self._child = child
        self._hang_up = hang_up
        self._finish_seconds = finish_seconds
        self._ended = ended
        self._errors = bytearray()
        self._fed = 0
        self._broken: str | None = None
        self._ending: Ending | None = None
        self._is_reported = False
        self._poll = select.poll()
        self._poll.register(child.output, select.POLLIN)
        self._poll.register(child.errors, select.POLLIN)
        self._feeder = None if body is None else self._start_feeding(body)

    @property
    def ending(self) -> Ending | None:
        """How it ended, once the last block was read."""
        return self._ending

    def __iter__(self) -> Exchange:
        return self

    def __next__(self) -> bytes:
        """The next block as soon as git has it. Raises GitFailed at the end of what is not a whole answer."""
        if self._ending is None and (block := self._read()):
            return block
        if self._ending is None:
            with self._child.ending_within(_LINGER_SECONDS):
                self._child.wait()
            self._ending = self._clear_away()
        if not self._ending.is_whole:
            raise GitFailed(self._ending)
        raise StopIteration

    def close(self) -> None:
        """End what is still running: the server calls this after the answer, or when the client is gone."""
        if self._ending is None:
            self._broken = self._broken or "the client left before the answer's end"
            self._hang_up()
            with self._child.ending_within(self._finish_seconds):
                # What is read here nobody gets. A git that could not write would not clean up after itself.
                while self._read():
                    pass
                self._child.wait()
            self._ending = self._clear_away()
        if not self._is_reported:
            self._is_reported = True
            self._ended(self._ending)

    def _read(self) -> bytes:
        while True:
            for ready, _ in self._poll.poll():
                block = os.read(ready, _BLOCK)
                if ready == self._child.output:
                    return block
                self._keep_errors(block)

    def _keep_errors(self, block: bytes) -> None:
        if not block:
            # A closed pipe is ready for ever; KeyError: it was closed and unregistered before.
            with contextlib.suppress(KeyError):
                self._poll.unregister(self._child.errors)
        self._errors += block[: _ERRORS_KEPT - len(self._errors)]

    def _start_feeding(self, body: Iterator[bytes]) -> threading.Thread:
        feeder = threading.Thread(target=self._feed, args=(body,), daemon=True)
        try:
            feeder.start()
        except RuntimeError:
            self._child.reap()
            raise
        return feeder

    def _feed(self, body: Iterator[bytes]) -> None:
        try:
            for block in body:
                self._child.write(block)
                self._fed += len(block)
        except BrokenPipeError:
            _drain(body)
        except BodyBroken as error:
            # Git sees its input end too early, gives up, and removes what it had taken in.
            self._broken = str(error)
        finally:
            self._child.close_input()

    def _clear_away(self) -> Ending:
        if self._feeder is not None:
            self._feeder.join()
        os.set_blocking(self._child.errors, False)
        with contextlib.suppress(BlockingIOError):
            self._keep_errors(os.read(self._child.errors, _BLOCK))
        return Ending(self._child.reap(), self._fed, self._errors.decode(errors="replace"), self._broken)


def _drain(body: Iterator[bytes]) -> None:
    """Read the rest and throw it away: a client that is still sending does not read why it was refused."""
    try:
        for _ in body:
            pass
    except BodyBroken:
        return
