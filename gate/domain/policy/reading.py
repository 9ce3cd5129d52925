"""Reading a TOML table so that every fault is listed, each with its place and its fix."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from gate.domain.policy.duration import parse_duration
from gate.domain.policy.pattern import Pattern, compile_pattern

_T = TypeVar("_T")
_Choice = TypeVar("_Choice", bound=StrEnum)


class Notes:
    """The faults and warnings found so far, in the order of the text."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.warnings: list[str] = []

    def fault(self, place: str, words: str) -> None:
        self.faults.append(f"{place}: {words}")

    def warn(self, place: str, words: str) -> None:
        self.warnings.append(f"{place}: {words}")


class Table:
    """One table. Each reader takes a key; `close` then reports the keys that nobody took."""

    def __init__(self, value: object, place: str, notes: Notes) -> None:
        self.place = place
        self.notes = notes
        self._taken: set[str] = set()
        self._asked: set[str] = set()
        self._values: dict[str, object] = {}
        self._is_broken = not isinstance(value, dict)
        if isinstance(value, dict):
            self._values = value
        else:
            notes.fault(place, "must be a table")

    def __contains__(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._values

    @property
    def is_empty(self) -> bool:
        """Nothing is written here, not even something wrong."""
        return not self._values and not self._is_broken

    def at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def fault(self, key: str, words: str) -> None:
        self.notes.fault(self.at(key), words)

    def take(self, key: str) -> object:
        """The raw value of `key`, or None where it is absent."""
        self._taken.add(key)
        self._asked.add(key)
        return self._values.get(key)

    def table(self, key: str) -> Table:
        """The table under `key`; an empty one where it is absent."""
        return Table(self.take(key) if key in self else {}, self.at(key), self.notes)

    def text(self, key: str, default: str = "") -> str:
        value = self.take(key) if key in self else default
        if isinstance(value, str):
            return value
        self.fault(key, "must be a string in quotes")
        return default

    def flag(self, key: str, default: bool) -> bool:
        value = self.take(key) if key in self else default
        if isinstance(value, bool):
            return value
        self.fault(key, "must be true or false")
        return default

    def whole(self, key: str, default: int, *, least: int, most: int) -> int:
        value = self.take(key) if key in self else default
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.fault(key, f"must be a whole number from {least} to {most}")
        return default

    def duration(self, key: str, default: timedelta) -> timedelta:
        if key not in self:
            return default
        found = self._each([self.take(key)], lambda _place: key, parse_duration)
        return found[0] if found else default

    def choice(self, key: str, default: _Choice) -> _Choice:
        if key not in self:
            return default
        found = self.choices_of([self.take(key)], type(default), lambda _place: key)
        return found[0] if found else default

    def choices(self, key: str, kind: type[_Choice]) -> tuple[_Choice, ...]:
        return self.choices_of(self.items(key), kind, lambda place: f"{key}[{place}]")

    def choices_of(
        self, values: Iterable[object], kind: type[_Choice], key: Callable[[int], str]
    ) -> tuple[_Choice, ...]:
        def parse(text: str) -> _Choice:
            if text not in [choice.value for choice in kind]:
                raise ValueError(f"{text!r} is not known. Choose from {', '.join(kind)}")
            return kind(text)

        return self._each(values, key, parse)

    def names(self, key: str, *, may_be_empty: bool = False) -> tuple[str, ...]:
        """A list of strings, none of them empty or twice."""
        seen: set[str] = set()

        def parse(text: str) -> str:
            if not text.strip() or text in seen:
                raise ValueError(
                    f"{text!r} is {'twice' if text in seen else 'empty'} in this list. Leave it out"
                )
            seen.add(text)
            return text

        return self.parsed(key, parse, may_be_empty=may_be_empty)

    def logins(self, key: str) -> tuple[str, ...]:
        """A list of logins, case-folded: forges do not tell `Alice` from `alice`."""
        return tuple(name.casefold() for name in self.names(key))

    def patterns(self, key: str) -> tuple[Pattern, ...]:
        return self.parsed(key, compile_pattern)

    def parsed(self, key: str, parse: Callable[[str], _T], *, may_be_empty: bool = False) -> tuple[_T, ...]:
        """A list of strings, each read by `parse`, whose ValueError becomes a fault."""
        items = self.items(key, may_be_empty=may_be_empty)
        return self._each(items, lambda place: f"{key}[{place}]", parse)

    def items(self, key: str, *, may_be_empty: bool = False) -> Sequence[object]:
        """The list under `key`. Most lists that are written must not be empty: they would say nothing."""
        value = self.take(key)
        if key not in self or (may_be_empty and value == []):
            return ()
        if isinstance(value, list) and value:
            return value
        self.fault(key, "is an empty list. Leave it out, or fill it" if value == [] else "must be a list")
        return ()

    def need(self, key: str, words: str) -> None:
        """Fault a key that is missing."""
        if key not in self and not self._is_broken:
            self.fault(key, f"is missing: {words}")

    def refuse(self, key: str, words: str) -> None:
        """Fault a key that is known but can't be honoured; to ignore it in silence would be dangerous."""
        if key in self:
            self.take(key)
            self.fault(key, words)

    def only(self, key: str, allowed: object, words: str) -> None:
        """Fault a key whose value is anything but `allowed`."""
        if key in self and self.take(key) != allowed:
            self.fault(key, words)

    def close(self, known: Iterable[str] = ()) -> None:
        """Fault every key that nobody has taken; `known` are keys that would be, were they there."""
        for key in self._values:
            if key not in self._taken:
                self.fault(key, f"unknown key. {_nearest(key, sorted(self._asked.union(known)))}")

    def _each(
        self, values: Iterable[object], key: Callable[[int], str], parse: Callable[[str], _T]
    ) -> tuple[_T, ...]:
        found: list[_T] = []
        for place, value in enumerate(values, start=1):
            if not isinstance(value, str):
                self.fault(key(place), "must be a string in quotes")
                continue
            try:
                found.append(parse(value))
            except ValueError as error:
                self.fault(key(place), str(error))
        return tuple(found)


def _nearest(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}"
