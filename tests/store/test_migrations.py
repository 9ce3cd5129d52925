"""What migrations make is what the tables say, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError

import gate.adapters.sql
from gate.adapters.sql.migrate import is_current, migrate
from gate.adapters.sql.schema import metadata
from gate.adapters.sql.store import SqlStore
from gate.domain.hold import HoldState


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
    assert "stored" in found["ix_deliveries_unfinished"].partition("WHERE")[2]


def test_what_the_first_release_stored_is_read_by_this_one(empty_store: SqlStore) -> None:
    _migrate_to(empty_store, "0001")
    with empty_store.engine.begin() as connection:
        for statement in _FIRST_RELEASE:
            connection.execute(text(statement))

    migrate(empty_store)

    with empty_store.snapshot() as tx:
        [repository], [agent], [alice] = tx.repositories.all(), tx.agents.all(), tx.users.all()
        [hold] = tx.holds.unnotified()
        revision = hold.revision
        assert tx.pull_requests.get(hold.id) is None
    assert (hold.name, hold.state, revision.n) == ("demo/1", HoldState.IN_REVIEW, 1)
    assert (repository.forge_id, agent.github, alice.github) == (None, None, None)
    assert (revision.likeness, revision.review_head) == (None, None)


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


_FIRST_RELEASE = (
    "INSERT INTO users (id, login, role, is_disabled, created_at) "
    "VALUES (1, 'alice', 'admin', FALSE, '2026-11-22T12:00:00.000000Z')",
    "INSERT INTO repositories (id, name, upstream, forge, removed, created_at) "
    "VALUES (1, 'demo', '/srv/demo.git', 'local', FALSE, '2026-11-22T12:00:00.000000Z')",
    "INSERT INTO agents (id, name, operator_id, token_hash, is_disabled, created_at) "
    "VALUES (1, 'codex-1', 1, '', FALSE, '2026-11-22T12:00:00.000000Z')",
    "INSERT INTO pushes (id, repository_id, agent_id, received_at, transport, atomic, options) "
    "VALUES ('push-1', 1, 1, '2026-11-22T12:00:00.000000Z', 'http', FALSE, '[]')",
    "INSERT INTO holds (id, repository_id, number, agent_id, ref, state, note, revision, is_settled, "
    "created_at, updated_at) VALUES (1, 1, 1, 1, 'refs/heads/main', 'in_review', '', 1, FALSE, "
    "'2026-11-22T12:00:00.000000Z', '2026-11-22T12:00:00.000000Z')",
    "INSERT INTO revisions (hold_id, n, push_id, old, new, received_at) "
    "VALUES (1, 1, 'push-1', 'a', 'b', '2026-11-22T12:00:00.000000Z')",
)


def _migrate_to(store: SqlStore, revision: str) -> None:
    """As an earlier release did."""
    config = Config()
    config.set_main_option("script_location", str(Path(gate.adapters.sql.__file__).with_name("migrations")))
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
