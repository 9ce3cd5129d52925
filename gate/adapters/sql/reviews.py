"""Reviews given on the built-in review page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, insert, select, update

from gate.adapters.sql.schema import overrides, reviews, users
from gate.domain.policy import Override
from gate.domain.review import Review, Reviewer, ReviewState
from gate.domain.user import User


class SqlReviews:
    """Implements `ports.store.Reviews`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self, hold_id: int, reviewer_id: int, state: ReviewState, oid: str, body: str, at: datetime
    ) -> Review:
        values = {"hold_id": hold_id, "reviewer_id": reviewer_id, "state": state, "said": state}
        added = self._connection.execute(
            insert(reviews).values(**values, oid=oid, body=body, submitted_at=at).returning(reviews.c.id)
        )
        return _review(self._connection.execute(_select().where(reviews.c.id == added.scalar_one())).one())

    def of(self, hold_id: int) -> list[Review]:
        query = _select().where(reviews.c.hold_id == hold_id).order_by(reviews.c.id)
        return [_review(row) for row in self._connection.execute(query)]

    def dismiss(self, review_id: int, by: int) -> None:
        self._connection.execute(
            update(reviews)
            .where(reviews.c.id == review_id)
            .values(state=ReviewState.DISMISSED, dismissed_by=by)
        )

    def add_override(self, hold_id: int, reviewer_id: int, oid: str, reason: str, at: datetime) -> None:
        self._connection.execute(
            insert(overrides).values(
                hold_id=hold_id, reviewer_id=reviewer_id, oid=oid, reason=reason, given_at=at
            )
        )

    def overrides(self, hold_id: int) -> tuple[Override, ...]:
        query = (
            _with_reviewer(overrides, overrides.c.reviewer_id)
            .where(overrides.c.hold_id == hold_id)
            .order_by(overrides.c.id)
        )
        return tuple(
            Override(_reviewer(row), row.oid, row.reason, row.given_at)
            for row in self._connection.execute(query)
        )


def _select() -> Select[Any]:
    return _with_reviewer(reviews, reviews.c.reviewer_id)


def _with_reviewer(table: Table, reviewer_id: ColumnElement[int]) -> Select[Any]:
    # The person's role and standing are read as they are now: rights lost since the review count.
    person = (users.c.login, users.c.role, users.c.is_disabled, users.c.created_at.label("joined_at"))
    return select(table, *person).join_from(table, users, reviewer_id == users.c.id)


def _reviewer(row: Row[Any]) -> Reviewer:
    user = User(row.reviewer_id, row.login, row.role, row.is_disabled, row.joined_at)
    return Reviewer(user.id, user.login, user.permission)


def _review(row: Row[Any]) -> Review:
    return Review(
        id=row.id,
        reviewer=_reviewer(row),
        state=row.state,
        oid=row.oid,
        submitted_at=row.submitted_at,
        sequence=row.id,
        said=row.said,
        body=row.body,
        dismissed_by=row.dismissed_by,
    )
