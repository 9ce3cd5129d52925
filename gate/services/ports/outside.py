"""The ports to everything else: the queue, policies, the clock, secrets and fail points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from gate.domain.policy import OwnedPaths

Clock = Callable[[], datetime]
"""Now, as an aware UTC time."""

NewSecret = Callable[[], str]
"""A fresh random secret of at least 256 bits, as URL-safe text."""

FailPoint = Callable[[str], None]
"""Called at the named steps between which a crash must do no harm; does nothing outside the crash test."""

ReportFault = Callable[[str, Exception], None]
"""Log a fault under a static event name, where work goes on without the thing that failed."""


class Queue(Protocol):
    """Background jobs by name. Enqueueing never raises: a lost job costs time until the next sweep."""

    def intake(self, repository: str, push_id: str) -> None: ...

    def collect(self, hold_id: int) -> None: ...

    def assess(self, hold_id: int) -> None:
        """Gather the evidence of a collected revision, and weigh it."""

    def publish(self, hold_id: int) -> None: ...

    def reconcile(self, hold_id: int) -> None: ...

    def release(self, hold_id: int) -> None: ...

    def settle(self, hold_id: int) -> None: ...

    def show(self, hold_id: int) -> None:
        """Bring what the forge says about a hold up to date."""

    def reopen(self, hold_id: int) -> None:
        """Look whether a rejection was taken back."""

    def take_delivery(self, delivery_id: str) -> None: ...


class PolicySource(Protocol):
    """Where a repository's policy text comes from."""

    def text(self, repository: str) -> str | None:
        """The policy's text as it is now; None where there is none, and so nothing can be released."""


class PolicyFiles(PolicySource, Protocol):
    """Policies that the installation keeps in files, one for each repository."""

    def write_default(self, repository: str, *, settle_seconds: int = 0) -> None:
        """Give a repository the default policy, unless it has one already."""


class CodeOwners(Protocol):
    """Reads CODEOWNERS files, with GitHub's rules: the last line that matches a path wins."""

    def owned(self, text: str, paths: Sequence[str]) -> tuple[OwnedPaths, ...]:
        """The owners of these paths, one entry for each set of owners. Raises Invalid with every fault."""


class PasswordHasher(Protocol):
    """Argon2, or whatever replaces it."""

    def hash(self, password: str) -> str: ...

    def verify(self, password_hash: str, password: str) -> bool: ...
