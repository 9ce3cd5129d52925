"""Trails on SQLite and PostgreSQL, and events to put on them."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, create_engine, event

from gate.adapters.audit.log import audit_tables, audit_triggers
from gate.domain.audit import AuditEvent

METADATA = MetaData()
TABLES = audit_tables(METADATA)
START = datetime(2026, 11, 22, 18, 36, tzinfo=UTC)


def an_event(n: int = 0, **values: object) -> AuditEvent:
    """The n-th event of a quiet day."""
    defaults: dict[str, object] = {
        "at": START + timedelta(seconds=n),
        "actor": "user:alice",
        "action": "hold:approve",
        "repository": "demo",
        "ref": "refs/heads/main",
        "hold": f"demo/{n}",
        "details": {"n": n},
    }
    return AuditEvent(**{**defaults, **values})  # type: ignore[arg-type]  # Any field may be named.


def sqlite_trail(path: Path) -> Engine:
    """An engine that begins with BEGIN IMMEDIATE, as the gate's store does."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 60})

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def postgres_trail(url: str, schema: str) -> Engine:
    return create_engine(url, connect_args={"options": f"-c search_path={schema}"})


def create_trail(engine: Engine) -> None:
    with engine.begin() as connection:
        METADATA.create_all(connection)
        for statement in audit_triggers(engine.dialect.name):
            connection.exec_driver_sql(statement)


def drop_triggers(connection: Connection) -> None:
    """What someone does first who owns the database and means to change the trail."""
    if connection.dialect.name == "sqlite":
        for name in ("no_update", "no_delete", "no_replace"):
            connection.exec_driver_sql(f"DROP TRIGGER audit_events_{name}")
    else:
        connection.exec_driver_sql("DROP FUNCTION audit_events_refuse CASCADE")
