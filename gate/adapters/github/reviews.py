"""Reviews as GitHub has them now, joined with what the gate saw of them before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from github.PullRequestReview import PullRequestReview

from gate.domain.hold import Revision
from gate.domain.review import Review, Reviewer, ReviewState
from gate.services.ports.store import SeenReview

_STATES = {str(state): state for state in ReviewState}


def is_given(review: PullRequestReview, gate_id: int) -> bool:
    """Whether a person has submitted it: not the gate, and not somebody whose account is gone."""
    return review.state.lower() in _STATES and review.user is not None and review.user.id != gate_id


def held_heads(revisions: Iterable[Revision]) -> dict[str, str]:
    """What each commit on the review branch stands for, over all revisions of a hold."""
    return {revision.review_head or revision.head: revision.head for revision in revisions}


def read_reviews(
    given: Iterable[PullRequestReview],
    *,
    seen: Mapping[int, SeenReview],
    people: Mapping[int, Reviewer],
    heads: Mapping[str, str],
) -> tuple[Review, ...]:
    """In the order in which they were submitted, by GitHub's clock and then by their numbers."""
    ordered = sorted(given, key=lambda review: (review.submitted_at, review.id))
    return tuple(
        _review(review, place, seen.get(review.id), people[review.user.id], heads)
        for place, review in enumerate(ordered, start=1)
    )


def _review(
    review: PullRequestReview,
    place: int,
    seen: SeenReview | None,
    reviewer: Reviewer,
    heads: Mapping[str, str],
) -> Review:
    state = _STATES[review.state.lower()]
    # GitHub may move `commit_id` along with the branch.
    oid = (review.commit_id or "") if seen is None else seen.oid
    return Review(
        id=review.id,
        reviewer=reviewer,
        state=state,
        oid=heads.get(oid, oid),
        submitted_at=review.submitted_at,
        sequence=place,
        said=_said(state, seen),
        body=review.body or "",
        dismissed_by=None if seen is None or state is not ReviewState.DISMISSED else seen.dismissed_by,
    )


def _said(state: ReviewState, seen: SeenReview | None) -> ReviewState:
    """What it said before it was dismissed; an objection, where nobody saw that: it only ever holds back."""
    if state is not ReviewState.DISMISSED:
        return state
    if seen is None or seen.said is ReviewState.DISMISSED:
        return ReviewState.CHANGES_REQUESTED
    return seen.said
