"""A simulated GitHub for each test, asked and answering as GitHub's own description says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github.github_box import GitHubBox
from tests.github.simulator import Simulator


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    simulator = Simulator(tmp_path / "github")
    with simulator.running():
        yield simulator
    assert simulator.violations == []


@pytest.fixture
def box(tmp_path: Path, simulator: Simulator) -> GitHubBox:
    return GitHubBox(tmp_path, simulator)
