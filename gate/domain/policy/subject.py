"""What a verdict is about: one revision of a hold, as the gate itself knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gate.domain.facts import ChangedFile
from gate.domain.hold import Likeness, UpdateKind
from gate.domain.review import Reviewer, Role
from gate.domain.risk.model import Assessment


@dataclass(frozen=True, slots=True)
class Published:
    """An earlier revision of the hold and when the forge first showed it, in the forge's time.

    `likeness` is what changed from it to the current revision, over all revisions between them; None where
    that is not known, and then no approval carries over.
    """

    oid: str
    at: datetime
    likeness: Likeness | None = None


@dataclass(frozen=True, slots=True)
class OwnedPaths:
    """Changed paths with the same owners in CODEOWNERS: any one owner's approval is enough for them.

    `owners` are case-folded: a login, `organization/slug` for a team, or an e-mail address, which nobody
    can be matched by. `example` is one of the paths and `count` how many there are.
    """

    owners: tuple[str, ...]
    example: str
    count: int


@dataclass(frozen=True, slots=True)
class Subject:
    """The current revision. `head` is the commit under review; for a delete, the tip that would go.

    `received_at` is the gate's time. `earlier` are the revisions before this one, oldest first; one that is
    left out only makes the gate stricter. `author_id`, `contributor_ids` and `coauthor_ids` are reviewer ids
    of the people who opened the review or whom the commits name. `roles` are local roles by reviewer id.
    `files_truncated` says that `files` was cut at a cap, and then no condition may rest on it. `commits` are
    those that the push brings, None where they are not known as a whole. `operator` is a login at the gate,
    `operator_account` the same person's at the forge where people have accounts of their own. `owned` are
    the owners of the changed files; where they are not known, `owners_fault` says why. `risk` is what
    counts, by this policy, of what the risk rules found; None where nothing was assessed. While there are
    `doubts`, in words, nothing is released.
    """

    repository: str
    ref: str
    kind: UpdateKind
    agent: str
    agent_id: int
    head: str
    files: tuple[ChangedFile, ...]
    received_at: datetime
    operator_id: int | None = None
    operator: str | None = None
    operator_account: str | None = None
    author_id: int | None = None
    contributor_ids: frozenset[int] = frozenset()
    coauthor_ids: frozenset[int] = frozenset()
    roles: Mapping[int, Role] = field(default_factory=dict)
    earlier: tuple[Published, ...] = ()
    files_truncated: bool = False
    commits: tuple[str, ...] | None = None
    owned: tuple[OwnedPaths, ...] | None = None
    owners_fault: str = "CODEOWNERS was not read"
    risk: Assessment | None = None
    doubts: tuple[str, ...] = ()
    is_live: bool = True
    lockdown: str | None = None

    @property
    def branch(self) -> str | None:
        """The branch's short name, or None for a ref that is no branch."""
        prefix = "refs/heads/"
        return self.ref.removeprefix(prefix) if self.ref.startswith(prefix) else None

    def age(self, now: datetime) -> timedelta:
        return now - self.received_at


@dataclass(frozen=True, slots=True)
class Override:
    """A person's word that this commit may go upstream although the rules are not satisfied.

    `at` is the gate's time, when it took the override down.
    """

    reviewer: Reviewer
    oid: str
    reason: str
    at: datetime
