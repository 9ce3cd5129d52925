"""Where a hold should go next, from what upstream, the forge and the policy say: no input or output here."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.audit import Action
from gate.domain.base import Base, moved_words
from gate.domain.hold import ZERO_OID, BlockReason, Hold, HoldState
from gate.domain.policy import BaseMoved, Outcome
from gate.domain.review import Closing, Observation
from gate.services.judge import Judgement

_STATE_OF = {
    Outcome.APPROVED: HoldState.APPROVED,
    Outcome.OVERRIDDEN: HoldState.APPROVED,
    Outcome.PENDING: HoldState.IN_REVIEW,
    Outcome.DISAPPROVED: HoldState.CHANGES_REQUESTED,
}
_ACTION_TO = {
    HoldState.RECEIVED: Action.HOLD_REOPEN,
    HoldState.APPROVED: Action.HOLD_APPROVE,
    HoldState.CHANGES_REQUESTED: Action.HOLD_REQUEST_CHANGES,
    HoldState.BLOCKED: Action.HOLD_BLOCK,
    HoldState.REJECTED: Action.HOLD_REJECT,
    HoldState.WITHDRAWN: Action.HOLD_WITHDRAW,
    HoldState.EXPIRED: Action.HOLD_EXPIRE,
    HoldState.RELEASED_EXTERNALLY: Action.HOLD_RELEASE_EXTERNALLY,
    HoldState.RELEASED_REWRITTEN: Action.HOLD_RELEASE_REWRITE,
    HoldState.BYPASSED: Action.HOLD_BYPASS,
}
_BYPASSED = "It reached upstream although the policy was not satisfied. Find out who brought it there."


@dataclass(frozen=True, slots=True)
class Step:
    """Where a hold should go, and why. `actor` is who brought it there, if it was not the gate."""

    to: HoldState
    note: str = ""
    reason: BlockReason | None = None
    actor: str | None = None

    def action(self, came_from: HoldState) -> Action:
        """The audit action of this step, which for `in_review` depends on where the hold came from."""
        if self.to is HoldState.IN_REVIEW:
            return Action.HOLD_UNAPPROVE if came_from is HoldState.APPROVED else Action.HOLD_UNBLOCK
        return _ACTION_TO[self.to]


def next_step(hold: Hold, judgement: Judgement, base: Base, tip: str, *, is_expired: bool) -> Step:
    """The step to take now; the first of these that applies wins.

    What happened upstream comes before what happened to the pull request, and both before opinions.
    """
    observation = judgement.observation
    if base is Base.CONTAINS_HOLD:
        return _reached_upstream(judgement)
    if _is_base_gone(hold, tip):
        return Step(HoldState.BLOCKED, moved_words(hold, tip), BlockReason.BASE_DELETED)
    if observation is not None and observation.closing is not None and not observation.is_open:
        return _closed(hold, judgement, observation, observation.closing)
    if is_expired:
        return Step(HoldState.EXPIRED, "Nobody decided in time. Push the branch again to ask once more.")
    if observation is not None and (words := _tampering(hold, observation)):
        return Step(HoldState.BLOCKED, words, BlockReason.TAMPERED)
    if base is Base.MOVED or (
        base is Base.BEHIND_HOLD and base_moved_rule(judgement) is not BaseMoved.ALLOW_FAST_FORWARD
    ):
        return Step(HoldState.BLOCKED, moved_words(hold, tip), BlockReason.BASE_MOVED)
    return _decided(judgement)


def base_moved_rule(judgement: Judgement) -> BaseMoved | None:
    """What the policy says of a base that moved; None where there is no policy."""
    return None if judgement.policy is None else judgement.policy.release.base_moved


def carried(carrier: Hold) -> Step:
    """The step of a hold whose commit another hold's release brought upstream."""
    return Step(HoldState.RELEASED_EXTERNALLY, f"It went upstream as a part of hold {carrier.name}.")


