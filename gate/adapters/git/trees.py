"""Folders and file contents of a commit."""

from __future__ import annotations

import os

from gate.adapters.git.command import Git
from gate.domain.errors import NotFound
from gate.services.ports.git import TreeEntry


def read_tree(git: Git, oid: str, path: str) -> tuple[TreeEntry, ...]:
    """The entries of the folder `path` of a commit, "" for its root. Raises NotFound."""
    prefix = f"{path.rstrip('/')}/" if path else ""
    only = (prefix,) if prefix else ()
    completed = git.run("ls-tree", "-z", "--long", "--full-tree", oid, "--", *only)
    if completed.status:
        raise NotFound(f"{git.folder.name}: there is no tree {oid}.")
    entries = [_entry(line, prefix) for line in os.fsdecode(completed.output).split("\0") if line]
    if prefix and not entries:
        raise NotFound(f"{git.folder.name}: commit {oid} has no folder {path!r}.")
    return tuple(entries)


def read_blob(git: Git, oid: str, max_bytes: int) -> tuple[bytes, int]:
    """The first `max_bytes` of a blob, and its whole size. Raises NotFound."""
    chunks = git.chunks("cat-file", "--batch", stdin=f"{oid}\n".encode())
    content = b""
    # The header's line is far shorter than this.
    while len(content) < max_bytes + 200 and (chunk := next(chunks, b"")):
        content += chunk
    chunks.close()
    header, _, start = content.partition(b"\n")
    words = header.split(b" ")
    if words[1:2] != [b"blob"]:
        raise NotFound(f"{git.folder.name}: there is no blob {oid}.")
    size = int(words[2])
    return start[: min(max_bytes, size)], size


def _entry(line: str, prefix: str) -> TreeEntry:
    described, _, name = line.partition("\t")
    mode, kind, oid, size = described.split()
    return TreeEntry(name.removeprefix(prefix), mode, kind, oid, int(size) if size.isdigit() else None)
