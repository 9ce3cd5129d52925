"""Fixtures of the tests that run the product: their conftest.py imports these."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.running.gate import Behind, RunningGate, running_gate

_numbers = count(1)


@pytest.fixture(scope="module")
def installation() -> Iterator[RunningGate]:
    """One gate for the module; its web process and its server for jobs run through."""
    with running_gate() as gate:
        gate.start_web()
        yield gate


@pytest.fixture
def gate(installation: RunningGate) -> Iterator[RunningGate]:
    """The gate with whatever a test started or stopped put right afterwards."""
    yield installation
    for name in [name for name in installation.running if name not in ("web", "redis")]:
        installation.kill(name)
    for name, start in (("redis", installation.start_redis), ("web", installation.start_web)):
        if name not in installation.running:
            start()


@pytest.fixture
def behind(gate: RunningGate) -> Behind:
    """A repository behind the gate that no other test knows."""
    return gate.put_behind(f"demo-{next(_numbers)}")
