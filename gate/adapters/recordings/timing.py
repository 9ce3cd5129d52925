"""The timing files of script(1): `delta bytes` lines, or those with a letter for their kind.

Formats: util-linux, term-utils/script-playutils.c. `O` is output, `I` input, `S` a signal, `H` the header.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.adapters.recordings.cast import SECOND
from gate.adapters.recordings.source import Source

_LONGEST_LINE = 1 << 16
_TIME = rb"(-?)(\d{1,12})(?:\.(\d{1,9}))?"
_CLASSIC = re.compile(_TIME + rb" (\d{1,18})")
_ADVANCED = re.compile(rb"([HOIS]) " + _TIME + rb"(?: (.*))?", re.DOTALL)
_SIZE = re.compile(rb"\d{1,18}")
_WINDOW = re.compile(rb"SIGWINCH\b.*\bROWS=(\d{1,6})\b.*\bCOLS=(\d{1,6})\b")


@dataclass(frozen=True, slots=True)
class Timed:
    """One line: what came after `wait` microseconds, and how many bytes; `words` is all that follows."""

    kind: str
    wait: int
    size: int = 0
    words: bytes = b""

    @property
    def field(self) -> tuple[str, str]:
        """The name and value of a header line."""
        name, _, value = self.words.decode(errors="replace").partition(" ")
        return name, value

    @property
    def window(self) -> tuple[int, int] | None:
        """Columns and rows, where the signal was a change of the window."""
        found = _WINDOW.match(self.words)
        return None if found is None else (int(found[2]), int(found[1]))


class Timing:
    """The lines of a timing file in turn; `is_advanced` and `unread` are known as far as it was read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.is_advanced = False
        self.unread = 0

    def __iter__(self) -> Iterator[Timed]:
        in_command = False
        for line, is_whole in self._source.lines(_LONGEST_LINE):
            # A line without its end may lack the last digits of its number.
            timed = timed_line(line) if is_whole else None
            if timed is None:
                self.unread += not in_command  # A command of several lines stands there as it is.
                continue
            in_command = timed.kind == "H" and timed.words.startswith(b"COMMAND ")
            self.is_advanced |= line[:1] in (b"H", b"O", b"I", b"S")
            yield timed


def timed_line(line: bytes) -> Timed | None:
    """A line of either format; None for what is neither."""
    line = line.removesuffix(b"\r")
    if classic := _CLASSIC.fullmatch(line):
        return Timed("O", _microseconds(classic[1], classic[2], classic[3]), int(classic[4]))
    advanced = _ADVANCED.fullmatch(line)
    if advanced is None:
        return None
    kind, wait = advanced[1].decode(), _microseconds(advanced[2], advanced[3], advanced[4])
    words = advanced[5] or b""
    if kind in "OI":
        return Timed(kind, wait, int(words)) if _SIZE.fullmatch(words) else None
    return Timed(kind, wait, words=words)


def _microseconds(sign: bytes, seconds: bytes, fraction: bytes | None) -> int:
    value = int(seconds) * SECOND + int((fraction or b"0").ljust(6, b"0")[:6])
    return -value if sign else value
