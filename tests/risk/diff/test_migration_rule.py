from __future__ import annotations

import pytest

from gate.domain.risk.model import Severity
from tests.risk.diff.pushes import File, push

INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
ALEMBIC = "def upgrade():\n    {up}\n\ndef downgrade():\n    {down}\n"


def severities(path: str, new: str | None, old: str | None = None) -> list[Severity]:
    return [one.severity for one in push({path: File(old, new)}).findings() if one.rule.id == "D35"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("db/1.sql", "DROP TABLE users;\n"),
        ("db/1.sql", "drop\n  table users;\n"),
        ("db/1.sql", "ALTER TABLE users DROP COLUMN name;\n"),
        ("db/1.sql", "ALTER TABLE users\n  ADD a int,\n  DROP name;\n"),
        ("db/1.sql", "TRUNCATE users;\n"),
        ("db/1.sql", "DELETE FROM users;\n"),
        ("db/1.sql", "ALTER TABLE users ADD COLUMN name text NOT NULL;\n"),
        ("alembic/versions/1.py", ALEMBIC.format(up="op.drop_table('users')", down="pass")),
        ("alembic/versions/1.py", ALEMBIC.format(up="down = 1\n    op.drop_table('users')", down="pass")),
        (
            "alembic/versions/1.py",
            ALEMBIC.format(up="def down():\n        pass\n    op.drop_table('users')", down="pass"),
        ),
        ("app/migrations/0002.py", "operations = [migrations.RemoveField('a', 'b')]\n"),
        ("db/migrate/1_x.rb", "def change\n  drop_table :users\nend\n"),
        ("migrations/1.js", "exports.up = (knex) => knex.schema.dropTable('users')\n"),
    ],
)
def test_a_migration_that_deletes_data(path: str, text: str) -> None:
    assert severities(path, text) == [HIGH, MEDIUM]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        # What takes a migration back is there to delete what it made.
        ("alembic/versions/1.py", ALEMBIC.format(up="pass", down="op.drop_table('users')"), [MEDIUM, LOW]),
        ("db/1.sql", "-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE users;\n", [MEDIUM, LOW]),
        ("db/1.down.sql", "DROP TABLE users;\n", [MEDIUM, LOW]),
        ("migrations/1.js", "exports.down = (k) =>\n  k.schema.dropTable('users')\n", [MEDIUM, LOW]),
        ("tests/db/1.sql", "DROP TABLE users;\n", [LOW, LOW]),
        # No data goes.
        ("db/1.sql", "CREATE TABLE users (name text NOT NULL);\n", [MEDIUM]),
        ("db/1.sql", "ALTER TABLE users ADD COLUMN name text NOT NULL DEFAULT '';\n", [MEDIUM]),
        ("db/1.sql", "ALTER TABLE users DROP CONSTRAINT x;\n", [MEDIUM]),
        ("db/1.sql", "DELETE FROM users WHERE id = 1;\n", [MEDIUM]),
        ("db/1.sql", "DROP INDEX x;\n", [MEDIUM]),
        ("db/1.sql", "-- DROP TABLE users;\n", [MEDIUM]),
        ("db/1.sql", "INSERT INTO a VALUES ('DROP TABLE users');\n", [MEDIUM]),
        ("db/1.sql", "/* DROP TABLE\n users */\n", [MEDIUM]),
        # No migration.
        ("src/a.py", "op.drop_table('users')\n", []),
        ("docs/migrations.md", "DROP TABLE users;\n", []),
    ],
)
def test_a_migration_that_does_not(path: str, text: str, expected: list[Severity]) -> None:
    assert severities(path, text) == expected


def test_a_migration_that_may_have_run_is_told_apart() -> None:
    (finding,) = push({"db/1.sql": File("SELECT 1;\n", "SELECT 2;\n")}).findings()

    assert finding.words == "A migration that may have run already is another now"


def test_a_deleted_migration_is_no_migration() -> None:
    assert severities("db/1.sql", None, "DROP TABLE users;\n") == []
