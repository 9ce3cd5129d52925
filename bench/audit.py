"""Measure the audit trail: append, verify and the audit page, on SQLite.

    python bench/audit.py [--events 1000000] [--file trail.sqlite]

The trail is built in bulk. A file that is there already and has that many events is used again.
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, Engine, MetaData, create_engine, event

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gate.adapters.audit_log import AuditLog, audit_tables, audit_triggers
from gate.domain.audit import Action, AuditEvent, AuditFilter, Outcome
from gate.domain.tree_head import TreeHead

_START = datetime(2026, 1, 1, tzinfo=UTC)
_ACTIONS = tuple(Action)
_BATCH = 10_000
_METADATA = MetaData()
_TABLES = audit_tables(_METADATA)


def main() -> int:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as directory:
        engine = _engine(arguments.file or Path(directory) / "trail.sqlite")
        print(f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}", end="")
        print(f", SQLite {sqlite3.sqlite_version}, load {os.getloadavg()[0]:.1f}\n")
        print(f"{'':44} {'wall':>11} {'CPU':>11}")
        _build(engine, arguments.events)
        _measure_append(engine, arguments.appends)
        _measure_verify(engine, arguments.repeats)
        _measure_pages(engine, arguments.events)
        engine.dispose()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure append, verify and the audit page.")
    parser.add_argument("--events", type=int, default=1_000_000, help="size of the trail (1000000)")
    parser.add_argument("--appends", type=int, default=1_000, help="appends, each in a transaction (1000)")
    parser.add_argument("--repeats", type=int, default=3, help="how often to verify (3)")
    parser.add_argument("--file", type=Path, help="keep the trail in this file, and use it again")
    return parser.parse_args()


def _engine(path: Path) -> Engine:
    """The settings of the gate's own store: WAL, every commit on the disk, BEGIN IMMEDIATE."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        if not connection.dialect.has_table(connection, "audit_events"):
            _METADATA.create_all(connection)
            for statement in audit_triggers("sqlite"):
                connection.exec_driver_sql(statement)
    return engine


def _build(engine: Engine, size: int) -> None:
    with engine.begin() as connection:
        start = AuditLog(connection, _TABLES).tree_head().size
    if start >= size:
        return
    with _timed(f"build, {_BATCH:,} events a transaction, an event", size - start):
        for first in range(start, size, _BATCH):
            with engine.begin() as connection:
                events = [_event(n) for n in range(first, min(first + _BATCH, size))]
                AuditLog(connection, _TABLES).append_all(events)


def _measure_append(engine: Engine, count: int) -> None:
    with engine.begin() as connection:
        start = AuditLog(connection, _TABLES).tree_head().size
    with _timed("append, a transaction each, an event", count):
        for n in range(start, start + count):
            with engine.begin() as connection:
                AuditLog(connection, _TABLES).append(_event(n))


def _measure_verify(engine: Engine, repeats: int) -> None:
    with engine.begin() as connection:
        log = AuditLog(connection, _TABLES)
        tree = log.tree_head()
        heads = [TreeHead("bench.example/audit", tree.size, tree.root)]
        for deep in (False, *[False] * (repeats - 1), True):
            with _timed(f"verify {tree.size:,} events" + (", deep" if deep else "")):
                report = log.verify(heads, deep=deep)
            if report.fault or report.exposed:
                raise SystemExit(f"the trail does not verify: {report.fault}")


def _measure_pages(engine: Engine, size: int) -> None:
    """Each page 20 times: the first of a filter is the cold one, the median is what people see."""
    day, ago = timedelta(days=1), timedelta(seconds=30 * (size - size // 10))
    filters = {
        "all": AuditFilter(),
        "actor": AuditFilter(actor="agent:codex-1"),
        "action": AuditFilter(action=Action.HOLD_RELEASE),
        "action hold:*": AuditFilter(action="hold:*"),
        "repository": AuditFilter(repository="demo-7"),
        "ref": AuditFilter(ref="refs/heads/topic-77"),
        "hold": AuditFilter(hold="demo-7/7"),
        "push": AuditFilter(push=_event(size // 2).push),
        "outcome": AuditFilter(outcome=Outcome.FAILED),
        "a day long ago": AuditFilter(since=_START + day, until=_START + 2 * day),
        "actor, until long ago": AuditFilter(actor="user:alice", until=_START + ago / 10),
        "actor without events": AuditFilter(actor="user:carol"),
        "actor and failed": AuditFilter(actor="user:alice", outcome=Outcome.FAILED),
    }
    with engine.begin() as connection:
        log = AuditLog(connection, _TABLES)
        for name, wanted in filters.items():
            _repeat(f"page of 50: {name}", partial(log.events, wanted))
        _repeat("page of 50: all, deep in the past", partial(log.events, before_seq=max(size // 100, 1)))
        for name in ("all", "actor", "action hold:*"):
            _repeat(f"facets: {name}", partial(log.facets, filters[name]))


def _repeat(name: str, act: Callable[[], object], times: int = 20) -> None:
    walls, cpus = [], []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    worst = _duration(max(walls)).strip()
    print(f"{name:44} {_duration(median(walls))} {_duration(median(cpus))}   worst {worst}")


@contextmanager
def _timed(name: str, count: int = 1) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:44} {_duration(wall / count)} {_duration(cpu / count)}", flush=True)


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:9.2f} s"
    return f"{seconds * 1e3:8.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:8.0f} us"


def _event(n: int) -> AuditEvent:
    """The n-th event, about 480 bytes of text: 100 repositories, and an event every 30 seconds."""
    commit = sha256(b"%d" % n).hexdigest()
    repository = f"demo-{n % 100}"
    return AuditEvent(
        at=_START + timedelta(seconds=30 * n),
        actor=("agent:codex-1", "user:alice", "user:bob", "gate")[n % 4],
        action=_ACTIONS[n % len(_ACTIONS)],
        repository=repository,
        ref=f"refs/heads/topic-{n % 10_000}",
        hold=f"{repository}/{n // 1000}",
        push=sha256(b"%d" % (n // 5)).hexdigest()[:32],
        details={
            "old": commit[:40],
            "new": commit[::-1][:40],
            "files": n % 50,
            "policy": commit,
            "why": "x" * 60,
        },
        outcome=(Outcome.FAILED if n % 97 == 0 else Outcome.REFUSED if n % 13 == 0 else Outcome.OK),
    )


if __name__ == "__main__":
    raise SystemExit(main())
