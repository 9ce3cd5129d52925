"""A store with a repository, an agent and alice, and what tests put into it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from gate.adapters.sql.store import SqlStore
from gate.domain.hold import Hold, HoldState, Push, Revision
from gate.domain.review import Role

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
MAIN = "refs/heads/main"
OLD, NEW = "a" * 40, "b" * 40


def furnish(store: SqlStore) -> SqlStore:
    with store.transaction() as tx:
        tx.repositories.add("demo", "/srv/demo.git", "local", NOON)
        alice = tx.users.add("alice", Role.REVIEWER, NOON)
        tx.agents.add("codex-1", alice.id, "0" * 64, NOON)
    return store


def add_push(store: SqlStore, push_id: str) -> bool:
    with store.transaction() as tx:
        repository, agent = tx.repositories.get("demo"), tx.agents.get("codex-1")
        return tx.holds.add_push(Push(push_id, repository.id, agent.id, NOON, "http", True, ("a=b",)))


def add_hold(store: SqlStore, number: int = 1, ref: str = MAIN, group: str | None = None) -> Hold:
    add_push(store, f"push-{number}")
    revision = Revision(0, 1, f"push-{number}", OLD, NEW, "refs/quarantine/x/1", NOON)
    with store.transaction() as tx:
        return tx.holds.add("demo", "codex-1", ref, number, revision, group)


def revise(store: SqlStore, hold: Hold, new: str = "c" * 40) -> Hold:
    """The hold with one more revision."""
    n = hold.revision.n + 1
    add_push(store, f"push-{hold.number}-{n}")
    revision = Revision(0, n, f"push-{hold.number}-{n}", OLD, new, "refs/quarantine/y/1", LATER)
    with store.transaction() as tx:
        return tx.holds.add_revision(hold, revision, None, LATER)


def move(store: SqlStore, hold: Hold, *states: HoldState) -> Hold:
    for state in states:
        with store.transaction() as tx:
            hold = tx.holds.move(hold, state, LATER, None, "")
    return hold


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """What each of so many threads got that began together: a value, or the fault."""
    barrier = threading.Barrier(count)

    def run(n: int) -> Any:
        barrier.wait()
        try:
            return act(n)
        except Exception as fault:
            return fault

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
