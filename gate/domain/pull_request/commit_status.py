"""The commit status of a hold: one line beside the review branch's head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gate.domain.hold import HoldState
from gate.domain.pull_request.length import cut, units
from gate.domain.pull_request.model import ReviewStatus
from gate.domain.pull_request.visible import visible
from gate.domain.pull_request.words import REASON, STATE

CommitState = Literal["pending", "success", "failure", "error"]

# GitHub refuses a longer description.
_LONGEST = 140

_STATE: dict[HoldState, CommitState] = {
    HoldState.RECEIVED: "pending",
    HoldState.COLLECTING: "pending",
    HoldState.IN_REVIEW: "pending",
    HoldState.CHANGES_REQUESTED: "failure",
    HoldState.APPROVED: "success",
    HoldState.RELEASING: "success",
    HoldState.RELEASED: "success",
    HoldState.REJECTED: "failure",
    HoldState.WITHDRAWN: "failure",
    HoldState.EXPIRED: "failure",
    HoldState.BLOCKED: "error",
    HoldState.RELEASED_EXTERNALLY: "success",
    HoldState.RELEASED_REWRITTEN: "success",
    HoldState.BYPASSED: "error",
}


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """A commit status as GitHub takes it; `description` is plain text of at most 140 characters."""

    state: CommitState
    description: str
    target_url: str


def commit_status(status: ReviewStatus) -> CommitStatus:
    """Success only while the policy is satisfied: branch protection may rest on it."""
    state = _STATE[status.hold.state]
    if state == "success" and status.hold.state.is_live and not _is_releasable(status):
        state = "pending"
    return CommitStatus(state, _description(status), status.hold_url)


def _is_releasable(status: ReviewStatus) -> bool:
    return status.verdict is not None and status.verdict.is_releasable


def _description(status: ReviewStatus) -> str:
    hold, verdict = status.hold, status.verdict
    why = () if hold.reason is None or hold.state is not HoldState.BLOCKED else (REASON[hold.reason],)
    reasons = () if verdict is None or not hold.state.is_live else verdict.reasons
    details = why or reasons or ((status.fault,) if status.fault else ())
    words = visible(" ".join(": ".join((STATE[hold.state], *details[:1])).split()))
    return words if units(words) <= _LONGEST else cut(words, _LONGEST - 1) + "\u2026"
