"""The deliveries that came to the webhook, and those that GitHub could not deliver."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.delivery import Delivery
from gate.domain.delivery_note import DeliveryNote, read_note
from gate.services.ports.store import Store
from gate.services.redeliver import LookAtDeliveries, last_look

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery, and what came of it."""

    delivery: Delivery
    note: DeliveryNote


@dataclass(frozen=True, slots=True)
class DeliveryList:
    """One page, newest first; `next_before` is the key of the page after it, if there is one."""

    rows: tuple[DeliveryRow, ...]
    next_before: str | None
    look: LookAtDeliveries | None


@dataclass(frozen=True)
class ListDeliveries:
    store: Store

    def __call__(self, *, before: str | None = None) -> DeliveryList:
        with self.store.snapshot() as tx:
            deliveries = tx.deliveries.page(before=before, limit=PAGE_SIZE + 1)
            look = last_look(tx)
        rows = tuple(DeliveryRow(one, read_note(one.note)) for one in deliveries[:PAGE_SIZE])
        next_before = rows[-1].delivery.id if len(deliveries) > PAGE_SIZE else None
        return DeliveryList(rows, next_before, look)
