from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.adapters.github.permissions import EVENTS, PERMISSIONS
from gate.adapters.sql.store import SqlStore
from gate.cli import context
from tests.cli.command_line import CommandLine
from tests.github.loopback import Loopback, repository, secret, serving


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving(Loopback()) as server:
        yield server


@pytest.fixture
def by_token(new_home: CommandLine, server: Loopback) -> CommandLine:
    """A gate that works with alice's token at a loopback GitHub."""
    token = secret(new_home.folder / "token", "github_pat_alice")
    webhook = secret(new_home.folder / "webhook", "a-webhook-secret-of-enough-length")
    new_home.monkeypatch.setenv("PUSHGATE_GITHUB_URL", server.url)
    new_home.monkeypatch.setenv("PUSHGATE_GITHUB_TOKEN_FILE", str(token))
    new_home.monkeypatch.setenv("PUSHGATE_GITHUB_WEBHOOK_SECRET_FILE", str(webhook))
    server.get("/user", {"id": 5, "login": "alice"})
    server.get("/repos/acme/shop/branches/main", {"name": "main"})
    server.get("/repos/acme/shop/branches?page=1&per_page=100&protected=true", [])
    return new_home


def test_set_up_prints_how_to_register_the_app_before_anything_is_configured(new_home: CommandLine) -> None:
    ran = new_home("github", "setup", "--organization", "acme")

    assert ran.code == 0
    assert "   https://github.com/organizations/acme/settings/apps/new?name=pushgate&" in ran.out
    assert all(one.why in ran.out for one in (*PERMISSIONS, *EVENTS))
    manifest = json.loads(ran.out[ran.out.index("{") :])
    assert manifest["hook_attributes"]["url"] == "https://gate.example.org/webhooks/github"
    assert "workflows" not in manifest["default_permissions"]


def test_set_up_asks_for_workflows_where_that_is_wanted(new_home: CommandLine) -> None:
    ran = new_home("github", "setup", "--workflows")

    assert json.loads(ran.out[ran.out.index("{\n") :])["default_permissions"]["workflows"] == "write"


def test_set_up_names_an_enterprises_own_address(by_token: CommandLine, server: Loopback) -> None:
    assert f"{server.url}/settings/apps/new?" in by_token("github", "setup").out


def test_a_check_without_github_says_what_to_do(new_home: CommandLine) -> None:
    ran = new_home("github", "setup", "--repository", "acme/shop")

    assert ran.code == 1
    assert ran.err.startswith("GitHub is not configured.")


def test_a_check_prints_every_finding_and_fails_with_the_first_fault(
    by_token: CommandLine, server: Loopback
) -> None:
    server.get("/repos/acme/shop", repository(permissions={"push": True}, archived=True))
    server.get("/repos/acme/shop/hooks", [])

    ran = by_token("github", "setup", "--repository", "acme/shop")

    assert ran.code == 1
    assert "FAULT  acme/shop: it is archived: nobody can push to it\n       mend: unarchive it" in ran.out
    assert "note   webhook: " in ran.out
    assert "note   token: alice opens the pull requests, so alice cannot approve them" in ran.out


def test_a_check_without_a_fault_succeeds(by_token: CommandLine, server: Loopback) -> None:
    server.get("/repos/acme/shop", repository(permissions={"push": True}))
    server.get("/repos/acme/shop/hooks", [])

    assert by_token("github", "setup", "--repository", "acme/shop").code == 0


def test_whoami(by_token: CommandLine, server: Loopback) -> None:
    ran = by_token("github", "whoami", "--repository", "acme/shop")

    assert ran.out == f"alice (account 5) at {server.url}, the owner of a token\n"


def test_whoami_without_a_repository_asks_for_one(by_token: CommandLine) -> None:
    by_token("migrate")

    ran = by_token("github", "whoami")

    assert ran.code == 1
    assert "--repository OWNER/REPO" in ran.err


def test_a_login_is_forgotten_and_that_is_on_the_trail(gate: CommandLine) -> None:
    with gate_store(gate).transaction() as tx:
        tx.logins.put("alice", 5)

    forgotten, again = gate("github", "forget-login", "Alice"), gate("github", "forget-login", "alice")
    exported = gate("audit", "export", "--action", "login:forget")

    assert forgotten.code == 0
    assert again.code == 1
    assert again.err.startswith("No policy has named alice yet")
    [event] = [line for line in exported.out.splitlines() if "login:forget" in line]
    assert '"5"' in event.replace("\\", "")


def gate_store(gate: CommandLine) -> SqlStore:
    gate.forget()
    return context.container().store


def test_no_secret_is_in_a_message(by_token: CommandLine, tmp_path: Path) -> None:
    (by_token.folder / "token").chmod(0o644)

    ran = by_token("github", "whoami", "--repository", "acme/shop")

    assert ran.code == 1
    assert "chmod 600" in ran.err
    assert "github_pat" not in ran.err
