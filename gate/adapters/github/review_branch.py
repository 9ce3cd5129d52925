"""The branch that shows a hold to reviewers: which commit it shows, and how it gets there."""

from __future__ import annotations

from gate.adapters.github.names import is_branch
from gate.domain.errors import Failed, Unavailable
from gate.domain.hold import ZERO_OID, Hold
from gate.domain.pull_request.carrier import carrier_message
from gate.domain.pull_request.model import ReviewRequest
from gate.domain.release import RefMove
from gate.services.ports.git import History, Upstream

# A first push can be large; nobody waits for it.
_PUSH_SECONDS = 600.0


def base_of(hold: Hold, history: History) -> str | None:
    """The branch that a pull request is against: the one that the push wants to move, if upstream has it.

    Otherwise the default branch, and None for an upstream that has none yet.
    """
    if is_branch(hold.ref) and history.tip(hold.ref) != ZERO_OID:
        return hold.ref
    return history.default_branch()


def review_head(hold: Hold, request: ReviewRequest, history: History, base: str) -> str:
    """What the branch shows: the held commit, or an empty one where no pull request can show the request.

    The same whenever it is asked for: what an earlier run wrote down stays.
    """
    kept = hold.revision.review_head
    if kept is not None and history.has_commit(kept):
        return kept
    below = _below_carrier(hold, request, history, base)
    if below is None:
        return hold.revision.new
    return history.empty_commit(below, carrier_message(request), hold.revision.received_at)


def put_branch(review: Upstream, ref: str, now: str, head: str) -> None:
    """Bring the review branch from `now` to `head`. Raises Failed where GitHub refuses for good."""
    if now == head:
        return
    refused = review.push([RefMove(ref, now, head)], timeout=_PUSH_SECONDS)
    if refused is None:
        return
    words = f"GitHub did not take the review branch {ref}: {refused.words}"
    if refused.is_final and not refused.is_stale:
        raise Failed(words)
    raise Unavailable(f"{words} It is tried again later.")


def drop_branch(review: Upstream, ref: str, head: str) -> None:
    """Delete the review branch while it is at `head`; one that another hand moved stays."""
    if review.tips([ref])[ref] == head:
        refused = review.push([RefMove(ref, head, ZERO_OID)], timeout=_PUSH_SECONDS)
        if refused is not None and not refused.is_final:
            raise Unavailable(f"GitHub did not delete the review branch {ref}: {refused.words}")


def _below_carrier(hold: Hold, request: ReviewRequest, history: History, base: str) -> str | None:
    """What the empty commit goes on top of; None where the held commit itself can be shown."""
    tip = history.tip(base)
    commit = None if hold.revision.new == ZERO_OID else history.peeled(hold.revision.new)
    # Histories without a common commit cannot be compared: GitHub answers 422.
    if commit is None or not history.has_commit(request.facts.base) or history.is_ancestor(commit, tip):
        return tip
    return None if is_branch(hold.ref) and commit == hold.revision.new else commit
