"""Appending to the trail and reading it, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Connection, Engine
from sqlalchemy.event import listens_for
from sqlalchemy.exc import DBAPIError, IntegrityError

from gate.adapters.audit.log import FACET_EVENTS, AuditLog, SavedTreeHead
from gate.domain.audit import AuditEvent, AuditFilter
from gate.domain.errors import NotFound, Tampered
from tests.audit.test_audit_events import events
from tests.audit.trails import START, TABLES, an_event, drop_triggers


def seqs(log: AuditLog, wanted: AuditFilter, **page: Any) -> list[int]:
    return [stored.seq for stored in log.events(wanted, **page)]


def test_an_event_comes_back_as_it_went_in_and_is_chained(log: AuditLog) -> None:
    first = log.append(an_event(1))
    second = log.append(an_event(2, push="01J", outcome="refused"))

    assert [log.event(1), log.event(2)] == [first, second]
    assert (first.prev, second.prev) == (bytes(32), first.link)
    assert second.event == an_event(2, push="01J", outcome="refused")
    leaf = sha256(b"\0" + second.body.encode()).digest()
    assert second.link == sha256(first.link + leaf).digest()


def test_an_unknown_event_is_said_to_be_unknown(log: AuditLog) -> None:
    with pytest.raises(NotFound, match="audit event 1: there is none"):
        log.event(1)
    with pytest.raises(NotFound, match="audit event 9: there is none"):
        log.events(before_seq=9)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(event=events)
def test_whatever_an_event_holds_it_is_stored_and_verifies(log: AuditLog, event: AuditEvent) -> None:
    stored = log.append(event)

    assert log.event(stored.seq).body == stored.body
    assert log.verify(deep=True).fault is None


def test_a_name_too_long_for_an_index_is_stored_and_found(log: AuditLog) -> None:
    # Random text: PostgreSQL compresses what repeats itself, and would take it.
    long = "refs/heads/" + "".join(sha256(b"%d" % n).hexdigest() for n in range(200))
    log.append_all(
        [an_event(1, ref=long), an_event(2, ref=long + "x"), an_event(3, ref="refs/heads/\ud800\0")]
    )

    assert seqs(log, AuditFilter(ref=long)) == [1]
    assert seqs(log, AuditFilter(ref=long + "x")) == [2]
    assert seqs(log, AuditFilter(ref="refs/heads/\ud800\0")) == [3]
    assert log.event(1).event.ref == long


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (AuditFilter(), [6, 5, 4, 3, 2, 1]),
        (AuditFilter(actor="user:bob"), [2]),
        (AuditFilter(action="hold:approve"), [3, 2, 1]),
        (AuditFilter(action="hold:*"), [4, 3, 2, 1]),
        (AuditFilter(action="hold"), []),
        (AuditFilter(repository="other"), [3]),
        (AuditFilter(ref="refs/heads/topic"), [3]),
        (AuditFilter(hold="demo/2"), [2]),
        (AuditFilter(push="01J"), [4]),
        (AuditFilter(outcome="failed"), [6]),
        (AuditFilter(since=START + timedelta(seconds=2), until=START + timedelta(seconds=4)), [3, 2]),
        (AuditFilter(action="hold:*", actor="user:alice", until=START + timedelta(seconds=4)), [3, 1]),
    ],
)
def test_a_filter_shows_what_matches_newest_first(
    log: AuditLog, wanted: AuditFilter, found: list[int]
) -> None:
    log.append_all(
        [
            an_event(1),
            an_event(2, actor="user:bob"),
            an_event(3, repository="other", ref="refs/heads/topic"),
            an_event(4, action="hold:release", push="01J"),
            an_event(5, action="holdings:count", hold=None, ref=None, repository=None),
            an_event(6, action="user:sign_in_fail", outcome="failed"),
        ]
    )

    assert seqs(log, wanted) == found
    assert [row[0] for row in log.rows(wanted)] == found[::-1]


def test_pages_join_without_a_gap_even_where_the_clock_went_back(log: AuditLog) -> None:
    seconds = [0, 10, 5, 5, 5, 20, 3]
    log.append_all([an_event(second) for second in seconds])

    pages = [seqs(log, AuditFilter(actor="user:alice"), limit=3)]
    while pages[-1]:
        pages.append(seqs(log, AuditFilter(actor="user:alice"), before_seq=pages[-1][-1], limit=3))

    assert pages == [[6, 2, 5], [4, 3, 7], [1], []]


def test_an_export_of_a_filter_crosses_blocks_without_a_gap(log: AuditLog) -> None:
    log.append_all([an_event(n % 7) for n in range(600)])

    rows = list(log.rows(AuditFilter(actor="user:alice")))

    assert sorted(row[0] for row in rows) == list(range(1, 601))
    assert [row[0] for row in log.rows()] == list(range(1, 601))


def test_facets_count_the_newest_matching_events(log: AuditLog) -> None:
    log.append_all(
        [an_event(n, actor=("user:alice", "user:bob")[n % 3 == 0], repository=None) for n in range(7)]
    )

    facets = log.facets(AuditFilter(since=START + timedelta(seconds=1)))

    assert (facets.counted, facets.capped) == (6, False)
    assert facets.counts == {
        "actor": {"user:alice": 4, "user:bob": 2},
        "action": {"hold:approve": 6},
        "repository": {},
        "outcome": {"ok": 6},
    }


def test_facets_say_that_there_are_more_than_they_count(log: AuditLog) -> None:
    log.append_all([an_event(0, actor="user:bob")] + [an_event(n) for n in range(1, FACET_EVENTS + 1)])

    facets = log.facets()

    assert (facets.counted, facets.capped) == (FACET_EVENTS, True)
    assert facets.counts["actor"] == {"user:alice": FACET_EVENTS}


@pytest.mark.parametrize(
    "wanted",
    [
        AuditFilter(),
        AuditFilter(actor="user:alice"),
        AuditFilter(action="hold:approve"),
        AuditFilter(action="hold:*"),
        AuditFilter(repository="demo"),
        AuditFilter(ref="refs/heads/main"),
        AuditFilter(hold="demo/7"),
        AuditFilter(push="7"),
        AuditFilter(outcome="ok"),
        AuditFilter(since=START, until=START + timedelta(seconds=100)),
        AuditFilter(actor="user:alice", until=START + timedelta(seconds=100)),
    ],
)
def test_a_page_walks_an_index_and_sorts_nothing(
    log: AuditLog, connection: Connection, wanted: AuditFilter
) -> None:
    postgres = connection.dialect.name == "postgresql"
    log.append_all([an_event(n, push=str(n)) for n in range(20 if not postgres else 3000)])
    if postgres:
        connection.exec_driver_sql("ANALYZE audit_events")
    statements = recorded(connection)
    log.events(wanted, before_seq=15)

    statement, parameters = statements[-1]
    explain = "EXPLAIN " if postgres else "EXPLAIN QUERY PLAN "
    plan = "\n".join(str(row) for row in connection.exec_driver_sql(explain + statement, parameters))

    assert "SEARCH audit_events USING INDEX" in plan or "Index Scan" in plan
    assert not [word for word in ("SCAN audit_events", "TEMP B-TREE", "Seq Scan", "Sort") if word in plan]


def recorded(connection: Connection) -> list[tuple[str, Any]]:
    statements: list[tuple[str, Any]] = []

    @listens_for(connection, "before_cursor_execute")
    def _record(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        statements.append((statement, parameters))

    return statements


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET body = '{}' WHERE seq = 1",
        "UPDATE audit_events SET actor = 'gate'",
        "DELETE FROM audit_events WHERE seq = 2",
        "DELETE FROM audit_events",
    ],
)
def test_the_database_refuses_to_change_or_remove_events(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        AuditLog(connection, TABLES).append_all([an_event(1), an_event(2)])

    with pytest.raises(DBAPIError, match="never changed or removed"), engine.begin() as connection:
        connection.exec_driver_sql(statement)

    with engine.begin() as connection:
        assert AuditLog(connection, TABLES).verify(deep=True).fault is None


def test_sqlite_refuses_to_replace_events_and_postgresql_to_truncate_them(engine: Engine) -> None:
    with engine.begin() as connection:
        AuditLog(connection, TABLES).append(an_event(1))
    statement = {
        "sqlite": "INSERT OR REPLACE INTO audit_events SELECT * FROM audit_events",
        "postgresql": "TRUNCATE audit_events",
    }[engine.dialect.name]

    with pytest.raises(DBAPIError, match="never changed or removed"), engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_a_second_event_after_the_same_one_is_impossible(engine: Engine) -> None:
    with engine.begin() as connection:
        AuditLog(connection, TABLES).append_all([an_event(1), an_event(2)])
        drop_triggers(connection)

    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO audit_events SELECT 3, prev, link, body, at, actor, action, subject, repository, "
            "ref, hold, push, outcome FROM audit_events WHERE seq = 2"
        )


def test_a_body_that_was_changed_is_said_to_be_changed(log: AuditLog, connection: Connection) -> None:
    log.append(an_event(1))
    drop_triggers(connection)
    connection.exec_driver_sql("UPDATE audit_events SET body = '[]'")

    with pytest.raises(Tampered, match="audit event 1: its stored text was changed"):
        log.events()


def test_tree_heads_are_kept_with_the_time_of_their_witness(log: AuditLog) -> None:
    notes = [f"demo\n{size}\n{'A' * 43}=\n\n\u2014 demo AAAAAAAA\n" for size in (1, 2)]
    for note in [*notes, notes[0]]:
        log.save_tree_head(note, START)
    log.mark_witnessed(1, START + timedelta(seconds=1))
    log.mark_witnessed(1, START + timedelta(seconds=9))

    first = SavedTreeHead(1, notes[0], START, START + timedelta(seconds=1))
    second = SavedTreeHead(2, notes[1], START, None)
    assert log.saved_tree_heads() == [first, second]
    assert log.saved_tree_heads(witnessed=True) == [first]
    assert log.last_tree_head() == second
    assert log.last_tree_head(witnessed=True) == first
