"""The trail on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, text

from gate.adapters.audit.log import AuditLog
from tests.audit.trails import TABLES, create_trail, postgres_trail, sqlite_trail
from tests.postgres import postgres_server


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    engine = sqlite_trail(tmp_path / "trail.sqlite")
    create_trail(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    """A trail in a schema of its own."""
    schema = f"trail_{uuid4().hex}"
    engine = postgres_trail(postgres_url, schema)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    create_trail(engine)
    yield engine
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    name = {"sqlite": "sqlite_engine", "postgresql": "postgres_engine"}[request.param]
    found = request.getfixturevalue(name)
    assert isinstance(found, Engine)
    return found


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


@pytest.fixture
def log(connection: Connection) -> AuditLog:
    return AuditLog(connection, TABLES)
