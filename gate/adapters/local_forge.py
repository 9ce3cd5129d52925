"""The forge built into the gate: its own review page, with reviews in the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.domain.hold import Hold
from gate.domain.review import Observation
from gate.services.ports.outside import Clock
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class LocalForge:
    """Implements `ports.outside.Forge`. A hold in the store is visible on the review page."""

    store: Store
    clock: Clock

    def publish(self, hold: Hold) -> datetime:
        return hold.revision.published_at or self.clock()

    def observe(self, hold: Hold) -> Observation:
        with self.store.snapshot() as tx:
            current = tx.holds.get(hold.id)
            reviews = tx.reviews.of(hold.id)
        published_at = current.revision.published_at
        return Observation(
            is_open=current.state.is_live and published_at is not None,
            is_draft=False,
            head=current.revision.head,
            published_at=published_at or current.revision.received_at,
            reviews=tuple(reviews),
        )

    def close(self, hold: Hold, words: str) -> None:
        """Nothing to do: the review page shows the hold as it is."""
