"""How verdicts say things: names, commits and counts in plain words."""

from __future__ import annotations

from collections.abc import Sequence

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def short(oid: str) -> str:
    """The first seven digits of a commit, as people quote it."""
    return oid[:7]


def shown(text: str) -> str:
    """`text` with control, bidi and undecodable characters escaped: agents choose paths and titles."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def plural(count: int, noun: str) -> str:
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def one_of(names: Sequence[str]) -> str:
    """Join names as a choice: `alice`, `alice or bob`, `alice, bob or carol`."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
