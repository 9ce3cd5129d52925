"""The agent's own summary of what is risky: a claim, found where agents write it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gate.domain.evidence import AgentSummary, SummarySource

_LONGEST = 4000
_MOST_LINES = 20_000
_LONGEST_HEADING = 120

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|\Z)")
_UNDERLINE = re.compile(r" {0,3}(?:(=+)|-{2,})[ \t]*")
_BOLD = re.compile(r"(\*\*|__)[^*_]{1,120}\1:?")
_ITEM = re.compile(r"[ \t]{0,3}(?:[-*+]|\d{1,3}[.)])[ \t]+")
_TRAILER = re.compile(r"[A-Z][A-Za-z-]{1,40}: \S")
_WORD = re.compile(r"\w")
_RISKS = re.compile(
    r"(?:(?:final|known|remaining|residual|main|open|possible|potential) )*risks?"
    r"(?: (?:summary|assessment|analysis|level|notes?|report|overview|review))?"
    r"(?: and [\w ]{1,40})?"
)
# No headings of Markdown's, but used for them: a line in bold or of its words alone, and an item of a list.
_AS_TEXT, _AS_ITEM = 7, 8


@dataclass(frozen=True, slots=True)
class _Line:
    """One line. `level` is 1 to 6 for a heading, and 0 for what is none; `rest` is what follows its words."""

    text: str
    level: int = 0
    is_on_risks: bool = False
    rest: str = ""


def agent_summary(statuses: Sequence[str], last_message: str, commit_message: str) -> AgentSummary | None:
    """The section on risks in STATUS.md, else the last message, or its section on risks where it has one,
    else the body of the newest commit's message. None where there is none of them.
    """
    for status in statuses:
        if section := risk_section(status):
            return AgentSummary(SummarySource.STATUS, _shortened(section))
    if last_message.strip():
        words = risk_section(last_message) or last_message.strip()
        return AgentSummary(SummarySource.LAST_MESSAGE, _shortened(words))
    if body := _body(commit_message):
        return AgentSummary(SummarySource.COMMIT, _shortened(body))
    return None


def risk_section(markdown: str) -> str:
    """What stands below the last heading that speaks of risks; empty where there is none.

    The last one: agents add to a status at its end.
    """
    lines = tuple(_lines(markdown))
    for start in range(len(lines) - 1, -1, -1):
        section = _section(lines, start) if lines[start].is_on_risks else ""
        if _WORD.search(section):
            return section
    return ""


def _section(lines: Sequence[_Line], start: int) -> str:
    heading = lines[start]
    texts = [heading.rest]
    for line in lines[start + 1 :]:
        if _ends(heading, line):
            break
        texts.append(line.text)
    return "\n".join(texts).strip()


def _ends(heading: _Line, line: _Line) -> bool:
    if heading.level == _AS_ITEM:
        return not line.text.startswith((" ", "\t"))
    if heading.level == _AS_TEXT:
        return 0 < line.level <= _AS_TEXT
    return 0 < line.level <= heading.level


def _lines(markdown: str) -> Iterator[_Line]:
    fence = ""
    before: _Line | None = None
    for text in markdown.split("\n", _MOST_LINES)[:_MOST_LINES]:
        found = _FENCE.match(text)
        if fence:
            fence = "" if found and found[1].startswith(fence) else fence
            line = _Line(text)
        elif found:
            fence = found[1]
            line = _Line(text)
        elif before is not None and before.text.strip() and (below := _UNDERLINE.fullmatch(text)):
            if before.level in (0, _AS_TEXT):
                before = _underlined(before, 1 if below[1] else 2)
            line = _Line("" if before.level < _AS_TEXT else text)
        else:
            line = _line(text)
        if before is not None:
            yield before
        before = line
    if before is not None:
        yield before


def _line(text: str) -> _Line:
    short = text[:_LONGEST_HEADING]
    if atx := _ATX.match(short):
        return _Line(text, len(atx[1]), _is_on_risks(short))
    if len(text) <= _LONGEST_HEADING and _BOLD.fullmatch(text.strip()):
        return _Line(text, _AS_TEXT, _is_on_risks(text))
    words, colon, _ = short.partition(":")
    if not _is_on_risks(words) or (not colon and words != text):
        return _Line(text)
    level = _AS_ITEM if _ITEM.match(text) else _AS_TEXT
    return _Line(text, level, is_on_risks=True, rest=text[len(words) + 1 :].strip(" \t*_") if colon else "")


def _underlined(line: _Line, level: int) -> _Line:
    return _Line(line.text, level, len(line.text) <= _LONGEST_HEADING and _is_on_risks(line.text))


def _is_on_risks(heading: str) -> bool:
    """Whether a heading is about risks, without its marks and numbers: `## 4. **Risks**:`."""
    words = re.sub(r"[\W\d_]+", " ", heading.replace("&", " and ").replace("/", " and ")).strip().lower()
    return bool(_RISKS.fullmatch(words))


def _body(message: str) -> str:
    """A commit message without its subject, and without the trailers that git adds."""
    _, _, body = message.strip().partition("\n\n")
    *above, last = body.strip().split("\n\n")
    is_trailers = all(_TRAILER.match(line) for line in last.splitlines())
    return "\n\n".join(above if is_trailers else [*above, last]).strip()


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST].rstrip() + " …"
