"""The ports to everything else: the forge, the queue, the clock, secrets and fail points."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from gate.domain.hold import Hold
from gate.domain.review import Observation

Clock = Callable[[], datetime]
"""Now, as an aware UTC time."""

NewSecret = Callable[[], str]
"""A fresh random secret of at least 256 bits, as URL-safe text."""

FailPoint = Callable[[str], None]
"""Called at the named steps between which a crash must do no harm; does nothing outside the crash test."""

ReportFault = Callable[[str, Exception], None]
"""Log a fault under a static event name, where work goes on without the thing that failed."""


class Forge(Protocol):
    """Where people review: GitHub, or the review page built into the gate."""

    def publish(self, hold: Hold) -> datetime:
        """Show the current revision to reviewers; safe to run twice. Returns when it became visible."""

    def observe(self, hold: Hold) -> Observation:
        """Everything about the hold's review, read afresh. Raises Unavailable."""

    def close(self, hold: Hold, words: str) -> None:
        """Tell reviewers how the hold ended; safe to run twice."""


class Queue(Protocol):
    """Background jobs by name. Enqueueing never raises: a lost job costs time until the next sweep."""

    def intake(self, repository: str, push_id: str) -> None: ...

    def collect(self, hold_id: int) -> None: ...

    def publish(self, hold_id: int) -> None: ...

    def reconcile(self, hold_id: int) -> None: ...

    def release(self, hold_id: int) -> None: ...

    def settle(self, hold_id: int) -> None: ...


class PolicySource(Protocol):
    """Where a repository's policy text comes from."""

    def text(self, repository: str) -> str | None:
        """The policy's text as it is now; None where there is none, and so nothing can be released."""


class PolicyFiles(PolicySource, Protocol):
    """Policies that the installation keeps in files, one for each repository."""

    def write_default(self, repository: str) -> None:
        """Give a repository the default policy, unless it has one already."""


class PasswordHasher(Protocol):
    """Argon2, or whatever replaces it."""

    def hash(self, password: str) -> str: ...

    def verify(self, password_hash: str, password: str) -> bool: ...
