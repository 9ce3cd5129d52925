"""CODEOWNERS files, read by GitHub's rules (docs.github.com, "About code owners")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codeowners import path_to_regex

from gate.domain.errors import Invalid
from gate.domain.policy import OwnedPaths
from gate.domain.policy.pattern import Pattern, PatternFault, compile_pattern

_OWNER = re.compile(r"@[A-Za-z0-9][A-Za-z0-9_-]*(?:/[A-Za-z0-9_.-]+)?|[^@\s]+@[^@\s]+")
# A space with a backslash before it belongs to the path.
_WORDS = re.compile(r"(?:\\.|[^\\\s])+")
# How the library ends an expression, and how RE2 spells the same.
_ENDS = {r"(?:\Z|/)": r"(?:\z|/)", r"[^/]*\Z": r"[^/]*\z"}
_NOT_HERE = {"!": "`!` takes nothing back in CODEOWNERS", "\\#": "a pattern cannot start with #"}


@dataclass(frozen=True, slots=True)
class _Line:
    """One line: the paths it speaks of, and their owners, case-folded."""

    pattern: Pattern
    owners: tuple[str, ...]


class GitHubCodeOwners:
    """Implements `ports.outside.CodeOwners`.

    GitHub passes over a line that it does not understand; here the file counts as broken, since nobody
    could say whose approval that line meant to ask for. Paths are matched in linear time.
    """

    def owned(self, text: str, paths: Sequence[str]) -> tuple[OwnedPaths, ...]:
        lines = tuple(reversed(_read(text)))
        found: dict[frozenset[str], OwnedPaths] = {}
        for path in paths:
            owners = next((line.owners for line in lines if line.pattern.search(path)), ())
            if owners:
                first = found.get(frozenset(owners), OwnedPaths(owners, path, 0))
                found[frozenset(owners)] = OwnedPaths(first.owners, first.example, first.count + 1)
        return tuple(found.values())


def _read(text: str) -> list[_Line]:
    lines: list[_Line] = []
    faults: list[str] = []
    for number, words in _words(text):
        try:
            lines.append(_line(words))
        except ValueError as fault:
            faults.append(f"line {number}: {fault}")
    if faults:
        raise Invalid("CODEOWNERS", faults)
    return lines


def _words(text: str) -> Iterator[tuple[int, list[str]]]:
    """The words of each line, without comments."""
    for number, line in enumerate(re.split(r"\r?\n|\r", text.removeprefix("\ufeff")), start=1):
        words = _WORDS.findall(line)
        end = next((place for place, word in enumerate(words) if word.startswith("#")), len(words))
        if words[:end]:
            yield number, words[:end]


def _line(words: list[str]) -> _Line:
    """Raises ValueError with words on what GitHub does not understand."""
    path, *owners = words
    for start, why in _NOT_HERE.items():
        if path.startswith(start):
            raise ValueError(why)
    if "[" in path or "]" in path:
        raise ValueError("`[` and `]` stand for no range of characters in CODEOWNERS")
    wrong = next((owner for owner in owners if not _OWNER.fullmatch(owner)), None)
    if wrong is not None:
        raise ValueError(f"{wrong!r} is no owner. Write @login, @organization/team or an e-mail address")
    names = (owner.removeprefix("@").casefold() for owner in owners)
    return _Line(_compile(path), tuple(dict.fromkeys(names)))


def _compile(path: str) -> Pattern:
    """The library's expression, in RE2: an agent chooses the paths, and Python's `re` backtracks."""
    try:
        expression = path_to_regex(path).pattern
        for end, here in _ENDS.items():
            if expression.endswith(end):
                expression = expression.removesuffix(end) + here
        return compile_pattern(expression)
    except (PatternFault, UnicodeError) as fault:
        raise ValueError(f"{path!r} is no pattern of paths") from fault
