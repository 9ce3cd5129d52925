"""What the names of objects stand for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gate.adapters.git.command import Git
from gate.domain.errors import Failed

_OID = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Object:
    """An object that is there, with its size in bytes."""

    oid: str
    type: str
    size: int


def full(text: str) -> str:
    """`text`, which must be a full object id: nothing else goes into git's arguments as one."""
    if not _OID.fullmatch(text):
        raise Failed(f"{text!r} is no object id of 40 hexadecimal digits.")
    return text


def look_up(git: Git, names: Sequence[str]) -> list[Object | None]:
    """Each named object, or None where it is missing or does not lead to the wanted type."""
    lines = git.text("cat-file", "--batch-check", stdin="".join(f"{name}\n" for name in names).encode())
    return [_object(line) for line in lines.splitlines()]


def commits(git: Git, oids: Sequence[str]) -> list[str | None]:
    """The commit that each object is or, as a tag, leads to; None for a tag of something else.

    Raises Failed where an object is missing.
    """
    names = [name for one in oids for name in (full(one), f"{one}^{{commit}}")]
    found = look_up(git, names)
    missing = [one for one, itself in zip(oids, found[::2], strict=True) if itself is None]
    if missing:
        raise Failed(f"{git.folder.name}: object {missing[0]} is missing. Run `git fsck` in this repository.")
    return [commit.oid if commit else None for commit in found[1::2]]


def _object(line: str) -> Object | None:
    words = line.rsplit(" ", 2)
    if len(words) != 3 or not words[2].isdigit():
        return None
    return Object(words[0], words[1], int(words[2]))
