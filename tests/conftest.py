from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# How long a case takes says more of the machine than of the code.
settings.register_profile("pushgate", settings.default, deadline=None)
settings.load_profile("pushgate")

_OF_THE_PERSON = ("GIT_", "PUSHGATE_", "DATABASE_URL", "REDIS_URL")


@pytest.fixture(autouse=True, scope="session")
def _nobodys_environment() -> Iterator[None]:
    """The tests neither see nor touch the gate, and the git, of the person who runs them: git sets GIT_DIR
    for its hooks, for one."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(_OF_THE_PERSON)]:
            patch.delenv(name)
        yield
