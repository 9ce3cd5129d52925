"""The facts of a ref update: what it brings, what upstream would lose, and the net diff."""

from __future__ import annotations

from collections.abc import Iterator

from gate.adapters.git.changed_files import read_changed_files
from gate.adapters.git.command import EMPTY_TREE, Git
from gate.adapters.git.commits import read_commits
from gate.adapters.git.objects import commits
from gate.domain.errors import Failed
from gate.domain.facts import ChangedFile, Commit, DiffFacts
from gate.domain.hold import RefUpdate

MAX_COMMITS = 10_000
MAX_FILES = 50_000
# More fork points than anybody's history has: enough to find the nearest one.
_MAX_FORK_POINTS = 1_000
_ALL_OF_UPSTREAM = ("--branches", "--tags")


def update_facts(git: Git, update: RefUpdate) -> DiffFacts:
    """The facts of one update. A tag of something that is no commit has no commits and no files."""
    old, new = _ends(git, update)
    is_ancestor = _is_ancestor(git, update, old, new)
    base = _base(git, update, old, new)
    introduced, more_introduced = _introduced(git, new)
    dropped, more_dropped = ((), False) if is_ancestor else _dropped(git, update, old, new)
    files, more_files = _files(git, base, new)
    return DiffFacts(
        base=base,
        commits=introduced,
        dropped=dropped,
        files=files,
        is_ancestor=is_ancestor,
        truncated=more_introduced or more_dropped or more_files,
    )


def commit_facts(git: Git, oid: str) -> DiffFacts:
    """What one commit changes against its first parent."""
    (commit,) = commits(git, [oid])
    if commit is None:
        raise Failed(f"{git.folder.name}: {oid} is not a commit.")
    (itself,) = read_commits(git, commit, limit=1)
    base = itself.parents[0] if itself.parents else EMPTY_TREE
    files, truncated = read_changed_files(git, base, commit, limit=MAX_FILES)
    return DiffFacts(base, (itself,), (), files, is_ancestor=True, truncated=truncated)


def contains(git: Git, commit: str, ancestor: str) -> bool:
    """Whether all of the commit `ancestor` is in the history of `commit`."""
    arguments = ("merge-base", "--is-ancestor", ancestor, commit)
    completed = git.run(*arguments)
    if completed.status > 1:
        raise git.failure(arguments, completed.status, completed.words)
    return completed.status == 0


def _ends(git: Git, update: RefUpdate) -> tuple[str | None, str | None]:
    """The commits before and after; None where the ref does not exist or leads to no commit."""
    there = [oid for oid, is_absent in _sides(update) if not is_absent]
    found = iter(commits(git, there))
    old, new = (None if is_absent else next(found) for _, is_absent in _sides(update))
    return old, new


def _sides(update: RefUpdate) -> tuple[tuple[str, bool], tuple[str, bool]]:
    return (update.old, update.is_create), (update.new, update.is_delete)


def _is_ancestor(git: Git, update: RefUpdate, old: str | None, new: str | None) -> bool:
    if update.is_create:
        return True
    return old is not None and new is not None and contains(git, new, old)


def _base(git: Git, update: RefUpdate, old: str | None, new: str | None) -> str:
    if new is None:
        return EMPTY_TREE
    if update.is_create:
        return _fork_point(git, new) or EMPTY_TREE
    return (_merge_base(git, old, new) if old else None) or EMPTY_TREE


def _merge_base(git: Git, one: str, other: str) -> str | None:
    completed = git.run("merge-base", one, other)
    if completed.status > 1:
        raise git.failure(("merge-base",), completed.status, completed.words)
    return completed.output.decode().strip() or None


def _fork_point(git: Git, new: str) -> str | None:
    """The commit of upstream that a new ref builds on: its own one if upstream has it, None if it has none.

    Work that forked early and merged upstream since builds on what it merged.
    """
    points = list(_boundary(git, new))
    if not points:
        introduced, _ = _introduced(git, new, limit=1)
        return None if introduced else new
    if len(points) == 1:
        return points[0]
    nearest = git.text("merge-base", "--independent", *points).split()
    return next((point for point in nearest if _is_on_head(git, point)), nearest[0])


def _boundary(git: Git, new: str) -> Iterator[str]:
    """Upstream's commits that are parents of introduced ones."""
    rest = b""
    chunks = git.chunks("rev-list", "--boundary", "--topo-order", new, "--not", *_ALL_OF_UPSTREAM)
    found = 0
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(b"-") and found < _MAX_FORK_POINTS:
                found += 1
                yield line[1:].decode()


def _is_on_head(git: Git, commit: str) -> bool:
    completed = git.run("merge-base", "--is-ancestor", commit, "HEAD")
    return completed.status == 0


def _introduced(git: Git, new: str | None, limit: int = MAX_COMMITS) -> tuple[tuple[Commit, ...], bool]:
    if new is None:
        return (), False
    return _capped(read_commits(git, new, "--not", *_ALL_OF_UPSTREAM, limit=limit + 1), limit)


def _dropped(
    git: Git, update: RefUpdate, old: str | None, new: str | None
) -> tuple[tuple[Commit, ...], bool]:
    """The commits that no branch and no tag of upstream would reach any more."""
    if old is None:
        return (), False
    other_refs = (
        f"--exclude={update.ref}",
        "--glob=refs/heads/*",
        f"--exclude={update.ref}",
        "--glob=refs/tags/*",
    )
    kept = (new, *other_refs) if new else other_refs
    return _capped(read_commits(git, old, "--not", *kept, limit=MAX_COMMITS + 1), MAX_COMMITS)


def _files(git: Git, base: str, new: str | None) -> tuple[tuple[ChangedFile, ...], bool]:
    return ((), False) if new is None else read_changed_files(git, base, new, limit=MAX_FILES)


def _capped(found: tuple[Commit, ...], limit: int) -> tuple[tuple[Commit, ...], bool]:
    return found[:limit], len(found) > limit
