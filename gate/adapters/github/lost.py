"""What people said and GitHub does not show any more: it goes on holding back, and does nothing else.

Whoever may write can edit or delete another's comment. A review can be neither, but a hold gets another pull
request where its old one cannot be opened again, and deleting a review branch is enough for that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from gate.domain.policy.comments import lost_objections
from gate.domain.review import Account, Comment, ReviewState
from gate.services.ports.store import SeenReview


@dataclass(frozen=True, slots=True)
class Lost:
    """Objections, as they were first seen."""

    reviews: tuple[SeenReview, ...]
    comments: tuple[Comment, ...]

    @property
    def authors(self) -> list[Account]:
        commented = (Account(one.author.id, one.author.login) for one in self.comments)
        return [*(review.reviewer for review in self.reviews), *commented]


def lost(
    seen: Iterable[SeenReview],
    said_before: Iterable[Comment],
    *,
    listed: Collection[int],
    readable: Collection[int],
) -> Lost:
    """`listed` are the reviews that GitHub shows, `readable` the comments that nobody has edited."""
    return Lost(_reviews(one for one in seen if one.id not in listed), lost_objections(said_before, readable))


def _reviews(gone: Iterable[SeenReview]) -> tuple[SeenReview, ...]:
    """The objections that are their reviewers' last word; an approval there counts for nothing any more."""
    given = (one for one in gone if one.said is not ReviewState.COMMENTED)
    last = {one.reviewer.id: one for one in sorted(given, key=lambda one: (one.submitted_at, one.id))}
    return tuple(one for one in last.values() if one.said is ReviewState.CHANGES_REQUESTED)
