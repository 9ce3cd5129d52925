"""Sweep: find whatever was left undone, by a crash, a lost job or a lost message, and take it up again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from gate.domain.audit import Action, AuditEvent, Detail
from gate.domain.errors import GateError, Tampered
from gate.domain.hold import REVIEWABLE_STATES, Hold, HoldState
from gate.domain.policy import policy_hash
from gate.domain.repository import LOCAL, Repository
from gate.services.hook_rules import TellHooks
from gate.services.moves import GATE
from gate.services.ports.git import GateRepositories, HeldPushes
from gate.services.ports.outside import Clock, PolicySource, Queue, ReportFault
from gate.services.ports.store import Store
from gate.services.ports.tree_heads import TreeHeads
from gate.services.upstream_look import LookAtUpstream

LAST_SWEEP = "last_sweep"
_LAST_LOOK = "sweep:last_look"
# Each look at a review costs GitHub two to five requests, of 5,000 in an hour, and a sweep comes each minute.
_MOST_LOOKS = 15
_IS_LOOKED_AT = REVIEWABLE_STATES - {HoldState.APPROVED}
_ON_ITS_WAY = timedelta(seconds=10)

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep took up: pushes and refusals that intake had missed, live holds, closed ones to settle."""

    pushes: int
    live: int
    unsettled: int
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Go through every repository and every live hold. Git and the store are enough: Redis may be empty.

    One repository's fault does not stop the others; faults are reported and returned.
    """

    store: Store
    repositories: GateRepositories
    policies: PolicySource
    queue: Queue
    tell_hooks: TellHooks
    tree_heads: TreeHeads
    clock: Clock
    report_fault: ReportFault

    def __call__(self) -> Swept:
        with self.store.snapshot() as tx:
            repositories = tx.repositories.all()
        faults: list[str] = []
        pushes = 0
        for repository in repositories:
            try:
                pushes += self._sweep_repository(repository)
            except GateError as fault:
                faults.append(f"{repository.name}: {fault}")
                self.report_fault("sweep:repository", fault)
        live, unsettled = self._sweep_holds()
        self.tree_heads.witness()
        with self.store.transaction() as tx:
            tx.settings.put(LAST_SWEEP, self.clock().isoformat())
        return Swept(pushes, live, unsettled, tuple(faults))

    def _sweep_repository(self, repository: Repository) -> int:
        gate_repository = self.repositories.open(repository.name, repository.upstream)
        self.tell_hooks(repository.name)
        self._note_policy(repository.name)
        missed = self._missed_pushes(repository, gate_repository.held)
        for push_id in (*missed, *self._refused_pushes(gate_repository.held)):
            self.queue.intake(repository.name, push_id)
        LookAtUpstream(self.store, self.repositories, self.clock)(repository)
        return len(missed)

    def _missed_pushes(self, repository: Repository, held: HeldPushes) -> list[str]:
        receipts = list(self._sound(held.receipts()))
        with self.store.snapshot() as tx:
            missed = [receipt for receipt in receipts if tx.holds.push(receipt.push_id) is None]
        # A push of this very moment is on its way to intake; an older one was forgotten.
        forgotten = [one.push_id for one in missed if one.received_at < self.clock() - _ON_ITS_WAY]
        self._note_forgotten(repository.name, forgotten)
        return [receipt.push_id for receipt in missed]

    def _note_forgotten(self, repository: str, pushes: list[str]) -> None:
        """Put forgotten pushes on the trail, once each: one that intake cannot take yet is met again."""
        key = f"forgotten:{repository}"
        with self.store.transaction() as tx:
            known = (tx.settings.get(key) or "").split()
            fresh: list[Detail] = [push_id for push_id in pushes if push_id not in known]
            if set(known) != set(pushes):
                tx.settings.put(key, " ".join(pushes) or None)
            if fresh:
                action, details = Action.SWEEP_RECOVER, {"pushes": fresh}
                tx.audit.append(
                    AuditEvent(
                        at=self.clock(), actor=GATE, action=action, repository=repository, details=details
                    )
                )

    def _refused_pushes(self, held: HeldPushes) -> list[str]:
        return [refusal.push_id for refusal in self._sound(held.refusals())]

    def _sound(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        """Every entry but those that somebody tampered with, which are reported and hide no other."""
        while True:
            try:
                yield next(entries)
            except StopIteration:
                return
            except Tampered as fault:
                self.report_fault("sweep:tampered", fault)

    def _note_policy(self, repository: str) -> None:
        """Put a change of policy on the trail: it is a file, and whoever may write it may have changed it."""
        text = self.policies.text(repository)
        now, key = ("" if text is None else policy_hash(text)), f"policy:{repository}"
        with self.store.snapshot() as tx:
            before = tx.settings.get(key)
        if now == before:
            return
        with self.store.transaction() as tx:
            tx.settings.put(key, now)
            tx.audit.append(
                AuditEvent(
                    at=self.clock(),
                    actor=GATE,
                    action=Action.POLICY_CHANGE,
                    repository=repository,
                    details={"before": before or "", "now": now},
                )
            )

    def _sweep_holds(self) -> tuple[int, int]:
        with self.store.snapshot() as tx:
            live = [tx.holds.get(hold_id) for hold_id in tx.holds.live_ids()]
            unsettled = tx.holds.unsettled()
            elsewhere = {one.name for one in tx.repositories.all() if one.forge != LOCAL}
        looked_at = [one for one in live if one.repository in elsewhere and one.state in _IS_LOOKED_AT]
        left_out = {hold.id for hold in looked_at} - self._in_turn([hold.id for hold in looked_at])
        for hold in live:
            if hold.id not in left_out:
                self._take_up(hold)
        for hold in unsettled:
            self.queue.settle(hold.id)
        return len(live), len(unsettled)

    def _in_turn(self, ids: list[int]) -> set[int]:
        """Those of the holds whose turn it is: each sweep goes on where the one before it stopped."""
        if len(ids) <= _MOST_LOOKS:
            return set(ids)
        with self.store.transaction() as tx:
            last = int(tx.settings.get(_LAST_LOOK) or 0)
            turn = sorted(ids, key=lambda hold_id: (hold_id <= last, hold_id))[:_MOST_LOOKS]
            tx.settings.put(_LAST_LOOK, str(turn[-1]))
        return set(turn)

    def _take_up(self, hold: Hold) -> None:
        match hold.state:
            case HoldState.RECEIVED:
                self.queue.collect(hold.id)
            case HoldState.COLLECTING:
                self.queue.assess(hold.id)
            case HoldState.RELEASING:
                self.queue.release(hold.id)
            case _:
                self.queue.reconcile(hold.id)
