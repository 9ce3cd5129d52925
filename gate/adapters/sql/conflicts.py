"""Inserts that say what happens where the row is there already, which each database spells in its own way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_into(connection: Connection, table: Table) -> Any:
    """An insert in the connection's dialect, which can do nothing or update where the row is there."""
    return _INSERT[connection.dialect.name](table)
