"""The tables. Migrations make them; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gate.adapters.audit.schema import audit_tables
from gate.adapters.sql.columns import UtcTime, Word
from gate.domain.delivery import DeliveryOutcome
from gate.domain.hold import LIVE_STATES, BlockReason, HoldState, Likeness, UpdateKind
from gate.domain.release import ReleaseOutcome
from gate.domain.review import ReviewState, Role
from gate.domain.risk.model import RiskLevel

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# SQLite gives only INTEGER primary keys a number of their own.
_ID = BigInteger().with_variant(Integer, "sqlite")

repositories = Table(
    "repositories",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("upstream", Text, nullable=False),
    Column("forge", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("synced_at", UtcTime),
    Column("sync_fault", Text),
    # A removed repository keeps its row under another name: holds and the trail still speak of it.
    Column("removed", Boolean, nullable=False, default=False),
    # The forge's own number for upstream, which stays when the repository is renamed there.
    Column("forge_id", BigInteger, index=True),
)

users = Table(
    "users",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("role", Word(Role), nullable=False),
    Column("is_disabled", Boolean, nullable=False, default=False),
    Column("password_hash", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("github_id", BigInteger),
    Column("github_login", Text),
    # Nobody is two people, on either side.
    Index("uq_users_github_id", "github_id", unique=True),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user_id", _ID, ForeignKey("users.id"), nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)

agents = Table(
    "agents",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("operator_id", _ID, ForeignKey("users.id")),
    Column("token_hash", Text, nullable=False),
    Column("is_disabled", Boolean, nullable=False, default=False),
    Column("created_at", UtcTime, nullable=False),
    Column("github_id", BigInteger),
    Column("github_login", Text),
)

grants = Table(
    "grants",
    metadata,
    Column("agent_id", _ID, ForeignKey("agents.id"), primary_key=True),
    Column("repository_id", _ID, ForeignKey("repositories.id"), primary_key=True),
    Column("allow_refs", Text, nullable=False),
)

pushes = Table(
    "pushes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("repository_id", _ID, ForeignKey("repositories.id"), nullable=False),
    Column("agent_id", _ID, ForeignKey("agents.id"), nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("transport", Text, nullable=False),
    Column("atomic", Boolean, nullable=False),
    Column("options", Text, nullable=False),
    # What the pushing side said of its session, and how: a claim.
    Column("claim", Text, nullable=False, default="", server_default=""),
    Column("claim_by", Text, nullable=False, default="", server_default=""),
)

holds = Table(
    "holds",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("repository_id", _ID, ForeignKey("repositories.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("agent_id", _ID, ForeignKey("agents.id"), nullable=False),
    Column("ref", Text, nullable=False),
    Column("state", Word(HoldState), nullable=False),
    Column("reason", Word(BlockReason)),
    Column("note", Text, nullable=False, default=""),
    Column("group", Text),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    # Whether the end of a closed hold has been carried out: agent told, held refs dropped, head witnessed.
    Column("is_settled", Boolean, nullable=False, default=False),
    # The last revision that people were notified of.
    Column("notified", Integer, nullable=False, default=0, server_default="0"),
    UniqueConstraint("repository_id", "number"),
)
_LIVE = text(f"state IN ({', '.join(sorted(repr(str(state)) for state in LIVE_STATES))})")
# One live hold for each agent and ref, whatever races: a second push is its next revision.
Index(
    "uq_holds_live",
    holds.c.repository_id,
    holds.c.agent_id,
    holds.c.ref,
    unique=True,
    sqlite_where=_LIVE,
    postgresql_where=_LIVE,
)
Index("ix_holds_state_id", holds.c.state, holds.c.id)
Index("ix_holds_group", holds.c.group)
Index(
    "ix_holds_unsettled",
    holds.c.id,
    sqlite_where=text("NOT is_settled"),
    postgresql_where=text("NOT is_settled"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("hold_id", _ID, ForeignKey("holds.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("push_id", Text, ForeignKey("pushes.id"), nullable=False, index=True),
    Column("old", Text, nullable=False),
    Column("new", Text, nullable=False),
    Column("held_ref", Text),
    Column("received_at", UtcTime, nullable=False),
    Column("kind", Word(UpdateKind)),
    Column("base", Text),
    Column("published_at", UtcTime),
    # DiffFacts as compressed JSON: 20,000 changed files are 2 MB of text and 150 kB here.
    Column("facts", LargeBinary),
    Column("likeness", Word(Likeness)),
    # What the review branch shows, by which a status or check at the forge finds its hold.
    Column("review_head", Text, index=True),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("hold_id", _ID, ForeignKey("holds.id"), nullable=False, index=True),
    Column("reviewer_id", _ID, ForeignKey("users.id"), nullable=False),
    Column("state", Word(ReviewState), nullable=False),
    Column("said", Word(ReviewState), nullable=False),
    Column("oid", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("submitted_at", UtcTime, nullable=False),
    Column("dismissed_by", _ID, ForeignKey("users.id")),
)

overrides = Table(
    "overrides",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("hold_id", _ID, ForeignKey("holds.id"), nullable=False, index=True),
    Column("reviewer_id", _ID, ForeignKey("users.id"), nullable=False),
    Column("oid", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("given_at", UtcTime, nullable=False),
)

releases = Table(
    "releases",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("hold_id", _ID, ForeignKey("holds.id"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("ref", Text, nullable=False),
    Column("expected", Text, nullable=False),
    Column("new", Text, nullable=False),
    Column("policy_hash", Text, nullable=False, default=""),
    Column("verdict", Text, nullable=False, default=""),
    Column("begun_at", UtcTime, nullable=False),
    Column("outcome", Word(ReleaseOutcome), nullable=False),
    Column("words", Text, nullable=False, default=""),
    Column("ended_at", UtcTime),
)

pull_requests = Table(
    "pull_requests",
    metadata,
    Column("hold_id", _ID, ForeignKey("holds.id"), primary_key=True, autoincrement=False),
    Column("repository_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("url", Text, nullable=False),
    Column("head_repository", Text, nullable=False),
    Column("head_ref", Text, nullable=False),
    Column("base_ref", Text, nullable=False),
    Column("author_id", BigInteger, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("comment_id", BigInteger),
    Column("body_digest", Text, nullable=False),
    Column("status_digest", Text, nullable=False),
    # The last look: an Observation as compressed JSON.
    Column("observation", LargeBinary),
    UniqueConstraint("repository_id", "number"),
)

seen_reviews = Table(
    "seen_reviews",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("hold_id", _ID, ForeignKey("holds.id"), nullable=False, index=True),
    Column("reviewer_id", BigInteger, nullable=False),
    Column("login", Text, nullable=False),
    Column("oid", Text, nullable=False),
    Column("said", Word(ReviewState), nullable=False),
    Column("state", Word(ReviewState), nullable=False),
    Column("submitted_at", UtcTime, nullable=False),
    Column("body", Text, nullable=False),
    Column("dismissed_by", BigInteger),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("event", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("outcome", Word(DeliveryOutcome), nullable=False),
    Column("note", Text, nullable=False),
    Column("finished_at", UtcTime),
    # The raw bytes, compressed.
    Column("body", LargeBinary, nullable=False),
    Index("ix_deliveries_received_at_id", "received_at", "id"),
)
_UNFINISHED = text(f"outcome = '{DeliveryOutcome.STORED}'")
Index(
    "ix_deliveries_unfinished",
    deliveries.c.received_at,
    sqlite_where=_UNFINISHED,
    postgresql_where=_UNFINISHED,
)

logins = Table(
    "logins",
    metadata,
    Column("login", Text, primary_key=True),
    Column("account_id", BigInteger, nullable=False),
)

evidence = Table(
    "evidence",
    metadata,
    Column("hold_id", _ID, ForeignKey("holds.id"), primary_key=True, autoincrement=False),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("level", Word(RiskLevel), nullable=False),
    Column("collected_at", UtcTime, nullable=False),
    # Both as compressed JSON. A verdict needs the assessment alone, and needs it often.
    Column("assessment", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

evidence_contents = Table(
    "evidence_contents",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("hold_id", _ID, ForeignKey("holds.id"), primary_key=True, autoincrement=False, index=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("is_raw", Boolean, nullable=False),
)

allowed_secrets = Table(
    "allowed_secrets",
    metadata,
    Column("repository_id", _ID, ForeignKey("repositories.id"), primary_key=True, autoincrement=False),
    Column("identity", Text, primary_key=True),
    Column("login", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("allowed_at", UtcTime, nullable=False),
)

agent_places = Table(
    "agent_places",
    metadata,
    Column("agent_id", _ID, ForeignKey("agents.id"), primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

audit = audit_tables(metadata)
