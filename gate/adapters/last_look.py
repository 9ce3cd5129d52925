"""The forge as it was at the last look: for pages and words that must not wait for GitHub."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.adapters.local_forge import LocalForge
from gate.domain.errors import Failed
from gate.domain.hold import Hold
from gate.domain.pull_request.model import Ending, ReviewRequest, ReviewStatus
from gate.domain.release import PushRefused
from gate.domain.review import Observation, Realm, Wants
from gate.services.ports.forge import MergeMethod
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class LastLook:
    """Implements `ports.forge.Forge` for reading alone: what reconcile saw, or the built-in review page."""

    store: Store
    local: LocalForge

    def observe(self, hold: Hold, wants: Wants) -> Observation:
        if not self.carries(hold):
            return self.local.observe(hold, wants)
        with self.store.snapshot() as tx:
            observation = tx.pull_requests.observation(hold.id)
        return observation or _not_seen_yet(hold)

    def carries(self, hold: Hold) -> bool:
        with self.store.snapshot() as tx:
            return tx.pull_requests.get(hold.id) is not None

    def publish(self, hold: Hold, request: ReviewRequest) -> datetime:
        raise _reads_only(hold)

    def show(self, hold: Hold, status: ReviewStatus) -> None:
        raise _reads_only(hold)

    def close(self, hold: Hold, ending: Ending) -> None:
        raise _reads_only(hold)

    def merge(self, hold: Hold, method: MergeMethod, *, timeout: float) -> PushRefused | None:
        raise _reads_only(hold)


def _not_seen_yet(hold: Hold) -> Observation:
    published_at = hold.revision.published_at or hold.revision.received_at
    return Observation(True, False, hold.revision.head, published_at, (), realm=Realm.GITHUB)


def _reads_only(hold: Hold) -> Failed:
    return Failed(f"hold {hold.name}: the last look at the forge is for reading.")
