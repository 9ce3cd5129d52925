"""Repositories in the store."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from gate.adapters.sql.schema import repositories
from gate.domain.errors import NotFound, Refused
from gate.domain.repository import Repository


class SqlRepositories:
    """Implements `ports.store.Repositories`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, name: str, upstream: str, forge: str, at: datetime) -> Repository:
        try:
            self._connection.execute(
                insert(repositories).values(name=name, upstream=upstream, forge=forge, created_at=at)
            )
        except IntegrityError:
            raise Refused(f"repository {name}: there is one of this name. Choose another name.") from None
        return self.get(name)

    def get(self, name: str) -> Repository:
        query = select(repositories).where(repositories.c.name == name, ~repositories.c.removed)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(f"repository {name}: there is none of this name. `repo list` shows what there is.")
        return _repository(row)

    def all(self) -> list[Repository]:
        query = select(repositories).where(~repositories.c.removed).order_by(repositories.c.name)
        return [_repository(row) for row in self._connection.execute(query)]

    def by_forge_id(self, forge_id: int) -> list[Repository]:
        wanted = (repositories.c.forge_id == forge_id) & ~repositories.c.removed
        query = select(repositories).where(wanted).order_by(repositories.c.name)
        return [_repository(row) for row in self._connection.execute(query)]

    def set_upstream(self, name: str, upstream: str, forge_id: int | None) -> None:
        this = (repositories.c.name == name, ~repositories.c.removed)
        values = {"upstream": upstream, "forge_id": forge_id}
        self._connection.execute(update(repositories).where(*this).values(values))

    def remove(self, name: str) -> None:
        repository = self.get(name)
        self._connection.execute(
            update(repositories)
            .where(repositories.c.id == repository.id)
            .values(removed=True, name=f"{name} (removed {repository.id})")
        )

    def set_synced(self, name: str, at: datetime, fault: str | None) -> None:
        self._connection.execute(
            update(repositories).where(repositories.c.name == name).values(synced_at=at, sync_fault=fault)
        )


def _repository(row: Row[Any]) -> Repository:
    return Repository(
        row.id,
        row.name,
        row.upstream,
        row.forge,
        row.created_at,
        row.synced_at,
        row.sync_fault,
        row.forge_id,
    )
