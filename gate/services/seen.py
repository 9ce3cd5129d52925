"""What the gate saw at the forge, written down once, with its audit event."""

from __future__ import annotations

from datetime import datetime

from gate.domain.audit import Action, Detail
from gate.domain.hold import Hold
from gate.domain.review import Account, Review, ReviewState
from gate.services.moves import GATE, record
from gate.services.ports.store import SeenReview, Transaction


def note_review(tx: Transaction, hold: Hold, review: SeenReview, at: datetime) -> None:
    """Note a review at the forge, and record it where it is new or says something else than before."""
    if not tx.seen_reviews.see(review):
        return
    is_dismissed = review.state is ReviewState.DISMISSED
    details: dict[str, Detail] = {
        "review": str(review.said),
        "review_id": str(review.id),
        "reviewer_id": str(review.reviewer.id),
        "commit": review.oid,
        "body": review.body,
    }
    if is_dismissed:
        details["dismissed_by"] = None if review.dismissed_by is None else str(review.dismissed_by)
    record(
        tx,
        hold,
        Action.REVIEW_DISMISS if is_dismissed else Action.REVIEW_SUBMIT,
        at=at,
        actor=GATE if is_dismissed else f"github:{review.reviewer.login}",
        details=details,
    )


def seen_review(hold: Hold, review: Review) -> SeenReview:
    """An observed review in the form in which it is kept."""
    return SeenReview(
        id=review.id,
        hold_id=hold.id,
        reviewer=Account(review.reviewer.id, review.reviewer.login),
        oid=review.oid,
        said=review.said,
        state=review.state,
        submitted_at=review.submitted_at,
        body=review.body,
        dismissed_by=review.dismissed_by,
    )
