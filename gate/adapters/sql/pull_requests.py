"""The pull requests of holds, and the last look at each, in the store."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, update
from sqlalchemy.exc import IntegrityError

from gate.adapters.sql.conflicts import insert_into
from gate.adapters.sql.packing import packed, unpacked
from gate.adapters.sql.schema import holds, pull_requests, repositories, revisions
from gate.domain.errors import Taken
from gate.domain.hold import LIVE_STATES
from gate.domain.pull_request.model import PullRequest
from gate.domain.review import Observation

_FIELDS = tuple(column for column in pull_requests.c if column.name != "observation")


class SqlPullRequests:
    """Implements `ports.store.PullRequests`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, hold_id: int) -> PullRequest | None:
        query = select(*_FIELDS).where(pull_requests.c.hold_id == hold_id)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _pull_request(row)

    def put(self, pull_request: PullRequest) -> None:
        values = asdict(pull_request)
        row = insert_into(self._connection, pull_requests).values(values)
        row = row.on_conflict_do_update(index_elements=[pull_requests.c.hold_id], set_=values)
        try:
            self._connection.execute(row)
        except IntegrityError:
            raise Taken(f"pull request {pull_request.url}: it is of another hold already.") from None

    def find(self, repository_id: int, number: int) -> int | None:
        this = (pull_requests.c.repository_id == repository_id, pull_requests.c.number == number)
        return self._connection.scalar(select(pull_requests.c.hold_id).where(*this))

    def at_head(self, repository_id: int, oid: str) -> list[int]:
        query = (
            select(holds.c.id)
            .select_from(holds.join(pull_requests).join(revisions, _is_current()))
            .where(revisions.c.review_head == oid, pull_requests.c.repository_id == repository_id, _is_live())
        )
        return list(self._connection.scalars(query.order_by(holds.c.id)))

    def on_branch(self, repository_id: int, ref: str) -> list[int]:
        involved = or_(holds.c.ref == ref, pull_requests.c.head_ref == ref, pull_requests.c.base_ref == ref)
        query = (
            select(holds.c.id)
            .select_from(holds.join(repositories).outerjoin(pull_requests))
            .where(repositories.c.forge_id == repository_id, involved, _is_live())
        )
        return list(self._connection.scalars(query.order_by(holds.c.id)))

    def of_repository(self, repository_id: int) -> list[int]:
        query = (
            select(holds.c.id)
            .select_from(holds.join(pull_requests))
            .where(pull_requests.c.repository_id == repository_id, _is_live())
        )
        return list(self._connection.scalars(query.order_by(holds.c.id)))

    def put_observation(self, hold_id: int, observation: Observation) -> None:
        values = {"observation": packed(observation)}
        this = pull_requests.c.hold_id == hold_id
        self._connection.execute(update(pull_requests).where(this).values(values))

    def observation(self, hold_id: int) -> Observation | None:
        query = select(pull_requests.c.observation).where(pull_requests.c.hold_id == hold_id)
        stored = self._connection.scalar(query)
        return None if stored is None else unpacked(stored, Observation)


def _is_live() -> ColumnElement[bool]:
    return holds.c.state.in_(LIVE_STATES)


def _is_current() -> ColumnElement[bool]:
    return and_(revisions.c.hold_id == holds.c.id, revisions.c.n == holds.c.revision)


def _pull_request(row: Row[Any]) -> PullRequest:
    return PullRequest(**row._mapping)
