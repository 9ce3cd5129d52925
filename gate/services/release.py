"""Release: an approved hold goes upstream, as exactly the commit that was approved.

Intent, fresh evaluation, compare-and-swap push, read back, record. After a crash the remote is looked at
first. Holds of one atomic push are released together or not at all. Where the policy asks for it, the
forge merges a pull request instead of the push.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gate.domain.audit import Action
from gate.domain.base import Base, compare, moved_words
from gate.domain.errors import Failed, IllegalMove, Unavailable
from gate.domain.hold import BlockReason, Hold, HoldState, UpdateKind
from gate.domain.policy import BaseMoved, Method
from gate.domain.pull_request.model import ReviewStatus
from gate.domain.release import PushRefused, RefMove, ReleaseOutcome
from gate.services.judge import Judge, Judgement
from gate.services.moves import move, record
from gate.services.ports.forge import Forge, MergeMethod
from gate.services.ports.git import GateRepositories, GateRepository
from gate.services.ports.outside import Clock, FailPoint, Queue, ReportFault
from gate.services.ports.store import Store, Transaction
from gate.services.review_request import hold_url

_READY = frozenset({HoldState.APPROVED, HoldState.RELEASING})


@dataclass(frozen=True, slots=True)
class Ending:
    """How a release ends that has moved nothing."""

    to: HoldState
    action: Action
    outcome: ReleaseOutcome
    reason: BlockReason | None = None


_UNAPPROVED = Ending(HoldState.IN_REVIEW, Action.HOLD_UNAPPROVE, ReleaseOutcome.WITHDRAWN)
_NOT_OURS = Ending(HoldState.IN_REVIEW, Action.HOLD_RELEASE_FAIL, ReleaseOutcome.WITHDRAWN)
_STALE = Ending(HoldState.IN_REVIEW, Action.HOLD_RELEASE_FAIL, ReleaseOutcome.BASE_MOVED)
_MOVED = Ending(HoldState.BLOCKED, Action.HOLD_BLOCK, ReleaseOutcome.BASE_MOVED, BlockReason.BASE_MOVED)
_FINISHED = {
    HoldState.RELEASED: Action.HOLD_RELEASE,
    HoldState.RELEASED_REWRITTEN: Action.HOLD_RELEASE_REWRITE,
}
_REFUSED = Ending(
    HoldState.BLOCKED, Action.HOLD_RELEASE_FAIL, ReleaseOutcome.REFUSED, BlockReason.UPSTREAM_REFUSED
)


@dataclass(frozen=True, slots=True)
class Release:
    """Send an approved hold, or the whole atomic push it belongs to, upstream. Safe to run twice.

    Raises Unavailable where upstream cannot be reached or did not say how a push ended: the holds stay
    `releasing`, and the next run looks at the remote.
    """

    store: Store
    repositories: GateRepositories
    judge: Judge
    forge: Forge
    queue: Queue
    clock: Clock
    fail_point: FailPoint
    report_fault: ReportFault
    url: str

    def __call__(self, hold_id: int) -> None:
        holds, upstream = self._holds(hold_id)
        if not all(_is_ready(hold) for hold in holds):
            return
        repository = self.repositories.open(holds[0].repository, upstream)
        try:
            self._release(repository, holds)
        except IllegalMove:
            return  # Another worker was first, or a push came in between.

    def _holds(self, hold_id: int) -> tuple[list[Hold], str]:
        with self.store.snapshot() as tx:
            hold = tx.holds.get(hold_id)
            together = [hold] if hold.group is None else tx.holds.of_push(hold.group)
            return together, tx.repositories.get(hold.repository).upstream

    def _release(self, repository: GateRepository, holds: Sequence[Hold]) -> None:
        tips = self._look(repository, holds)
        bases = {hold.id: compare(hold, tips[hold.ref], repository.history.is_ancestor) for hold in holds}
        if all(base is Base.CONTAINS_HOLD for base in bases.values()):
            self._finish_or_hand_over(repository, holds)
            return
        if merged := self._merged_by_gate(holds):
            self._finish_merge(repository, holds[0], merged)
            return
        releasing = self._begin(holds, tips)
        self.fail_point("release:intent")
        judgements = {hold.id: self.judge(hold) for hold in releasing}
        if not all(judgement.is_releasable for judgement in judgements.values()):
            self._stand_down(releasing, judgements)
            return
        if not all(_may_land(bases[hold.id], judgements[hold.id]) for hold in releasing):
            self._report_moved(releasing, tips)
            return
        self._say_approved(releasing, judgements)
        method = self._merge_method(releasing, judgements)
        if method is None:
            self._push(repository, releasing, tips, judgements)
        else:
            self._merge(repository, releasing[0], tips, judgements, method)

    def _look(self, repository: GateRepository, holds: Sequence[Hold]) -> Mapping[str, str]:
        """Where upstream's refs are now, with the objects there so that ancestry can be asked."""
        tips = repository.upstream.tips([hold.ref for hold in holds])
        if any(tips[hold.ref] != repository.history.tip(hold.ref) for hold in holds):
            repository.upstream.sync()
        return tips

    def _finish_or_hand_over(self, repository: GateRepository, holds: Sequence[Hold]) -> None:
        """All of it is upstream: by an earlier run of this release, or by another hand."""
        if any(hold.state is not HoldState.RELEASING for hold in holds):
            for hold in holds:
                self.queue.reconcile(hold.id)
        elif all(self._was_decided(hold) for hold in holds):
            self._finish(repository, holds)
        else:
            # The earlier run ended before it judged, so it never pushed: reconcile says what this is.
            self._end(holds, _NOT_OURS, dict.fromkeys(_ids(holds), "Upstream had it before it was released."))

    def _was_decided(self, hold: Hold) -> bool:
        with self.store.snapshot() as tx:
            return bool(tx.releases.of(hold.id)[-1].policy_hash)

    def _begin(self, holds: Sequence[Hold], tips: Mapping[str, str]) -> list[Hold]:
        begun = []
        with self.store.transaction() as tx:
            for hold in holds:
                intent = RefMove(hold.ref, tips[hold.ref], hold.revision.new)
                begun.append(self._begin_one(tx, hold, intent))
        return begun

    def _begin_one(self, tx: Transaction, hold: Hold, intent: RefMove) -> Hold:
        at = self.clock()
        details = {"expected": intent.expected}
        if hold.state is not HoldState.RELEASING:
            hold = move(tx, hold, HoldState.RELEASING, Action.HOLD_RELEASE_BEGIN, at=at, details=details)
        elif tx.releases.of(hold.id)[-1].move == intent:
            return hold
        else:
            # An earlier run ended before it pushed, and upstream has moved since: its intent is void.
            tx.releases.end(hold.id, ReleaseOutcome.BASE_MOVED, "", at)
            record(tx, hold, Action.HOLD_RELEASE_BEGIN, at=at, details=details)
        tx.releases.begin(hold, intent, at)
        return hold

    def _stand_down(self, holds: Sequence[Hold], judgements: Mapping[int, Judgement]) -> None:
        """The approval did not stand up to the fresh look."""
        self._end(holds, _UNAPPROVED, {hold.id: _why(judgements[hold.id]) for hold in holds})

    def _report_moved(self, holds: Sequence[Hold], tips: Mapping[str, str]) -> None:
        self._end(holds, _MOVED, {hold.id: moved_words(hold, tips[hold.ref]) for hold in holds})

    def _push(
        self,
        repository: GateRepository,
        holds: Sequence[Hold],
        tips: Mapping[str, str],
        judgements: Mapping[int, Judgement],
    ) -> None:
        self._decide(judgements)
        moves = [RefMove(hold.ref, tips[hold.ref], hold.revision.new) for hold in holds]
        timeout = min(_timeout(judgements[hold.id]) for hold in holds)
        refused = repository.upstream.push(moves, timeout=timeout.total_seconds())
        self.fail_point("release:pushed")
        if refused is not None:
            self._record_refusal(repository, holds, tips, refused)
            return
        landed = repository.upstream.tips([hold.ref for hold in holds])
        if any(landed[hold.ref] != hold.revision.new for hold in holds):
            raise Unavailable(
                f"hold {holds[0].name}: upstream took the push, but reads back otherwise. Looking again."
            )
        self._finish(repository, holds)

    def _decide(self, judgements: Mapping[int, Judgement]) -> None:
        with self.store.transaction() as tx:
            for hold_id, judgement in judgements.items():
                tx.releases.decide(hold_id, *_grounds(judgement))

    def _say_approved(self, holds: Sequence[Hold], judgements: Mapping[int, Judgement]) -> None:
        """Report the verdict before upstream is touched: a protected branch may ask for the gate's status."""
        for hold in holds:
            if not self.forge.carries(hold):
                continue
            status = ReviewStatus(hold, judgements[hold.id].verdict, "", hold_url(self.url, hold))
            try:
                self.forge.show(hold, status)
            except Failed as fault:
                # Words that could not be said stop nothing; upstream refuses where it needs them.
                self.report_fault("release:not_shown", fault)

    def _merge_method(self, holds: Sequence[Hold], judgements: Mapping[int, Judgement]) -> MergeMethod | None:
        """How the forge shall merge, where the policy wants that and a pull request shows the very commit."""
        hold, policy = holds[0], judgements[holds[0].id].policy
        assert policy is not None
        if policy.release.method is Method.FAST_FORWARD or len(holds) > 1:
            return None
        is_mergeable = hold.revision.kind is UpdateKind.FAST_FORWARD and hold.revision.is_shown_itself
        return MergeMethod(policy.release.method) if is_mergeable and self.forge.carries(hold) else None

    def _merge(
        self,
        repository: GateRepository,
        hold: Hold,
        tips: Mapping[str, str],
        judgements: Mapping[int, Judgement],
        method: MergeMethod,
    ) -> None:
        self._decide(judgements)
        seconds = _timeout(judgements[hold.id]).total_seconds()
        refused = self.forge.merge(hold, method, timeout=seconds)
        self.fail_point("release:merged")
        if refused is not None:
            self._record_refusal(repository, [hold], tips, refused)
        else:
            self._finish_merge(repository, hold)

    def _merged_by_gate(self, holds: Sequence[Hold]) -> str | None:
        """What an earlier run of this release merged, by the forge's word; None where it merged nothing."""
        hold = holds[0]
        if len(holds) > 1 or hold.state is not HoldState.RELEASING or not self._was_decided(hold):
            return None
        observation = self.judge(hold).observation
        closing = None if observation is None else observation.closing
        return closing.merged if closing is not None and closing.is_by_gate else None

    def _finish_merge(self, repository: GateRepository, hold: Hold, merged: str | None = None) -> None:
        """Read back what the merge made: the held commit below it, or other commits in its place.

        By the forge's word, `merged` was there; somebody may have undone it since, which is no release again.
        """
        repository.upstream.sync()
        tip = repository.history.tip(hold.ref)
        is_there = compare(hold, tip, repository.history.is_ancestor) is Base.CONTAINS_HOLD
        if not is_there and merged is None and tip == hold.revision.old:
            raise Unavailable(
                f"hold {hold.name}: it is merged, but upstream reads back otherwise. Looking again."
            )
        is_whole = is_there or merged == hold.revision.new
        self._finish(repository, [hold], HoldState.RELEASED if is_whole else HoldState.RELEASED_REWRITTEN)

    def _record_refusal(
        self,
        repository: GateRepository,
        holds: Sequence[Hold],
        tips: Mapping[str, str],
        refused: PushRefused,
    ) -> None:
        words = dict.fromkeys(_ids(holds), refused.words)
        if refused.is_stale:
            repository.upstream.sync()
            moved = any(repository.history.tip(hold.ref) != tips[hold.ref] for hold in holds)
            # Where nothing has moved, the same again would be refused again.
            self._end(holds, _STALE if moved else _REFUSED, words)
        elif refused.is_final:
            self._end(holds, _REFUSED, words)
        else:
            with self.store.transaction() as tx:
                for hold in holds:
                    tx.releases.say(hold.id, refused.words)
            raise Unavailable(f"hold {holds[0].name}: upstream did not take the release: {refused.words}")

    def _end(self, holds: Sequence[Hold], ending: Ending, words: Mapping[int, str]) -> None:
        """End the release of all its holds at once: no part of an atomic push goes on without the others."""
        with self.store.transaction() as tx:
            for hold in holds:
                at, said = self.clock(), words[hold.id]
                tx.releases.end(hold.id, ending.outcome, said, at)
                note = said if ending.to is HoldState.BLOCKED else ""
                details = {"words": said}
                move(
                    tx,
                    hold,
                    ending.to,
                    ending.action,
                    at=at,
                    reason=ending.reason,
                    note=note,
                    details=details,
                )
        for hold in holds:
            self.queue.reconcile(hold.id)

    def _finish(
        self,
        repository: GateRepository,
        holds: Sequence[Hold],
        to: HoldState = HoldState.RELEASED,
    ) -> None:
        intents = []
        with self.store.transaction() as tx:
            for hold in holds:
                at = self.clock()
                tx.releases.end(hold.id, ReleaseOutcome.RELEASED, "", at)
                intent = tx.releases.of(hold.id)[-1]
                intents.append(intent)
                move(
                    tx,
                    hold,
                    to,
                    _FINISHED[to],
                    at=at,
                    details={
                        "expected": intent.move.expected,
                        "policy": intent.policy_hash,
                        "verdict": json.loads(intent.verdict or "null"),
                    },
                )
        self.fail_point("release:recorded")
        for intent in intents:
            if to is HoldState.RELEASED:
                repository.upstream.mirror(intent.move)
            self.queue.settle(intent.hold_id)


def _is_ready(hold: Hold) -> bool:
    """Whether it may go now. A part of an atomic push that was pushed anew is no longer that part."""
    return hold.state in _READY and hold.group in (None, hold.revision.push_id)


def _ids(holds: Sequence[Hold]) -> list[int]:
    return [hold.id for hold in holds]


def _why(judgement: Judgement) -> str:
    return judgement.fault if judgement.verdict is None else " ".join(judgement.verdict.reasons)


def _may_land(base: Base, judgement: Judgement) -> bool:
    if base is Base.UNMOVED:
        return True
    policy = judgement.policy
    allowed = policy is not None and policy.release.base_moved is BaseMoved.ALLOW_FAST_FORWARD
    return base is Base.BEHIND_HOLD and allowed


def _grounds(judgement: Judgement) -> tuple[str, str]:
    assert judgement.policy is not None
    assert judgement.verdict is not None
    return judgement.policy.hash, json.dumps(judgement.verdict.to_mapping())


def _timeout(judgement: Judgement) -> timedelta:
    assert judgement.policy is not None
    return judgement.policy.release.timeout
