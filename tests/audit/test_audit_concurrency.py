"""Many writers at once: one chain, nothing lost."""

from __future__ import annotations

from multiprocessing import get_context
from pathlib import Path
from threading import Barrier, Thread

from sqlalchemy import Engine

from gate.adapters.audit.log import AuditLog
from tests.audit.trails import TABLES, an_event, sqlite_trail

WRITERS, EVENTS = 4, 40


def append_many(engine: Engine, writer: int) -> None:
    for n in range(EVENTS):
        with engine.begin() as connection:
            AuditLog(connection, TABLES).append(an_event(n, actor=f"cli:{writer}"))


def append_from_a_process(path: Path, writer: int) -> None:
    append_many(sqlite_trail(path), writer)


def assert_all_there(engine: Engine) -> None:
    with engine.begin() as connection:
        log = AuditLog(connection, TABLES)
        report = log.verify(deep=True)
        assert (report.size, report.fault) == (WRITERS * EVENTS, None)
        assert log.facets().counts["actor"] == {f"cli:{writer}": EVENTS for writer in range(WRITERS)}


def test_processes_on_sqlite_make_one_chain(sqlite_engine: Engine, tmp_path: Path) -> None:
    spawn = get_context("spawn")
    path = tmp_path / "trail.sqlite"
    writers = [spawn.Process(target=append_from_a_process, args=(path, n)) for n in range(WRITERS)]

    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=60)

    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    assert_all_there(sqlite_engine)


def test_connections_to_postgresql_make_one_chain(postgres_engine: Engine) -> None:
    start = Barrier(WRITERS)

    def write(writer: int) -> None:
        start.wait(timeout=30)
        append_many(postgres_engine, writer)

    writers = [Thread(target=write, args=(n,)) for n in range(WRITERS)]

    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=60)

    assert_all_there(postgres_engine)


def test_an_append_that_is_rolled_back_leaves_nothing(engine: Engine) -> None:
    with engine.connect() as connection:
        transaction = connection.begin()
        AuditLog(connection, TABLES).append(an_event(1))
        transaction.rollback()

    with engine.begin() as connection:
        log = AuditLog(connection, TABLES)
        assert log.append(an_event(2)).seq == 1
        assert log.verify().fault is None
