"""Reconcile: look at everything again, and move the hold to where the verdict says it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gate.domain.audit import Action
from gate.domain.base import Base, compare, moved_words
from gate.domain.errors import IllegalMove
from gate.domain.hold import REVIEWABLE_STATES, ZERO_OID, BlockReason, Hold, HoldState
from gate.domain.policy import BaseMoved, Outcome, Policy
from gate.domain.review import Observation, Realm
from gate.services.judge import Judge, Judgement
from gate.services.moves import GATE, move, record
from gate.services.next_step import Step, base_moved_rule, carried, next_step, without_partner
from gate.services.ports.git import GateRepositories, GateRepository, History
from gate.services.ports.outside import Clock, FailPoint, Queue
from gate.services.ports.store import HoldFilter, Store
from gate.services.seen import note_review, seen_review
from gate.services.standing import TellAgent

# There is no review to look at: only a person or a new push can mend it.
_HAS_NO_REVIEW = frozenset(
    {BlockReason.COLLECT_FAILED, BlockReason.PUBLISH_REFUSED, BlockReason.SECRET_FOUND}
)
# A person has to mend it; until then only its end is taken note of.
_WAITS_FOR_A_PERSON = frozenset({BlockReason.UPSTREAM_REFUSED, BlockReason.TAMPERED})
_ENDS_WITHOUT_REVIEW = frozenset({HoldState.BYPASSED, HoldState.RELEASED_EXTERNALLY, HoldState.EXPIRED})
# How many of a ref's latest releases may have carried a hold along.
_LATEST = 50


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
        if hold.reason in _HAS_NO_REVIEW:
            self._end_unreviewed(hold, self.repositories.open(hold.repository, upstream).history)
            return
        judgement = self.judge(hold)
        repository = self.repositories.open(hold.repository, upstream)
        tip, base = _look(repository, hold, judgement)
        self.fail_point("reconcile:decided")
        try:
            is_news = self._remember(hold, judgement.observation)
            if _asks_again(hold, judgement, base):
                self._ask_again(hold, tip)
            else:
                step = self._step(hold, partners, judgement, repository.history, base, tip)
                is_news |= self._take(hold, step, judgement)
        except IllegalMove:
            return  # A push, a release or another reconcile was first; what it did is reconciled on its own.
        self.fail_point("reconcile:stored")
        self._announce(hold, is_news=is_news)

    def _end_unreviewed(self, hold: Hold, history: History) -> None:
        """Take note of the end of a hold that nobody reviews: upstream has it, or its time is over."""
        tip = history.tip(hold.ref)
        policy = self.judge.policy(hold.repository)
        judgement = Judgement(policy, None)
        if hold.revision.kind is not None:
            base = compare(hold, tip, history.is_ancestor)
            step = self._step(hold, (), judgement, history, base, tip)
            if step.to in _ENDS_WITHOUT_REVIEW:
                self._take(hold, step, judgement)
        self._announce(hold, is_news=False)

    def _step(
        self,
        hold: Hold,
        partners: Sequence[Hold],
        judgement: Judgement,
        history: History,
        base: Base,
        tip: str,
    ) -> Step:
        is_expired = judgement.policy is not None and self._is_expired(hold, judgement.policy)
        step = next_step(hold, judgement, base, tip, is_expired=is_expired)
        if step.to is HoldState.BYPASSED and (carrier := self._carrier(hold, history)):
            return carried(carrier)
        if hold.reason in _WAITS_FOR_A_PERSON and (step.to.is_live or step.to is HoldState.EXPIRED):
            return Step(hold.state, hold.note, hold.reason)
        if step.to is not HoldState.BLOCKED and step.to.is_live and (lost := _lost(hold, partners)):
            return without_partner(lost)
        return step

    def _carrier(self, hold: Hold, history: History) -> Hold | None:
        """The hold of this ref whose release brought this one's commit along."""
        wanted = HoldFilter(frozenset({HoldState.RELEASED}), hold.repository, ref=hold.ref)
        with self.store.snapshot() as tx:
            released = tx.holds.page(wanted, before=None, limit=_LATEST)
        since = [one for one in released if one.updated_at >= hold.revision.received_at]
        return next((one for one in since if _carries(one, hold, history)), None)

    def _is_expired(self, hold: Hold, policy: Policy) -> bool:
        return self.clock() >= hold.revision.received_at + policy.hold.expires_after

    def _remember(self, hold: Hold, observation: Observation | None) -> bool:
        """Keep what the forge said, with every review as first seen; whether it says something new."""
        if observation is None or observation.realm is Realm.GATE:
            return False
        with self.store.snapshot() as tx:
            if tx.pull_requests.observation(hold.id) == observation:
                return False
        with self.store.transaction() as tx:
            tx.pull_requests.put_observation(hold.id, observation)
            for review in observation.reviews:
                note_review(tx, hold, seen_review(hold, review), self.clock())
        return True

    def _take(self, hold: Hold, step: Step, judgement: Judgement) -> bool:
        """Take the step, if it leads anywhere; whether it did."""
        if (step.to, step.reason, step.note) == (hold.state, hold.reason, hold.note):
            return False
        details = {} if judgement.verdict is None else {"verdict": judgement.verdict.to_mapping()}
        if step.to is HoldState.RECEIVED:
            self._begin_anew(hold, step)
            return True
        with self.store.transaction() as tx:
            at = self.clock()
            moved = move(
                tx,
                hold,
                step.to,
                step.action(hold.state),
                at=at,
                actor=step.actor or GATE,
                reason=step.reason,
                note=step.note,
                details=details,
            )
            if judgement.verdict is not None and judgement.verdict.outcome is Outcome.OVERRIDDEN:
                record(tx, moved, Action.POLICY_OVERRIDE, at=at, details=details)
        return True

    def _begin_anew(self, hold: Hold, step: Step) -> None:
        """Publish the same push once more: as a revision of its own, so that no earlier approval counts."""
        with self.store.transaction() as tx:
            at = self.clock()
            hold.check_move(HoldState.RECEIVED)
            anew = tx.holds.add_revision(hold, hold.revision.again(), hold.group, at)
            record(tx, anew, step.action(hold.state), at=at, actor=step.actor or GATE)

    def _ask_again(self, hold: Hold, tip: str) -> None:
        """Start the next revision of the same commit on upstream's new tip, which voids the approvals."""
        again = replace(hold.revision.again(), old=tip)
        with self.store.transaction() as tx:
            hold.check_move(HoldState.RECEIVED)
            asked = tx.holds.add_revision(hold, again, hold.group, self.clock())
            record(tx, asked, Action.HOLD_REVISE, at=self.clock(), details={"why": moved_words(hold, tip)})

    def _announce(self, before: Hold, *, is_news: bool) -> None:
        with self.store.snapshot() as tx:
            now = tx.holds.get(before.id)
            is_at_forge = tx.pull_requests.get(before.id) is not None
        if now.state is HoldState.APPROVED:
            self.queue.release(now.id)
        elif now.state is HoldState.RECEIVED:
            self.queue.collect(now.id)
        elif not now.state.is_live:
            self.queue.settle(now.id)
        if is_at_forge and is_news and now.state.is_live:
            self.queue.show(now.id)
        self.tell_agent(now.id)


