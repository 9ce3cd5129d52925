"""Patterns of a policy: regular expressions that are matched in time linear in the text, by RE2.

A policy's patterns meet text that an agent chose (paths, titles), and Python's `re` backtracks: a harmless
looking pattern can be made to run for hours. RE2 cannot (https://github.com/google/re2/wiki/WhyRE2), and
refuses what it could not match in linear time, such as a back reference or a look-ahead.

A value is one line: `.` matches every character, a newline too, and `$` matches at the very end only. A file
name may hold a newline or bytes that are no UTF-8, and no rule shall be dodged by them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import re2

LONGEST_PATTERN = 1000
_MOST_MEMORY = 1 << 20


class PatternFault(ValueError):
    """The pattern cannot be used; the message says why and what to write instead."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern, searched unanchored. Equal to another pattern of the same text."""

    text: str
    _compiled: Any = field(repr=False, compare=False)

    @property
    def is_anchored(self) -> bool:
        """Whether the pattern plainly speaks of the whole value, from `^` to `$`."""
        return self.text.startswith("^") and self.text.endswith("$")

    @property
    def groups(self) -> int:
        """How many groups it captures."""
        return int(self._compiled.groups)

    def search(self, value: str) -> bool:
        """Say whether the pattern matches anywhere in `value`."""
        return self._compiled.search(_with_marks(value)) is not None

    def capture(self, value: str) -> str | None:
        """What its first group matches in `value`; None where it does not match, or the group is left out."""
        match = self._compiled.search(_with_marks(value))
        return None if match is None else match[1]


def compile_pattern(text: str) -> Pattern:
    """Compile `text`; raise PatternFault where it is no pattern or cannot be matched in linear time."""
    if not text:
        raise PatternFault("the pattern is empty and would match everything. Write '.*' if you mean that")
    if len(text) > LONGEST_PATTERN:
        raise PatternFault(f"the pattern is longer than {LONGEST_PATTERN} characters. Split it in several")
    try:
        return Pattern(text, re2.compile(text, _options()))
    except re2.error as error:
        raise PatternFault(
            f"{text!r} cannot be matched in linear time, or is no regular expression of RE2: {_words(error)}"
        ) from error


def literal_pattern(text: str) -> str:
    """Write a pattern that matches exactly the characters of `text`."""
    return str(re2.escape(text))


def _options() -> Any:
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    options.max_mem = _MOST_MEMORY
    return options


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else "it was refused"
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def _with_marks(value: str) -> str:
    """A byte that is no UTF-8 becomes U+FFFD, which `.` matches, as RE2 would pass over the byte itself."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
