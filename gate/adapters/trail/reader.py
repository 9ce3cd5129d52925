"""The trail as the pages read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gate.adapters.audit.export import csv_lines, jsonl
from gate.adapters.audit.log import StoredEvent
from gate.adapters.sql.store import SqlStore
from gate.adapters.trail.verifier import last_verification
from gate.domain.audit import AuditFilter
from gate.domain.audit_chain import Row
from gate.services.ports.audit import ExportFormat, Integrity, TrailEntry


@dataclass(frozen=True, slots=True)
class StoredTrail:
    """Implements `ports.audit.AuditReader`."""

    store: SqlStore

    def page(self, wanted: AuditFilter, *, before_seq: int | None, limit: int) -> list[TrailEntry]:
        with self.store.snapshot() as tx:
            return [_entry(stored) for stored in tx.audit.events(wanted, before_seq=before_seq, limit=limit)]

    def entry(self, seq: int) -> TrailEntry:
        with self.store.snapshot() as tx:
            return _entry(tx.audit.event(seq))

    def integrity(self) -> Integrity:
        with self.store.snapshot() as tx:
            head = tx.audit.tree_head()
            witnessed = tx.audit.last_tree_head(witnessed=True)
            verified = last_verification(tx)
        return Integrity(
            head_seq=head.size,
            head_link=head.link.hex(),
            verified_seq=None if verified is None else verified.seq,
            verified_at=None if verified is None else verified.at,
            fault=None if verified is None else verified.fault,
            witnessed_seq=None if witnessed is None else witnessed.size,
            witnessed_at=None if witnessed is None else witnessed.witnessed_at,
        )

    def export(self, wanted: AuditFilter, form: ExportFormat, *, last_seq: int) -> Iterator[str]:
        with self.store.snapshot() as tx:
            rows = _up_to(tx.audit.rows(wanted), last_seq)
            if form is ExportFormat.CSV:
                yield from csv_lines(rows)
            else:
                heads = tx.audit.saved_tree_heads(witnessed=True)
                yield from jsonl(rows, [head.note for head in heads if head.size <= last_seq])


def _entry(stored: StoredEvent) -> TrailEntry:
    return TrailEntry(stored.seq, stored.prev.hex(), stored.link.hex(), stored.body, stored.event)


def _up_to(rows: Iterable[Row], last_seq: int) -> Iterator[Row]:
    # Not takewhile: a filtered export comes in the order of time, which concurrent writers do not keep to.
    return (row for row in rows if row[0] <= last_seq)
