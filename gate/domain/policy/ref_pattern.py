"""Patterns of full ref names: `*` stands for any characters within one level, `**` for any at any depth."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from gate.domain.policy.pattern import Pattern, compile_pattern, literal_pattern

# What git itself refuses in a ref name (git-check-ref-format), the star left out.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?\[\\]|\.\.|@\{|//|\*\*\*")


class RefPatternFault(ValueError):
    """The text is no pattern of ref names; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class RefPattern:
    """A pattern that is compared with the whole of a full ref name, upper and lower case apart."""

    text: str
    _pattern: Pattern = field(repr=False, compare=False)

    def matches(self, ref: str) -> bool:
        return self._pattern.search(ref)


def parse_ref_pattern(text: str) -> RefPattern:
    """Read a pattern such as `refs/heads/codex/**`; raise RefPatternFault where it can match no ref."""
    if not text.startswith("refs/"):
        raise RefPatternFault(f"{text!r} is not a full ref name. Write 'refs/heads/...' or 'refs/tags/...'")
    forbidden = _FORBIDDEN.search(text)
    if forbidden or text.endswith(("/", ".lock", ".")):
        what = repr(forbidden[0]) if forbidden else "that ending"
        raise RefPatternFault(
            f"{text!r} can match no ref: git allows no {what} in one. Only * and ** are special"
        )
    parts = re.split(r"(\*\*|\*)", text)
    pieces = {"**": ".*", "*": "[^/]*"}
    return RefPattern(
        text, compile_pattern("^" + "".join(pieces.get(p, literal_pattern(p)) for p in parts) + "$")
    )


def any_matches(patterns: Iterable[RefPattern], ref: str) -> bool:
    """Say whether one of `patterns` matches `ref`."""
    return any(pattern.matches(ref) for pattern in patterns)
