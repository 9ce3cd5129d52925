"""What a condition is: it looks at a push and its review, and says what it saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gate.domain.policy.subject import Subject
from gate.domain.review import Observation


class CannotTell(Exception):
    """The gate does not know enough to say whether a condition holds; then nothing is approved."""


@dataclass(frozen=True, slots=True)
class Sight:
    """All that a condition may look at: the push, what the forge says of its review, and the time."""

    subject: Subject
    observation: Observation
    now: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a condition holds, and what it saw."""

    holds: bool
    words: str


class Condition(Protocol):
    """Something a push or its review is or is not."""

    def tell(self, sight: Sight) -> Finding:
        """Raises CannotTell where too little is known."""
