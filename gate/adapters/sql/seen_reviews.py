"""Reviews at the forge, as first delivered, in the store."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select, update

from gate.adapters.sql.conflicts import insert_into
from gate.adapters.sql.schema import seen_reviews
from gate.domain.audit import writable
from gate.domain.review import Account
from gate.services.ports.store import SeenReview


class SqlSeenReviews:
    """Implements `ports.store.SeenReviews`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def see(self, review: SeenReview) -> bool:
        if self._add(review):
            return True
        query = select(seen_reviews).where(seen_reviews.c.id == review.id)
        # Locked until the end of the transaction: a webhook and a look may tell of it at the same moment.
        known = self._connection.execute(query.with_for_update()).one()
        is_news = (known.state, known.body) != (review.state, writable(review.body))
        by_whom = known.dismissed_by if known.dismissed_by is not None else review.dismissed_by
        if is_news or by_whom != known.dismissed_by:
            values = {"state": review.state, "body": writable(review.body), "dismissed_by": by_whom}
            this = seen_reviews.c.id == review.id
            self._connection.execute(update(seen_reviews).where(this).values(values))
        return is_news

    def of(self, hold_id: int) -> dict[int, SeenReview]:
        query = select(seen_reviews).where(seen_reviews.c.hold_id == hold_id).order_by(seen_reviews.c.id)
        return {row.id: _review(row) for row in self._connection.execute(query)}

    def _add(self, review: SeenReview) -> bool:
        added = self._connection.execute(
            insert_into(self._connection, seen_reviews)
            .values(
                id=review.id,
                hold_id=review.hold_id,
                reviewer_id=review.reviewer.id,
                login=review.reviewer.login,
                oid=review.oid,
                said=review.said,
                state=review.state,
                submitted_at=review.submitted_at,
                body=writable(review.body),
                dismissed_by=review.dismissed_by,
            )
            .on_conflict_do_nothing()
            .returning(seen_reviews.c.id)
        )
        return added.one_or_none() is not None


def _review(row: Row[Any]) -> SeenReview:
    return SeenReview(
        id=row.id,
        hold_id=row.hold_id,
        reviewer=Account(row.reviewer_id, row.login),
        oid=row.oid,
        said=row.said,
        state=row.state,
        submitted_at=row.submitted_at,
        body=row.body,
        dismissed_by=row.dismissed_by,
    )
