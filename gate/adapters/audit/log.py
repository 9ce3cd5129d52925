"""The audit trail in SQL: appended in the transaction of what it records, read by keyset, verified as stored.

The stored body is the exact canonical text that was hashed (RFC 8785), never a JSON type: PostgreSQL's would
put the keys in another order. The other columns are taken out of the body for filters and prove nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate
from typing import Any, cast

import rfc8785
import sqlalchemy
from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    Table,
    func,
    select,
    tuple_,
)

from gate.adapters.audit.schema import (
    FILTERED,
    AuditTables,
    audit_tables,
    audit_triggers,
    filter_columns,
    indexed,
)
from gate.domain import merkle
from gate.domain.audit import AuditEvent, AuditFilter, event_from, time_text, writable
from gate.domain.audit_chain import GENESIS, ChainReport, Fault, FaultKind, Row, check_chain, next_link
from gate.domain.errors import Failed, Invalid, NotFound, Tampered
from gate.domain.tree_head import TreeHead, parse_note, parse_tree_head

__all__ = [
    "FACET_EVENTS",
    "AuditLog",
    "AuditTables",
    "ChainHead",
    "Facets",
    "SavedTreeHead",
    "StoredEvent",
    "audit_tables",
    "audit_triggers",
]

FACET_EVENTS = 10_000
EVERYTHING = AuditFilter()
# Blocks of sixteen times this size leave the processor's cache, and take twice the time to fetch.
_BLOCK = 256
# Any fixed number does: it names the lock under which PostgreSQL appends one at a time.
_APPEND_LOCK = 0x7075_7368_6761_7465
_FACETS = ("actor", "action", "repository", "outcome")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its place in the chain, and the exact text that was hashed."""

    seq: int
    prev: bytes
    link: bytes
    body: str
    event: AuditEvent


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where the trail stands: what the next event is chained to, and what a tree head is signed for."""

    size: int
    link: bytes
    frontier: merkle.Frontier

    @property
    def root(self) -> bytes:
        return merkle.root(self.frontier)


@dataclass(frozen=True, slots=True)
class SavedTreeHead:
    """A signed tree head, and when a witness took it."""

    size: int
    note: str
    signed_at: datetime
    witnessed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Facets:
    """How often each value occurs in the newest `counted` matching events; `capped`: there are more."""

    counted: int
    capped: bool
    counts: Mapping[str, Mapping[str, int]]


class AuditLog:
    """The trail inside one transaction of the caller, who commits.

    On SQLite that transaction must have begun with BEGIN IMMEDIATE: a deferred one fails under contention, as
    it cannot wait for the write lock once it has read.
    """

    def __init__(self, connection: Connection, tables: AuditTables) -> None:
        self._connection = connection
        self._tables = tables

    def append(self, event: AuditEvent) -> StoredEvent:
        """Add one event. Do it last in the transaction: on PostgreSQL it holds a lock until the commit."""
        return self.append_all([event])[0]

    def append_all(self, events: Sequence[AuditEvent]) -> list[StoredEvent]:
        """Add several events in this order."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(select(func.pg_advisory_xact_lock(_APPEND_LOCK)))
        head = self.tree_head()
        mappings = [event.mapping() for event in events]
        bodies = [rfc8785.dumps(mapping) for mapping in mappings]
        leaves = [merkle.leaf_hash(body) for body in bodies]
        links = list(accumulate(leaves, next_link, initial=head.link))
        seqs = range(head.size + 1, head.size + 1 + len(events))
        texts = [body.decode() for body in bodies]
        stored = list(map(StoredEvent, seqs, links, links[1:], texts, events))
        if stored:
            rows = [_row(each, mapping) for each, mapping in zip(stored, mappings, strict=True)]
            self._connection.execute(self._tables.events.insert(), rows)
            frontier = merkle.append_leaves(head.frontier, head.size, leaves)
            self._move_head(head, ChainHead(seqs[-1], links[-1], frontier))
        return stored

    def event(self, seq: int) -> StoredEvent:
        """Raises NotFound, or Tampered where the stored text is no event."""
        events = self._tables.events.c
        row = self._connection.execute(
            select(events.seq, events.prev, events.link, events.body).where(events.seq == seq)
        ).first()
        if row is None:
            raise NotFound(f"audit event {seq}: there is none with this number")
        return _stored(row)

    def events(
        self, wanted: AuditFilter = EVERYTHING, *, before_seq: int | None = None, limit: int = 50
    ) -> list[StoredEvent]:
        """A page, newest first by time and then by seq; `before_seq` is the last event of the page before."""
        at, seq = self._tables.events.c.at, self._tables.events.c.seq
        query = self._matching(wanted).order_by(at.desc(), seq.desc()).limit(limit)
        if before_seq is not None:
            query = query.where(tuple_(at, seq) < tuple_(self._at_of(before_seq), before_seq))
        return [_stored(row) for row in self._connection.execute(query)]

    def facets(self, wanted: AuditFilter = EVERYTHING) -> Facets:
        """Counts for each value of actor, action, repository and outcome.

        They are over the newest 10,000 matching events only, and so cost the same on a trail of any age.
        """
        events = self._tables.events.c
        query = self._matching(wanted).with_only_columns(*(events[name] for name in _FACETS))
        rows = self._connection.execute(
            query.order_by(events.at.desc(), events.seq.desc()).limit(FACET_EVENTS + 1)
        ).fetchall()
        counted = rows[:FACET_EVENTS]
        counts = {name: _count(row[n] for row in counted) for n, name in enumerate(_FACETS)}
        return Facets(len(counted), len(rows) > FACET_EVENTS, counts)

    def rows(self, wanted: AuditFilter = EVERYTHING) -> Iterator[Row]:
        """The stored bytes of every matching event, oldest first, a block in memory at a time."""
        block = self.block(wanted)
        while block:
            yield from block
            block = self.block(wanted, after_seq=block[-1][0])

    def block(self, wanted: AuditFilter = EVERYTHING, *, after_seq: int | None = None) -> Sequence[Row]:
        """The next rows for an export, so that a slow reader needs no transaction that stays open.

        The whole trail comes in the order of seq, as verification needs it; a filtered one by time.
        """
        at, seq = self._tables.events.c.at, self._tables.events.c.seq
        query = self._matching(wanted).with_only_columns(*self._raw_columns()).limit(_BLOCK)
        if wanted == EVERYTHING:
            query = query.order_by(seq).where(seq > (after_seq or 0))
        elif after_seq is None:
            query = query.order_by(at, seq)
        else:
            query = query.order_by(at, seq).where(tuple_(at, seq) > tuple_(self._at_of(after_seq), after_seq))
        return [tuple(row) for row in self._connection.execute(query)]

    def blocks(self) -> Iterator[Sequence[Row]]:
        """The whole trail as stored, in the order of seq, in blocks, as one statement sees it."""
        return self._stream(select(*self._raw_columns()).order_by(self._tables.events.c.seq))

    def tree_head(self) -> ChainHead:
        """Where the trail stands now."""
        tree = self._tables.tree.c
        row = self._connection.execute(
            select(tree.size, tree.link, tree.frontier).where(tree.id == 1)
        ).first()
        if row is None:
            return ChainHead(0, GENESIS, merkle.EMPTY)
        nodes = row.frontier
        return ChainHead(row.size, row.link, tuple(nodes[n : n + 32] for n in range(0, len(nodes), 32)))

    def save_tree_head(self, note: str, signed_at: datetime) -> None:
        """Keep a signed tree head. The first one for a size stays: a trail has one root at each size."""
        size = parse_tree_head(parse_note(note).text).size
        heads = self._tables.heads
        if self._connection.execute(select(heads.c.size).where(heads.c.size == size)).first() is None:
            self._connection.execute(
                heads.insert().values(size=size, note=note, signed_at=time_text(signed_at))
            )

    def mark_witnessed(self, size: int, at: datetime) -> None:
        """Note that a witness has the tree head of this size; the first time counts."""
        heads = self._tables.heads
        self._connection.execute(
            heads.update()
            .where(heads.c.size == size, heads.c.witnessed_at.is_(None))
            .values(witnessed_at=time_text(at))
        )

    def saved_tree_heads(self, *, witnessed: bool = False) -> list[SavedTreeHead]:
        """All signed tree heads, smallest first; their signatures are not checked here."""
        heads = self._tables.heads
        query = select(heads).order_by(heads.c.size)
        return [_saved(row) for row in self._connection.execute(_if_witnessed(query, heads, witnessed))]

    def last_tree_head(self, *, witnessed: bool = False) -> SavedTreeHead | None:
        """The largest signed tree head, or the largest one that a witness has."""
        heads = self._tables.heads
        query = select(heads).order_by(heads.c.size.desc()).limit(1)
        row = self._connection.execute(_if_witnessed(query, heads, witnessed)).first()
        return None if row is None else _saved(row)

    def verify(self, heads: Iterable[TreeHead] = (), *, deep: bool = False) -> ChainReport:
        """Walk the whole trail as it is stored, and compare with tree heads whose signatures were checked.

        `deep` also parses every event, to find filter columns that differ from the hashed text: without it,
        an event can be hidden from a filter unnoticed. It takes about five times as long.
        """
        report = check_chain(self.blocks(), heads)
        fault = report.fault or self._state_fault(report) or (self._column_fault() if deep else None)
        return replace(report, fault=fault)

    def _state_fault(self, report: ChainReport) -> Fault | None:
        """What the row for the next append has against the events: a cheap witness against careless hands."""
        head = self.tree_head()
        if head.size > report.size:
            message = (
                f"the trail ends at event {report.size}, but {head.size} were appended: the end was cut off"
            )
            return Fault(FaultKind.TRUNCATED, report.size + 1, message)
        if (head.size, head.link, head.frontier) != (report.size, report.link, report.frontier):
            message = f"audit_tree does not describe the {report.size} events there are: that row was edited"
            return Fault(FaultKind.STATE, head.size + 1, message)
        return None

    def _column_fault(self) -> Fault | None:
        events = self._tables.events.c
        names = ("at", *FILTERED)
        query = select(events.seq, events.body, *(events[name] for name in names)).order_by(events.seq)
        for rows in self._stream(query):
            for seq, body, *columns in rows:
                wanted = filter_columns(json.loads(body))
                wrong = [name for name, value in zip(names, columns, strict=True) if value != wanted[name]]
                if wrong:
                    message = f"event {seq}: the columns {', '.join(wrong)} differ from the hashed text"
                    return Fault(FaultKind.COLUMNS, seq, message)
        return None

    def _move_head(self, old: ChainHead, new: ChainHead) -> None:
        tree = self._tables.tree
        values = {"size": new.size, "link": new.link, "frontier": b"".join(new.frontier)}
        if old.size == 0:
            self._connection.execute(tree.insert().values(id=1, **values))
            return
        moved = self._connection.execute(
            tree.update().where(tree.c.id == 1, tree.c.size == old.size).values(values)
        )
        if moved.rowcount != 1:
            raise Failed(
                "audit trail: another append came between. Begin the transaction with BEGIN IMMEDIATE."
            )

    def _matching(self, wanted: AuditFilter) -> Select[Any]:
        events = self._tables.events.c
        query = select(events.seq, events.prev, events.link, events.body)
        return query.where(*(events[name] == value for name, value in _equals(wanted)), *self._span(wanted))

    def _span(self, wanted: AuditFilter) -> Iterator[ColumnElement[bool]]:
        at = self._tables.events.c.at
        if wanted.since is not None:
            yield at >= time_text(wanted.since)
        if wanted.until is not None:
            yield at < time_text(wanted.until)

    def _at_of(self, seq: int) -> str:
        events = self._tables.events.c
        at = self._connection.execute(select(events.at).where(events.seq == seq)).scalar()
        if at is None:
            raise NotFound(f"audit event {seq}: there is none with this number. Start at the first page.")
        return str(at)

    def _raw_columns(self) -> Sequence[ColumnElement[Any]]:
        """What is hashed, with the body as bytes: text would be decoded only to be encoded again."""
        events = self._tables.events.c
        if self._connection.dialect.name == "postgresql":
            body = func.convert_to(events.body, "UTF8")
        else:
            # SQLite keeps a value of any type in any column; a body of another type is no reason to crash.
            body = func.coalesce(sqlalchemy.cast(events.body, LargeBinary), b"")
        return (events.seq, events.prev, events.link, body)

    def _stream(self, query: Select[Any]) -> Iterator[Sequence[Any]]:
        """The rows in blocks, with no more than a block in memory."""
        with self._connection.execute(query.execution_options(**self._streaming())) as result:
            cursor = result.cursor
            if self._connection.dialect.name == "sqlite" and cursor is not None:
                # SQLite's own tuples are made in less time than SQLAlchemy's rows.
                yield from iter(lambda: cursor.fetchmany(_BLOCK), [])
            else:
                yield from result.partitions(_BLOCK)

    def _streaming(self) -> dict[str, Any]:
        """SQLite's cursor streams by itself; PostgreSQL's driver reads the whole result without this."""
        return {} if self._connection.dialect.name == "sqlite" else {"yield_per": _BLOCK}


