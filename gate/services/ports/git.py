"""The port to one gate repository: the held pushes in it, its history, and its upstream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gate.domain.facts import ChangedFile, DiffFacts
from gate.domain.hold import Likeness, RefUpdate
from gate.domain.release import PushRefused, RefMove
from gate.domain.repository import Receipt, Refusal, RepositoryRules, Standing
from gate.domain.risk.view import ChangedText


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a diff. `kind` is ' ', '+', '-' or '\\\\' (the remark on a missing last newline)."""

    kind: str
    old_number: int | None
    new_number: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of diff lines under its `@@` header."""

    header: str
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The diff of one path; `hunks` is empty for a binary file and where `is_too_large`."""

    path: str
    is_binary: bool
    is_too_large: bool
    hunks: tuple[Hunk, ...]


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a tree: git's mode and type (`blob`, `tree`, `commit`), size in bytes for a blob."""

    name: str
    mode: str
    type: str
    oid: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found wrong, and how to mend it. `is_fatal`: pushes or releases cannot work."""

    subject: str
    what: str
    mend: str
    is_fatal: bool = True


@dataclass(frozen=True, slots=True)
class Introduced:
    """An object that a push brings: git's type, its size in bytes, and where git met it first.

    `path` is a hint for blobs: a file name with a line break in it cannot be told. `content` is None where
    the object is larger than what was asked for; that of a tree is the names in it, one a line.
    """

    oid: str
    type: str
    size: int
    path: str
    content: bytes | None


class HeldPushes(Protocol):
    """What the hooks left in the repository, and what the gate tells them (docs/receipt-format.md)."""

    def receipt(self, push_id: str) -> Receipt | None:
        """The receipt of a held push; None where there is none. Raises Tampered where it does not parse."""

    def receipts(self) -> Iterator[Receipt]:
        """Every receipt in the repository, oldest push first."""

    def refusal(self, push_id: str) -> Refusal | None:
        """The refusal that the hook wrote for this push, or None."""

    def refusals(self) -> Iterator[Refusal]:
        """Every refusal that has not been forgotten yet."""

    def forget_refusal(self, push_id: str) -> None:
        """Delete the refusal's file, once it is on the audit trail."""

    def drop(self, push_id: str, numbers: Sequence[int] | None = None) -> None:
        """Delete the held refs of these hold numbers of a push, and the receipt with the last of them.

        None drops all of the push. What is gone already is no error.
        """

    def next_number(self) -> int:
        """Take the next hold number, under the same lock as the hook."""

    def write_standing(self, standing: Standing) -> None:
        """Tell the hook how this agent's hold on this ref stands."""

    def write_rejected(self, oid: str, number: int, who: str, reason: str) -> None:
        """Tell the hook to refuse this commit from now on."""

    def forget_rejected(self, oid: str) -> None:
        """Tell the hook to take this commit again; no error where it was not refused."""

    def write_rules(self, rules: RepositoryRules) -> None:
        """Write the `pushgate.*` configuration anew, in one step."""