def _look(repository: GateRepository, hold: Hold, judgement: Judgement) -> tuple[str, Base]:
    """Where upstream's ref is; after a merge at the forge, the mirror has to hear of it first."""
    tip = repository.history.tip(hold.ref)
    base = compare(hold, tip, repository.history.is_ancestor)
    if judgement.is_merged and base is not Base.CONTAINS_HOLD:
        repository.upstream.sync()
        tip = repository.history.tip(hold.ref)
        base = compare(hold, tip, repository.history.is_ancestor)
    return tip, base


def _asks_again(hold: Hold, judgement: Judgement, base: Base) -> bool:
    """Whether upstream moved below an open review whose policy wants a new approval for that."""
    is_open = judgement.observation is not None and judgement.observation.is_open
    is_free = hold.reason not in _WAITS_FOR_A_PERSON
    return (
        base is Base.BEHIND_HOLD and is_open and is_free and base_moved_rule(judgement) is BaseMoved.REAPPROVE
    )


def _carries(released: Hold, hold: Hold, history: History) -> bool:
    """Whether this release moved the ref to something that contains the hold's commit."""
    gone, here = released.revision.new, hold.revision.new
    if ZERO_OID in (gone, here) or released.id == hold.id:
        return gone == here and released.id != hold.id
    return history.is_ancestor(here, gone)


def _lost(hold: Hold, partners: Sequence[Hold]) -> Hold | None:
    """A part of the same atomic push that has ended or was replaced: all of it can never go."""
    return next(
        (one for one in partners if one.revision.push_id != hold.group or not one.state.is_live), None
    )
