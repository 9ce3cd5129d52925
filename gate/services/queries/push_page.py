"""One push: on its way, or the holds that came of it."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.hold import Hold, Push
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class PushPage:
    """A push and its holds. `push` is None until intake has registered it."""

    push: Push | None
    holds: tuple[Hold, ...]


@dataclass(frozen=True)
class ShowPush:
    store: Store

    def __call__(self, push_id: str) -> PushPage:
        with self.store.snapshot() as tx:
            return PushPage(tx.holds.push(push_id), tuple(tx.holds.of_push(push_id)))
