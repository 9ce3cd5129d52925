"""Agents' accounts, their tokens, and the refresh before a fetch, over a real store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.adapters.sql.migrate import migrate
from gate.adapters.sql.store import SqlStore
from gate.domain.audit import AuditEvent
from gate.domain.errors import Failed, Invalid, NotAllowed, NotFound, Refused, Unavailable
from gate.domain.repository import Grant, Repository
from gate.domain.review import Role
from gate.services.agents import AgentAccounts
from gate.services.authenticate_agent import AuthenticateAgent, FailureLog
from gate.services.refresh import Refresh

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Upstream:
    """An upstream that is down while `fault` is set; counts how often it was looked at."""

    def __init__(self) -> None:
        self.fault: Failed | None = None
        self.looks = 0

    def open(self, name: str, upstream: str) -> Any:
        self.upstream = self
        return self

    def sync(self) -> None:
        self.looks += 1
        if self.fault is not None:
            raise self.fault


@pytest.fixture
def store(tmp_path: Path) -> SqlStore:
    store = SqlStore(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(store)
    with store.transaction() as tx:
        tx.repositories.add("demo", "/upstream", "local", NOON)
        tx.repositories.add("other", "/upstream", "local", NOON)
    return store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[str]:
    """The repositories whose hooks were told anew."""
    return []


@pytest.fixture
def accounts(store: SqlStore, clock: Clock, told: list[str]) -> AgentAccounts:
    secrets = iter(f"secret-{number}" for number in range(100))
    return AgentAccounts(store, clock, lambda: next(secrets), told.append)


@pytest.fixture
def authenticate(store: SqlStore, clock: Clock) -> AuthenticateAgent:
    return AuthenticateAgent(store, clock, FailureLog(MINUTE))


def test_a_token_works_where_there_is_a_grant_and_only_there(
    accounts: AgentAccounts, authenticate: AuthenticateAgent
) -> None:
    token = accounts.add("codex-1", actor="cli:alice")
    accounts.grant("codex-1", "demo", actor="cli:alice")

    access = authenticate("codex-1", token, repository="demo", address="::1")

    assert token == "pgt_secret-0"
    assert access is not None
    assert (access.agent.name, access.repository.name) == ("codex-1", "demo")
    with pytest.raises(NotFound):
        authenticate("codex-1", token, repository="other", address="::1")


def test_the_store_and_the_trail_never_hold_a_token(
    accounts: AgentAccounts, store: SqlStore, tmp_path: Path
) -> None:
    accounts.add("codex-1", actor="cli:alice")
    accounts.rotate("codex-1", actor="cli:alice")
    store.close()

    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert b"codex-1" in written
    assert b"secret-" not in written


def test_a_rotated_token_replaces_the_old_one_at_once(
    accounts: AgentAccounts, authenticate: AuthenticateAgent
) -> None:
    old = accounts.add("codex-1", actor="cli:alice")
    accounts.grant("codex-1", "demo", actor="cli:alice")

    new = accounts.rotate("codex-1", actor="cli:alice")

    assert authenticate("codex-1", old, repository="demo", address="::1") is None
    assert authenticate("codex-1", new, repository="demo", address="::1") is not None


def test_a_disabled_agent_is_out_until_it_is_enabled(
    accounts: AgentAccounts, authenticate: AuthenticateAgent, told: list[str]
) -> None:
    token = accounts.add("codex-1", actor="cli:alice")
    accounts.grant("codex-1", "demo", actor="cli:alice")

    accounts.disable("codex-1", actor="cli:alice")
    with pytest.raises(NotAllowed, match="disabled"):
        authenticate("codex-1", token, repository="demo", address="::1")
    assert authenticate("codex-1", "wrong", repository="demo", address="::1") is None
    accounts.enable("codex-1", actor="cli:alice")

    assert authenticate("codex-1", token, repository="demo", address="::1") is not None
    assert told == ["demo", "demo", "demo"]


def test_another_operator_takes_over_and_the_trail_says_so(accounts: AgentAccounts, store: SqlStore) -> None:
    accounts.add("codex-1", actor="cli:alice")
    with store.transaction() as tx:
        bob = tx.users.add("bob", Role.REVIEWER, NOON)

    accounts.change_operator("codex-1", "bob", actor="cli:alice")

    with store.snapshot() as tx:
        assert tx.agents.get("codex-1").operator_id == bob.id
        event = tx.audit.events(limit=1)[0].event
    assert (event.action, event.actor) == ("agent:change_operator", "cli:alice")
    assert event.details == {"agent": "codex-1", "operator": "bob"}


def test_every_change_of_an_account_is_on_the_trail(accounts: AgentAccounts, store: SqlStore) -> None:
    accounts.add("codex-1", actor="cli:alice")
    accounts.grant("codex-1", "demo", ["refs/heads/codex/**"], actor="user:bob")
    accounts.rotate("codex-1", actor="cli:alice")
    accounts.disable("codex-1", actor="cli:alice")
    accounts.disable("codex-1", actor="cli:alice")
    accounts.enable("codex-1", actor="cli:alice")

    assert [
        (event.actor, event.action, event.repository, dict(event.details)) for event in _trail(store)
    ] == [
        ("cli:alice", "agent:add", None, {"agent": "codex-1", "operator": None}),
        ("user:bob", "agent:grant", "demo", {"agent": "codex-1", "allow_refs": ["refs/heads/codex/**"]}),
        ("cli:alice", "agent:rotate", None, {"agent": "codex-1"}),
        ("cli:alice", "agent:disable", None, {"agent": "codex-1"}),
        ("cli:alice", "agent:enable", None, {"agent": "codex-1"}),
    ]


def test_a_second_grant_replaces_the_first(accounts: AgentAccounts, store: SqlStore) -> None:
    accounts.add("codex-1", actor="cli:alice")
    accounts.grant("codex-1", "demo", ["refs/heads/a"], actor="cli:alice")
    accounts.grant("codex-1", "demo", ["refs/heads/b"], actor="cli:alice")

    with store.snapshot() as tx:
        grants = tx.agents.grants(repository="demo")

    assert grants == [Grant("codex-1", "demo", ("refs/heads/b",))]


@pytest.mark.parametrize("name", ["", "Codex", "-x", "a.b", "a+b", "a/b", "a b", "a\n", "ä", "a" * 64])
def test_a_name_that_would_not_be_safe_everywhere_is_refused(accounts: AgentAccounts, name: str) -> None:
    with pytest.raises(Invalid):
        accounts.add(name, actor="cli:alice")


def test_a_name_that_is_taken_is_refused_and_keeps_its_token(
    accounts: AgentAccounts, authenticate: AuthenticateAgent
) -> None:
    token = accounts.add("codex-1", actor="cli:alice")
    accounts.grant("codex-1", "demo", actor="cli:alice")

    with pytest.raises(Refused):
        accounts.add("codex-1", actor="cli:alice")

    assert authenticate("codex-1", token, repository="demo", address="::1") is not None


def test_every_fault_of_a_grant_is_named(accounts: AgentAccounts) -> None:
    accounts.add("codex-1", actor="cli:alice")

    with pytest.raises(Invalid) as raised:
        accounts.grant("codex-1", "demo", ["main", "refs/heads/a b", "refs/heads/ok/**"], actor="cli:alice")

    assert [fault.split(" has")[0] for fault in raised.value.faults] == ["'main'", "'refs/heads/a b'"]


def test_failures_are_written_down_once_a_minute_with_their_number(
    accounts: AgentAccounts, authenticate: AuthenticateAgent, store: SqlStore, clock: Clock
) -> None:
    accounts.add("codex-1", actor="cli:alice")
    for address in ("::1", "::1", "::2", "::1"):
        authenticate("codex-1", "wrong", repository="demo", address=address)
    clock.now += MINUTE
    authenticate("codex-1", "wrong", repository="demo", address="::1")

    assert [(event.details["address"], event.details["attempts"]) for event in _trail(store)[1:]] == [
        ("::1", 1),
        ("::2", 1),
        ("::1", 3),
    ]


def test_names_that_do_not_exist_count_as_one(authenticate: AuthenticateAgent, store: SqlStore) -> None:
    for number in range(50):
        authenticate(f"guess-{number}", "wrong", repository="demo", address="::1")

    assert [dict(event.details) for event in _trail(store)] == [
        {"agent": None, "address": "::1", "why": "no such agent", "attempts": 1}
    ]


def test_upstream_is_looked_at_when_the_last_look_is_too_old(store: SqlStore, clock: Clock) -> None:
    upstream = Upstream()
    refresh = Refresh(store, upstream, clock, timedelta(seconds=5))

    for seconds in (0, 4, 1, 4):
        clock.now += timedelta(seconds=seconds)
        assert refresh(_demo(store)) is None

    assert upstream.looks == 2
    assert _trail(store) == []


def test_an_outage_is_told_noted_and_on_the_trail_once(store: SqlStore, clock: Clock) -> None:
    upstream = Upstream()
    refresh = Refresh(store, upstream, clock, timedelta(seconds=5))
    upstream.fault = Unavailable("git.example.com: connection refused")

    warnings = []
    for _ in range(3):
        warnings.append(refresh(_demo(store)))
        clock.now += MINUTE
    during = _demo(store)
    upstream.fault = None
    warnings.append(refresh(during))

    assert warnings == [
        *(
            f"warning: the gate could not reach upstream at 2026-11-22 12:0{minute}:00 UTC. "
            "You get what it had before that; newer commits may be missing."
            for minute in range(3)
        ),
        None,
    ]
    assert during.sync_fault == "git.example.com: connection refused"
    assert _demo(store).sync_fault is None
    assert [(event.action, event.outcome) for event in _trail(store)] == [
        ("repository:sync", "failed"),
        ("repository:sync", "ok"),
    ]


def test_an_upstream_that_is_down_is_not_asked_on_every_fetch(store: SqlStore, clock: Clock) -> None:
    upstream = Upstream()
    upstream.fault = Unavailable("down")
    refresh = Refresh(store, upstream, clock, timedelta(seconds=5))

    warnings = {refresh(_demo(store)) for _ in range(4)}

    assert upstream.looks == 1
    assert len(warnings) == 1


def _demo(store: SqlStore) -> Repository:
    with store.snapshot() as tx:
        return tx.repositories.get("demo")


def _trail(store: SqlStore) -> list[AuditEvent]:
    """The whole trail, oldest first."""
    with store.snapshot() as tx:
        return [stored.event for stored in reversed(tx.audit.events(limit=1000))]
