"""The port to the database: one store, one transaction, and nobody else commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gate.domain.agent_place import AgentPlace
from gate.domain.audit import AuditEvent
from gate.domain.delivery import Delivery, DeliveryOutcome, Stored
from gate.domain.evidence import Evidence
from gate.domain.facts import DiffFacts
from gate.domain.hold import BlockReason, Hold, HoldState, Likeness, Push, Revision, UpdateKind
from gate.domain.policy import Override
from gate.domain.pull_request.model import PullRequest
from gate.domain.release import RefMove, Release, ReleaseOutcome
from gate.domain.repository import Agent, Grant, Repository
from gate.domain.review import Account, Observation, Review, ReviewState, Role
from gate.domain.risk.model import Assessment, RiskLevel
from gate.domain.user import SignInLink, User


@dataclass(frozen=True, slots=True)
class HoldFilter:
    """Which holds a page shows; None and empty mean no restriction."""

    states: frozenset[HoldState] = frozenset()
    repository: str | None = None
    agent: str | None = None
    ref: str | None = None


class Repositories(Protocol):
    """Repositories behind the gate, by name."""

    def add(self, name: str, upstream: str, forge: str, at: datetime) -> Repository:
        """Raises Refused where the name is taken."""

    def get(self, name: str) -> Repository:
        """Raises NotFound."""

    def all(self) -> list[Repository]: ...

    def by_forge_id(self, forge_id: int) -> list[Repository]:
        """Every repository behind the gate whose upstream has this number at its forge."""

    def set_upstream(self, name: str, upstream: str, forge_id: int | None) -> None:
        """Note upstream's address and its number at the forge."""

    def remove(self, name: str) -> None:
        """Take the repository out of the list; its holds, and so the trail's references, stay."""

    def set_synced(self, name: str, at: datetime, fault: str | None) -> None:
        """Note when upstream was last looked at, and what went wrong."""


class Agents(Protocol):
    """Agents' accounts, their tokens' SHA-256, and where they may push."""

    def add(self, name: str, operator_id: int | None, token_hash: str, at: datetime) -> Agent:
        """Raises Refused where the name is taken."""

    def get(self, name: str) -> Agent:
        """Raises NotFound."""

    def all(self) -> list[Agent]: ...

    def token_hash(self, name: str) -> str | None: ...

    def set_token_hash(self, name: str, token_hash: str) -> None: ...

    def set_disabled(self, name: str, disabled: bool) -> None: ...

    def set_operator(self, name: str, operator_id: int | None) -> None: ...

    def set_github(self, name: str, account: Account | None) -> None: ...

    def grant(self, agent: str, repository: str, allow_refs: Sequence[str]) -> None:
        """Let the agent push to this repository; replaces an earlier grant."""

    def grants(self, *, agent: str | None = None, repository: str | None = None) -> list[Grant]: ...


class Places(Protocol):
    """Where agents work, as `agent setup` noted it."""

    def get(self, agent: str) -> AgentPlace | None: ...

    def put(self, place: AgentPlace) -> None:
        """Note it, in place of what was noted before. Raises NotFound for an agent that there is not."""

    def all(self) -> list[AgentPlace]: ...


class Users(Protocol):
    """People's accounts and their one-time sign-in links."""

    def add(self, login: str, role: Role, at: datetime) -> User:
        """Raises Refused where the login is taken."""

    def get(self, login: str) -> User:
        """Raises NotFound."""

    def by_id(self, user_id: int) -> User | None: ...

    def all(self) -> list[User]: ...

    def set_password_hash(self, user_id: int, password_hash: str) -> None: ...

    def set_role(self, user_id: int, role: Role) -> None: ...

    def set_disabled(self, user_id: int, disabled: bool) -> None: ...

    def set_github(self, user_id: int, account: Account | None) -> None:
        """Raises Taken where another person has this account."""

    def add_link(self, link: SignInLink) -> None: ...

    def use_link(self, token_hash: str, at: datetime) -> User | None:
        """The person whose unused, unexpired link this is, now used up; None otherwise."""


