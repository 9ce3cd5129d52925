"""Findings as annotations on lines: what a check run beside the diff says.

Nothing of it is Markdown but the summary; texts of the push in it are shown as they are, with nothing hidden.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from gate.domain.pull_request.findings import weight_words
from gate.domain.pull_request.inert import link
from gate.domain.pull_request.length import cut, units
from gate.domain.pull_request.model import ReviewRequest
from gate.domain.pull_request.visible import code_points, visible
from gate.domain.risk.model import Finding, Severity
from gate.domain.words import count

MOST_ANNOTATIONS = 50
"""What GitHub takes in one request."""

_LONGEST_TITLE, _LONGEST_MESSAGE = 200, 1500

# Mentions and references, should GitHub ever look for them here.
_CALLS = re.compile(r"@(?=\w)|#(?=\d)|(?i:(?<=gh)-(?=\d))")

Level = Literal["notice", "warning", "failure"]
_LEVEL: dict[Severity, Level] = {
    Severity.INFO: "notice",
    Severity.LOW: "notice",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "failure",
    Severity.CRITICAL: "failure",
}


@dataclass(frozen=True, slots=True)
class Annotation:
    """One finding on one line of the head under review."""

    path: str
    line: int
    level: Level
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class FindingsCheck:
    """What the check run says: never a verdict, which is the commit status alone."""

    title: str
    summary: str
    annotations: tuple[Annotation, ...]


def findings_check(request: ReviewRequest) -> FindingsCheck | None:
    """The check run of a published revision; None where nobody looked, or nothing was found."""
    if request.evidence is None or not request.evidence.assessment.findings:
        return None
    assessment = request.evidence.assessment
    found = assessment.findings
    paths = {file.path for file in request.facts.files if file.status != "D"}
    on_lines = [one for one in found if _is_on_a_line(one, request.hold.revision.head, paths)]
    page = link("the hold at the gate", request.hold_url)
    shown = on_lines[:MOST_ANNOTATIONS]
    return FindingsCheck(
        f"{count(len(found), 'finding')}, risk {assessment.level}",
        f"{count(len(shown), 'finding')} of {len(found)} shown on a line of the diff. All are on {page}. "
        "This check never fails: whether the push may be released is what the status `pushgate` says.",
        tuple(map(_annotation, shown)),
    )


def _is_on_a_line(finding: Finding, head: str, paths: set[str]) -> bool:
    place = finding.place
    return (
        place.line is not None and place.oid in (None, head) and place.path in paths and _is_utf8(place.path)
    )


def _is_utf8(path: str | None) -> bool:
    """GitHub's API can't name other paths."""
    return path is not None and not any("\ud800" <= char <= "\udfff" for char in path)


def _annotation(finding: Finding) -> Annotation:
    place, rule = finding.place, finding.rule
    assert place.path is not None
    assert place.line is not None
    message = "\n".join(_shown(words, _LONGEST_MESSAGE) for words in (finding.words, rule.why, rule.check))
    title = _shown(f"{rule.id} {rule.name} ({weight_words(finding)})", _LONGEST_TITLE)
    return Annotation(place.path, place.line, _LEVEL[finding.weight], title, message)


def _shown(text: str, limit: int) -> str:
    """One line with nothing hidden in it, and nobody called: what follows renders it decides the rest."""
    words = visible(" ".join(text[:limit].split()))
    words = _CALLS.sub(lambda match: code_points(match[0]), words)
    return words if units(words) <= limit else cut(words, limit - 1) + "\u2026"
