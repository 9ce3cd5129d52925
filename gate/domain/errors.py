"""Everything the gate refuses or fails at, as one small tree.

    GateError
    ├── Refused            the request is wrong as it stands; the message says what to do
    │   ├── NotFound       the named thing does not exist
    │   ├── Taken          another has the name or number already
    │   ├── NotAllowed     this actor may not do it
    │   ├── IllegalMove    the hold is in a state that does not allow it (HTTP 409)
    │   └── Outdated       the page or request was about an older revision (HTTP 409)
    ├── Invalid            input with faults, all of them listed
    └── Failed             the outside did not do what was asked
        ├── Unavailable    it may work later: the job is retried with a backoff
        │   ├── HostAway       an agent's host: what only informs goes without it
        │   ├── RateLimited    it said when: the job is rescheduled for then
        │   └── Paused         it does not let the gate in at all, until a person mends that
        ├── Unreadable     content that cannot be looked into, such as an archive without end
        └── Tampered       something that only the gate writes was changed by another hand

`retryable` says whether doing the same again can help.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta


class GateError(Exception):
    """A fault with a message for people: it names the thing and the next step."""

    retryable = False


class Refused(GateError):
    """The request cannot be carried out as it stands."""


class NotFound(Refused):
    """The named thing does not exist, or the asker may not know that it does."""


class Taken(Refused):
    """Another has the name or number already."""


class NotAllowed(Refused):
    """This actor may not do this."""


class IllegalMove(Refused):
    """The table of moves has no such move, or another actor moved the hold first."""


class Outdated(Refused):
    """The request speaks of a revision that is no longer the current one."""


class Invalid(GateError):
    """Input with faults; `faults` lists every one of them, not just the first."""

    def __init__(self, subject: str, faults: Sequence[str]) -> None:
        self.subject = subject
        self.faults = tuple(faults)
        super().__init__(f"{subject}: " + "; ".join(self.faults))


class Failed(GateError):
    """The outside did not do what was asked."""


class Unavailable(Failed):
    """The outside did not answer, or asked to come back later."""

    retryable = True


class HostAway(Unavailable):
    """The host of an agent did not answer. What is read there only informs, so no review waits for it."""


class RateLimited(Unavailable):
    """The outside has had enough of us for now, and says for how long."""

    def __init__(self, words: str, retry_after: timedelta) -> None:
        self.retry_after = retry_after
        super().__init__(words)


class Paused(Unavailable):
    """The outside does not let the gate in: suspended, or with wrong credentials. Nothing is decided."""


class Unreadable(Failed):
    """Content that cannot be looked into: nobody knows what is in it."""


class Tampered(Failed):
    """Something that only the gate writes was changed by another hand."""
