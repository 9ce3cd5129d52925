"""Writing asciicast v3: a header, then `[interval, code, data]` a line, with times that add up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

SECOND = 1_000_000  # Times are whole microseconds: floats would not add up over a million events.
DEFAULT_SIZE = (80, 24)

_LONGEST_WAIT = 24 * 3600 * SECOND
_LONGEST = 30 * _LONGEST_WAIT
_MOST_EVENTS = 1_000_000
_LARGEST_TEXT = 1 << 16
# A terminal of this size is drawn by the viewer's browser, cell by cell.
_MOST_COLUMNS, _MOST_ROWS = 500, 200
_LONGEST_WORDS = 4096
_MOST_FAULTS = 20
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class CastWriter:
    """Gives a cast's lines to `take`, within bounds; what went beyond them is a fault in words."""

    take: Callable[[str], None]
    elapsed: int = 0
    faults: list[str] = field(default_factory=list)
    _pending: int = 0
    _events: int = 0

    def fault(self, words: str) -> None:
        """Note a fault once."""
        if words not in self.faults and len(self.faults) < _MOST_FAULTS:
            self.faults.append(words)

    def header(
        self, size: tuple[int, int], *, title: str = "", command: str = "", timestamp: int | None = None
    ) -> None:
        header: dict[str, object] = {"version": 3, "term": {"cols": size[0], "rows": size[1]}}
        if timestamp is not None:
            header["timestamp"] = timestamp
        if command:
            header["command"] = shortened(command)
        if title:
            header["title"] = title
        self.take(json.dumps(header, ensure_ascii=False))

    def wait(self, microseconds: int) -> None:
        """Let time pass before the next event."""
        allowed = max(0, min(microseconds, _LONGEST_WAIT, _LONGEST - self.elapsed))
        if allowed != microseconds:
            self.fault("some times go back, or wait for longer than can be: they were changed")
        self.elapsed += allowed
        self._pending += allowed

    def output(self, text: str) -> None:
        for start in range(0, len(text), _LARGEST_TEXT):
            self._event("o", text[start : start + _LARGEST_TEXT])

    def resize(self, size: tuple[int, int]) -> None:
        self._event("r", f"{size[0]}x{size[1]}")

    def mark(self, label: str) -> None:
        self._event("m", shortened(label))

    def exit(self, code: int) -> None:
        self._event("x", str(code))

    def _event(self, code: str, data: str) -> None:
        self._events += 1
        if self._events > _MOST_EVENTS:
            self.fault(f"only the first {_MOST_EVENTS:,} events can be played")
            return
        seconds, rest = divmod(self._pending, SECOND)
        self._pending = 0
        text = json.dumps(_SURROGATES.sub("\ufffd", data), ensure_ascii=False)
        self.take(f'[{seconds}.{rest:06d}, "{code}", {text}]')


def terminal_size(columns: object, rows: object) -> tuple[int, int]:
    """Columns and rows as a screen can have them; 80 by 24 where they are no sensible numbers."""
    return _side(columns, DEFAULT_SIZE[0], _MOST_COLUMNS), _side(rows, DEFAULT_SIZE[1], _MOST_ROWS)


def shortened(words: str) -> str:
    return _SURROGATES.sub("\ufffd", words[:_LONGEST_WORDS])


def _side(value: object, default: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        return default
    return min(value, most)
