"""Publish: show a collected revision to reviewers."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.audit import Action
from gate.domain.errors import IllegalMove
from gate.domain.hold import HoldState
from gate.services.moves import move
from gate.services.ports.outside import Clock, FailPoint, Forge, Queue
from gate.services.ports.store import Store
from gate.services.standing import TellAgent


@dataclass(frozen=True, slots=True)
class Publish:
    """Put a hold's current revision before its reviewers. Safe to run twice."""

    store: Store
    forge: Forge
    queue: Queue
    tell_agent: TellAgent
    clock: Clock
    fail_point: FailPoint

    def __call__(self, hold_id: int) -> None:
        with self.store.snapshot() as tx:
            hold = tx.holds.get(hold_id)
        if hold.state is not HoldState.COLLECTING:
            return
        published_at = self.forge.publish(hold)
        self.fail_point("publish:before-store")
        try:
            with self.store.transaction() as tx:
                tx.holds.set_published(hold.id, hold.revision.n, published_at)
                move(tx, hold, HoldState.IN_REVIEW, Action.HOLD_PUBLISH, at=self.clock())
        except IllegalMove:
            return  # A newer revision came in between; it is published by its own run.
        self.tell_agent(hold.id)
        self.queue.reconcile(hold.id)
