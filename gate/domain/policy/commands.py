"""What a comment says to the gate: a command, in a place where nobody but its author put it.

Reviewers quote logs and other people's comments, and an agent chose some of those words. So what stands in a
quote, in code or in an HTML comment is never read; and where only a whole parser of Markdown could tell
(https://github.github.com/gfm/), the rest of the comment is not read either: a command that is not taken can
be given again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Word(StrEnum):
    """The commands that there are."""

    APPROVE = "approve"
    REJECT = "reject"
    HOLD = "hold"
    UNHOLD = "unhold"
    RECHECK = "recheck"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what stands behind it on its line; `fault` says why it can't be followed."""

    word: Word
    argument: str = ""

    @property
    def fault(self) -> str | None:
        if self.word is Word.APPROVE and not is_commit_prefix(self.argument):
            return "it must name the commit and nothing else, with 7 to 40 digits"
        if self.word in (Word.REJECT, Word.OVERRIDE) and not self.argument:
            return "it must give a reason on the same line"
        if self.word in (Word.UNHOLD, Word.RECHECK) and self.argument:
            return "it must stand alone on its line"
        return None


_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_LINE = re.compile(r"/([a-z]+)(?:[ \t]+(.*))?")
_NEWLINE = re.compile(r"\r\n|\n|\r")
_LIST = r"(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)*"
_QUOTE = re.compile(rf"[ \t]*{_LIST}[ \t]*>")
_FENCE = re.compile(r"(`{3,})[^`]*|(~{3,}).*")
# A fence that is indented, in a list or in a quote; where it ends depends on all that surrounds it.
_UNCLEAR_FENCE = re.compile(r"[ \t]*[>\-*+0-9.) \t]*(`{3,}|~{3,})")
_HTML = re.compile(r"<[A-Za-z/?!]")
_COMMENT = "<!---->"
_LINK = re.compile(r"<(?:https?://|mailto:)[^\s<>]*>")


def is_commit_prefix(text: str) -> bool:
    """Whether `text` may be the first digits of a commit, as people quote it."""
    return _COMMIT.fullmatch(text.casefold()) is not None


def parse_command(body: str) -> Command | None:
    """The command of a comment: its first plain line that starts with `/`, if that is one."""
    line = next((line for line in plain_lines(body) if line.startswith("/")), None)
    match = None if line is None else _LINE.fullmatch(line.rstrip())
    if match is None or match[1] not in list(Word):
        return None
    return Command(Word(match[1]), (match[2] or "").strip())


def plain_lines(body: str) -> Iterator[str]:
    """The lines of a comment that start in the first column and are neither quoted, nor code, nor hidden."""
    lines = iter(_NEWLINE.split(body))
    in_quote = False
    ticks = 0
    for line in lines:
        if not line.strip():
            in_quote, ticks = False, 0
        elif fence := _FENCE.fullmatch(line):
            in_quote, ticks = False, 0
            _skip_code(lines, fence[1] or fence[2])
        elif _UNCLEAR_FENCE.match(line) or not (visible := _without_comments(line, lines)):
            return
        elif in_quote or _QUOTE.match(line):
            # Without a blank line between, the lines below still belong to the quote.
            in_quote = True
        else:
            if ticks % 2 == 0 and line[0] not in " \t" and visible == line:
                yield line
            # An odd number of backticks may begin code that goes on in the next line.
            ticks += len(re.findall("`+", visible))


def _skip_code(lines: Iterator[str], fence: str) -> None:
    end = re.compile(rf" {{0,3}}{fence[0]}{{{len(fence)},}}[ \t]*")
    next((line for line in lines if end.fullmatch(line)), None)


def _without_comments(line: str, lines: Iterator[str]) -> str | None:
    """What is to be seen of a line, to the end of a comment that it begins; None where that is not clear.

    A comment that begins a line ends where it says, whatever is in it; any other may be no comment at all.
    """
    visible, rest = "", line
    while "<!--" in rest:
        before, _, rest = rest.partition("<!--")
        if rest.startswith((">", "->")):  # Some take that for the end already.
            return None
        visible += before + _COMMENT
        may_go_on = visible == _COMMENT and line.startswith("<!--")
        while "-->" not in rest:
            following = next(lines, None) if may_go_on else None
            if following is None:
                return None
            rest = following
        rest = rest.partition("-->")[2]
    visible += rest
    return None if _HTML.search(_LINK.sub("", visible).replace(_COMMENT, "")) else visible
