from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

_OF_THE_PERSON = ("GIT_", "PUSHGATE_", "DATABASE_URL", "REDIS_URL")


@pytest.fixture(autouse=True, scope="session")
def _nobodys_environment() -> Iterator[None]:
    """The tests neither see nor touch the gate, and the git, of the person who runs them: git sets GIT_DIR
    for its hooks, for one."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(_OF_THE_PERSON)]:
            patch.delenv(name)
        yield
