"""Reviews and reviewers, as a forge reports them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a person may do here: an auditor reads, a reviewer decides on holds, an admin runs the gate."""

    AUDITOR = "auditor"
    REVIEWER = "reviewer"
    ADMIN = "admin"


class ReviewState(StrEnum):
    """What a review says. `dismissed` is a review whose opinion was taken away."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    COMMENTED = "commented"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who reviewed, matched by `id` and never by login, which can be renamed or recycled.

    `permission` is what the forge says this person may do in the repository now: `admin`, `write`, `read`
    or None where the forge could not tell, which never counts as a yes.
    """

    id: int
    login: str
    permission: str | None
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """One review as submitted. `sequence` orders reviews; local clocks never do.

    `state` is what it says now; a dismissed review keeps what it said in `said`.
    """

    id: int
    reviewer: Reviewer
    state: ReviewState
    oid: str
    submitted_at: datetime
    sequence: int
    said: ReviewState
    body: str = ""
    dismissed_by: int | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything a forge says about a hold's review at one moment, read afresh for each decision."""

    is_open: bool
    is_draft: bool
    head: str
    published_at: datetime
    reviews: tuple[Review, ...]
    labels: tuple[str, ...] = ()
    title: str = ""
