"""Pushes, holds and revisions in the store."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from gate.adapters.sql import facts_codec
from gate.adapters.sql.conflicts import insert_into
from gate.adapters.sql.schema import agents, holds, pushes, repositories, revisions
from gate.domain.errors import IllegalMove, NotFound, Taken
from gate.domain.facts import DiffFacts
from gate.domain.hold import (
    LIVE_STATES,
    BlockReason,
    Hold,
    HoldState,
    Likeness,
    Push,
    Revision,
    UpdateKind,
)
from gate.services.ports.store import HoldFilter

_REVISION = (
    revisions.c.n,
    revisions.c.push_id,
    revisions.c.old,
    revisions.c.new,
    revisions.c.held_ref,
    revisions.c.received_at,
    revisions.c.kind,
    revisions.c.base,
    revisions.c.published_at,
    revisions.c.likeness,
    revisions.c.review_head,
)


class SqlHolds:
    """Implements `ports.store.Holds`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_push(self, push: Push) -> bool:
        added = self._connection.execute(
            # Two intakes of one push at the same moment: the second waits for the first, and adds nothing.
            insert_into(self._connection, pushes)
            .values(
                id=push.id,
                repository_id=push.repository_id,
                agent_id=push.agent_id,
                received_at=push.received_at,
                transport=push.transport,
                atomic=push.atomic,
                options=json.dumps(push.options),
                claim=push.claim,
                claim_by=push.claim_by,
            )
            .on_conflict_do_nothing()
            .returning(pushes.c.id)
        )
        return added.one_or_none() is not None

    def push(self, push_id: str) -> Push | None:
        row = self._connection.execute(select(pushes).where(pushes.c.id == push_id)).one_or_none()
        if row is None:
            return None
        return Push(
            id=row.id,
            repository_id=row.repository_id,
            agent_id=row.agent_id,
            received_at=row.received_at,
            transport=row.transport,
            atomic=row.atomic,
            options=tuple(json.loads(row.options)),
            claim=row.claim,
            claim_by=row.claim_by,
        )

    def add(
        self, repository: str, agent: str, ref: str, number: int, revision: Revision, group: str | None
    ) -> Hold:
        values = {
            "repository_id": select(repositories.c.id)
            .where(repositories.c.name == repository)
            .scalar_subquery(),
            "agent_id": select(agents.c.id).where(agents.c.name == agent).scalar_subquery(),
            "ref": ref,
            "number": number,
            "state": HoldState.RECEIVED,
            "group": group,
            "revision": 1,
            "created_at": revision.received_at,
            "updated_at": revision.received_at,
        }
        try:
            hold_id = self._connection.execute(
                insert(holds).values(values).returning(holds.c.id)
            ).scalar_one()
        except IntegrityError:
            raise Taken(
                f"hold {repository}/{number}: this number is taken, or {ref} is held already."
            ) from None
        self._insert_revision(hold_id, revision)
        return self.get(hold_id)

    def add_revision(self, hold: Hold, revision: Revision, group: str | None, at: datetime) -> Hold:
        self._swap(
            hold,
            state=HoldState.RECEIVED,
            revision=revision.n,
            group=group,
            reason=None,
            note="",
            updated_at=at,
        )
        self._insert_revision(hold.id, revision)
        return self.get(hold.id)

    def get(self, hold_id: int) -> Hold:
        return self._one(holds.c.id == hold_id, f"hold {hold_id}")

    def by_number(self, repository: str, number: int) -> Hold:
        wanted = and_(repositories.c.name == repository, holds.c.number == number)
        return self._one(wanted, f"hold {repository}/{number}")

    def live_on(self, repository: str, agent: str, ref: str) -> Hold | None:
        query = _select().where(
            repositories.c.name == repository,
            agents.c.name == agent,
            holds.c.ref == ref,
            holds.c.state.in_(LIVE_STATES),
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _hold(row)

    def of_push(self, push_id: str) -> list[Hold]:
        from_push = select(revisions.c.hold_id).where(revisions.c.push_id == push_id)
        return self._list(_select().where(holds.c.id.in_(from_push)).order_by(holds.c.number))

    def of_group(self, group: str) -> list[Hold]:
        return self._list(_select().where(holds.c.group == group).order_by(holds.c.number))

    def revisions(self, hold_id: int) -> list[Revision]:
        query = (
            select(revisions.c.hold_id, *_REVISION)
            .where(revisions.c.hold_id == hold_id)
            .order_by(revisions.c.n)
        )
        return [_revision(row, hold_id) for row in self._connection.execute(query)]

    def move(self, hold: Hold, to: HoldState, at: datetime, reason: BlockReason | None, note: str) -> Hold:
        self._swap(hold, state=to, reason=reason, note=note, updated_at=at)
        return self.get(hold.id)

    def set_collected(
        self, hold_id: int, n: int, kind: UpdateKind, facts: DiffFacts, likeness: Likeness | None = None
    ) -> None:
        values = {"kind": kind, "base": facts.base, "likeness": likeness}
        self._set_revision(hold_id, n, facts=facts_codec.encode(facts), **values)

    def set_published(self, hold_id: int, n: int, at: datetime) -> None:
        self._set_revision(hold_id, n, published_at=at)

    def set_review_head(self, hold_id: int, n: int, oid: str) -> None:
        self._set_revision(hold_id, n, review_head=oid)

    def unnotified(self) -> list[Hold]:
        waiting = (
            holds.c.state == HoldState.IN_REVIEW,
            holds.c.notified < holds.c.revision,
            ~repositories.c.removed,
        )
        return self._list(_select().where(*waiting).order_by(holds.c.id))

    def set_notified(self, hold_id: int, n: int) -> None:
        self._connection.execute(update(holds).where(holds.c.id == hold_id).values(notified=n))

    def facts(self, hold_id: int, n: int) -> DiffFacts | None:
        stored = self._connection.scalar(
            select(revisions.c.facts).where(revisions.c.hold_id == hold_id, revisions.c.n == n)
        )
        return None if stored is None else facts_codec.decode(stored)

    def page(self, wanted: HoldFilter, *, before: int | None, limit: int) -> list[Hold]:
        query = _select().where(*_conditions(wanted)).order_by(holds.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(holds.c.id < before)
        return self._list(query)

    def live_ids(self) -> list[int]:
        query = select(holds.c.id).where(holds.c.state.in_(LIVE_STATES)).order_by(holds.c.id)
        return list(self._connection.scalars(query))

    def counts(self) -> dict[HoldState, int]:
        counted = self._connection.execute(select(holds.c.state, func.count()).group_by(holds.c.state))
        found = {state: int(count) for state, count in counted}
        return {state: found.get(state, 0) for state in HoldState}

    def unsettled(self) -> list[Hold]:
        # Nothing is left to carry out in a repository that was taken from behind the gate.
        closed = ~holds.c.is_settled & holds.c.state.not_in(LIVE_STATES) & ~repositories.c.removed
        return self._list(_select().where(closed).order_by(holds.c.id))

    def set_settled(self, hold_id: int) -> None:
        self._connection.execute(update(holds).where(holds.c.id == hold_id).values(is_settled=True))

    def _insert_revision(self, hold_id: int, revision: Revision) -> None:
        self._connection.execute(
            insert(revisions).values(
                hold_id=hold_id,
                n=revision.n,
                push_id=revision.push_id,
                old=revision.old,
                new=revision.new,
                held_ref=revision.held_ref,
                received_at=revision.received_at,
            )
        )

    def _set_revision(self, hold_id: int, n: int, **values: object) -> None:
        this = (revisions.c.hold_id == hold_id, revisions.c.n == n)
        self._connection.execute(update(revisions).where(*this).values(**values))

    def _swap(self, hold: Hold, **values: object) -> None:
        unchanged = (
            holds.c.id == hold.id,
            holds.c.state == hold.state,
            holds.c.revision == hold.revision.n,
        )
        # Whatever was carried out was for the state before: a rejection can be taken back.
        moved = update(holds).where(*unchanged).values(is_settled=False, **values)
        if self._connection.execute(moved).rowcount != 1:
            raise IllegalMove(
                f"hold {hold.name}: it is no longer {hold.state} at revision {hold.revision.n}. Look again."
            )

    def _one(self, wanted: ColumnElement[bool], subject: str) -> Hold:
        row = self._connection.execute(_select().where(wanted)).one_or_none()
        if row is None:
            raise NotFound(f"{subject}: there is no such hold.")
        return _hold(row)

    def _list(self, query: Select[Any]) -> list[Hold]:
        return [_hold(row) for row in self._connection.execute(query)]


def _select() -> Select[Any]:
    return select(
        holds.c.id,
        holds.c.repository_id,
        repositories.c.name.label("repository"),
        holds.c.number,
        holds.c.agent_id,
        agents.c.name.label("agent"),
        holds.c.ref,
        holds.c.state,
        holds.c.created_at,
        holds.c.updated_at,
        holds.c.reason,
        holds.c.note,
        holds.c.group,
        *_REVISION,
    ).select_from(
        holds.join(repositories)
        .join(agents)
        .join(revisions, and_(revisions.c.hold_id == holds.c.id, revisions.c.n == holds.c.revision))
    )


def _conditions(wanted: HoldFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.states:
        conditions.append(holds.c.state.in_(wanted.states))
    for column, value in (
        (repositories.c.name, wanted.repository),
        (agents.c.name, wanted.agent),
        (holds.c.ref, wanted.ref),
    ):
        if value is not None:
            conditions.append(column == value)
    return conditions


def _hold(row: Row[Any]) -> Hold:
    return Hold(
        id=row.id,
        repository_id=row.repository_id,
        repository=row.repository,
        number=row.number,
        agent_id=row.agent_id,
        agent=row.agent,
        ref=row.ref,
        state=row.state,
        revision=_revision(row, row.id),
        created_at=row.created_at,
        updated_at=row.updated_at,
        reason=row.reason,
        note=row.note,
        group=row.group,
    )


def _revision(row: Any, hold_id: int) -> Revision:
    return Revision(
        hold_id=hold_id,
        n=row.n,
        push_id=row.push_id,
        old=row.old,
        new=row.new,
        held_ref=row.held_ref,
        received_at=row.received_at,
        kind=row.kind,
        base=row.base,
        published_at=row.published_at,
        likeness=row.likeness,
        review_head=row.review_head,
    )
