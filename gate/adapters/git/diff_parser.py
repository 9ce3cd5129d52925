"""The hunks of one file out of git's diff text.

Our own, as the parsers on PyPI take decoded text with names to guess: this one takes bytes, splits them at
newlines alone (a form feed, a carriage return or U+2028 ends no line), and believes only the counts in a
hunk's header, so a removed line `-- x` is never taken for a file name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.services.ports.git import DiffLine, Hunk

_HEADER = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def read_patch(patch: bytes) -> tuple[tuple[Hunk, ...], bool]:
    """Every hunk of a patch of one path, and whether a content in it is binary.

    A file that becomes a symbolic link has two sections: one that removes it and one that adds it.
    """
    hunks: list[Hunk] = []
    is_binary = False
    lines = iter(patch.split(b"\n"))
    for line in lines:
        while match := _HEADER.match(line):
            body, after = _body(lines, *(int(number) for number in match.groups(b"1")))
            hunks.append(Hunk(_text(line), body))
            line = after
        is_binary = is_binary or line.startswith(b"Binary files ")
    return tuple(hunks), is_binary


def _body(
    lines: Iterator[bytes], old: int, old_count: int, new: int, new_count: int
) -> tuple[tuple[DiffLine, ...], bytes]:
    """The lines of a hunk, and the first line behind it."""
    old_end, new_end = old + old_count, new + new_count
    body = []
    for line in lines:
        kind, text = line[:1].decode("latin-1"), _text(line[1:])
        if kind == "\\":
            body.append(DiffLine(kind, None, None, text.strip()))
        elif old >= old_end and new >= new_end:
            return tuple(body), line
        elif kind == "-":
            body.append(DiffLine(kind, old, None, text))
            old += 1
        elif kind == "+":
            body.append(DiffLine(kind, None, new, text))
            new += 1
        else:
            body.append(DiffLine(" ", old, new, text))
            old, new = old + 1, new + 1
    return tuple(body), b""


def _text(line: bytes) -> str:
    return line.decode(errors="backslashreplace")
