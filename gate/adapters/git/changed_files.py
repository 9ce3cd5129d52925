"""Changed files out of `git diff-tree`, each path exact in its bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator

from gate.adapters.git.command import Git
from gate.domain.errors import Failed
from gate.domain.facts import ChangedFile

# A rename is a delete and an add here. Programs that the configuration names are never run.
DIFF_TREE = (
    *("diff-tree", "-r", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color"),
    *("--ignore-submodules=none", "--full-index", "--no-commit-id"),
)

_MOST_PATHS = 2_000_000


def read_changed_files(git: Git, base: str, new: str, *, limit: int) -> tuple[tuple[ChangedFile, ...], bool]:
    """The first `limit` changed files between two trees in path order, and whether there are more.

    Whether a file is binary is git's own look at its first bytes: no attribute can claim it.
    Raises Failed for a tree of more paths than any work tree could have.
    """
    _refuse_endless(git, new)
    # git writes all names first and then counts lines file by file, so stopping early saves the counting.
    chunks = git.chunks(*DIFF_TREE, "--raw", "--numstat", "-z", base, new, timeout=600.0)
    fields = _split(chunks)
    raw: list[tuple[str, str]] = []
    total = 0
    files: list[ChangedFile] = []
    for field in fields:
        if field.startswith(":"):
            path = next(fields)
            total += 1
            if total <= limit:
                raw.append((field, path))
            continue
        files.append(_changed_file(*raw[len(files)], counts=field))
        if len(files) == len(raw):
            break
    chunks.close()
    if len(files) != len(raw):
        raise Failed(f"{git.folder.name}: git counted the lines of {len(files)} out of {len(raw)} files.")
    return tuple(files), total > limit


def _refuse_endless(git: Git, new: str) -> None:
    """A few small trees can stand for millions of paths, all of which git's diff keeps in memory."""
    paths = 0
    chunks = git.chunks("ls-tree", "-r", "-z", "--name-only", new, timeout=600.0)
    for chunk in chunks:
        paths += chunk.count(b"\0")
        if paths > _MOST_PATHS:
            chunks.close()
            raise Failed(f"{new[:12]} has more than {_MOST_PATHS:,} paths: nobody can look at all of them.")


def _changed_file(raw: str, path: str, counts: str) -> ChangedFile:
    old_mode, new_mode, old_oid, new_oid, status = raw[1:].split(" ")
    additions, deletions, counted_path = counts.split("\t", 2)
    if counted_path != path:
        raise Failed(f"git lists {path!r} where it counts {counted_path!r}: the diff can't be trusted.")
    return ChangedFile(
        path=path,
        status=status[0],
        old_mode=old_mode,
        new_mode=new_mode,
        old_oid=old_oid,
        new_oid=new_oid,
        additions=None if additions == "-" else int(additions),
        deletions=None if deletions == "-" else int(deletions),
    )


def _split(chunks: Iterator[bytes]) -> Iterator[str]:
    """The NUL-terminated fields of a stream."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\0")
        yield from map(os.fsdecode, whole)
