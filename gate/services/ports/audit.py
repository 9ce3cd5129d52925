"""The port to the audit trail as people read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gate.domain.audit import AuditEvent, AuditFilter


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One event as it is stored: `body` is the exact canonical text, `prev` and `link` are hex."""

    seq: int
    prev: str
    link: str
    body: str
    event: AuditEvent


@dataclass(frozen=True, slots=True)
class Integrity:
    """How far the trail can be trusted now.

    `verified_seq` is the newest event that the last verification covered, `fault` what it found wrong.
    `witnessed_seq` is the newest event under a tree head that lies outside the database.
    """

    head_seq: int
    head_link: str
    verified_seq: int | None = None
    verified_at: datetime | None = None
    fault: str | None = None
    witnessed_seq: int | None = None
    witnessed_at: datetime | None = None


class ExportFormat(StrEnum):
    """What an export can be: one JSON object per line, or a table for a spreadsheet."""

    JSONL = "jsonl"
    CSV = "csv"


class AuditReader(Protocol):
    """The trail as it is at each question."""

    def page(self, wanted: AuditFilter, *, before_seq: int | None, limit: int) -> list[TrailEntry]:
        """Newest first, by keyset: events with a number below `before_seq`."""

    def entry(self, seq: int) -> TrailEntry:
        """Raises NotFound."""

    def integrity(self) -> Integrity: ...

    def export(self, wanted: AuditFilter, form: ExportFormat, *, last_seq: int) -> Iterator[str]:
        """The matching events up to `last_seq`, oldest first, as pieces of text."""
