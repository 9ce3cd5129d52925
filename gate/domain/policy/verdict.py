"""A verdict: what the policy says about a revision, with the tree of its reasons in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gate.domain.policy.words import short


class Outcome(StrEnum):
    """What follows. Only `approved` and `overridden` may be released; `rejected` ends the hold."""

    APPROVED = "approved"
    PENDING = "pending"
    DISAPPROVED = "disapproved"
    OVERRIDDEN = "overridden"
    REJECTED = "rejected"
    BLOCKED = "blocked"
    ERROR = "error"


class Status(StrEnum):
    """How one part of the tree stands. A part that is skipped has no bearing on the outcome."""

    APPROVED = "approved"
    PENDING = "pending"
    DISAPPROVED = "disapproved"
    SKIPPED = "skipped"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Node:
    """One part of a verdict: a rule, a group, or (with no name) one review or condition."""

    name: str
    status: Status
    words: str
    parts: tuple[Node, ...] = ()

    def to_mapping(self) -> dict[str, Any]:
        parts = [part.to_mapping() for part in self.parts]
        return {"name": self.name, "status": self.status.value, "words": self.words, "parts": parts}

    def lines(self, depth: int = 0) -> Iterator[str]:
        text = ": ".join(filter(None, (self.name, self.words)))
        yield f"{'  ' * depth}{self.status:<11} {text}"
        for part in self.parts:
            yield from part.lines(depth + 1)


@dataclass(frozen=True, slots=True)
class CountedReview:
    """A review that counted as an approval, with what it is bound to; or a comment that did."""

    review_id: int
    reviewer_id: int
    login: str
    oid: str
    is_comment: bool = False

    def to_mapping(self) -> dict[str, Any]:
        kind = "comment" if self.is_comment else "review"
        ids = {kind: str(self.review_id), "reviewer": str(self.reviewer_id)}
        return {**ids, "login": self.login, "oid": self.oid}


@dataclass(frozen=True, slots=True)
class CountedOverride:
    """An override that counted."""

    reviewer_id: int
    login: str
    oid: str
    reason: str

    def to_mapping(self) -> dict[str, Any]:
        person = {"reviewer": str(self.reviewer_id), "login": self.login}
        return {**person, "oid": self.oid, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome for commit `head` under the policy with this hash, `None` where there is no policy.

    `reasons` say in whole phrases what decided, and for what is not approved, what is missing. `rejection`
    is who rejected the hold by a comment, by login, and why.
    """

    outcome: Outcome
    head: str
    policy_hash: str | None
    reasons: tuple[str, ...]
    tree: Node
    approvals: tuple[CountedReview, ...] = ()
    overrides: tuple[CountedOverride, ...] = ()
    rejection: tuple[str, str] | None = None

    @property
    def is_releasable(self) -> bool:
        return self.outcome in (Outcome.APPROVED, Outcome.OVERRIDDEN)

    def to_mapping(self) -> dict[str, Any]:
        """The verdict as JSON values, with no floats and every id a string."""
        rejection = {} if self.rejection is None else {"rejection": list(self.rejection)}
        return {
            "outcome": self.outcome.value,
            "head": self.head,
            "policy": self.policy_hash,
            "reasons": list(self.reasons),
            "tree": self.tree.to_mapping(),
            "approvals": [one.to_mapping() for one in self.approvals],
            "overrides": [one.to_mapping() for one in self.overrides],
            **rejection,
        }

    def lines(self) -> tuple[str, ...]:
        """The verdict for a terminal: outcome, reasons, and the tree."""
        first = f"{self.outcome}: {short(self.head)}"
        return (first, *(f"  {reason}" for reason in self.reasons), "", *self.tree.lines())
