"""A release: the move of upstream refs to exactly what was approved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class RefMove:
    """One upstream ref, moved by compare-and-swap from `expected` to `new` (`ZERO_OID`: absent)."""

    ref: str
    expected: str
    new: str


class ReleaseOutcome(StrEnum):
    """How a release ended; `open` while nobody has looked at the remote since the intent was written."""

    OPEN = "open"
    RELEASED = "released"
    BASE_MOVED = "base_moved"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Release:
    """The intent and outcome of one release. `words` is what upstream said, `verdict` why it was allowed."""

    id: int
    hold_id: int
    revision: int
    move: RefMove
    policy_hash: str
    verdict: str
    begun_at: datetime
    outcome: ReleaseOutcome = ReleaseOutcome.OPEN
    words: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PushRefused:
    """Why upstream did not take a push. `is_stale` says that a ref had moved: look again.

    `is_final` says that the same push cannot succeed later: a protected branch, a hook, a missing right.
    """

    words: str
    is_stale: bool = False
    is_final: bool = True