def without_partner(lost: Hold) -> Step:
    """The step of a part of an atomic push that lost another part."""
    return Step(
        HoldState.BLOCKED,
        f"It was pushed atomically with hold {lost.name}, which no longer waits for the same review. "
        "Push one more commit on the branch to have it released by itself.",
        BlockReason.GROUP_BROKEN,
    )


def _reached_upstream(judgement: Judgement) -> Step:
    if judgement.is_releasable or judgement.was_satisfied:
        return Step(HoldState.RELEASED_EXTERNALLY, "Somebody brought it upstream after it was approved.")
    return Step(HoldState.BYPASSED, _BYPASSED)


def _is_base_gone(hold: Hold, tip: str) -> bool:
    """A branch that the push wanted to move exists no more; GitHub closes its pull requests then."""
    return tip == ZERO_OID and ZERO_OID not in (hold.revision.old, hold.revision.new)


def _closed(hold: Hold, judgement: Judgement, observation: Observation, closing: Closing) -> Step:
    who = "somebody" if closing.by is None else closing.by.login
    actor = None if closing.by is None or closing.is_by_gate else f"github:{closing.by.login}"
    if closing.merged is not None:
        return _merged(hold, judgement, observation, who, actor)
    if closing.is_branch_gone or closing.is_by_gate:
        # The gate closes nothing that lives: its branch went away under it. The review begins anew.
        return Step(HoldState.RECEIVED, actor=actor)
    return Step(HoldState.REJECTED, f"{who}: closed the pull request", actor=actor)


def _merged(hold: Hold, judgement: Judgement, observation: Observation, who: str, actor: str | None) -> Step:
    """Somebody merged it, and the held commit is not upstream: it was squashed, rebased, or another one."""
    if not hold.revision.is_shown_itself:
        return Step(
            HoldState.WITHDRAWN,
            f"{who}: merged the pull request that only carried the request, so nothing of it was done. "
            "Push again to ask once more.",
            actor=actor,
        )
    if f"refs/heads/{observation.base}" != hold.ref:
        note = f"{who} merged it into {observation.base}, and it was pushed for {hold.ref}. Find out why."
        return Step(HoldState.BYPASSED, note, actor=actor)
    if observation.head != hold.revision.head:
        note = f"{who} merged {observation.head[:7]}, which nobody held for review. Find out what it is."
        return Step(HoldState.BYPASSED, note, actor=actor)
    if judgement.was_satisfied:
        note = f"{who} merged it at the forge as other commits."
        return Step(HoldState.RELEASED_REWRITTEN, note, actor=actor)
    return Step(HoldState.BYPASSED, _BYPASSED, actor=actor)


def _tampering(hold: Hold, observation: Observation) -> str:
    if observation.head != hold.revision.head:
        return (
            f"Somebody moved the review branch to {observation.head[:7]}, and {hold.revision.head[:7]} "
            "is held. Nothing of it is released. An admin looks who did that, and publishes it again on the "
            "hold's page."
        )
    if observation.base != observation.expected_base:
        return (
            f"Somebody changed the pull request's base from {observation.expected_base} to "
            f"{observation.base}. An admin looks who did that, and publishes it again on the hold's page."
        )
    return ""


def _decided(judgement: Judgement) -> Step:
    verdict = judgement.verdict
    if verdict is None:
        return Step(HoldState.BLOCKED, judgement.fault, BlockReason.POLICY_INVALID)
    if verdict.rejection is not None:
        who, words = verdict.rejection
        return Step(HoldState.REJECTED, f"{who}: {words}", actor=f"github:{who}")
    if verdict.outcome in _STATE_OF:
        return Step(_STATE_OF[verdict.outcome])
    is_refused = verdict.outcome is Outcome.BLOCKED
    reason = BlockReason.POLICY_REFUSES if is_refused else BlockReason.POLICY_INVALID
    return Step(HoldState.BLOCKED, " ".join(verdict.reasons), reason)
