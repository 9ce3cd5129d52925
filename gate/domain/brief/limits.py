"""Limits in the sentences of a brief: `at most 8 files`, `stop if more than 300 lines`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()
_COUNT = rf"(\d{{1,9}}|\d{{1,3}}(?:[,_']\d{{3}}){{1,2}}|{'|'.join(_NUMBERS)})"
_WHAT = r"(?:(?:changed|modified|edited|touched|new|added|deleted|source|code) )?(files?|lines?)\b"
_NOT_ALL = re.compile(
    r"\s*(?:per|each|long|in (?:a|one|any|each)\b|of (?:context|output|log))", re.IGNORECASE
)
_AT_MOST = re.compile(
    r"\b(?:at most|no more than|not more than|a maximum of|maximum of|maximum|max\.?|up to|limit(?:ed)? to|"
    rf"limit of|limit:|within|more than|over|exceed(?:s|ing)?|above|beyond) {_COUNT} {_WHAT}",
    re.IGNORECASE,
)
_SIGN = re.compile(rf"(<=|\u2264|>|<|>=|\u2265) ?{_COUNT} {_WHAT}")
_FEWER = re.compile(rf"\b(?:fewer|less) than {_COUNT} {_WHAT}|\bunder {_COUNT} {_WHAT}", re.IGNORECASE)
_AFTER = re.compile(rf"\b{_COUNT} {_WHAT} (?:at most|or (?:fewer|less)|max(?:imum)?)\b", re.IGNORECASE)
_OR_MORE = re.compile(rf"\b(?:{_COUNT} or more {_WHAT}|{_COUNT} {_WHAT} or more)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that is allowed, of files or else of lines."""

    most: int
    is_files: bool


def limits_in(words: str) -> tuple[Limit, ...]:
    """Every limit in a sentence. One on single files, or on something else than the change, is none."""
    words = " ".join(words.replace("`", "").replace("*", "").split())
    found: list[tuple[int, Limit]] = []
    for pattern, less in ((_AT_MOST, 0), (_AFTER, 0), (_FEWER, 1), (_OR_MORE, 1)):
        for match in pattern.finditer(words):
            count, what = [group for group in match.groups() if group]
            if not _NOT_ALL.match(words, match.end()):
                found.append((match.start(), _limit(count, what, less)))
    for match in _SIGN.finditer(words):
        less = 1 if match[1] in ("<", ">=", "\u2265") else 0
        if not _NOT_ALL.match(words, match.end()):
            found.append((match.start(), _limit(match[2], match[3], less)))
    return tuple(dict.fromkeys(limit for _, limit in sorted(found, key=lambda one: one[0])))


def _limit(count: str, what: str, less: int) -> Limit:
    word = count.casefold()
    number = _NUMBERS.index(word) + 1 if word in _NUMBERS else int(re.sub(r"\D", "", count))
    return Limit(max(0, number - less), what.casefold().startswith("file"))
