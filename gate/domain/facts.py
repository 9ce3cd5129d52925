"""What git says about a revision: commits, changed files and counts, computed from the held objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit. Names and messages are the agent's text: data, never rendered raw."""

    oid: str
    parents: tuple[str, ...]
    author: str
    author_email: str
    committer: str
    committer_email: str
    committed_at: datetime
    subject: str
    body: str

    @property
    def is_merge(self) -> bool:
        return len(self.parents) > 1


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One changed path. A rename is a delete and an add, so that no rule can be dodged by moving.

    `path` holds bytes that are no UTF-8 as surrogate escapes. `additions` and `deletions` are lines;
    both are None for a binary file. `status` is git's letter: A, M, D or T.
    """

    path: str
    status: str
    old_mode: str
    new_mode: str
    old_oid: str
    new_oid: str
    additions: int | None
    deletions: int | None

    @property
    def is_binary(self) -> bool:
        return self.additions is None


@dataclass(frozen=True, slots=True)
class DiffFacts:
    """Everything git knows about a revision against its base.

    `base` is the commit the net diff starts from: the merge base with upstream's branch, or git's empty
    tree where there is none. `commits` are those not reachable from any branch or tag of upstream, newest
    first; `dropped` are those that upstream would lose. Lists are complete up to the caps in the adapter;
    `truncated` says that a cap was reached.
    """

    base: str
    commits: tuple[Commit, ...]
    dropped: tuple[Commit, ...]
    files: tuple[ChangedFile, ...]
    is_ancestor: bool
    truncated: bool = False

    @property
    def additions(self) -> int:
        return sum(file.additions or 0 for file in self.files)

    @property
    def deletions(self) -> int:
        return sum(file.deletions or 0 for file in self.files)
