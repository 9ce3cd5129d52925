"""Ref patterns of a brief, with the meaning that the hooks give them.

The policy has patterns of its own with the same meaning; it looks at briefs, so a brief can't look at it.
"""

from __future__ import annotations

import re

# What git itself refuses in a ref name (git-check-ref-format), the star left out.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?\[\\]|\.\.|@\{|//|\*\*\*")
_WILD = re.compile(r"(\*\*|\*)")
_ANY_DEPTH, _ONE_LEVEL = "**", "*"


def pattern_fault(pattern: str) -> str | None:
    """Why this pattern can match no branch and no tag."""
    if not pattern.startswith(("refs/heads/", "refs/tags/")):
        return f"{pattern!r} is no branch and no tag. Write its name, or 'refs/heads/...' or 'refs/tags/...'"
    if _FORBIDDEN.search(pattern) or pattern.endswith(("/", ".lock", ".")):
        return f"{pattern!r} can match no ref: git allows no such name. Only * and ** are special"
    return None


def matches(pattern: str, ref: str) -> bool:
    """Whether all of `ref` fits: `*` is anything within one level, `**` anything at any depth.

    The time is linear in both lengths, whatever the pattern.
    """
    tokens = _tokens(pattern)
    places = _reached(tokens, {0})
    for letter in ref:
        places = _reached(tokens, {after for place in places for after in _step(tokens, place, letter)})
    return len(tokens) in places


def _tokens(pattern: str) -> list[str]:
    pieces = _WILD.split(pattern)
    return [token for piece in pieces for token in ([piece] if _WILD.fullmatch(piece) else piece)]


def _step(tokens: list[str], place: int, letter: str) -> tuple[int, ...]:
    if place == len(tokens):
        return ()
    token = tokens[place]
    if token == _ANY_DEPTH or (token == _ONE_LEVEL and letter != "/"):
        return (place,)
    return (place + 1,) if token == letter else ()


def _reached(tokens: list[str], places: set[int]) -> set[int]:
    """The places, and those behind wildcards that stand for nothing."""
    reached = set(places)
    for place in places:
        while place < len(tokens) and tokens[place] in (_ANY_DEPTH, _ONE_LEVEL):
            place += 1
            reached.add(place)
    return reached
