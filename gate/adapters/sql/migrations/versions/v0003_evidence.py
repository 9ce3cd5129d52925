"""Evidence, the contents that belong to it, secrets that were allowed, and where agents work."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and tables; nothing that is there changes."""
    for name in ("claim", "claim_by"):
        op.add_column("pushes", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "evidence",
        sa.Column("hold_id", _ID, autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("collected_at", sa.Text(), nullable=False),
        sa.Column("assessment", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["hold_id"], ["holds.id"], name=op.f("fk_evidence_hold_id")),
        sa.PrimaryKeyConstraint("hold_id", "n", name=op.f("pk_evidence")),
    )
    op.create_table(
        "evidence_contents",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("hold_id", _ID, autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_raw", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["hold_id"], ["holds.id"], name=op.f("fk_evidence_contents_hold_id")),
        sa.PrimaryKeyConstraint("sha256", "hold_id", "n", name=op.f("pk_evidence_contents")),
    )
    op.create_index("ix_evidence_contents_hold_id", "evidence_contents", ["hold_id"], unique=False)
    op.create_table(
        "allowed_secrets",
        sa.Column("repository_id", _ID, autoincrement=False, nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("allowed_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name=op.f("fk_allowed_secrets_repository_id")
        ),
        sa.PrimaryKeyConstraint("repository_id", "identity", name=op.f("pk_allowed_secrets")),
    )
    op.create_table(
        "agent_places",
        sa.Column("agent_id", _ID, autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_agent_places_agent_id")),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_agent_places")),
    )
