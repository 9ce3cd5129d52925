"""The forge's numbers for logins in the store."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from gate.adapters.sql.conflicts import insert_into
from gate.adapters.sql.schema import logins


class SqlLogins:
    """Implements `ports.store.Logins`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, login: str) -> int | None:
        return self._connection.scalar(select(logins.c.account_id).where(logins.c.login == login.casefold()))

    def put(self, login: str, account_id: int) -> None:
        row = insert_into(self._connection, logins).values(login=login.casefold(), account_id=account_id)
        # Two looks at once resolve the same: the first one's answer stays.
        self._connection.execute(row.on_conflict_do_nothing())

    def forget(self, login: str) -> None:
        self._connection.execute(delete(logins).where(logins.c.login == login.casefold()))
