"""Refresh: a fetch through the gate shows upstream as it is now, or says that it may not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gate.domain.audit import Action, AuditEvent
from gate.domain.errors import Failed
from gate.domain.repository import Repository
from gate.services.ports.git import GateRepositories
from gate.services.ports.outside import Clock
from gate.services.ports.store import Store


def staleness(repository: Repository) -> str | None:
    """What to tell someone who fetches from a mirror whose last look at upstream failed, else None.

    The fault itself is for the people who run the gate: it may name hosts and paths.
    """
    if repository.sync_fault is None or repository.synced_at is None:
        return None
    at = repository.synced_at.astimezone(UTC)
    return (
        f"warning: the gate could not reach upstream at {at:%Y-%m-%d %H:%M:%S} UTC. "
        "You get what it had before that; newer commits may be missing."
    )


@dataclass(frozen=True, slots=True)
class Refresh:
    """Look at upstream if the last look is older than `max_age`; returns a warning where that failed.

    Never raises for an upstream that is down. The last look counts from its end, failed or not, so that
    an upstream which is down is not asked on every fetch.
    """

    store: Store
    repositories: GateRepositories
    clock: Clock
    max_age: timedelta

    def __call__(self, repository: Repository) -> str | None:
        began = self.clock()
        if repository.synced_at is not None and began - repository.synced_at < self.max_age:
            return staleness(repository)
        fault = self._sync(repository)
        return staleness(self._note(repository.name, began, fault))

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
        actor="gate",
        action=Action.REPOSITORY_SYNC,
        repository=name,
        outcome="ok" if fault is None else "failed",
        details={"what": "upstream is reachable again"} if fault is None else {"fault": fault},
    )
