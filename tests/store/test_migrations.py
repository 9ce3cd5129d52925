"""What migrations make is what the tables say, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError

from gate.adapters.sql.migrate import is_current, migrate
from gate.adapters.sql.schema import metadata
from gate.adapters.sql.store import SqlStore


def test_the_migrated_schema_is_the_tables(store: SqlStore) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_the_partial_indexes_are_partial(store: SqlStore) -> None:
    """Alembic compares names and columns of an index, and not its condition."""
    listing = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index'",
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes",
    }[store.engine.dialect.name]
    with store.engine.connect() as connection:
        found = {name: str(sql) for name, sql in connection.execute(text(listing))}

    assert "UNIQUE" in found["uq_holds_live"]
    assert all(word in found["uq_holds_live"] for word in ("WHERE", "received", "releasing", "blocked"))
    assert "rejected" not in found["uq_holds_live"]
    assert "is_settled" in found["ix_holds_unsettled"].partition("WHERE")[2]


def test_migrating_twice_does_nothing_more(empty_store: SqlStore) -> None:
    before = is_current(empty_store)

    first, second = migrate(empty_store), migrate(empty_store)

    assert (before, second, is_current(empty_store)) == (False, None, True)
    assert first is not None


def test_two_processes_that_start_together_migrate_once(empty_store: SqlStore) -> None:
    other = SqlStore(empty_store.engine.url.render_as_string(hide_password=False))
    with ThreadPoolExecutor(2) as pool:
        reached = list(pool.map(migrate, (empty_store, other)))
    other.engine.dispose()

    assert sorted(one is None for one in reached) == [False, True]


def test_a_migration_that_fails_leaves_nothing(
    empty_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.adapters.audit.schema._SQLITE_TRIGGERS", ("NOT SQL",))
    monkeypatch.setattr("gate.adapters.audit.schema._POSTGRESQL_TRIGGERS", ("NOT SQL",))

    with pytest.raises(DatabaseError):
        migrate(empty_store)

    assert inspect(empty_store.engine).get_table_names() == []
