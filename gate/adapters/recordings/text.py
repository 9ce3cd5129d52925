"""A recording as plain lines to search in: what was printed, without the terminal's escapes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

_LONGEST_LINE = 1 << 16
# CSI, then the strings that end in BEL or ST, then other escapes, then controls with no meaning in a line.
_ESCAPES = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]|\x1b[\\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)?|\x1b[ -/]*[0-~]?"
    "|[\x00-\x08\x0b-\x1f\x7f]"
)
# A program that draws a screen moves the cursor where others print a line feed or a space.
_ROW_MOVES = re.compile("\x1b\\[[0-9;]*[ABEFHdf]")
_COLUMN_MOVES = re.compile("\x1b\\[[0-9;]*[CG`]")


def text_lines(cast: Iterable[str]) -> Iterator[str]:
    """The lines of a cast that `read_recording` wrote. A line that was written over is told as each of its
    versions: nothing that stood on the screen is lost. A line of more than 64 Ki characters is broken.
    """
    parts: list[str] = []
    length = 0
    for data in _outputs(cast):
        parts.append(data)
        length += len(data)
        if "\n" in data or length > _LONGEST_LINE:
            *lines, rest = "".join(parts).replace("\r\n", "\n").split("\n")
            for line in lines:
                yield from _versions(line)
            if len(rest) > _LONGEST_LINE:
                yield from _versions(rest)
                rest = ""
            parts, length = [rest], len(rest)
    if length:
        yield from _versions("".join(parts))


def _outputs(cast: Iterable[str]) -> Iterator[str]:
    for line in cast:
        if line.startswith("["):
            _, code, data = json.loads(line)
            if code == "o":
                yield data


def _versions(line: str) -> Iterator[str]:
    moved = _COLUMN_MOVES.sub(" ", _ROW_MOVES.sub("\r", line))
    for version in moved.rstrip("\r").split("\r"):
        plain = _ESCAPES.sub("", version)
        for start in range(0, max(1, len(plain)), _LONGEST_LINE):
            yield plain[start : start + _LONGEST_LINE]
