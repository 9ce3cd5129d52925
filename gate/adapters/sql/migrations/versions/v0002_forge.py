"""Pull requests, what was seen of them, deliveries, and who people are at the forge."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and tables; nothing that is there changes."""
    op.add_column("repositories", sa.Column("forge_id", sa.BigInteger(), nullable=True))
    op.create_index("ix_repositories_forge_id", "repositories", ["forge_id"], unique=False)
    for table in ("users", "agents"):
        op.add_column(table, sa.Column("github_id", sa.BigInteger(), nullable=True))
        op.add_column(table, sa.Column("github_login", sa.Text(), nullable=True))
    op.create_index("uq_users_github_id", "users", ["github_id"], unique=True)
    op.add_column("holds", sa.Column("notified", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("revisions", sa.Column("likeness", sa.Text(), nullable=True))
    op.add_column("revisions", sa.Column("review_head", sa.Text(), nullable=True))
    op.create_index("ix_revisions_review_head", "revisions", ["review_head"], unique=False)
    _create_pull_requests()
    _create_seen_reviews()
    _create_deliveries()
    op.create_table(
        "logins",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_logins")),
    )


def _create_pull_requests() -> None:
    op.create_table(
        "pull_requests",
        sa.Column("hold_id", _ID, autoincrement=False, nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("head_repository", sa.Text(), nullable=False),
        sa.Column("head_ref", sa.Text(), nullable=False),
        sa.Column("base_ref", sa.Text(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.Text(), nullable=False),
        sa.Column("comment_id", sa.BigInteger(), nullable=True),
        sa.Column("body_digest", sa.Text(), nullable=False),
        sa.Column("status_digest", sa.Text(), nullable=False),
        sa.Column("observation", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["hold_id"], ["holds.id"], name=op.f("fk_pull_requests_hold_id")),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_pull_requests")),
        sa.UniqueConstraint("repository_id", "number", name=op.f("uq_pull_requests_repository_id_number")),
    )


def _create_seen_reviews() -> None:
    op.create_table(
        "seen_reviews",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hold_id", _ID, nullable=False),
        sa.Column("reviewer_id", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("oid", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("dismissed_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["hold_id"], ["holds.id"], name=op.f("fk_seen_reviews_hold_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seen_reviews")),
    )
    op.create_index("ix_seen_reviews_hold_id", "seen_reviews", ["hold_id"], unique=False)


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index("ix_deliveries_received_at_id", "deliveries", ["received_at", "id"], unique=False)
    unfinished = sa.text("outcome = 'stored'")
    op.create_index(
        "ix_deliveries_unfinished",
        "deliveries",
        ["received_at"],
        unique=False,
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
