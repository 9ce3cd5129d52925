"""The write-ahead record of releases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from gate.adapters.sql.schema import releases
from gate.domain.hold import Hold
from gate.domain.release import RefMove, Release, ReleaseOutcome


class SqlReleases:
    """Implements `ports.store.Releases`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, hold: Hold, move: RefMove, at: datetime) -> None:
        self._connection.execute(
            insert(releases).values(
                hold_id=hold.id,
                revision=hold.revision.n,
                ref=move.ref,
                expected=move.expected,
                new=move.new,
                begun_at=at,
                outcome=ReleaseOutcome.OPEN,
            )
        )

    def decide(self, hold_id: int, policy_hash: str, verdict: str) -> None:
        self._set_open(hold_id, policy_hash=policy_hash, verdict=verdict)

    def say(self, hold_id: int, words: str) -> None:
        self._set_open(hold_id, words=words)

    def of(self, hold_id: int) -> list[Release]:
        query = select(releases).where(releases.c.hold_id == hold_id).order_by(releases.c.id)
        return [_release(row) for row in self._connection.execute(query)]

    def end(self, hold_id: int, outcome: ReleaseOutcome, words: str, at: datetime) -> None:
        self._set_open(hold_id, outcome=outcome, words=words, ended_at=at)

    def _set_open(self, hold_id: int, **values: object) -> None:
        is_open = (releases.c.hold_id == hold_id, releases.c.outcome == ReleaseOutcome.OPEN)
        self._connection.execute(update(releases).where(*is_open).values(**values))


def _release(row: Row[Any]) -> Release:
    return Release(
        id=row.id,
        hold_id=row.hold_id,
        revision=row.revision,
        move=RefMove(row.ref, row.expected, row.new),
        policy_hash=row.policy_hash,
        verdict=row.verdict,
        begun_at=row.begun_at,
        outcome=row.outcome,
        words=row.words,
        ended_at=row.ended_at,
    )
