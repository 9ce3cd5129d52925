"""Reopen: a person opened the pull request of a rejected hold again, and so took the rejection back."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.audit import Action
from gate.domain.errors import IllegalMove, Taken
from gate.domain.hold import Hold, HoldState
from gate.domain.review import Wants
from gate.services.moves import record
from gate.services.ports.forge import Forge
from gate.services.ports.git import GateRepositories
from gate.services.ports.outside import Clock, Queue
from gate.services.ports.store import Store, Transaction
from gate.services.standing import TellAgent


@dataclass(frozen=True, slots=True)
class Reopen:
    """Bring a rejected hold back into review as a new revision with no approval, if its pull request is open.

    Only where it still shows the held commit, and no newer hold of the agent waits for the same ref: then
    the pull request is closed again, and says why. Safe to run twice.
    """

    store: Store
    repositories: GateRepositories
    forge: Forge
    queue: Queue
    tell_agent: TellAgent
    clock: Clock

    def __call__(self, hold_id: int) -> None:
        with self.store.snapshot() as tx:
            hold = tx.holds.get(hold_id)
            upstream = tx.repositories.get(hold.repository).upstream
            has_pull_request = tx.pull_requests.get(hold_id) is not None
        if hold.state is not HoldState.REJECTED or not has_pull_request:
            return
        observation = self.forge.observe(hold, Wants())
        if not observation.is_open:
            return
        if observation.head != hold.revision.head or not self._revive(hold):
            self.queue.settle(hold_id)  # It closes the pull request once more.
            return
        held = self.repositories.open(hold.repository, upstream).held
        held.forget_rejected(hold.revision.new)
        self.tell_agent(hold_id)
        self.queue.collect(hold_id)

    def _revive(self, hold: Hold) -> bool:
        try:
            with self.store.transaction() as tx:
                if _has_successor(tx, hold):
                    return False
                hold.check_move(HoldState.RECEIVED)
                reopened = tx.holds.add_revision(hold, hold.revision.again(), None, self.clock())
                record(tx, reopened, Action.HOLD_REOPEN, at=self.clock())
        except (IllegalMove, Taken):
            return False
        return True


def _has_successor(tx: Transaction, hold: Hold) -> bool:
    return tx.holds.live_on(hold.repository, hold.agent, hold.ref) is not None
