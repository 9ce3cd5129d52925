"""A guess at the commands of a text that is no Bash, or more of it than is taken apart.

Linear in the text. Quotes are followed where they end; every operator and every substitution outside of
single quotes begins a new command: rather one too many than one unseen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from gate.domain.risk.view import Pipeline, Redirect, Simple

_MOST_COMMANDS = 5000
_PLAIN = re.compile(
    r"""
      (?P<space>[ \t\r]+(?:\#[^\n]*)?|\A\#[^\n]*|(?<=\n)\#[^\n]*)
    | (?P<single>'[^']*')
    | (?P<end>\$\(|<\(|>\(|[()`{}]|\|\||&&|;;?|\n|&(?!>))
    | (?P<pipe>\|&?)
    | (?P<redirect>\d*(?:&>>?|>>|>&|>\||<<<|<<-?|[<>]))
    | (?P<escaped>\\.)
    | (?P<quote>")
    | (?P<text>[^\s'"\\|&;<>()`{}$]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED = re.compile(r'(?P<end>\$\(|`)|(?P<escaped>\\.)|(?P<quote>")|(?P<text>[^"\\`$]+|.)', re.DOTALL)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_KEYWORDS = frozenset("if then else elif fi do done while until for case esac in function select !".split())
# Marks an operator among the words of a command: no word of a shell can hold it.
_OPERATOR = "\0"


def guess(text: str) -> list[Pipeline]:
    """Pipelines by the operators alone."""
    pipelines: list[Pipeline] = []
    members: list[Simple] = []
    for words, end in islice(_commands(text), _MOST_COMMANDS):
        simple = _simple(words)
        if simple is not None:
            members.append(simple)
        if end != "|" and members:
            pipelines.append(Pipeline(tuple(members)))
            members = []
    return pipelines if not members else [*pipelines, Pipeline(tuple(members))]


def _commands(text: str) -> Iterator[tuple[list[str], str]]:
    """The words of each command, redirects among them as their operators, and what ended it."""
    words: list[str] = []
    word: list[str] | None = None
    for kind, token in _tokens(text):
        if kind == "text":
            word = [] if word is None else word
            word.append(token)
            continue
        if word is not None:
            words.append("".join(word))
            word = None
        if kind == "redirect":
            words.append(_OPERATOR + token.lstrip("0123456789"))
        elif kind in ("end", "pipe"):
            yield words, "|" if kind == "pipe" else token
            words = []
    yield words if word is None else [*words, "".join(word)], ""


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Pieces of words without their quotes, as `text`, and what stands between words."""
    at, is_quoted = 0, False
    while at < len(text):
        found = (_QUOTED if is_quoted else _PLAIN).match(text, at)
        if found is None:  # Cannot be: both take any character.
            return
        kind, token, at = found.lastgroup or "text", found[0], found.end()
        if kind == "quote":
            # A quote that never ends would hide all that follows it.
            is_quoted = not is_quoted and text.find('"', at) >= 0
            yield "text", ""
        elif kind == "single":
            yield "text", token[1:-1]
        elif kind == "escaped":
            yield "text", token[1:].replace("\n", "")
        else:
            yield kind, token


def _simple(words: list[str]) -> Simple | None:
    plain: list[str] = []
    assignments: list[tuple[str, str]] = []
    redirects: list[Redirect] = []
    operator = ""
    for word in words:
        found = None if plain else _ASSIGNMENT.fullmatch(word)
        if word.startswith(_OPERATOR):
            operator = word[1:]
        elif operator:
            redirects.append(Redirect(operator, word))
            operator = ""
        elif found is not None:
            assignments.append((found[1], found[2]))
        elif plain or word not in _KEYWORDS:
            plain.append(word)
    if not plain and not assignments and not redirects:
        return None
    return Simple(tuple(plain), tuple(assignments), tuple(redirects), is_exact=False)
