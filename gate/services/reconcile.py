"""Reconcile: look at everything again, and move the hold to where the verdict says it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gate.domain.audit import Action
from gate.domain.base import Base, compare, moved_words
from gate.domain.errors import IllegalMove
from gate.domain.hold import REVIEWABLE_STATES, ZERO_OID, BlockReason, Hold, HoldState
from gate.domain.policy import BaseMoved, Outcome, Policy
from gate.services.judge import Judge, Judgement
from gate.services.moves import move, record
from gate.services.ports.git import GateRepositories, History
from gate.services.ports.outside import Clock, FailPoint, Queue
from gate.services.ports.store import HoldFilter, Store
from gate.services.standing import TellAgent

# What only a person or a new push can mend; looking again would only try the same once more.
_WAITS_FOR_A_PERSON = frozenset(
    {
        BlockReason.UPSTREAM_REFUSED,
        BlockReason.COLLECT_FAILED,
        BlockReason.TAMPERED,
    }
)
# How many of a ref's latest releases may have carried a hold along.
_LATEST = 50
_STATE_OF = {
    Outcome.APPROVED: HoldState.APPROVED,
    Outcome.OVERRIDDEN: HoldState.APPROVED,
    Outcome.PENDING: HoldState.IN_REVIEW,
    Outcome.DISAPPROVED: HoldState.CHANGES_REQUESTED,
}


@dataclass(frozen=True, slots=True)
class Step:
    """Where a hold should go, and why."""

    to: HoldState
    note: str = ""
    reason: BlockReason | None = None

    def action(self, came_from: HoldState) -> Action:
        """The audit action of this step, which for `in_review` depends on where the hold came from."""
        if self.to is HoldState.IN_REVIEW:
            return Action.HOLD_UNAPPROVE if came_from is HoldState.APPROVED else Action.HOLD_UNBLOCK
        return {
            HoldState.APPROVED: Action.HOLD_APPROVE,
            HoldState.CHANGES_REQUESTED: Action.HOLD_REQUEST_CHANGES,
            HoldState.BLOCKED: Action.HOLD_BLOCK,
            HoldState.EXPIRED: Action.HOLD_EXPIRE,
            HoldState.RELEASED_EXTERNALLY: Action.HOLD_RELEASE_EXTERNALLY,
            HoldState.BYPASSED: Action.HOLD_BYPASS,
        }[self.to]


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Decide where a hold stands. Safe to run at any time: what it reads is current, so order is no matter.

    Raises Unavailable where the forge cannot be read; the hold stays as it is.
    """

    store: Store
    repositories: GateRepositories
    judge: Judge
    queue: Queue
    tell_agent: TellAgent
    clock: Clock
    fail_point: FailPoint

    def __call__(self, hold_id: int) -> None:
        with self.store.snapshot() as tx:
            hold = tx.holds.get(hold_id)
            upstream = tx.repositories.get(hold.repository).upstream
            partners = [] if hold.group is None else tx.holds.of_push(hold.group)
        if hold.state not in REVIEWABLE_STATES:
            return
        if hold.reason in _WAITS_FOR_A_PERSON:
            self.tell_agent(hold.id)
            return
        judgement = self.judge(hold)
        history = self.repositories.open(hold.repository, upstream).history
        tip = history.tip(hold.ref)
        base = compare(hold, tip, history.is_ancestor)
        self.fail_point("reconcile:decided")
        try:
            if base is Base.BEHIND_HOLD and _base_moved(judgement) is BaseMoved.REAPPROVE:
                self._ask_again(hold, tip)
            else:
                step = self._step(hold, judgement, base, tip)
                if step.to is HoldState.BYPASSED and (carrier := self._carrier(hold, history)):
                    step = _carried(carrier)
                elif step.to is not HoldState.BLOCKED and step.to.is_live and (lost := _lost(hold, partners)):
                    step = _without_partner(lost)
                self._take(hold, step, judgement)
        except IllegalMove:
            return  # A push, a release or another reconcile was first; what it did is reconciled on its own.
        self.fail_point("reconcile:stored")
        self._announce(hold)

    def _step(self, hold: Hold, judgement: Judgement, base: Base, tip: str) -> Step:
        if base is Base.CONTAINS_HOLD:
            return _reached_upstream(judgement)
        if judgement.policy is not None and self._is_expired(hold, judgement.policy):
            return Step(HoldState.EXPIRED, "Nobody decided in time. Push the branch again to ask once more.")
        if base is Base.MOVED or (
            base is Base.BEHIND_HOLD and _base_moved(judgement) is not BaseMoved.ALLOW_FAST_FORWARD
        ):
            return Step(HoldState.BLOCKED, moved_words(hold, tip), BlockReason.BASE_MOVED)
        return _decided(judgement)

    def _carrier(self, hold: Hold, history: History) -> Hold | None:
        """The hold of this ref whose release brought this one's commit along."""
        wanted = HoldFilter(frozenset({HoldState.RELEASED}), hold.repository, ref=hold.ref)
        with self.store.snapshot() as tx:
            released = tx.holds.page(wanted, before=None, limit=_LATEST)
        since = [one for one in released if one.updated_at >= hold.revision.received_at]
        return next((one for one in since if _carries(one, hold, history)), None)

    def _is_expired(self, hold: Hold, policy: Policy) -> bool:
        return self.clock() >= hold.revision.received_at + policy.hold.expires_after

    def _take(self, hold: Hold, step: Step, judgement: Judgement) -> None:
        if (step.to, step.reason, step.note) == (hold.state, hold.reason, hold.note):
            return
        details = {} if judgement.verdict is None else {"verdict": judgement.verdict.to_mapping()}
        with self.store.transaction() as tx:
            at = self.clock()
            moved = move(
                tx,
                hold,
                step.to,
                step.action(hold.state),
                at=at,
                reason=step.reason,
                note=step.note,
                details=details,
            )
            if judgement.verdict is not None and judgement.verdict.outcome is Outcome.OVERRIDDEN:
                record(tx, moved, Action.POLICY_OVERRIDE, at=at, details=details)

    def _ask_again(self, hold: Hold, tip: str) -> None:
        """Start the next revision of the same commit on upstream's new tip, which voids the approvals."""
        again = replace(hold.revision, n=hold.revision.n + 1, old=tip)
        with self.store.transaction() as tx:
            hold.check_move(HoldState.RECEIVED)
            asked = tx.holds.add_revision(hold, again, hold.group, self.clock())
            record(tx, asked, Action.HOLD_REVISE, at=self.clock(), details={"why": moved_words(hold, tip)})

    def _announce(self, before: Hold) -> None:
        with self.store.snapshot() as tx:
            now = tx.holds.get(before.id)
        if now.state is HoldState.APPROVED:
            self.queue.release(now.id)
        elif now.state is HoldState.RECEIVED:
            self.queue.collect(now.id)
        elif not now.state.is_live:
            self.queue.settle(now.id)
        self.tell_agent(now.id)


