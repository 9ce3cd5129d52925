"""Small installation-wide facts in the store."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from gate.adapters.sql.conflicts import insert_into
from gate.adapters.sql.schema import settings


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
        row = insert_into(self._connection, settings).values(key=key, value=value)
        self._connection.execute(
            row.on_conflict_do_update(index_elements=[settings.c.key], set_={"value": value})
        )
