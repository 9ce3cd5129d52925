"""Evidence of revisions in the store, and the secrets that admins allowed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, select
from sqlalchemy.sql import ColumnElement

from gate.adapters.sql.conflicts import insert_into
from gate.adapters.sql.packing import packed, unpacked
from gate.adapters.sql.schema import allowed_secrets, evidence, evidence_contents, holds, repositories
from gate.domain.evidence import Evidence
from gate.domain.hold import CLOSED_STATES
from gate.domain.risk.model import Assessment, RiskLevel
from gate.services.ports.store import AllowedSecret


class SqlEvidences:
    """Implements `ports.store.Evidences`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, hold_id: int, n: int, value: Evidence) -> None:
        row = {
            "level": value.assessment.level,
            "collected_at": value.collected_at,
            "assessment": packed(value.assessment),
            "body": packed(value),
        }
        wanted = insert_into(self._connection, evidence).values(hold_id=hold_id, n=n, **row)
        keys = [evidence.c.hold_id, evidence.c.n]
        self._connection.execute(wanted.on_conflict_do_update(index_elements=keys, set_=row))
        this = and_(evidence_contents.c.hold_id == hold_id, evidence_contents.c.n == n)
        self._connection.execute(delete(evidence_contents).where(this))
        # The same content may be there both ways: what anybody may read is then no raw content.
        contents = dict(sorted(_contents(value), key=lambda one: not one[1]))
        rows = [{"sha256": sha, "hold_id": hold_id, "n": n, "is_raw": raw} for sha, raw in contents.items()]
        if rows:
            self._connection.execute(insert(evidence_contents), rows)

    def get(self, hold_id: int, n: int) -> Evidence | None:
        stored = self._connection.scalar(select(evidence.c.body).where(_is(hold_id, n)))
        return None if stored is None else unpacked(stored, Evidence)

    def assessment(self, hold_id: int, n: int) -> Assessment | None:
        stored = self._connection.scalar(select(evidence.c.assessment).where(_is(hold_id, n)))
        return None if stored is None else unpacked(stored, Assessment)

    def levels(self, hold_ids: Collection[int]) -> dict[int, RiskLevel]:
        query = (
            select(evidence.c.hold_id, evidence.c.level)
            .join(holds, and_(holds.c.id == evidence.c.hold_id, holds.c.revision == evidence.c.n))
            .where(evidence.c.hold_id.in_(hold_ids))
        )
        return {row.hold_id: row.level for row in self._connection.execute(query)}

    def allow(self, repository: str, allowed: AllowedSecret) -> None:
        values = {"login": allowed.login, "reason": allowed.reason, "allowed_at": allowed.at}
        number = select(repositories.c.id).where(repositories.c.name == repository).scalar_subquery()
        row = insert_into(self._connection, allowed_secrets).values(
            repository_id=number, identity=allowed.identity, **values
        )
        keys = [allowed_secrets.c.repository_id, allowed_secrets.c.identity]
        self._connection.execute(row.on_conflict_do_update(index_elements=keys, set_=values))

    def allowed(self, repository: str) -> dict[str, AllowedSecret]:
        query = select(allowed_secrets).join(repositories).where(repositories.c.name == repository)
        return {row.identity: _allowed(row) for row in self._connection.execute(query)}

    def forget_contents(self, *, closed_before: datetime, is_raw: bool) -> int:
        ended = select(holds.c.id).where(holds.c.state.in_(CLOSED_STATES), holds.c.updated_at < closed_before)
        these: list[ColumnElement[bool]] = [evidence_contents.c.hold_id.in_(ended)]
        if is_raw:
            these.append(evidence_contents.c.is_raw)
        gone = self._connection.execute(
            delete(evidence_contents)
            .where(*these)
            .returning(evidence_contents.c.hold_id, evidence_contents.c.n)
        )
        return len({(row.hold_id, row.n) for row in gone})

    def contents(self) -> frozenset[str]:
        return frozenset(self._connection.scalars(select(evidence_contents.c.sha256).distinct()))


def _is(hold_id: int, n: int) -> ColumnElement[bool]:
    return and_(evidence.c.hold_id == hold_id, evidence.c.n == n)


def _contents(value: Evidence) -> Iterator[tuple[str, bool]]:
    """The SHA-256 of everything it has in the store, and whether it is raw."""
    for file in value.files:
        if file.sha256 is not None:
            yield file.sha256, True
        if file.text_sha256 is not None:
            yield file.text_sha256, False


def _allowed(row: Row[Any]) -> AllowedSecret:
    return AllowedSecret(row.identity, row.login, row.reason, row.allowed_at)
