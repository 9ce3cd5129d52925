"""The audit trail on SQLite: append, verify, and the questions that the audit page asks."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from statistics import median

from bench.audit_page import show_pages
from bench.world import world
from gate.adapters.sql.store import SqlStore
from gate.domain.audit import Action, AuditEvent, AuditFilter, Outcome
from gate.domain.tree_head import TreeHead

_START = datetime(2026, 1, 1, tzinfo=UTC)
_ACTIONS = tuple(Action)
_BATCH = 10_000
_REPEATS = 3


def main(*, quick: bool) -> None:
    events, appends = (20_000, 100) if quick else (1_000_000, 1_000)
    with world() as running:
        store = running.gate.here.store
        print(f"\n### Audit trail\n\nSQLite {sqlite3.sqlite_version}, load {os.getloadavg()[0]:.1f}\n\n```")
        print(f"{'':44} {'wall':>11} {'CPU':>11}")
        _build(store, events)
        _measure_append(store, appends)
        _measure_verify(store, _REPEATS)
        _measure_pages(store, events)
        print("```", flush=True)
        show_pages(running, events, rounds=10 if quick else 50)


def _build(store: SqlStore, size: int) -> None:
    with _timed(f"build, {_BATCH:,} events a transaction, an event", size):
        for first in range(0, size, _BATCH):
            with store.transaction() as tx:
                tx.audit.append_all([_event(n) for n in range(first, min(first + _BATCH, size))])


def _measure_append(store: SqlStore, count: int) -> None:
    with _timed("append, a transaction each, an event", count):
        for n in range(count):
            with store.transaction() as tx:
                tx.audit.append(_event(n))


def _measure_verify(store: SqlStore, repeats: int) -> None:
    with store.snapshot() as tx:
        tree = tx.audit.tree_head()
        heads = [TreeHead("bench.example/audit", tree.size, tree.root)]
        for deep in (False, *[False] * (repeats - 1), True):
            with _timed(f"verify {tree.size:,} events" + (", deep" if deep else "")):
                report = tx.audit.verify(heads, deep=deep)
            if report.fault or report.exposed:
                raise SystemExit(f"the trail does not verify: {report.fault}")


def _measure_pages(store: SqlStore, size: int) -> None:
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
    with store.snapshot() as tx:
        log = tx.audit
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
