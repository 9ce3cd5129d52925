"""gitignore patterns by pathspec (pypi.org/project/pathspec), which follows git's own rules."""

from __future__ import annotations

from collections.abc import Sequence

import re2
from pathspec import GitIgnoreSpec

from gate.domain.errors import Invalid

_MOST_PATTERNS = 1_000
_LONGEST_PATTERN = 500
# Python's `re` backtracks over stars, and an agent writes both the patterns and the paths.
_BACKEND = "re2"


class GitIgnorePathMatcher:
    """Implements `ports.evidence.PathMatcher`: git's rules for a list, where a later `!` takes back.

    The time is linear in the paths, whatever the patterns.
    """

    def __call__(self, patterns: Sequence[str], paths: Sequence[str]) -> tuple[str, ...]:
        faults = [fault for pattern in patterns if (fault := _fault(pattern))]
        if len(patterns) > _MOST_PATTERNS:
            faults.append(f"there are {len(patterns)} patterns, and {_MOST_PATTERNS} is the most")
        if faults:
            raise Invalid("patterns of paths", faults)
        try:
            spec = GitIgnoreSpec.from_lines([_bytewise(pattern) for pattern in patterns], backend=_BACKEND)
        except (ValueError, re2.error) as fault:
            raise Invalid("patterns of paths", [str(fault)]) from fault
        return tuple(path for path in paths if spec.match_file(_bytewise(path)))


def _bytewise(text: str) -> str:
    """A letter for each byte: git compares bytes, so that its `?` is half of an umlaut."""
    return text.encode(errors="surrogateescape").decode("latin-1")


def _fault(pattern: str) -> str | None:
    if len(pattern) > _LONGEST_PATTERN:
        return f"{pattern[:80]!r} is longer than {_LONGEST_PATTERN} characters"
    if any(letter in pattern for letter in "\0\r\n"):
        return f"{pattern[:80]!r} has a line break or NUL in it"
    return None