def _base_moved(judgement: Judgement) -> BaseMoved | None:
    return None if judgement.policy is None else judgement.policy.release.base_moved


def _reached_upstream(judgement: Judgement) -> Step:
    if judgement.is_releasable:
        return Step(HoldState.RELEASED_EXTERNALLY, "Somebody brought it upstream after it was approved.")
    return Step(
        HoldState.BYPASSED,
        "It reached upstream although the policy was not satisfied. Find out who pushed it there.",
    )


def _carries(released: Hold, hold: Hold, history: History) -> bool:
    """Whether this release moved the ref to something that contains the hold's commit."""
    gone, here = released.revision.new, hold.revision.new
    if ZERO_OID in (gone, here) or released.id == hold.id:
        return gone == here and released.id != hold.id
    return history.is_ancestor(here, gone)


def _carried(carrier: Hold) -> Step:
    return Step(HoldState.RELEASED_EXTERNALLY, f"It went upstream as a part of hold {carrier.name}.")


def _lost(hold: Hold, partners: Sequence[Hold]) -> Hold | None:
    """A part of the same atomic push that has ended or was replaced: all of it can never go."""
    return next(
        (one for one in partners if one.revision.push_id != hold.group or not one.state.is_live), None
    )


def _without_partner(lost: Hold) -> Step:
    return Step(
        HoldState.BLOCKED,
        f"It was pushed atomically with hold {lost.name}, which no longer waits for the same review. "
        "Push one more commit on the branch to have it released by itself.",
        BlockReason.GROUP_BROKEN,
    )


def _decided(judgement: Judgement) -> Step:
    verdict = judgement.verdict
    if verdict is None:
        return Step(HoldState.BLOCKED, judgement.fault, BlockReason.POLICY_INVALID)
    if verdict.outcome in _STATE_OF:
        return Step(_STATE_OF[verdict.outcome])
    is_refused = verdict.outcome is Outcome.BLOCKED
    reason = BlockReason.POLICY_REFUSES if is_refused else BlockReason.POLICY_INVALID
    return Step(HoldState.BLOCKED, " ".join(verdict.reasons), reason)
