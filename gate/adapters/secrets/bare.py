"""Text without what a terminal does not show, and where each of its bytes was."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

# ECMA-48's control sequences, control strings and other escapes, also as JSON writes them; C1 controls in
# UTF-8; and control characters that are neither white space nor the end of a string.
_UNSEEN = re.compile(
    rb"(?:\x1b|\\u001[bB])(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[ -/]*[0-~])?"
    rb"|\xc2(?:\x9b[0-?]*[ -/]*[@-~]|[\x80-\x9f])"
    rb"|[\x00-\x06\x0e-\x1a\x7f]+"
)
_CONTROLS = bytes({*range(0x07), *range(0x0E, 0x1C), 0x7F})
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
_STRING = re.compile(rb"(?:\x1b|\\u001[bB])[\]PX^_]")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the bytes of a text were before something was left out of it."""

    starts: tuple[int, ...] = ()
    shifts: tuple[int, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """From the first byte to the last one, with what was between them and nothing behind."""
        return self._before(start), self._before(end - 1) + 1

    def _before(self, place: int) -> int:
        number = bisect_right(self.starts, place) - 1
        return place + (self.shifts[number] if number >= 0 else 0)


def views(content: bytes) -> Iterator[tuple[bytes, Places]]:
    """The content as it is read on a screen; and as it is, where a control string may have text in it."""
    bare, places = _bare(content)
    yield bare, places
    if bare is not content and _STRING.search(content):
        yield content, Places()


def _bare(content: bytes) -> tuple[bytes, Places]:
    if not _has_unseen(content):
        return content, Places()
    parts: list[bytes] = []
    starts: list[int] = []
    shifts: list[int] = []
    end = size = 0
    for match in _UNSEEN.finditer(content):
        parts.append(content[end : match.start()])
        size += match.start() - end
        end = match.end()
        starts.append(size)
        shifts.append(end - size)
    parts.append(content[end:])
    return b"".join(parts), Places(tuple(starts), tuple(shifts))


def _has_unseen(content: bytes) -> bool:
    """Whether the pattern may match: most texts have nothing of it, and the pattern is slow to say so."""
    if len(content.translate(None, _CONTROLS)) < len(content):
        return True
    return b"\\u001" in content or _C1.search(content) is not None
