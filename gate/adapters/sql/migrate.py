"""Bring the database to this release's schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select

from gate.adapters.sql.store import SqlStore

# Any number that nothing else on this database locks: "gate" in ASCII.
_LOCK = 0x67617465
_FOLDER = Path(__file__).with_name("migrations")


def migrate(store: SqlStore) -> str | None:
    """Run what is missing in one transaction; returns the revision reached, or None if nothing was missing.

    Two processes that start together queue up: the second finds nothing to do.
    """
    with store.engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            # SQLite's transaction locks out the other one by itself.
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        context = MigrationContext.configure(connection)
        newest = ScriptDirectory(str(_FOLDER)).get_current_head()
        if context.get_current_revision() == newest:
            return None
        config = Config()
        config.set_main_option("script_location", str(_FOLDER))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return newest


def is_current(store: SqlStore) -> bool:
    """Whether the database has this release's schema."""
    with store.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current == ScriptDirectory(str(_FOLDER)).get_current_head()