def _row(stored: StoredEvent, mapping: Mapping[str, Any]) -> dict[str, Any]:
    place = {"seq": stored.seq, "prev": stored.prev, "link": stored.link, "body": stored.body}
    return place | filter_columns(mapping)


def _equals(wanted: AuditFilter) -> Iterator[tuple[str, str]]:
    for name in ("actor", "repository", "ref", "hold", "push", "outcome"):
        value = getattr(wanted, name)
        if value is not None:
            yield name, cast("str", indexed(writable(value)))
    if wanted.action is not None:
        subject, star, rest = wanted.action.partition(":*")
        yield ("subject", writable(subject)) if star and not rest else ("action", writable(wanted.action))


def _stored(row: Any) -> StoredEvent:
    try:
        event = event_from(json.loads(row.body))
    except (ValueError, TypeError, Invalid) as error:
        raise Tampered(
            f"audit event {row.seq}: its stored text was changed ({error}). "
            "Run `python -m gate audit verify`."
        ) from error
    return StoredEvent(row.seq, row.prev, row.link, row.body, event)


def _saved(row: Any) -> SavedTreeHead:
    witnessed_at = None if row.witnessed_at is None else datetime.fromisoformat(row.witnessed_at)
    return SavedTreeHead(row.size, row.note, datetime.fromisoformat(row.signed_at), witnessed_at)


def _if_witnessed(query: Select[Any], heads: Table, witnessed: bool) -> Select[Any]:
    return query.where(heads.c.witnessed_at.is_not(None)) if witnessed else query


def _count(values: Iterable[str | None]) -> dict[str, int]:
    return dict(Counter(value for value in values if value is not None).most_common())
