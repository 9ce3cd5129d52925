"""Refresh: a fetch through the gate shows upstream as it is now, or says that it may not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta

from gate.domain.repository import Repository
from gate.services.ports.git import GateRepositories
from gate.services.ports.outside import Clock
from gate.services.ports.store import Store
from gate.services.upstream_look import LookAtUpstream


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
        if repository.synced_at is not None and self.clock() - repository.synced_at < self.max_age:
            return staleness(repository)
        return staleness(LookAtUpstream(self.store, self.repositories, self.clock)(repository))
