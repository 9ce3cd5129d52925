"""The headings of a brief, in the many ways in which people write them."""

from __future__ import annotations

import re

from gate.domain.brief.model import Part

_NAMES: dict[Part, tuple[str, ...]] = {
    Part.GOAL: ("goal", "goals", "the goal", "objective", "objectives", "task", "your task"),
    Part.ALLOWED: ("allowed", "may", "you may", "allowed changes", "permitted", "scope", "in scope"),
    Part.NOT_ALLOWED: (
        "not allowed",
        "must not",
        "you must not",
        "may not",
        "you may not",
        "never",
        "do not",
        "don't",
        "forbidden",
        "off limits",
        "out of scope",
    ),
    Part.STOP_IF: ("stop if", "stop when", "stop and ask if", "stop and ask when"),
    Part.BEFORE_FINISHING: (
        "before finishing",
        "before you finish",
        "before finish",
        "before pushing",
        "before you push",
        "when done",
        "done when",
        "definition of done",
    ),
}
_PARTS = {name: part for part, names in _NAMES.items() for name in names}
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_EMPHASIS = "*_"
_LONGEST_HEADING = 300
_LONGEST_NAME = 60
_BOLD_LEVEL = 7
"""A bold line or `Goal:` stands below every true heading."""


def heading(line: str) -> tuple[int, Part | None, str] | None:
    """The level of a heading, the part that it opens if any, and what follows its colon on the line.

    A heading without a name that is known closes the part before it, where it does not stand below it.
    """
    if len(line) > _LONGEST_HEADING and not line[:_LONGEST_NAME].count(":"):
        return None
    atx = _ATX.fullmatch(line[:_LONGEST_HEADING])
    if atx is not None:
        name, _, rest = (atx[2] or "").partition(":")
        part = part_of(atx[2] or "") or part_of(name)
        return len(atx[1]), part, rest.strip(" *_") if part is not None else ""
    # `- **Goal:** …`: a list whose points are the parts.
    line = re.sub(r"^[-*+][ \t]+(?=\S)", "", line) if ":" in line else line
    if line.startswith((" ", "\t")) or line[:2] in ("- ", "* ", "+ "):
        return None
    name, colon, rest = line.partition(":")
    part = part_of(name)
    if part is None or not (colon or _is_bold(line) or len(name.split()) == len(line.split())):
        return None
    if not colon and not _is_bold(line) and _is_a_sentence_start(part, line):
        return None
    return _BOLD_LEVEL, part, rest.lstrip(_EMPHASIS).strip()


def part_of(text: str) -> Part | None:
    """The part that this heading names, whatever its case, hyphens, emphasis and end."""
    if len(text) > _LONGEST_NAME:
        return None
    plain = text.replace("\u2019", "'").casefold()
    words = re.sub(r"[-_*\s]+", " ", re.sub(r"^[^\w*]+|[^\w*]+$", "", plain))
    return _PARTS.get(words.strip(" .:!"))


def _is_bold(line: str) -> bool:
    stripped = line.strip().rstrip(":")
    return stripped[:2] in ("**", "__") and stripped[-2:] == stripped[:2] and len(stripped) > 4


def _is_a_sentence_start(part: Part, line: str) -> bool:
    """One word such as `Never` on a line of its own is as likely the beginning of a wrapped sentence."""
    return part is not Part.GOAL and not line.strip()[:1].isupper()
