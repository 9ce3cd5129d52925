"""`user map` and `agent map`: who is who at GitHub."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.command_line import CommandLine
from tests.github.loopback import Loopback, secret, serving


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving(Loopback()) as server:
        server.get("/users/carol", {"id": 4_100_000_001, "login": "carol"})
        yield server


@pytest.fixture
def accounts(gate: CommandLine) -> CommandLine:
    gate("agent", "add", "codex-1", "--repo", "demo")
    for login in ("alice", "bob"):
        gate("user", "add", login)
    return gate


@pytest.fixture
def with_github(accounts: CommandLine, server: Loopback) -> CommandLine:
    token = secret(accounts.folder / "token", "github_pat_alice")
    webhook = secret(accounts.folder / "webhook", "a-webhook-secret-of-enough-length")
    accounts.monkeypatch.setenv("PUSHGATE_GITHUB_URL", server.url)
    accounts.monkeypatch.setenv("PUSHGATE_GITHUB_TOKEN_FILE", str(token))
    accounts.monkeypatch.setenv("PUSHGATE_GITHUB_WEBHOOK_SECRET_FILE", str(webhook))
    return accounts


def test_a_person_and_an_agent_are_matched_and_listed(with_github: CommandLine) -> None:
    person = with_github("user", "map", "alice", "--github", "carol")
    agent = with_github("agent", "map", "codex-1", "--github", "carol")
    users, agents = with_github("user", "list"), with_github("agent", "list")
    nobody = with_github("user", "map", "alice", "--nobody")

    assert (person.out, person.err) == ("alice is carol (4100000001) at GitHub.\n", "")
    assert agent.out == "codex-1 is carol (4100000001) at GitHub.\n"
    assert users.out.splitlines()[1] == "alice  reviewer  active  carol (4100000001)"
    assert agents.out.splitlines()[1].split()[:5] == ["codex-1", "-", "active", "carol", "(4100000001)"]
    assert nobody.out == "alice is nobody at GitHub.\n"


def test_an_account_is_one_persons(with_github: CommandLine) -> None:
    with_github("user", "map", "alice", "--github", "carol")

    ran = with_github("user", "map", "bob", "--github", "carol")

    assert (ran.code, ran.out) == (1, "")
    assert "GitHub's carol is alice here already." in ran.err


def test_a_login_that_nobody_has_is_named(with_github: CommandLine) -> None:
    ran = with_github("user", "map", "alice", "--github", "someone")

    assert (ran.code, ran.out) == (1, "")
    assert "could not look the account someone up: Not Found (HTTP 404)." in ran.err


@pytest.mark.parametrize("command", [("user", "map", "alice"), ("agent", "map", "codex-1")])
def test_without_github_nobody_is_looked_up(accounts: CommandLine, command: tuple[str, ...]) -> None:
    refused, nobody = accounts(*command, "--github", "carol"), accounts(*command, "--nobody")

    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("GitHub is not configured, so nobody there can be looked up.")
    assert (nobody.code, nobody.out) == (0, f"{command[-1]} is nobody at GitHub.\n")


@pytest.mark.parametrize("options", [(), ("--github", "carol", "--nobody")])
def test_it_is_one_of_the_two(accounts: CommandLine, options: tuple[str, ...]) -> None:
    ran = accounts("user", "map", "alice", *options)

    assert (ran.code, ran.out) == (2, "")
    assert "Say either --github LOGIN or --nobody." in ran.err
