"""The audit trail's tables, the triggers that guard them, and what their filter columns hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

from gate.domain.errors import Invalid

# A B-tree entry of PostgreSQL holds 2,704 bytes, and an agent chooses how long a ref's name is.
_LONGEST_COLUMN = 512
FILTERED = ("actor", "action", "subject", "repository", "ref", "hold", "push", "outcome")


@dataclass(frozen=True, slots=True)
class AuditTables:
    """The trail's three tables, on whatever metadata the store uses."""

    events: Table
    tree: Table
    heads: Table


def audit_tables(metadata: MetaData) -> AuditTables:
    """Declare the trail's tables. Add `audit_triggers` where they are created."""
    number = BigInteger().with_variant(Integer, "sqlite")
    columns = [
        Column(name, Text, nullable=name in {"repository", "ref", "hold", "push"}) for name in FILTERED
    ]
    events = Table(
        "audit_events",
        metadata,
        Column("seq", number, primary_key=True, autoincrement=False),
        Column("prev", LargeBinary, nullable=False, unique=True),
        Column("link", LargeBinary, nullable=False),
        Column("body", Text, nullable=False),
        Column("at", Text, nullable=False),
        *columns,
    )
    # A page is one walk along one of these, for any filter alone or together with a span of time.
    Index("ix_audit_events_at", events.c.at, events.c.seq)
    for column in columns:
        Index(f"ix_audit_events_{column.name}", column, events.c.at, events.c.seq)
    tree = Table(
        "audit_tree",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("size", number, nullable=False),
        Column("link", LargeBinary, nullable=False),
        Column("frontier", LargeBinary, nullable=False),
    )
    heads = Table(
        "tree_heads",
        metadata,
        Column("size", number, primary_key=True, autoincrement=False),
        Column("note", Text, nullable=False),
        Column("signed_at", Text, nullable=False),
        Column("witnessed_at", Text),
    )
    return AuditTables(events, tree, heads)


def audit_triggers(dialect: str) -> tuple[str, ...]:
    """Statements that make the database refuse to change or remove an event, on `sqlite` or `postgresql`.

    They stop mistakes and careless hands; who owns the database can drop them, which the tree heads are for.
    """
    if dialect == "sqlite":
        return _SQLITE_TRIGGERS
    if dialect == "postgresql":
        return _POSTGRESQL_TRIGGERS
    raise Invalid("audit trail", [f"there are no triggers for {dialect}: use sqlite or postgresql"])


def filter_columns(mapping: Mapping[str, Any]) -> dict[str, str | None]:
    """What the filter columns hold for an event as it is written."""
    subject = mapping["action"].partition(":")[0]
    return {"at": mapping["at"], "subject": subject} | {
        name: indexed(mapping[name]) for name in FILTERED if name != "subject"
    }


def indexed(value: str | None) -> str | None:
    """The value, or for one too long to be indexed its beginning and the hash of all of it."""
    if value is None or len(value.encode()) <= _LONGEST_COLUMN:
        return value
    return f"{value[:64]}\u2026{sha256(value.encode()).hexdigest()}"


_REFUSAL = "audit events are never changed or removed"
_ABORT = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"

# The third one is for INSERT OR REPLACE, which removes rows without running the triggers for DELETE.
_SQLITE_TRIGGERS = (
    f"CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events {_ABORT}",
    f"CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events {_ABORT}",
    "CREATE TRIGGER audit_events_no_replace BEFORE INSERT ON audit_events WHEN EXISTS "
    "(SELECT 1 FROM audit_events WHERE seq = NEW.seq OR prev = NEW.prev) " + _ABORT,
)

_POSTGRESQL_TRIGGERS = (
    "CREATE FUNCTION audit_events_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
    "CREATE TRIGGER audit_events_no_change BEFORE UPDATE OR DELETE ON audit_events "
    "FOR EACH ROW EXECUTE FUNCTION audit_events_refuse()",
    "CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_events_refuse()",
)
