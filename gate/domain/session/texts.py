"""Texts of a record made fit to keep: visible, and no longer than what is kept of them."""

from __future__ import annotations

import re
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")

_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


def visible(text: str) -> str:
    """The text with what no database takes made visible: NUL as ␀, half a surrogate pair as U+FFFD."""
    if text.isascii() and "\x00" not in text:
        return text
    return _NO_TEXT.sub(lambda found: "\u2400" if found[0] == "\x00" else "\ufffd", text)


def middle_cut(text: str, most: int) -> str:
    """At most about `most` characters: whole lines from both ends, and between them how much is left out.

    Cut at lines where there are any: half a secret would not be known for one.
    """
    if len(text) <= most:
        return text
    head, tail = first_part(text, most // 2), last_part(text, most // 2)
    return f"{head}\n[… {len(text) - len(head) - len(tail)} characters left out …]\n{tail}"


def first_part(text: str, most: int) -> str:
    """The first characters, at most `most`, up to the end of a line or of a word."""
    if len(text) <= most:
        return text
    part = text[:most]
    ends = [part.rfind(end) for end in ("\n", " ")]
    return part[: next((end for end in ends if end > 0), most)]


def last_part(text: str, most: int) -> str:
    """The last characters, at most `most`, from the start of a line or of a word."""
    if len(text) <= most:
        return text
    part = text[-most:]
    starts = [part.find(end) for end in ("\n", " ")]
    # A line end at the very end starts nothing.
    return part[next((start + 1 for start in starts if 0 <= start < most - 1), 0) :]


class FirstAndLast(Generic[Item]):
    """The first and the last of many things: bounded in their number and in the sum of their sizes."""

    def __init__(self, most: int, most_size: int) -> None:
        self._most, self._most_size = most // 2, most_size // 2
        self._first: list[Item] = []
        self._last: deque[tuple[Item, int]] = deque()
        self._first_size = self._last_size = 0
        self._is_full = False
        self.left_out = 0

    def add(self, item: Item, size: int) -> None:
        if not self._is_full and self._first_size + size <= self._most_size:
            self._first.append(item)
            self._first_size += size
            self._is_full = len(self._first) >= self._most
            return
        self._is_full = True
        self._last.append((item, size))
        self._last_size += size
        while len(self._last) > self._most or self._last_size > self._most_size:
            _, gone = self._last.popleft()
            self._last_size -= gone
            self.left_out += 1

    def all(self) -> list[Item]:
        return [*self._first, *(item for item, _ in self._last)]
