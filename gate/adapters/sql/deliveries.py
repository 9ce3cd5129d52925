"""Webhook deliveries in the store: an inbox that is written to once under each id."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, select, tuple_, update

from gate.adapters.sql.conflicts import insert_into
from gate.adapters.sql.schema import deliveries
from gate.domain.audit import writable
from gate.domain.delivery import Delivery, DeliveryOutcome, Stored
from gate.domain.errors import NotFound

_FIELDS = (
    deliveries.c.id,
    deliveries.c.event,
    deliveries.c.action,
    deliveries.c.body_hash,
    deliveries.c.received_at,
    deliveries.c.outcome,
    deliveries.c.note,
    deliveries.c.finished_at,
)


class SqlDeliveries:
    """Implements `ports.store.Deliveries`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, delivery: Delivery, body: bytes) -> Stored:
        added = self._connection.execute(
            insert_into(self._connection, deliveries)
            .values(
                id=delivery.id,
                event=delivery.event,
                action=writable(delivery.action),
                body_hash=delivery.body_hash,
                received_at=delivery.received_at,
                outcome=delivery.outcome,
                note=writable(delivery.note),
                finished_at=delivery.finished_at,
                # A web request waits for it: the quickest level is a third of the size already.
                body=zlib.compress(body, 1),
            )
            .on_conflict_do_nothing()
            .returning(deliveries.c.id)
        )
        if added.one_or_none() is not None:
            return Stored.NEW
        known = self._connection.scalar(select(deliveries.c.body_hash).where(deliveries.c.id == delivery.id))
        return Stored.SAME if known == delivery.body_hash else Stored.MISMATCH

    def get(self, delivery_id: str) -> tuple[Delivery, bytes]:
        query = select(*_FIELDS, deliveries.c.body).where(deliveries.c.id == delivery_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(f"delivery {delivery_id}: there is none of this id.")
        return _delivery(row), zlib.decompress(row.body)

    def finish(self, delivery_id: str, outcome: DeliveryOutcome, note: str, at: datetime) -> None:
        values = {"outcome": outcome, "note": writable(note), "finished_at": at}
        this = deliveries.c.id == delivery_id
        self._connection.execute(update(deliveries).where(this).values(values))

    def unfinished(self, before: datetime) -> list[str]:
        # Written out, as the index is for this very condition.
        waiting = deliveries.c.outcome == DeliveryOutcome.STORED, deliveries.c.received_at < before
        query = select(deliveries.c.id).where(*waiting).order_by(deliveries.c.received_at)
        return list(self._connection.scalars(query))

    def page(self, *, before: str | None, limit: int) -> list[Delivery]:
        query: Select[Any] = select(*_FIELDS)
        key = tuple_(deliveries.c.received_at, deliveries.c.id)
        if before is not None:
            this = select(deliveries.c.received_at).where(deliveries.c.id == before).scalar_subquery()
            query = query.where(key < tuple_(this, before))
        newest_first = (deliveries.c.received_at.desc(), deliveries.c.id.desc())
        return [
            _delivery(row) for row in self._connection.execute(query.order_by(*newest_first).limit(limit))
        ]

    def drop_older(self, than: datetime) -> int:
        old = (deliveries.c.outcome != DeliveryOutcome.STORED, deliveries.c.received_at < than)
        return self._connection.execute(delete(deliveries).where(*old)).rowcount


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=row.id,
        event=row.event,
        action=row.action,
        body_hash=row.body_hash,
        received_at=row.received_at,
        outcome=row.outcome,
        note=row.note,
        finished_at=row.finished_at,
    )
