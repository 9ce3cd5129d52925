"""What someone who owns the database can do to the trail, and what is noticed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import rfc8785
from sqlalchemy import Connection, delete, select, update

from gate.adapters.audit.log import AuditLog
from gate.domain.audit import AuditEvent
from gate.domain.audit_chain import Fault, FaultKind
from gate.domain.merkle import EMPTY, append_leaves, leaf_hash, root
from gate.domain.tree_head import TreeHead
from tests.audit.trails import TABLES, an_event, drop_triggers

Attack = Callable[[Connection], object]
EVENTS = TABLES.events


@pytest.fixture
def head(log: AuditLog, connection: Connection) -> TreeHead:
    """1,000 events with the triggers gone, and the tree head that a witness has of the first 900."""
    log.append_all([an_event(n) for n in range(1, 901)])
    head = TreeHead("demo", 900, log.tree_head().root)
    log.append_all([an_event(n) for n in range(901, 1001)])
    drop_triggers(connection)
    return head


def edit_one(connection: Connection) -> None:
    body = connection.execute(select(EVENTS.c.body).where(EVENTS.c.seq == 501)).scalar_one()
    forged = body.replace("user:alice", "user:bob")
    connection.execute(update(EVENTS).where(EVENTS.c.seq == 501).values(body=forged))


def edit_the_link(connection: Connection) -> None:
    connection.execute(update(EVENTS).where(EVENTS.c.seq == 501).values(link=bytes(32)))


def edit_the_prev(connection: Connection) -> None:
    connection.execute(update(EVENTS).where(EVENTS.c.seq == 501).values(prev=bytes(31)))


def delete_one(connection: Connection) -> None:
    connection.execute(delete(EVENTS).where(EVENTS.c.seq == 501))


def delete_some(connection: Connection) -> None:
    connection.execute(delete(EVENTS).where(EVENTS.c.seq.between(501, 510)))


def delete_one_and_close_the_gap(connection: Connection) -> None:
    delete_one(connection)
    for seq in range(502, 1001):
        connection.execute(update(EVENTS).where(EVENTS.c.seq == seq).values(seq=seq - 1))


def swap_two(connection: Connection) -> None:
    for seq, to in ((501, 2000), (502, 501), (2000, 502)):
        connection.execute(update(EVENTS).where(EVENTS.c.seq == seq).values(seq=to))


def renumber_the_last(connection: Connection) -> None:
    connection.execute(update(EVENTS).where(EVENTS.c.seq == 1000).values(seq=1001))


def truncate(size: int) -> Attack:
    """Cut the end off, with the row for the next append made to fit."""

    def attack(connection: Connection) -> None:
        rewrite(connection, [an_event(n) for n in range(1, size + 1)])

    return attack


def truncate_carelessly(connection: Connection) -> None:
    connection.execute(delete(EVENTS).where(EVENTS.c.seq > 950))


def rewrite_from(first: int) -> Attack:
    """Compute everything from this event anew, as whoever can write the whole table can."""

    def attack(connection: Connection) -> None:
        forged = [an_event(n, actor="user:bob" if n >= first else "user:alice") for n in range(1, 1001)]
        rewrite(connection, forged)

    return attack


def rewrite(connection: Connection, events: list[AuditEvent]) -> None:
    connection.execute(delete(EVENTS))
    connection.execute(delete(TABLES.tree))
    AuditLog(connection, TABLES).append_all(events)


def root_of(events: list[AuditEvent]) -> bytes:
    leaves = [leaf_hash(rfc8785.dumps(event.mapping())) for event in events]
    return root(append_leaves(EMPTY, 0, leaves))


CHAINED = "its hash is not the one that was chained"


@pytest.mark.parametrize(
    ("attack", "kind", "seq", "message"),
    [
        (edit_one, FaultKind.EDITED, 501, f"event 501 was edited: {CHAINED}"),
        (edit_the_link, FaultKind.EDITED, 501, f"event 501 was edited: {CHAINED}"),
        (edit_the_prev, FaultKind.EDITED, 501, f"event 501 was edited: {CHAINED}"),
        (delete_one, FaultKind.MISSING, 501, "event 501 is missing"),
        (delete_some, FaultKind.MISSING, 501, "events 501 to 510 are missing"),
        (
            delete_one_and_close_the_gap,
            FaultKind.MISSING,
            501,
            "the row numbered 501 does not follow event 500: what was between them is missing",
        ),
        (
            swap_two,
            FaultKind.REORDERED,
            501,
            "event 501 is not in its place: events were reordered, or one was put in",
        ),
        (renumber_the_last, FaultKind.EDITED, 1000, "event 1000 was edited: it carries the number 1001"),
        (
            truncate_carelessly,
            FaultKind.TRUNCATED,
            951,
            "the trail ends at event 950, but 1000 were appended: the end was cut off",
        ),
    ],
)
def test_careless_attacks_are_caught_by_the_chain_alone(
    log: AuditLog,
    connection: Connection,
    head: TreeHead,
    attack: Attack,
    kind: FaultKind,
    seq: int,
    message: str,
) -> None:
    attack(connection)

    report = log.verify()

    assert report.fault == Fault(kind, seq, message)
    assert report.size == seq - 1


@pytest.mark.parametrize("attack", [truncate(850), rewrite_from(1), rewrite_from(501)])
def test_a_thorough_rewrite_passes_the_chain_alone(
    log: AuditLog, connection: Connection, head: TreeHead, attack: Attack
) -> None:
    attack(connection)

    report = log.verify()

    assert report.fault is None
    assert report.exposed == report.size


@pytest.mark.parametrize(
    ("attack", "fault"),
    [
        (
            truncate(850),
            Fault(
                FaultKind.TRUNCATED,
                851,
                "the trail ends at event 850, but a tree head is for 900 events: its end was cut off",
            ),
        ),
        (
            rewrite_from(501),
            Fault(
                FaultKind.REWRITTEN,
                401,
                "the first 900 events are not those that the tree head for 900 was signed for: "
                "something between event 401 and event 900 was rewritten",
            ),
        ),
    ],
)
def test_a_thorough_rewrite_is_caught_by_a_witnessed_tree_head(
    log: AuditLog, connection: Connection, head: TreeHead, attack: Attack, fault: Fault
) -> None:
    earlier = TreeHead("demo", 400, root_of([an_event(n) for n in range(1, 401)]))
    attack(connection)

    report = log.verify([head, earlier])

    assert report.fault == fault
    assert report.vouched == 400


@pytest.mark.parametrize(("attack", "size"), [(truncate(950), 950), (rewrite_from(901), 1000)])
def test_the_tail_after_the_last_witness_is_exposed_and_said_to_be(
    log: AuditLog, connection: Connection, head: TreeHead, attack: Attack, size: int
) -> None:
    attack(connection)

    report = log.verify([head])

    assert report.fault is None
    assert (report.size, report.vouched, report.exposed) == (size, 900, size - 900)


def test_an_edited_filter_column_is_caught_by_the_deep_pass_only(
    log: AuditLog, connection: Connection, head: TreeHead
) -> None:
    connection.execute(update(EVENTS).where(EVENTS.c.seq == 501).values(actor="gate", outcome="refused"))

    assert log.verify([head]).fault is None
    assert log.verify([head], deep=True).fault == Fault(
        FaultKind.COLUMNS, 501, "event 501: the columns actor, outcome differ from the hashed text"
    )


def test_an_edited_state_row_is_caught(log: AuditLog, connection: Connection, head: TreeHead) -> None:
    connection.execute(update(TABLES.tree).values(frontier=bytes(32)))

    fault = log.verify([head]).fault

    assert fault is not None
    assert fault.kind is FaultKind.STATE


def test_an_empty_trail_verifies_and_has_the_root_of_an_empty_tree(log: AuditLog) -> None:
    report = log.verify([TreeHead("demo", 0, log.tree_head().root)])

    assert (report.size, report.fault, report.exposed) == (0, None, 0)
    assert report.root.hex().startswith("e3b0c442")
