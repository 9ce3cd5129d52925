"""Publish: show a collected revision to reviewers."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.audit import Action
from gate.domain.errors import Failed, IllegalMove
from gate.domain.hold import BlockReason, Hold, HoldState
from gate.services.moves import move
from gate.services.ports.forge import Forge
from gate.services.ports.outside import Clock, FailPoint, Queue
from gate.services.ports.store import Store
from gate.services.review_request import WriteRequest
from gate.services.standing import TellAgent


@dataclass(frozen=True, slots=True)
class Publish:
    """Put a hold's current revision before its reviewers. Safe to run twice.

    Raises Unavailable where the forge does not answer: the hold stays where it is. Where the forge refuses
    for good, the hold is blocked with its words.
    """

    store: Store
    forge: Forge
    write_request: WriteRequest
    queue: Queue
    tell_agent: TellAgent
    clock: Clock
    fail_point: FailPoint

    def __call__(self, hold_id: int) -> None:
        with self.store.snapshot() as tx:
            hold = tx.holds.get(hold_id)
            evidence = tx.evidence.get(hold_id, hold.revision.n)
        if hold.state is not HoldState.COLLECTING:
            return
        if evidence is None or evidence.blocking:
            # A late job of an earlier revision: nothing is published that was not scanned.
            self.queue.assess(hold_id)
            return
        try:
            published_at = self.forge.publish(hold, self.write_request(hold))
        except Failed as fault:
            if fault.retryable:
                raise
            self._block(hold, str(fault))
            return
        self.fail_point("publish:before-store")
        try:
            with self.store.transaction() as tx:
                tx.holds.set_published(hold.id, hold.revision.n, published_at)
                pull_request = tx.pull_requests.get(hold.id)
                details = {} if pull_request is None else {"pull_request": pull_request.url}
                at, action = self.clock(), Action.HOLD_PUBLISH
                move(tx, hold, HoldState.IN_REVIEW, action, at=at, details=details)
        except IllegalMove:
            return  # A newer revision came in between; it is published by its own run.
        self.tell_agent(hold.id)
        self.queue.reconcile(hold.id)

    def _block(self, hold: Hold, words: str) -> None:
        why = BlockReason.PUBLISH_REFUSED
        try:
            with self.store.transaction() as tx:
                at = self.clock()
                move(tx, hold, HoldState.BLOCKED, Action.HOLD_BLOCK, at=at, reason=why, note=words)
        except IllegalMove:
            return  # As above.
        self.tell_agent(hold.id)
