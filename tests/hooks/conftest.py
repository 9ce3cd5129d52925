"""Fixtures for the hooks' tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# The tests import what they share, and the hooks' own modules, whatever import mode pytest runs in.
sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[2] / "hooks")]

from hook_repository import Clone, Gate, make_clone, make_gate, run


@pytest.fixture
def empty_gate(tmp_path: Path) -> Gate:
    return make_gate(tmp_path / "app.git")


@pytest.fixture
def gate(empty_gate: Gate, tmp_path: Path) -> Gate:
    """A gate repository that mirrors an upstream with one commit on main and on topic, and one tag."""
    environment = empty_gate.environment
    upstream = tmp_path / "upstream"
    run(("git", "init", "--quiet", "-b", "main", str(upstream)), tmp_path, environment, check=True)
    (upstream / "readme").write_text("hello\n")
    for arguments in (("add", "readme"), ("commit", "-qm", "Say hello"), ("branch", "topic"), ("tag", "v1")):
        run(("git", *arguments), upstream, environment, check=True)
    empty_gate.git("fetch", "--quiet", str(upstream), "refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*")
    return empty_gate


@pytest.fixture
def clone(gate: Gate, tmp_path: Path) -> Clone:
    return make_clone(gate, tmp_path / "clone")
