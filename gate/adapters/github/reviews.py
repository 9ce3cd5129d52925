"""Reviews as GitHub has them now, joined with what the gate saw of them before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

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
    lost: Iterable[SeenReview],
    seen: Mapping[int, SeenReview],
    people: Mapping[int, Reviewer],
    heads: Mapping[str, str],
) -> tuple[Review, ...]:
    """In the order in which they were submitted, by GitHub's clock and then by their numbers."""
    shown = [_review(one, seen.get(one.id), people[one.user.id], heads) for one in given]
    gone = [_lost_review(one, people[one.reviewer.id], heads) for one in lost]
    ordered = sorted([*shown, *gone], key=lambda review: (review.submitted_at, review.id))
    return tuple(replace(review, sequence=place) for place, review in enumerate(ordered, start=1))


def _lost_review(seen: SeenReview, reviewer: Reviewer, heads: Mapping[str, str]) -> Review:
    return Review(
        id=seen.id,
        reviewer=reviewer,
        state=seen.state,
        oid=heads.get(seen.oid, seen.oid),
        submitted_at=seen.submitted_at,
        sequence=0,
        said=seen.said,
        body=seen.body,
        dismissed_by=seen.dismissed_by,
    )


def _review(
    review: PullRequestReview,
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
        sequence=0,
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
