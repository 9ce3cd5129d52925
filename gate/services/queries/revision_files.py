"""What is in a revision: diffs of its files and commits, its tree, and what changed since the last one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.domain.errors import NotFound
from gate.domain.facts import ChangedFile, Commit, DiffFacts
from gate.domain.hold import ZERO_OID as ZERO
from gate.domain.hold import Hold, Revision
from gate.services.ports.git import FileDiff, GateRepositories, History, TreeEntry
from gate.services.ports.store import Store

SHOWN_FILES = 50
SHOWN_BYTES = 300_000
# One folded file, opened: more than this is for a clone, not for a browser.
LARGEST_DIFF = 2_000_000
LARGEST_COLOURED = 256 * 1024
LARGEST_BLOB = 1_000_000
LARGEST_RANGE_DIFF = 500_000

_SUBMODULE = "160000"


@dataclass(frozen=True, slots=True)
class FileView:
    """A changed file. `diff` is None where it is folded; `old` and `new` are whole texts for colouring."""

    index: int
    file: ChangedFile
    diff: FileDiff | None = None
    old: str | None = None
    new: str | None = None

    @property
    def bytes_shown(self) -> int:
        if self.diff is None:
            return 0
        return sum(len(line.text) + 1 for hunk in self.diff.hunks for line in hunk.lines)


@dataclass(frozen=True, slots=True)
class CommitView:
    """One commit and what it changes against its first parent."""

    commit: Commit
    facts: DiffFacts
    files: tuple[FileView, ...]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the tree at a revision."""

    path: str
    entries: tuple[TreeEntry, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file of the tree. `text` is None where it is binary, too large, or a submodule."""

    path: str
    entry: TreeEntry
    text: str | None


@dataclass(frozen=True)
class ReadRevision:
    """Reads through git, so every answer is about exactly the commits that the hold names."""

    store: Store
    repositories: GateRepositories

    def files(self, hold: Hold, revision: Revision, facts: DiffFacts) -> tuple[FileView, ...]:
        """Every changed file, with the diffs of the first ones, up to 50 files and 300 kB."""
        return _unfolded(self._history(hold), facts, revision.new)

    def file(self, hold: Hold, revision: Revision, facts: DiffFacts, index: int) -> FileView:
        """One changed file, by its place in the facts. Raises NotFound."""
        return _file_view(self._history(hold), facts, revision.new, index, LARGEST_DIFF)

    def commit(self, hold: Hold, commit: Commit) -> CommitView:
        history = self._history(hold)
        facts = history.commit_facts(commit.oid)
        return CommitView(commit, facts, _unfolded(history, facts, commit.oid))

    def commit_file(self, hold: Hold, commit: Commit, index: int) -> FileView:
        """One file of a commit, by its place in the commit's facts. Raises NotFound."""
        history = self._history(hold)
        return _file_view(history, history.commit_facts(commit.oid), commit.oid, index, LARGEST_DIFF)

    def range_diff(self, hold: Hold, before: Revision, after: Revision) -> str:
        """What the later revision changed, commit by commit. Raises NotFound where that has no answer."""
        if not before.is_comparable_to(after):
            raise NotFound(
                f"Revisions {before.n} and {after.n} of {hold.name} can't be compared commit by commit."
            )
        limit = LARGEST_RANGE_DIFF
        old_base, new_base = str(before.base), str(after.base)
        return self._history(hold).range_diff(old_base, before.new, new_base, after.new, max_bytes=limit)

    def browse(self, hold: Hold, revision: Revision, path: str) -> Folder | Leaf:
        """The folder or file at this path of the commit under review. Raises NotFound."""
        history = self._history(hold)
        if not path:
            return Folder(path, history.tree(revision.head, ""))
        folder, _, name = path.rpartition("/")
        for entry in history.tree(revision.head, folder):
            if entry.name == name:
                return _browse_entry(history, revision, path, entry)
        raise NotFound(f"There is no {path!r} in revision {revision.n} of hold {hold.name}.")

    def _history(self, hold: Hold) -> History:
        with self.store.snapshot() as tx:
            repository = tx.repositories.get(hold.repository)
        return self.repositories.open(repository.name, repository.upstream).history


def _browse_entry(history: History, revision: Revision, path: str, entry: TreeEntry) -> Folder | Leaf:
    if entry.type == "tree":
        return Folder(path, history.tree(revision.head, path))
    text = _text(history, entry.oid, LARGEST_BLOB) if entry.type == "blob" else None
    return Leaf(path, entry, text)


def _unfolded(history: History, facts: DiffFacts, new: str) -> tuple[FileView, ...]:
    return tuple(_until_enough(history, facts, new))


def _until_enough(history: History, facts: DiffFacts, new: str) -> Iterator[FileView]:
    shown = 0
    for index, file in enumerate(facts.files):
        if index < SHOWN_FILES and shown < SHOWN_BYTES:
            view = _file_view(history, facts, new, index, SHOWN_BYTES - shown)
            shown += view.bytes_shown
            yield view
        else:
            yield FileView(index, file)


def _file_view(history: History, facts: DiffFacts, new: str, index: int, limit: int) -> FileView:
    if index >= len(facts.files):
        raise NotFound(
            f"There are {len(facts.files)} changed files here, so none has the number {index + 1}."
        )
    file = facts.files[index]
    diff = history.file_diff(facts.base, new, file.path, max_bytes=limit)
    if diff.is_too_large and limit < LARGEST_DIFF:
        return FileView(index, file)
    if not diff.hunks:
        return FileView(index, file, diff)
    kinds = {line.kind for hunk in diff.hunks for line in hunk.lines}
    # Each text is a call of git: what no shown line comes from is not read.
    old = _text_of_side(history, file.old_mode, file.old_oid) if "-" in kinds else None
    whole = _text_of_side(history, file.new_mode, file.new_oid) if kinds - {"-", "\\"} else None
    return FileView(index, file, diff, old, whole)


def _text_of_side(history: History, mode: str, oid: str) -> str | None:
    if mode == _SUBMODULE or oid == ZERO:
        return None
    return _text(history, oid, LARGEST_COLOURED)


def _text(history: History, oid: str, limit: int) -> str | None:
    content, size = history.blob(oid, max_bytes=limit)
    if size > limit or b"\0" in content:
        return None
    return content.decode("utf-8", "surrogateescape")
