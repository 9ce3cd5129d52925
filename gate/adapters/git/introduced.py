"""Every object that a push brings, whatever its net diff shows, and the commit that brought each file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.adapters.git.command import Git
from gate.adapters.git.objects import Object, full, look_up
from gate.domain.errors import Failed
from gate.services.ports.git import Introduced

# What upstream has is published already; held refs are hidden elsewhere and count for nothing.
_NOT_UPSTREAM = ("--not", "--branches", "--tags")
_BATCH = 1_000
_BATCH_BYTES = 16 << 20
_SECONDS = 600.0
# An entry of a tree: mode, name, and 20 bytes that name the object.
_ENTRY = re.compile(rb"[0-7]+ ([^\0]+)\0.{20}", re.DOTALL)


def read_introduced(git: Git, new: str, *, max_bytes: int) -> Iterator[Introduced]:
    """The objects, in batches that keep memory flat. Raises Failed where one is missing."""
    batch: list[tuple[str, str]] = []
    for named in _named(git, new):
        batch.append(named)
        if len(batch) == _BATCH:
            yield from _read(git, batch, max_bytes)
            batch = []
    yield from _read(git, batch, max_bytes)


def first_commit_with(git: Git, oid: str, new: str) -> tuple[str, str] | None:
    """The oldest commit of the push that has this blob, and its path there."""
    arguments = ("log", "-m", "-s", "--reverse", "--topo-order", "--format=%H", f"--find-object={full(oid)}")
    found = git.text(*arguments, full(new), *_NOT_UPSTREAM, "--", timeout=_SECONDS).split()
    return next(((commit, path) for commit in found if (path := _path(git, commit, oid)) is not None), None)


def _named(git: Git, new: str) -> Iterator[tuple[str, str]]:
    """Each object with the path that git met it under; one in a name's second line is no object."""
    rest = b""
    arguments = ("rev-list", "--objects", full(new), *_NOT_UPSTREAM)
    for chunk in git.chunks(*arguments, timeout=_SECONDS):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            oid, _, path = line.partition(b" ")
            if len(oid) == len(new):
                yield oid.decode("ascii", "replace"), path.decode("utf-8", "surrogateescape")


def _read(git: Git, batch: list[tuple[str, str]], max_bytes: int) -> Iterator[Introduced]:
    there = look_up(git, [oid for oid, _ in batch])
    missing = [oid for (oid, _), found in zip(batch, there, strict=True) if found is None]
    if missing:
        raise Failed(f"{git.folder.name}: object {missing[0]} is missing. Run `git fsck` in this repository.")
    wanted = [(found, path) for (_, path), found in zip(batch, there, strict=True) if found is not None]
    for group in _groups(wanted, max_bytes):
        contents = _contents(git, [found for found, _ in group if found.size <= max_bytes])
        for found, path in group:
            content = contents.get(found.oid)
            if content is not None and found.type == "tree":
                content = b"\n".join(_ENTRY.findall(content))
            yield Introduced(found.oid, found.type, found.size, path, content)


def _groups(wanted: list[tuple[Object, str]], max_bytes: int) -> Iterator[list[tuple[Object, str]]]:
    group: list[tuple[Object, str]] = []
    size = 0
    for found, path in wanted:
        if size and size + found.size > _BATCH_BYTES:
            yield group
            group, size = [], 0
        group.append((found, path))
        size += found.size if found.size <= max_bytes else 0
    yield group


def _contents(git: Git, objects: list[Object]) -> dict[str, bytes]:
    """The content of each object, from one run of `cat-file --batch`."""
    if not objects:
        return {}
    stdin = "".join(f"{one.oid}\n" for one in objects).encode()
    output = git.output("cat-file", "--batch", stdin=stdin, timeout=_SECONDS)
    contents: dict[str, bytes] = {}
    start = 0
    for one in objects:
        header = f"{one.oid} {one.type} {one.size}\n".encode()
        if output[start : start + len(header)] != header:
            raise Failed(f"{git.folder.name}: object {one.oid} could not be read.")
        start += len(header)
        contents[one.oid] = output[start : start + one.size]
        start += one.size + 1
    return contents


def _path(git: Git, commit: str, oid: str) -> str | None:
    fields = git.output(
        "diff-tree",
        "-r",
        "-m",
        "--root",
        "--raw",
        "-z",
        "--no-abbrev",
        "--no-renames",
        "--no-commit-id",
        commit,
    ).split(b"\0")
    for facts, path in zip(fields[::2], fields[1::2], strict=False):
        if oid.encode() in facts.split(b" ")[3:4]:
            return path.decode("utf-8", "surrogateescape")
    return None
