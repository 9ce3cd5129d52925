"""Texts of fixed parts and of lists, with the longest lists cut so that all of it fits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from gate.domain.pull_request.length import units


@dataclass(frozen=True, slots=True)
class Section:
    """A list that may be cut: what opens it, then its items, each of whole lines. `count` is all there are.

    Items are rendered only as long as there can be room for them.
    """

    opening: str
    items: Iterable[str]
    count: int


@dataclass(frozen=True, slots=True)
class _Rendered:
    section: Section
    items: tuple[str, ...]
    ends: tuple[int, ...]

    @property
    def length(self) -> int:
        return self.ends[-1] if self.ends else 0

    def text(self, room: int, more: Callable[[int], str]) -> str:
        kept = self.items[: bisect_right(self.ends, room)]
        missing = self.section.count - len(kept)
        lines = (self.section.opening, *kept, *((f"\n{more(missing)}",) if missing else ()))
        return "\n".join(lines)


def fit(parts: Sequence[str | Section], *, limit: int, more: Callable[[int], str]) -> str:
    """The parts with empty lines between them, at most `limit` long; `more` says how many items were cut.

    The longest section is cut until it is as long as the next one, then both, and so on: no section can
    push another one out. The fixed parts are never cut, and must leave room.
    """
    rendered = [part if isinstance(part, str) else _render(part, limit) for part in parts]
    lists = [each for each in rendered if isinstance(each, _Rendered)]
    fixed = sum(units(each if isinstance(each, str) else each.section.opening) + 2 for each in rendered)
    room = limit - fixed - len(lists) * (units(more(10**9)) + 2)
    level = _level([each.length for each in lists], room)
    texts = (each if isinstance(each, str) else each.text(level, more) for each in rendered)
    return "\n\n".join(texts) + "\n"


def _render(section: Section, limit: int) -> _Rendered:
    items: list[str] = []
    length = 0
    for item in section.items:
        length += units(item) + 1
        items.append(item)
        if length > limit:
            break
    return _Rendered(section, tuple(items), tuple(accumulate(units(item) + 1 for item in items)))


def _level(lengths: Iterable[int], room: int) -> int:
    """How long each list may be so that all of them together are no longer than `room`."""
    waiting = sorted(lengths)
    for position, length in enumerate(waiting):
        share = room // (len(waiting) - position)
        if length > share:
            return max(share, 0)
        room -= length
    return max(waiting, default=0)
