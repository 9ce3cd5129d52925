from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.transport.transport_server import Served, Server, commit, eventually, git, serving

_numbers = count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def demo(server: Server) -> Served:
    """A repository with one commit on main."""
    return server.add(f"demo-{next(_numbers)}")


@pytest.fixture
def work(demo: Served, tmp_path: Path) -> Path:
    """A clone of `demo`, with main pushed."""
    folder = tmp_path / "work"
    git("init", "-q", "-b", "main", str(folder), cwd=tmp_path)
    git("remote", "add", "origin", demo.url(), cwd=folder)
    commit(folder, "first.txt")
    git("push", "-q", "origin", "main", cwd=folder)
    # The server notes a push after it has answered: what a test counts from must be there.
    assert eventually(lambda: len(demo.noticed()) == 1)
    return folder