class History(Protocol):
    """Questions about commits in the gate repository, held ones included. Oids are full hex."""

    def facts(self, update: RefUpdate) -> DiffFacts:
        """Commits, files and counts of an update. Raises Failed where objects are missing."""

    def has_commit(self, oid: str) -> bool:
        """Whether the object is there and peels to a commit."""

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether all of `ancestor` is contained in `descendant`. Raises Failed where either is missing."""

    def tip(self, ref: str) -> str:
        """Where the gate's mirror of this upstream ref is; ZERO_OID where it does not exist."""

    def likeness(self, old_base: str, old: str, new_base: str, new: str) -> Likeness:
        """What changed between two revisions, each a commit on its base (a commit or a tree)."""

    def empty_commit(self, parent: str, message: str, at: datetime) -> str:
        """Write a commit that changes nothing on top of `parent`, the same oid for the same arguments."""

    def default_branch(self) -> str | None:
        """The full ref that upstream's HEAD is on; None where that branch does not exist."""

    def peeled(self, oid: str) -> str | None:
        """The commit that an annotated tag or commit stands for; None where it is no commit."""

    def file_diff(self, base: str, new: str, path: str, *, max_bytes: int) -> FileDiff:
        """The diff of one path between two commits (or a tree and a commit)."""

    def commit_facts(self, oid: str) -> DiffFacts:
        """The files that one commit changes against its first parent."""

    def range_diff(self, old_base: str, old: str, new_base: str, new: str, *, max_bytes: int) -> str:
        """`git range-diff` between two revisions, as text cut at `max_bytes`."""

    def tree(self, oid: str, path: str) -> tuple[TreeEntry, ...]:
        """The entries of a folder in a commit; raises NotFound."""

    def blob(self, oid: str, *, max_bytes: int) -> tuple[bytes, int]:
        """The first `max_bytes` of a blob, and its whole size in bytes."""

    def changed_texts(self, base: str, new: str, files: Sequence[ChangedFile]) -> Iterator[ChangedText]:
        """The changed lines of these files between two commits (or a tree and a commit), file by file.

        Streamed in flat memory; each file is cut at a cap. Binary files come without lines.
        """

    def introduced(self, new: str, *, max_bytes: int) -> Iterator[Introduced]:
        """Every object that `new` brings and upstream does not have, whatever branch it is on.

        Raises Failed where objects are missing: none is not the same as none found.
        """

    def first_commit_with(self, oid: str, new: str) -> tuple[str, str] | None:
        """The commit below `new` that first brought this blob in, and its path there."""

    def patch(self, base: str, new: str) -> Iterator[bytes]:
        """The whole diff as `git diff --binary` text, streamed."""


class Upstream(Protocol):
    """The repository that the gate protects. Raises Unavailable where it cannot be reached.

    Branches below `pushgate/` are review branches: `sync` leaves them out of the mirror.
    """

    def tips(self, refs: Sequence[str]) -> dict[str, str]:
        """Where these refs are upstream, read now; an absent ref has ZERO_OID."""

    def sync(self) -> None:
        """Fetch every branch and tag from upstream into the mirror, and drop those that are gone."""

    def push(self, moves: Sequence[RefMove], *, timeout: float) -> PushRefused | None:
        """Move refs upstream by compare-and-swap, all or none; None where upstream took the push.

        The caller has checked the ancestor rule: git's own lease check allows a rewrite. Raises Unavailable
        where the outcome is unknown (a time-out, a lost connection): look at the remote before trying again.
        """

    def mirror(self, move: RefMove) -> None:
        """Move the gate's own copy of a ref, so that the agent's next fetch sees it. Safe to run twice."""

    def write_note(self, oid: str, text: str) -> PushRefused | None:
        """Add a note to a commit in refs/notes/pushgate upstream."""


class GateRepository(Protocol):
    """One bare repository behind the gate."""

    @property
    def held(self) -> HeldPushes: ...

    @property
    def history(self) -> History: ...

    @property
    def upstream(self) -> Upstream: ...

    def check(self) -> list[Finding]:
        """What is wrong with hooks, configuration, permissions, git and upstream; empty when all is well."""

    def maintain(self) -> None:
        """Pack refs and objects. Never prunes: closed holds stay readable by their oids."""


class GateRepositories(Protocol):
    """All repositories behind this gate, by name."""

    def open(self, name: str, upstream: str) -> GateRepository:
        """The repository, whether or not its folder is well: `check` says."""

    def create(self, name: str, upstream: str) -> GateRepository:
        """Make the bare repository with its hooks and mirror upstream. Raises Refused or Unavailable."""

    def remove(self, name: str) -> str:
        """Set the repository's folder aside, and return where it is now."""

    def bring_up_to_date(self, name: str, upstream: str) -> GateRepository:
        """Install this release's hooks and fixed configuration again."""
