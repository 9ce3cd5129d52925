"""What deliveries tell that GitHub itself may forget, written down once, whoever sends it how often."""

from __future__ import annotations

import hashlib
from datetime import datetime

from gate.domain.audit import Action, AuditEvent, Detail
from gate.domain.hold import Hold, HoldState
from gate.domain.notice import (
    STATUS_CONTEXT,
    AccessChanged,
    BranchDeleted,
    CommentTouched,
    Notice,
    ReviewReported,
    StatusReported,
)
from gate.domain.repository import Repository
from gate.domain.review import ReviewState
from gate.services.moves import GATE, record
from gate.services.ports.store import SeenReview, Transaction

# An objection to what is on its way, or upstream already, is kept for people to act on.
_TOO_LATE = frozenset(
    {HoldState.RELEASING, HoldState.RELEASED, HoldState.RELEASED_EXTERNALLY, HoldState.RELEASED_REWRITTEN}
)
# Two webhooks tell of the same thing within seconds, and redelivery ends after days.
_FACTS_KEPT = 50


def write_evidence(tx: Transaction, notice: Notice, hold: Hold, at: datetime) -> None:
    """Write down what the notice says about this hold, unless that is known already."""
    match notice.evidence:
        case ReviewReported() as review:
            _see(tx, review, notice, hold, at)
        case BranchDeleted():
            _tell_once(tx, notice, hold, Action.BRANCH_DELETE, at, {})
        case CommentTouched(number, author, verb):
            details: dict[str, Detail] = {"comment": str(number), "author": author.login, "verb": verb}
            _tell_once(tx, notice, hold, Action.COMMENT_TAMPER, at, details)
        case StatusReported(_, state):
            details = {"context": STATUS_CONTEXT, "reported": state}
            _tell_once(tx, notice, hold, Action.STATUS_FORGE, at, details)


def write_access(
    tx: Transaction, notice: Notice, change: AccessChanged, repository: Repository, at: datetime
) -> None:
    """Note that the forge let the gate in or out, where that is another state than before."""
    key = f"forge_paused:{repository.name}"
    if (tx.settings.get(key) is not None) == change.is_lost:
        return
    tx.settings.put(key, change.why if change.is_lost else None)
    action = Action.FORGE_PAUSE if change.is_lost else Action.FORGE_RESUME
    details = {"why": change.why}
    tx.audit.append(
        AuditEvent(at=at, actor=actor_of(notice), action=action, repository=repository.name, details=details)
    )


def actor_of(notice: Notice) -> str:
    """Who did what the notice is about, as the trail names people at GitHub."""
    return GATE if notice.sender is None else f"github:{notice.sender.login}"


def _see(tx: Transaction, review: ReviewReported, notice: Notice, hold: Hold, at: datetime) -> None:
    before = tx.seen_reviews.of(hold.id).get(review.id)
    is_dismissed = review.state is ReviewState.DISMISSED
    if before is not None and before.state is ReviewState.DISMISSED and not is_dismissed:
        return  # It came late: a dismissed review never comes back.
    is_news = tx.seen_reviews.see(_seen(review, notice, hold))
    by_whom_is_news = is_dismissed and before is not None and before.dismissed_by is None
    if is_news or by_whom_is_news:
        details: dict[str, Detail] = {
            "review": str(review.state if before is None or not is_dismissed else before.said),
            "review_id": str(review.id),
            "reviewer": review.reviewer.login,
            "reviewer_id": str(review.reviewer.id),
            "commit": review.oid if before is None else before.oid,
            "body": review.body,
        }
        record(tx, hold, _action(review, before, hold), at=at, actor=actor_of(notice), details=details)


def _seen(review: ReviewReported, notice: Notice, hold: Hold) -> SeenReview:
    is_dismissed = review.state is ReviewState.DISMISSED
    return SeenReview(
        id=review.id,
        hold_id=hold.id,
        reviewer=review.reviewer,
        oid=review.oid,
        # What it said before is kept where it is known; otherwise it may have been an objection.
        said=ReviewState.CHANGES_REQUESTED if is_dismissed else review.state,
        state=review.state,
        submitted_at=review.submitted_at,
        body=review.body,
        dismissed_by=notice.sender.id if is_dismissed and notice.sender is not None else None,
    )


def _action(review: ReviewReported, before: SeenReview | None, hold: Hold) -> Action:
    if review.state is ReviewState.DISMISSED:
        return Action.REVIEW_DISMISS
    is_objection = review.state is ReviewState.CHANGES_REQUESTED
    is_new = before is None or before.state is not review.state
    is_late = is_objection and is_new and hold.state in _TOO_LATE
    return Action.REVIEW_LATE_OBJECTION if is_late else Action.REVIEW_SUBMIT


def _tell_once(
    tx: Transaction, notice: Notice, hold: Hold, action: Action, at: datetime, details: dict[str, Detail]
) -> None:
    key, fact = f"facts:{hold.id}", hashlib.sha256(notice.fact.encode()).hexdigest()[:16]
    known = (tx.settings.get(key) or "").split()
    if fact in known:
        return
    tx.settings.put(key, " ".join((*known, fact)[-_FACTS_KEPT:]))
    record(tx, hold, action, at=at, actor=actor_of(notice), details=details)
