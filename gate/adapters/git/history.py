"""Questions about commits in the gate repository, held ones and closed ones included."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from datetime import datetime

from gate.adapters.git.author import AUTHOR
from gate.adapters.git.changed_files import DIFF_TREE
from gate.adapters.git.changed_texts import read_changed_texts
from gate.adapters.git.command import Git
from gate.adapters.git.diff_parser import read_patch
from gate.adapters.git.facts import commit_facts, contains, update_facts
from gate.adapters.git.introduced import first_commit_with, read_introduced
from gate.adapters.git.likeness import likeness
from gate.adapters.git.objects import commits, full, look_up
from gate.adapters.git.trees import read_blob, read_tree
from gate.domain.errors import Failed
from gate.domain.facts import ChangedFile, DiffFacts
from gate.domain.hold import ZERO_OID, Likeness, RefUpdate
from gate.domain.risk.view import ChangedText
from gate.services.ports.git import FileDiff, Introduced, TreeEntry

_PATCH = ("-p", *DIFF_TREE[1:])
# git compares every commit of the one range with every one of the other.
_MAX_RANGE_DIFF_COMMITS = 500


class GitHistory:
    """Reads one repository. Paths are text with bytes that are no UTF-8 as surrogate escapes."""

    def __init__(self, git: Git) -> None:
        self._git = git

    def facts(self, update: RefUpdate) -> DiffFacts:
        return update_facts(self._git, update)

    def commit_facts(self, oid: str) -> DiffFacts:
        return commit_facts(self._git, oid)

    def has_commit(self, oid: str) -> bool:
        return look_up(self._git, [f"{full(oid)}^{{commit}}"]) != [None]

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        first, second = commits(self._git, [ancestor, descendant])
        return first is not None and second is not None and contains(self._git, second, first)

    def tip(self, ref: str) -> str:
        # A pattern also matches what is below it, so the name is compared.
        lines = self._git.output("for-each-ref", "--format=%(objectname) %(refname)", ref)
        for line in lines.split(b"\n"):
            found, _, name = line.partition(b" ")
            if name == ref.encode(errors="surrogateescape"):
                return found.decode()
        return ZERO_OID

    def default_branch(self) -> str | None:
        ref = self._git.text("symbolic-ref", "HEAD").strip()
        return None if self.tip(ref) == ZERO_OID else ref

    def peeled(self, oid: str) -> str | None:
        (commit,) = commits(self._git, [oid])
        return commit

    def likeness(self, old_base: str, old: str, new_base: str, new: str) -> Likeness:
        return likeness(self._git, old_base, old, new_base, new)

    def empty_commit(self, parent: str, message: str, at: datetime) -> str:
        (commit,) = commits(self._git, [parent])
        if commit is None:
            raise Failed(f"{self._git.folder.name}: {parent} is no commit, so nothing goes on top of it.")
        when = f"{int(at.timestamp())} +0000"
        git = self._git.having(**AUTHOR, GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when)
        words = message.encode(errors="backslashreplace")
        return git.text("commit-tree", "-p", commit, f"{commit}^{{tree}}", stdin=words).strip()

    def file_diff(self, base: str, new: str, path: str, *, max_bytes: int) -> FileDiff:
        # A folder that became a file has the same name: what was below it is another path.
        only = (f":(top,literal){path}", f":(top,exclude,literal){path}/")
        git = self._git.having("--no-literal-pathspecs")
        chunks = git.chunks("diff-tree", *_PATCH, full(base), full(new), "--", *only)
        patch = _first_bytes(chunks, max_bytes + 1)
        if len(patch) > max_bytes:
            return FileDiff(path, is_binary=False, is_too_large=True, hunks=())
        hunks, is_binary = read_patch(patch)
        return FileDiff(path, is_binary, is_too_large=False, hunks=() if is_binary else hunks)

    def range_diff(self, old_base: str, old: str, new_base: str, new: str, *, max_bytes: int) -> str:
        ranges = [f"{full(old_base)}..{full(old)}", f"{full(new_base)}..{full(new)}"]
        for one in ranges:
            count = int(self._git.output("rev-list", "--count", one))
            if count > _MAX_RANGE_DIFF_COMMITS:
                return f"Not compared: {count} commits are more than {_MAX_RANGE_DIFF_COMMITS}.\n"
        chunks = self._git.chunks("range-diff", "--no-color", "--no-ext-diff", "--no-textconv", *ranges)
        return _first_bytes(chunks, max_bytes).decode(errors="backslashreplace")

    def tree(self, oid: str, path: str) -> tuple[TreeEntry, ...]:
        return read_tree(self._git, full(oid), path)

    def blob(self, oid: str, *, max_bytes: int) -> tuple[bytes, int]:
        return read_blob(self._git, full(oid), max_bytes)

    def changed_texts(self, base: str, new: str, files: Sequence[ChangedFile]) -> Iterator[ChangedText]:
        return read_changed_texts(self._git, full(base), full(new), files)

    def introduced(self, new: str, *, max_bytes: int) -> Iterator[Introduced]:
        return read_introduced(self._git, new, max_bytes=max_bytes)

    def first_commit_with(self, oid: str, new: str) -> tuple[str, str] | None:
        return first_commit_with(self._git, oid, new)

    def patch(self, base: str, new: str) -> Iterator[bytes]:
        return self._git.chunks("diff-tree", *_PATCH, "--binary", full(base), full(new), timeout=600.0)


def _first_bytes(chunks: Generator[bytes, None, None], count: int) -> bytes:
    """At most `count` bytes of a stream, which is closed where it has more."""
    pieces: list[bytes] = []
    missing = count
    for chunk in chunks:
        pieces.append(chunk[:missing])
        missing -= len(pieces[-1])
        if missing == 0:
            chunks.close()
            break
    return b"".join(pieces)
