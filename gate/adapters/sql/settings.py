"""Small installation-wide facts in the store."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from gate.adapters.sql.schema import settings

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class SqlSettings:
    """Implements `ports.store.Settings`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> str | None:
        return self._connection.scalar(select(settings.c.value).where(settings.c.key == key))

    def put(self, key: str, value: str | None) -> None:
        if value is None:
            self._connection.execute(delete(settings).where(settings.c.key == key))
            return
        # One statement, as two writers of a new key would both find it missing.
        row = _INSERT[self._connection.dialect.name](settings).values(key=key, value=value)
        self._connection.execute(
            row.on_conflict_do_update(index_elements=[settings.c.key], set_={"value": value})
        )
