"""The forge built into the gate: its own review page, with reviews in the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.domain.errors import Failed
from gate.domain.hold import Hold
from gate.domain.pull_request.model import Ending, ReviewRequest, ReviewStatus
from gate.domain.release import PushRefused
from gate.domain.review import Observation, Wants
from gate.services.ports.forge import MergeMethod
from gate.services.ports.outside import Clock
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class LocalForge:
    """Implements `ports.forge.Forge`. A hold in the store is visible on the review page."""

    store: Store
    clock: Clock

    def publish(self, hold: Hold, request: ReviewRequest) -> datetime:
        return hold.revision.published_at or self.clock()

    def observe(self, hold: Hold, wants: Wants) -> Observation:
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

    def show(self, hold: Hold, status: ReviewStatus) -> None:
        """Nothing to do: the review page shows the hold as it is."""

    def close(self, hold: Hold, ending: Ending) -> None:
        """Nothing to do, for the same reason."""

    def merge(self, hold: Hold, method: MergeMethod, *, timeout: float) -> PushRefused | None:
        raise Failed(f"hold {hold.name}: the built-in review page merges nothing. Use fast_forward.")

    def carries(self, hold: Hold) -> bool:
        return False
