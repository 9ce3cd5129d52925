"""What a verdict is about: one revision of a hold, as the gate itself knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gate.domain.facts import ChangedFile
from gate.domain.hold import UpdateKind
from gate.domain.review import Reviewer, Role


@dataclass(frozen=True, slots=True)
class Published:
    """An earlier revision of the hold and when the forge first showed it, in the forge's time."""

    oid: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Subject:
    """The current revision. `head` is the commit under review; for a delete, the tip that would go.

    `received_at` is the gate's time. `earlier` are the revisions before this one, oldest first; one that is
    left out only makes the gate stricter. `author_id`, `contributor_ids` and `coauthor_ids` are reviewer ids
    of the people who opened the review or whom the commits name. `roles` are local roles by reviewer id.
    `files_truncated` says that `files` was cut at a cap, and then no condition may rest on it.
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
    author_id: int | None = None
    contributor_ids: frozenset[int] = frozenset()
    coauthor_ids: frozenset[int] = frozenset()
    roles: Mapping[int, Role] = field(default_factory=dict)
    earlier: tuple[Published, ...] = ()
    files_truncated: bool = False
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
