"""Small installation-wide facts in the store."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from gate.adapters.sql.schema import settings


class SqlSettings:
    """Implements `ports.store.Settings`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> str | None:
        return self._connection.scalar(select(settings.c.value).where(settings.c.key == key))

    def put(self, key: str, value: str | None) -> None:
        self._connection.execute(delete(settings).where(settings.c.key == key))
        if value is not None:
            self._connection.execute(insert(settings).values(key=key, value=value))
