"""The transport in front of the real hooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.adapters.git.repositories import GitRepositories
from tests.transport.transport_server import Served, Server, commit, eventually, git, push_body


@pytest.fixture
def gated(server: Server, tmp_path: Path) -> Served:
    """A gated repository named after the test's folder, whose upstream has one commit on main."""
    source = tmp_path / "source"
    git("init", "-q", "-b", "main", str(source), cwd=tmp_path)
    commit(source, "first.txt")
    upstream = tmp_path / "upstream.git"
    git("clone", "-q", "--bare", str(source), str(upstream), cwd=tmp_path)
    return server.add_gated(tmp_path.name.replace("_", "-").lower()[:60], upstream)


def test_a_push_is_held_under_the_id_that_the_transport_gave(gated: Served, tmp_path: Path) -> None:
    clone = gated.clone(tmp_path / "clone")
    before = gated.refs()["refs/heads/main"]
    new = commit(clone, "second.txt")

    pushed = git("push", "origin", "main", cwd=clone, check=False)

    assert pushed.returncode == 1
    assert "held for review as 1" in pushed.stderr
    assert eventually(lambda: len(gated.noticed()) == 1)
    [push_id] = gated.noticed()
    assert gated.refs() == {
        "refs/heads/main": before,
        f"refs/quarantine/{push_id}/1": new,
        f"refs/quarantine/{push_id}/receipt": gated.refs()[f"refs/quarantine/{push_id}/receipt"],
    }


def test_a_push_whose_client_does_not_wait_for_the_answer_is_held_and_noticed(
    gated: Served, tmp_path: Path
) -> None:
    clone = gated.clone(tmp_path / "clone")
    old = gated.refs()["refs/heads/main"]
    new = commit(clone, "second.txt")
    body = push_body(clone, "refs/heads/main", old, new)

    with gated.start_push(len(body)) as connection:
        connection.sendall(body)

    assert eventually(lambda: len(gated.noticed()) == 1)
    receipt = GitRepositories(gated.folder.parent).open(gated.name, "").held.receipt(gated.noticed()[0])
    assert receipt is not None
    assert [(held.update.ref, held.update.new) for held in receipt.updates] == [("refs/heads/main", new)]
    assert (receipt.agent, receipt.transport) == ("codex-1", "http")
