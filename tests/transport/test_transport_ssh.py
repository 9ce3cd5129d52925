"""Git over SSH: sshd's forced command, run by a script in ssh's place with git's own client before it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.adapters.git.repositories import GitRepositories
from gate.domain.errors import NotAllowed
from gate.transport.ssh import SshRequest, parse_request
from tests.transport.transport_server import CHECKOUT, Served, Server, commit, git

_IN_SSHDS_PLACE = """\
import os, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from gate.adapters.sql.store import SqlStore
from gate.domain.errors import GateError
from gate.services.authenticate_agent import AuthenticateAgent
from gate.services.refresh import Refresh
from gate.transport.ssh import SshServices, serve_ssh
from tests.transport.served_app import FakeUpstreams

root, agent, asked = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
store = SqlStore(f"sqlite:///{root / 'store.db'}")
clock = lambda: datetime.now(UTC)

def noticed(repository, push_id):
    with (root / f"{repository}.noticed").open("a") as log:
        log.write(f"{push_id}\\n")

services = SshServices(
    AuthenticateAgent(store, clock).known,
    Refresh(store, FakeUpstreams(root), clock, timedelta(seconds=0)),
    noticed,
)
environ = {**os.environ, "SSH_ORIGINAL_COMMAND": asked, "SSH_CONNECTION": "192.0.2.7 5 192.0.2.1 22"}
try:
    sys.exit(serve_ssh(agent, environ, services, repositories=root / "repositories", path=os.environ["PATH"]))
except GateError as fault:
    sys.exit(str(fault))
"""

Push = Callable[..., str]


@pytest.fixture
def gated(server: Server, tmp_path: Path) -> Served:
    upstream = tmp_path / "upstream"
    git("init", "-q", "-b", "main", str(upstream), cwd=tmp_path)
    commit(upstream, "first.txt")
    number = len(list((server.root / "repositories").iterdir()))
    return server.add_gated(f"ssh-{number}", upstream)


@pytest.fixture
def over_ssh(server: Server, tmp_path: Path) -> dict[str, str]:
    """git's environment, with a script that does what ssh and sshd would do between them."""
    script = tmp_path / "in_sshds_place.py"
    script.write_text(_IN_SSHDS_PLACE)
    ssh = tmp_path / "ssh"
    words = shlex.join((sys.executable, str(script), str(server.root), "codex-1"))
    ssh.write_text(f'#!/bin/sh\nfor asked; do :; done\nPYTHONPATH={CHECKOUT} exec {words} "$asked"\n')
    ssh.chmod(0o700)
    return {"GIT_SSH_COMMAND": str(ssh), "GIT_SSH_VARIANT": "ssh"}


def clone(gated: Served, tmp_path: Path, over_ssh: dict[str, str]) -> Path:
    work = tmp_path / "work"
    git("clone", "-q", f"gate@127.0.0.1:{gated.name}.git", str(work), cwd=tmp_path, **over_ssh)
    return work


def test_a_push_over_ssh_is_held_with_the_session_that_it_names(
    gated: Served, tmp_path: Path, over_ssh: dict[str, str]
) -> None:
    work = clone(gated, tmp_path, over_ssh)
    new = commit(work, "second.txt")

    pushed = git(
        "push",
        "origin",
        "HEAD:main",
        cwd=work,
        check=False,
        **over_ssh,
        CODEX_THREAD_ID="t-1",
        CODEX_TOOL_CALL_ID="c",
    )

    assert pushed.returncode == 1
    assert "held for review" in pushed.stderr
    [receipt] = GitRepositories(gated.folder.parent).open(gated.name, "").held.receipts()
    assert (receipt.agent, receipt.transport) == ("codex-1", "ssh")
    assert (receipt.claim, receipt.claim_by) == ("t-1..c", "environment")
    assert [held.update.new for held in receipt.updates] == [new]
    assert gated.noticed() == [receipt.push_id]


def test_a_refused_push_is_noticed_and_one_of_nothing_is_not(
    gated: Served, tmp_path: Path, over_ssh: dict[str, str]
) -> None:
    work = clone(gated, tmp_path, over_ssh)

    nothing = git("push", "origin", "HEAD:main", cwd=work, **over_ssh)
    refused = git("push", "origin", "HEAD:refs/notes/x", cwd=work, check=False, **over_ssh)

    assert "Everything up-to-date" in nothing.stderr
    assert "Pushgate refused this push" in refused.stderr
    held = GitRepositories(gated.folder.parent).open(gated.name, "").held
    assert gated.noticed() == [refusal.push_id for refusal in held.refusals()]


def test_a_fetch_over_ssh_hides_what_is_held_and_warns_of_a_mirror_that_is_behind(
    gated: Served, tmp_path: Path, over_ssh: dict[str, str]
) -> None:
    work = clone(gated, tmp_path, over_ssh)
    commit(work, "second.txt")
    git("push", "origin", "HEAD:main", cwd=work, check=False, **over_ssh)
    (gated.root / f"{gated.name}.down").touch()

    fetched = git("fetch", "origin", cwd=work, **over_ssh)
    listed = git("ls-remote", "origin", cwd=work, **over_ssh).stdout

    assert "the gate could not reach upstream" in fetched.stderr
    assert "quarantine" not in listed


def test_an_agent_without_a_grant_or_switched_off_gets_nothing(
    server: Server, gated: Served, tmp_path: Path, over_ssh: dict[str, str]
) -> None:
    other = server.add(f"{gated.name}-other", granted=False)
    work = clone(gated, tmp_path, over_ssh)

    without = git("ls-remote", f"gate@127.0.0.1:{other.name}.git", cwd=work, check=False, **over_ssh)
    unknown = git("ls-remote", "gate@127.0.0.1:nothing.git", cwd=work, check=False, **over_ssh)
    server.accounts.disable("codex-1", actor="cli:alice")
    try:
        disabled = git("fetch", "origin", cwd=work, check=False, **over_ssh)
    finally:
        server.accounts.enable("codex-1", actor="cli:alice")

    assert f"repository {other.name}: agent codex-1 has no access" in without.stderr
    assert "repository nothing: agent codex-1 has no access" in unknown.stderr
    assert "agent codex-1: it is disabled" in disabled.stderr


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("git-upload-pack 'shop.git'", SshRequest("upload-pack", "shop")),
        ("git-receive-pack '/git/shop.git'", SshRequest("receive-pack", "shop")),
        ("git receive-pack /shop.git", SshRequest("receive-pack", "shop")),
    ],
)
def test_git_is_served(command: str, expected: SshRequest) -> None:
    assert parse_request(command) == expected


@pytest.mark.parametrize(
    "command",
    [
        "",
        "sh",
        "git-shell",
        "git",
        "git-upload-archive 'shop.git'",
        "git-upload-pack",
        "git-upload-pack shop",
        "git-upload-pack '../shop.git'",
        "git-upload-pack 'a/shop.git'",
        "git-upload-pack //etc.git",
        "git-upload-pack --upload-pack=sh shop.git",
        "git-upload-pack shop.git; id",
        "git-upload-pack 'shop.git",
        "upload-pack shop.git",
        "git-upload-pack " + "a" * 1_000 + ".git",
    ],
)
def test_nothing_but_git_is_served(command: str) -> None:
    with pytest.raises(NotAllowed):
        parse_request(command)
