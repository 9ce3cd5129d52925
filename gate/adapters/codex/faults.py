"""What could not be read of a record, in few words however often it happened."""

from __future__ import annotations

from collections.abc import Iterator


class Faults:
    """Counts faults by their words and keeps the first line of each."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}
        self._count: dict[str, int] = {}
        self._said: list[str] = []

    def add(self, line: int, words: str) -> None:
        self._first.setdefault(words, line)
        self._count[words] = self._count.get(words, 0) + 1

    def say(self, words: str) -> None:
        self._said.append(words)

    def half_line(self, number: int, line: bytes, *, is_expected: bool) -> None:
        """The last line has no end. While a turn runs, that is how a living record looks, and how one ends
        whose writer was killed: the turn without an end tells as much. Otherwise it is worth a word.
        """
        if not line.lstrip().startswith(b"{"):
            self.add(number, "is no record")
        elif not is_expected:
            self.say(
                f"line {number}, the last, is half written: the record went on while it was read, or was cut"
            )

    def words(self) -> Iterator[str]:
        yield from self._said
        for words, first in self._first.items():
            others = self._count[words] - 1
            yield f"line {first} {words}" + (f", and so are {others} more" if others else "")
