"""D31 to D33: text that is not what it looks like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from gate.domain.risk.diff.look import FileLook, FileRule, Hit
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.view import Line, PathClass

D31 = Rule(
    id="D31",
    name="bidi",
    severity=Severity.CRITICAL,
    why="The line is shown in another order than the compiler reads it, so a review sees other code.",
    check="Look at the line's bytes. Code has no use for these characters.",
)
D32 = Rule(
    id="D32",
    name="invisible",
    severity=Severity.MEDIUM,
    why="Characters that nobody sees can tell two names apart, carry hidden text, or hold instructions.",
    check="Look at the line's bytes, and ask what the character is there for.",
)
D33 = Rule(
    id="D33",
    name="mixed-script",
    severity=Severity.MEDIUM,
    why="A letter of another alphabet looks like a Latin one, and makes another name of it.",
    check="See whether a name in Latin letters alone exists, and which of the two is meant.",
)
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Tags and the variation selectors from E0100 on have carried whole programs in what looks like an empty line.
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\u180e\u3164\uffa0\ufeff\U000e0000-\U000e01ef]")
_TAGS = re.compile("[\U000e0000-\U000e01ef]")
_ZWNJ, _ZWJ = "\u200c", "\u200d"
_MARKS = frozenset("\u200e\u200f")
# Emoji are joined by ZWJ, and followed by a selector; these scripts need the joiners to be spelled right.
_JOINING = re.compile(
    "[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc\u0700-\u074f\u0900-\u0dff\u1000-\u109f"
    "\u1780-\u17ff\u1800-\u18af\U0001f000-\U0001faff\u2190-\u2bff\ufe0f\u20e3]"
)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_STRINGS = re.compile(r"'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|`(?:\\.|[^`\\\n])*`|(#|//).*")
# Each text that has no end is looked for in all of the line.
_LONGEST_LINE = 5_000
_WORD = re.compile(r"[^\W\d_]+")
# Greek letters are names of their own in formulas: only those that pass for Latin ones are a trick.
_GREEK_LATIN = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορικυϲϳ")


def bidi(look: FileLook) -> Iterator[Hit]:
    severity = D31.severity
    if look.path_class in (PathClass.LOCALE, PathClass.DOCS):
        severity = Severity.LOW
    for line, match in look.finds(_BIDI):
        yield Hit(
            f"{_name(match.group())} turns the order of the text around",
            line,
            severity,
            column=match.start() + 1,
        )


def invisible(look: FileLook) -> Iterator[Hit]:
    if look.path_class is PathClass.LOCALE or look.code.isascii():
        return
    for line in look.added:
        at = next(
            (match.start() for match in _HIDDEN.finditer(line.text) if not _is_needed(line, match)), None
        )
        if at is not None:
            char = line.text[at]
            severity = Severity.HIGH if _TAGS.match(char) else Severity.MEDIUM
            yield Hit(
                f"{_name(char)} is in the line and cannot be seen",
                line,
                look.lowered_in(severity, PathClass.DOCS),
                column=at + 1,
            )


def mixed_script(look: FileLook) -> Iterator[Hit]:
    if look.path_class not in (PathClass.SOURCE, PathClass.TEST) or look.code.isascii():
        return
    for line in look.added:
        word = None if line.text.isascii() else _mixed(_STRINGS.sub("", line.text[:_LONGEST_LINE]))
        if word is not None:
            scripts = " and ".join(sorted({_script(char) for char in word} - {""}))
            yield Hit(f"A name mixes {scripts} letters", line, column=line.text.index(word) + 1, key=word)


def _mixed(code: str) -> str | None:
    """The first word with Latin letters and letters that pass for them."""
    for match in _WORD.finditer(code):
        word = match.group()
        if word.isascii():
            continue
        scripts = {_script(char) for char in word}
        if "Latin" in scripts and ("Cyrillic" in scripts or not _GREEK_LATIN.isdisjoint(word)):
            return word
    return None


def _script(char: str) -> str:
    first = unicodedata.name(char, "").split(" ")[0]
    return first.capitalize() if first in ("LATIN", "CYRILLIC", "GREEK") else ""


def _is_needed(line: Line, match: re.Match[str]) -> bool:
    """Whether the character has its place there: between emoji or letters that need it, or first of all."""
    char, at = match.group(), match.start()
    around = line.text[max(0, at - 1) : at] + line.text[at + 1 : at + 2]
    if char == "\ufeff":
        return at == 0 and line.number == 1
    if char in (_ZWJ, _ZWNJ):
        return _JOINING.search(around) is not None
    return char in _MARKS and _RIGHT_TO_LEFT.search(around) is not None


def _name(char: str) -> str:
    return f"U+{ord(char):04X} {unicodedata.name(char, 'without a name')}"


RULES = (FileRule(D31, bidi), FileRule(D32, invisible), FileRule(D33, mixed_script))
