"""Syntax colours by Pygments, as classes: the styles are in static/pygments.css, made by `stylesheet`."""

from __future__ import annotations

import time
from collections.abc import Iterator

from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_for_filename
from pygments.token import STANDARD_TYPES, _TokenType

Part = tuple[str, str]
"""A CSS class, empty for plain text, and the text."""

# Lexers are regular expressions, and an agent chooses the text: a long line or a slow file stays plain.
_LONGEST_LINE = 2000
_BUDGET_SECONDS = 0.3
# The budget is looked at between tokens only. So just the languages that are everywhere: a rare lexer can
# spend minutes in one match on text made for it, and stop the whole process.
_KNOWN = frozenset(
    """
    bash c cpp csharp css diff docker go html ini java javascript json kotlin make php python ruby rust scss
    sql swift toml typescript xml yaml
    """.split()
)
# White space, and what the lexer takes for a mistake, which in a diff it often is not.
_UNSTYLED = frozenset({"w", "err"})


def coloured(path: str, text: str | None) -> list[list[Part]]:
    """The text's lines as parts, or no lines where it is to be shown plain."""
    if not text or any(len(line) > _LONGEST_LINE for line in text.split("\n")):
        return []
    found = find_lexer_class_for_filename(path.rpartition("/")[2])
    if found is None or _KNOWN.isdisjoint(found.aliases):
        return []
    return _lines(found(stripnl=False, ensurenl=False), text)


def stylesheet() -> str:
    """The rules for both colour schemes."""
    light = HtmlFormatter(style="xcode").get_style_defs(".code")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".code")
    return f"{_colours(light)}\n@media (prefers-color-scheme: dark) {{\n{_colours(dark)}\n}}\n"


def _lines(lexer: Lexer, text: str) -> list[list[Part]]:
    lines: list[list[Part]] = [[]]
    deadline = time.monotonic() + _BUDGET_SECONDS
    for token, value in lexer.get_tokens(text):
        if time.monotonic() > deadline:
            return []
        for number, piece in enumerate(value.split("\n")):
            if number:
                lines.append([])
            if piece:
                _append(lines[-1], _css_class(token), piece)
    return lines


def _append(line: list[Part], css: str, piece: str) -> None:
    if line and line[-1][0] == css:
        piece = line.pop()[1] + piece
    line.append((css, piece))


def _css_class(token: _TokenType) -> str:
    while token not in STANDARD_TYPES and token.parent is not None:
        token = token.parent
    css = str(STANDARD_TYPES.get(token, ""))
    return "" if css in _UNSTYLED else css


def _colours(rules: str) -> str:
    # Backgrounds and line numbers are the page's own business.
    return "\n".join(_wanted(rules.splitlines()))


def _wanted(rules: list[str]) -> Iterator[str]:
    for rule in rules:
        if rule.startswith(".code .") and not rule.startswith((".code .hll", ".code .err", ".code .w ")):
            yield rule


if __name__ == "__main__":
    print(stylesheet(), end="")
