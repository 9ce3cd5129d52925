"""The jobs, by the names under which they are enqueued. They take ids, and are safe to run twice."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable

from rq import Retry

from gate.domain.errors import GateError, RateLimited
from workers.context import container
from workers.overdue import JobOverdue

# Seconds before each further attempt, for faults that say that it can help; then the sweep goes on asking.
_BACKOFF = (1, 2, 5, 15, 30, 60, 120, 300)
# How often a job comes back to a forge that asks for patience: it does not fail for that.
_PATIENCE = 1000
_SPREAD_SECONDS = 5


def intake(repository: str, push_id: str) -> Retry | None:
    """Register a push that the hook has held or refused."""
    return _attempt(lambda: container().intake(repository, push_id))


def collect(hold_id: int) -> Retry | None:
    """Compute what git says about a hold's current revision."""
    return _attempt(lambda: container().collect(hold_id))


def assess(hold_id: int) -> Retry | None:
    """Gather the evidence of a hold's current revision, and weigh it."""
    try:
        return _attempt(lambda: container().assess(hold_id))
    except JobOverdue:
        container().assess.give_up(hold_id)
        raise


def publish(hold_id: int) -> Retry | None:
    """Put a hold's current revision before its reviewers."""
    return _attempt(lambda: container().publish(hold_id))


def reconcile(hold_id: int) -> Retry | None:
    """Look at everything about a hold again."""
    return _attempt(lambda: container().reconcile(hold_id))


def release(hold_id: int) -> Retry | None:
    """Send an approved hold upstream."""
    return _attempt(lambda: container().release(hold_id))


def settle(hold_id: int) -> Retry | None:
    """Carry out the end of a closed hold everywhere."""
    return _attempt(lambda: container().settle(hold_id))


def show(hold_id: int) -> Retry | None:
    """Bring what the forge says about a hold up to date."""
    return _attempt(lambda: container().show(hold_id))


def reopen(hold_id: int) -> Retry | None:
    """Look whether a rejection was taken back."""
    return _attempt(lambda: container().reopen(hold_id))


def take_delivery(delivery_id: str) -> Retry | None:
    """Look at what a webhook brought."""
    return _attempt(lambda: _do(container().take_delivery, delivery_id))


def look_at_forges() -> Retry | None:
    """Check how repositories are at their forge."""
    return _attempt(lambda: container().look_at_forges())


def redeliver() -> Retry | None:
    """Ask GitHub for the deliveries that did not arrive."""
    return _attempt(lambda: _do(container().redeliver))


def notify() -> Retry | None:
    """Tell people what waits for a review."""
    return _attempt(lambda: _do(container().notify))


def sweep() -> Retry | None:
    """Take up whatever was left undone."""
    return _attempt(lambda: container().sweep())


def maintain() -> Retry | None:
    """Keep the gate repositories quick."""
    return _attempt(lambda: container().maintain())


def expire_evidence() -> Retry | None:
    """Let go of evidence whose time is over."""
    return _attempt(lambda: container().expire_evidence())


def verify_trail() -> Retry | None:
    """Verify the audit trail, so that its page can say how far it is sound."""
    return _attempt(lambda: container().verify_trail(actor="gate"))


def _do(work: Callable[..., object] | None, *ids: str) -> None:
    """Do what this installation may not have been set up for; then there is nothing to do."""
    if work is not None:
        work(*ids)


def _attempt(work: Callable[[], object]) -> Retry | None:
    """Do the work; a fault that may pass asks RQ for another attempt, any other one fails the job."""
    try:
        work()
    except RateLimited as fault:
        container().report_fault("job:rate_limited", fault)
        seconds = math.ceil(fault.retry_after.total_seconds())
        # Not all at the same moment: the next limit would meet them together again.
        return Retry(max=_PATIENCE, interval=seconds + secrets.randbelow(_SPREAD_SECONDS))
    except GateError as fault:
        if not fault.retryable:
            raise
        container().report_fault("job:retry", fault)
        return Retry(max=len(_BACKOFF), interval=list(_BACKOFF))
    return None
