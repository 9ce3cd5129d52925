"""The audit trail for people. Who reads it leaves a trace in it, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from gate.domain.audit import Action, AuditEvent, AuditFilter, Detail, time_text
from gate.domain.user import User
from gate.services.ports.audit import AuditReader, ExportFormat, Integrity, TrailEntry
from gate.services.ports.outside import Clock
from gate.services.ports.store import Store, Transaction

PAGE_SIZE = 50
STORY_SIZE = 500
# One visit is many pages. Writing each of them down would bury what happened under who looked.
ONE_VISIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class TrailPage:
    """Events, newest first. `next_before` is the key of the page after this one, if there is one."""

    entries: tuple[TrailEntry, ...]
    next_before: int | None
    integrity: Integrity


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One event, and whether there are others around it."""

    entry: TrailEntry
    has_next: bool


@dataclass(frozen=True)
class ReadTrail:
    """Reads are audited once per person and visit of ten minutes, exports each time."""

    store: Store
    reader: AuditReader
    clock: Clock

    def page(self, user: User, wanted: AuditFilter, *, before: int | None = None) -> TrailPage:
        self._note_visit(user, wanted)
        entries = self.reader.page(wanted, before_seq=before, limit=PAGE_SIZE + 1)
        shown = tuple(entries[:PAGE_SIZE])
        more = len(entries) > PAGE_SIZE
        return TrailPage(shown, shown[-1].seq if more else None, self.reader.integrity())

    def story(self, user: User, wanted: AuditFilter) -> tuple[TrailEntry, ...]:
        """The newest 500 events about one hold or push, in the order in which they happened."""
        self._note_visit(user, wanted)
        return tuple(reversed(self.reader.page(wanted, before_seq=None, limit=STORY_SIZE)))

    def entry(self, user: User, seq: int) -> EntryPage:
        """Raises NotFound."""
        self._note_visit(user, AuditFilter())
        return EntryPage(self.reader.entry(seq), self.reader.integrity().head_seq > seq)

    def export(self, user: User, wanted: AuditFilter, form: ExportFormat) -> Iterator[str]:
        """Everything that matches, up to and with the record of this export."""
        with self.store.transaction() as tx:
            self._append(
                tx, user, Action.AUDIT_EXPORT, {**described(wanted), "format": str(form)}, self.clock()
            )
        return self.reader.export(wanted, form, last_seq=self.reader.integrity().head_seq)

    def _note_visit(self, user: User, wanted: AuditFilter) -> None:
        key, now = f"audit_read:{user.id}", self.clock()
        with self.store.snapshot() as tx:
            if _is_recent(tx.settings.get(key), now):
                return
        with self.store.transaction() as tx:
            tx.settings.put(key, time_text(now))
            self._append(tx, user, Action.AUDIT_READ, described(wanted), now)

    def _append(
        self, tx: Transaction, user: User, action: Action, details: dict[str, Detail], at: datetime
    ) -> None:
        tx.audit.append(AuditEvent(at=at, actor=f"user:{user.login}", action=action, details=details))


def described(wanted: AuditFilter) -> dict[str, Detail]:
    """The filter as details of an event: only what it restricts."""
    values = ((field.name, getattr(wanted, field.name)) for field in fields(wanted))
    return {
        name: time_text(value) if isinstance(value, datetime) else value
        for name, value in values
        if value is not None
    }


def _is_recent(stored: str | None, now: datetime) -> bool:
    return stored is not None and now - datetime.fromisoformat(stored) < ONE_VISIT
