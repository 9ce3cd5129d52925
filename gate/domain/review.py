"""Reviews and reviewers, as a forge reports them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a person may do here: an auditor reads, a reviewer decides on holds, an admin runs the gate."""

    AUDITOR = "auditor"
    REVIEWER = "reviewer"
    ADMIN = "admin"


class ReviewState(StrEnum):
    """What a review says. `dismissed` is a review whose opinion was taken away."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    COMMENTED = "commented"
    DISMISSED = "dismissed"


class Realm(StrEnum):
    """Whose numbers the people of a review have: the gate's own accounts, or GitHub's."""

    GATE = "gate"
    GITHUB = "github"


@dataclass(frozen=True, slots=True)
class Account:
    """An account at the forge: its number, which stays, and its login, which can change hands."""

    id: int
    login: str


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who reviewed, matched by `id` and never by login, which can be renamed or recycled.

    `permission` is what the forge says this person may do in the repository now: `admin`, `maintain`,
    `write`, `triage`, `read`, `none`, or None where the forge could not tell, which never counts as a yes.
    `named` are the case-folded logins of the policy that this person is, by number; None where the forge
    has no recycled logins, and the login itself tells. `teams` are those of the teams that the policy asks
    for which this person is in, case-folded `organization/slug`; None where the forge could not tell.
    """

    id: int
    login: str
    permission: str | None
    is_bot: bool = False
    named: frozenset[str] | None = None
    teams: frozenset[str] | None = frozenset()

    def is_one_of(self, logins: Collection[str]) -> bool:
        """Whether this is one of the people that a policy names, by case-folded logins."""
        named = frozenset({self.login.casefold()}) if self.named is None else self.named
        return not named.isdisjoint(logins)


@dataclass(frozen=True, slots=True)
class Review:
    """One review as submitted. `sequence` orders reviews; local clocks never do.

    `oid` is the commit it was first delivered with: a forge may move it along with the branch later.
    `state` is what it says now; a dismissed review keeps what it said in `said`. `dismissed_by` is None
    where the gate does not know who did that, which lifts nothing that only the reviewer may lift.
    """

    id: int
    reviewer: Reviewer
    state: ReviewState
    oid: str
    submitted_at: datetime
    sequence: int
    said: ReviewState
    body: str = ""
    dismissed_by: int | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment in the conversation of a review, which counts only where a policy takes commands.

    `is_kept` says that it was edited or deleted since, perhaps by another hand: it is an objection as it was
    first seen, and does nothing but hold back.
    """

    id: int
    author: Reviewer
    body: str
    created_at: datetime
    is_edited: bool
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A status or check run on the head. `app` is the slug of the GitHub App that reports it, or None.

    `conclusion` is `success`, `failure`, `neutral`, …; None while it runs.
    """

    name: str
    conclusion: str | None
    app: str | None


@dataclass(frozen=True, slots=True)
class Seal:
    """Whether the forge finds a commit's signature valid, and whose it is; `signer` is a GitHub account.

    `named` are the case-folded logins of the policy that the signer is, by number.
    """

    oid: str
    is_valid: bool
    signer: Account | None
    reason: str = ""
    named: frozenset[str] = frozenset()

    def is_by_one_of(self, logins: Collection[str]) -> bool:
        """Whether the signer is one of the people that a policy names, by case-folded logins."""
        return self.signer is not None and not self.named.isdisjoint(logins)


@dataclass(frozen=True, slots=True)
class Closing:
    """How a pull request was closed. `by` is None where the forge does not say.

    `merged` is the commit that a merge made upstream; `is_branch_gone` says that the review branch was
    deleted, which closes a pull request without anybody having decided so.
    """

    by: Account | None
    is_by_gate: bool
    at: datetime
    merged: str | None = None
    is_branch_gone: bool = False


@dataclass(frozen=True, slots=True)
class Wants:
    """What a policy needs to know of a review beyond the reviews themselves: nothing else is asked for.

    `users` are case-folded logins, `teams` case-folded `organization/slug`.
    """

    users: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    checks: bool = False
    comments: bool = False
    threads: bool = False
    seals: bool = False
    code_owners: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything a forge says about a hold's review at one moment, read afresh for each decision.

    `head` is the held commit while the review shows what is held, whatever carries it there; anything else
    means that somebody moved the branch. `base` is the branch that the pull request is against now, and
    `expected_base` the one that the gate chose. `unresolved_threads`, `checks` and `seals` are None where
    nobody asked, or the forge could not tell. `contributor_ids` and `coauthor_ids` are the people whom the
    forge sees behind the commits, which their authors can forge: they only ever take weight away.
    """

    is_open: bool
    is_draft: bool
    head: str
    published_at: datetime
    reviews: tuple[Review, ...]
    labels: tuple[str, ...] = ()
    title: str = ""
    realm: Realm = Realm.GATE
    closing: Closing | None = None
    base: str | None = None
    expected_base: str | None = None
    author_id: int | None = None
    contributor_ids: frozenset[int] = frozenset()
    coauthor_ids: frozenset[int] = frozenset()
    comments: tuple[Comment, ...] = ()
    checks: tuple[Check, ...] | None = None
    seals: tuple[Seal, ...] | None = None
    unresolved_threads: int | None = None

    @property
    def is_merged(self) -> bool:
        return self.closing is not None and self.closing.merged is not None
