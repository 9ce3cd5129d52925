"""A look at upstream: the mirror is fetched, and what came of it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.domain.audit import Action, AuditEvent
from gate.domain.errors import Failed
from gate.domain.repository import Repository
from gate.services.moves import GATE
from gate.services.ports.git import GateRepositories
from gate.services.ports.outside import Clock
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class LookAtUpstream:
    """Sync one repository. Never raises for an upstream that is down: the repository says so afterwards."""

    store: Store
    repositories: GateRepositories
    clock: Clock

    def __call__(self, repository: Repository) -> Repository:
        began = self.clock()
        return self._note(repository.name, began, self._sync(repository))

    def _sync(self, repository: Repository) -> str | None:
        try:
            self.repositories.open(repository.name, repository.upstream).upstream.sync()
        except Failed as error:
            return str(error)
        return None

    def _note(self, name: str, began: datetime, fault: str | None) -> Repository:
        """Write the outcome down, unless a look that ended meanwhile left the same."""
        with self.store.snapshot() as tx:
            before = tx.repositories.get(name)
        if before.synced_at is not None and before.synced_at >= began and before.sync_fault == fault:
            return before
        at = self.clock()
        with self.store.transaction() as tx:
            before = tx.repositories.get(name)
            tx.repositories.set_synced(name, at, fault)
            # The trail has the start and the end of an outage, not every look during it.
            if (fault is None) != (before.sync_fault is None):
                tx.audit.append(_event(name, at, fault))
            return tx.repositories.get(name)


def _event(name: str, at: datetime, fault: str | None) -> AuditEvent:
    return AuditEvent(
        at=at,
        actor=GATE,
        action=Action.REPOSITORY_SYNC,
        repository=name,
        outcome="ok" if fault is None else "failed",
        details={"what": "upstream is reachable again"} if fault is None else {"fault": fault},
    )
