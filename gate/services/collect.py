"""Collect: what git says about a revision, stored once as its evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gate.domain.audit import Action
from gate.domain.errors import Failed, IllegalMove
from gate.domain.facts import DiffFacts
from gate.domain.hold import BlockReason, Hold, HoldState, Likeness, kind_of
from gate.services.moves import move
from gate.services.ports.git import GateRepositories, History
from gate.services.ports.outside import Clock, FailPoint, Queue
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class Collect:
    """Compute a hold's diff facts and its kind. Safe to run twice; a newer revision has its own run."""

    store: Store
    repositories: GateRepositories
    queue: Queue
    clock: Clock
    fail_point: FailPoint

    def __call__(self, hold_id: int) -> None:
        with self.store.snapshot() as tx:
            hold = tx.holds.get(hold_id)
            upstream = tx.repositories.get(hold.repository).upstream
        if hold.state is HoldState.RECEIVED:
            history = self.repositories.open(hold.repository, upstream).history
            try:
                facts = history.facts(hold.revision.update(hold.ref))
                likeness = self._likeness(history, hold, facts)
            except Failed as fault:
                if fault.retryable:
                    raise
                self._block(hold, str(fault))
                return
            self.fail_point("collect:before-store")
            if not self._store_facts(hold, facts, likeness):
                return
            self.fail_point("collect:stored")
            self.queue.assess(hold_id)

    def _likeness(self, history: History, hold: Hold, facts: DiffFacts) -> Likeness | None:
        """What changed since the revision before this one; None where that cannot be said."""
        with self.store.snapshot() as tx:
            revisions = {revision.n: revision for revision in tx.holds.revisions(hold.id)}
        before, now = revisions.get(hold.revision.n - 1), replace(hold.revision, base=facts.base)
        if before is None or not before.is_comparable_to(now):
            return None
        if before.push_id == now.push_id:
            # Asked for once more on purpose, with no approval: the old ones must not come back with it.
            return None
        return history.likeness(str(before.base), before.new, facts.base, now.new)

    def _store_facts(self, hold: Hold, facts: DiffFacts, likeness: Likeness | None) -> bool:
        kind = kind_of(hold.revision.update(hold.ref), is_ancestor=facts.is_ancestor)
        try:
            with self.store.transaction() as tx:
                tx.holds.set_collected(hold.id, hold.revision.n, kind, facts, likeness)
                move(
                    tx,
                    hold,
                    HoldState.COLLECTING,
                    Action.HOLD_COLLECT,
                    at=self.clock(),
                    details={
                        "kind": str(kind),
                        "base": facts.base,
                        "commits": len(facts.commits),
                        "dropped": len(facts.dropped),
                        "files": len(facts.files),
                        "additions": facts.additions,
                        "deletions": facts.deletions,
                        "truncated": facts.truncated,
                    },
                )
        except IllegalMove:
            return False
        return True

    def _block(self, hold: Hold, words: str) -> None:
        note = f"{words} Push one more commit on the branch, or ask an admin to look at the repository."
        why = BlockReason.COLLECT_FAILED
        try:
            with self.store.transaction() as tx:
                move(tx, hold, HoldState.BLOCKED, Action.HOLD_BLOCK, at=self.clock(), reason=why, note=note)
        except IllegalMove:
            return  # A newer revision came in between; it is collected by its own run.
        self.queue.reconcile(hold.id)
