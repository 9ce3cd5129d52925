"""The store on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gate.adapters.sql.migrate import migrate
from gate.adapters.sql.store import SqlStore
from tests.postgres import fresh_database, postgres_server
from tests.store.world import furnish


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield f"sqlite:///{tmp_path}/store.sqlite"
        else:
            yield stack.enter_context(fresh_database(request.getfixturevalue("postgres_url")))


@pytest.fixture
def empty_store(database_url: str) -> Iterator[SqlStore]:
    """A store without any table yet."""
    store = SqlStore(database_url)
    yield store
    store.engine.dispose()


@pytest.fixture
def store(empty_store: SqlStore) -> SqlStore:
    migrate(empty_store)
    return empty_store


@pytest.fixture
def ready(store: SqlStore) -> SqlStore:
    """A store with a repository, an agent, and alice."""
    return furnish(store)