class Holds(Protocol):
    """Pushes, holds, their revisions and diff facts."""

    def add_push(self, push: Push) -> bool:
        """Register a push; False where it is registered already."""

    def push(self, push_id: str) -> Push | None: ...

    def add(
        self, repository: str, agent: str, ref: str, number: int, revision: Revision, group: str | None
    ) -> Hold:
        """Register a hold with its first revision; `hold_id` of the revision is ignored. Raises Taken where
        another hold has the number."""

    def add_revision(self, hold: Hold, revision: Revision, group: str | None, at: datetime) -> Hold:
        """Make this the hold's current revision, in state `received`."""

    def get(self, hold_id: int) -> Hold:
        """Raises NotFound."""

    def by_number(self, repository: str, number: int) -> Hold:
        """Raises NotFound."""

    def live_on(self, repository: str, agent: str, ref: str) -> Hold | None: ...

    def of_push(self, push_id: str) -> list[Hold]:
        """Every hold that has a revision from this push."""

    def of_group(self, group: str) -> list[Hold]: ...

    def revisions(self, hold_id: int) -> list[Revision]:
        """All revisions, first one first."""

    def move(self, hold: Hold, to: HoldState, at: datetime, reason: BlockReason | None, note: str) -> Hold:
        """Compare-and-swap from `hold`'s state and revision. Raises IllegalMove where another was first."""

    def set_collected(
        self, hold_id: int, n: int, kind: UpdateKind, facts: DiffFacts, likeness: Likeness | None = None
    ) -> None: ...

    def set_published(self, hold_id: int, n: int, at: datetime) -> None: ...

    def set_review_head(self, hold_id: int, n: int, oid: str) -> None:
        """Note what the review branch shows for a revision, before it is pushed there."""

    def unnotified(self) -> list[Hold]:
        """Holds in review whose current revision nobody was notified of, oldest first."""

    def set_notified(self, hold_id: int, n: int) -> None: ...

    def facts(self, hold_id: int, n: int) -> DiffFacts | None: ...

    def page(self, wanted: HoldFilter, *, before: int | None, limit: int) -> list[Hold]:
        """Newest first, by keyset: holds with an id below `before`."""

    def live_ids(self) -> list[int]: ...

    def counts(self) -> dict[HoldState, int]: ...

    def unsettled(self) -> list[Hold]:
        """Closed holds whose end has not been carried out everywhere yet."""

    def set_settled(self, hold_id: int) -> None: ...


class Reviews(Protocol):
    """Reviews given on the built-in review page; permissions are filled in as they are now."""

    def add(
        self, hold_id: int, reviewer_id: int, state: ReviewState, oid: str, body: str, at: datetime
    ) -> Review: ...

    def of(self, hold_id: int) -> list[Review]:
        """All reviews of a hold, first one first."""

    def dismiss(self, review_id: int, by: int) -> None: ...

    def add_override(self, hold_id: int, reviewer_id: int, oid: str, reason: str, at: datetime) -> None: ...

    def overrides(self, hold_id: int) -> tuple[Override, ...]: ...


@dataclass(frozen=True, slots=True)
class SeenReview:
    """What the gate first saw of a forge's review, which the forge itself may forget.

    `oid` and `said` stay as they were first delivered. `state` and `body` are the latest.
    """

    id: int
    hold_id: int
    reviewer: Account
    oid: str
    said: ReviewState
    state: ReviewState
    submitted_at: datetime
    body: str = ""
    dismissed_by: int | None = None


class SeenReviews(Protocol):
    """Reviews at the forge, as first delivered: by a webhook or by a look, whichever came first."""

    def see(self, review: SeenReview) -> bool:
        """Note a review; True where it is new or says something else than before.

        One that is known keeps its `oid` and `said`, and a `dismissed_by` that is known.
        """

    def of(self, hold_id: int) -> dict[int, SeenReview]:
        """Every review seen of a hold, by its id."""


class PullRequests(Protocol):
    """The pull requests of holds, and the last look at each."""

    def get(self, hold_id: int) -> PullRequest | None: ...

    def put(self, pull_request: PullRequest) -> None:
        """Write down, or write anew, the pull request of its hold."""

    def find(self, repository_id: int, number: int) -> int | None:
        """The id of the hold whose pull request this is; None where it is none of the gate's."""

    def at_head(self, repository_id: int, oid: str) -> list[int]:
        """The live holds whose current revision's review branch shows this commit."""

    def on_branch(self, repository_id: int, ref: str) -> list[int]:
        """The live holds with a pull request from or against this full ref, or that want to move it."""

    def of_repository(self, repository_id: int) -> list[int]:
        """Every live hold with a pull request in this repository."""

    def put_observation(self, hold_id: int, observation: Observation) -> None:
        """Keep the last look, for pages and for what the agent is told."""

    def observation(self, hold_id: int) -> Observation | None: ...


class Deliveries(Protocol):
    """What came to the webhook, each stored once under its id with its raw bytes."""

    def add(self, delivery: Delivery, body: bytes) -> Stored: ...

    def get(self, delivery_id: str) -> tuple[Delivery, bytes]:
        """Raises NotFound."""

    def finish(self, delivery_id: str, outcome: DeliveryOutcome, note: str, at: datetime) -> None: ...

    def unfinished(self, before: datetime) -> list[str]:
        """Ids of deliveries received before this time that nobody has looked at yet, oldest first."""

    def page(self, *, before: str | None, limit: int) -> list[Delivery]:
        """Newest first, by keyset: what was received before the delivery with this id."""

    def drop_older(self, than: datetime) -> int:
        """Delete finished deliveries received before this time; returns how many."""


class Logins(Protocol):
    """The forge's number for each login that a policy names, resolved once: logins can be recycled."""

    def get(self, login: str) -> int | None: ...

    def put(self, login: str, account_id: int) -> None: ...

    def forget(self, login: str) -> None: ...


@dataclass(frozen=True, slots=True)
class AllowedSecret:
    """An admin's word that this is no secret, or one that may be published, in one repository."""

    identity: str
    login: str
    reason: str
    at: datetime


class Evidences(Protocol):
    """What was gathered about revisions, and which contents of the evidence store belong to it."""

    def put(self, hold_id: int, n: int, evidence: Evidence) -> None:
        """Write down, or write anew, the evidence of a revision."""

    def get(self, hold_id: int, n: int) -> Evidence | None: ...

    def assessment(self, hold_id: int, n: int) -> Assessment | None:
        """The assessment alone, which is read far quicker than all of it."""

    def levels(self, hold_ids: Collection[int]) -> dict[int, RiskLevel]:
        """The risk level of each hold's current revision, where it has been assessed."""

    def allow(self, repository: str, allowed: AllowedSecret) -> None: ...

    def allowed(self, repository: str) -> dict[str, AllowedSecret]:
        """Every secret that an admin allowed in this repository, by its identity."""

    def forget_contents(self, *, closed_before: datetime, is_raw: bool) -> int:
        """Let go of the contents of holds that ended before this time; returns of how many revisions.

        With `is_raw` only of raw contents. The evidence itself, in words, stays.
        """

    def contents(self) -> frozenset[str]:
        """The SHA-256 of everything in the evidence store that some evidence still needs."""


class Releases(Protocol):
    """The write-ahead record of releases: the intent is there before upstream is touched."""

    def begin(self, hold: Hold, move: RefMove, at: datetime) -> None:
        """Write down the intent, before upstream is touched."""

    def decide(self, hold_id: int, policy_hash: str, verdict: str) -> None:
        """Note what the open release of this hold rests on."""

    def say(self, hold_id: int, words: str) -> None:
        """Note what upstream said about the open release of this hold, which will be tried again."""

    def of(self, hold_id: int) -> list[Release]:
        """Every release of a hold, first one first."""

    def end(self, hold_id: int, outcome: ReleaseOutcome, words: str, at: datetime) -> None:
        """Say how the open release of this hold ended."""


class Trail(Protocol):
    """The audit trail as use cases write it; it only grows."""

    def append(self, event: AuditEvent) -> object:
        """Append in this transaction. Taken last, as it locks out other writers."""


class Settings(Protocol):
    """Small installation-wide facts, such as the lock-down and the policies' last seen hashes."""

    def get(self, key: str) -> str | None: ...

    def put(self, key: str, value: str | None) -> None: ...


class Transaction(Protocol):
    """Everything that can be read and written together."""

    @property
    def repositories(self) -> Repositories: ...

    @property
    def agents(self) -> Agents: ...

    @property
    def places(self) -> Places: ...

    @property
    def users(self) -> Users: ...

    @property
    def holds(self) -> Holds: ...

    @property
    def reviews(self) -> Reviews: ...

    @property
    def releases(self) -> Releases: ...

    @property
    def pull_requests(self) -> PullRequests: ...

    @property
    def seen_reviews(self) -> SeenReviews: ...

    @property
    def deliveries(self) -> Deliveries: ...

    @property
    def logins(self) -> Logins: ...

    @property
    def evidence(self) -> Evidences: ...

    @property
    def audit(self) -> Trail: ...

    @property
    def settings(self) -> Settings: ...


class Store(Protocol):
    """The database."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """A write transaction: commits when the block ends, rolls back when it raises.

        Writers queue up here (SQLite: BEGIN IMMEDIATE), so no network or git call goes inside.
        """

    def snapshot(self) -> AbstractContextManager[Transaction]:
        """A consistent view for reading; writing in it is an error."""
