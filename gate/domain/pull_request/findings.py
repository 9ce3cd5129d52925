"""The findings of the risk rules as a reviewer meets them: worst first, each with where to look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gate.domain.evidence import Evidence
from gate.domain.pull_request.commands_seen import clock, commands_seen, ended, first_line
from gate.domain.pull_request.folded import folded_list
from gate.domain.pull_request.inert import inline, link, prose, row
from gate.domain.pull_request.links import place_url
from gate.domain.pull_request.model import ReviewRequest
from gate.domain.pull_request.sections import Section
from gate.domain.risk.model import Assessment, Confidence, Finding, Place, RiskLevel, Rule, Severity
from gate.domain.session.model import Command
from gate.domain.words import count

MOST_FINDINGS = 15
_MOST_RULES = 30
_LONGEST_WORDS, _LONGEST_PATH, _LONGEST_NAME, _LONGEST_SEEN = 300, 160, 80, 100

SIGN = {
    RiskLevel.NONE: "\u26aa",
    RiskLevel.LOW: "\U0001f535",
    RiskLevel.MEDIUM: "\U0001f7e1",
    RiskLevel.HIGH: "\U0001f7e0",
    RiskLevel.CRITICAL: "\U0001f534",
}
_SEVERITY_SIGN = {Severity.INFO: "\u26aa"} | {Severity(level): SIGN[level] for level in list(RiskLevel)[1:]}


def findings_section(request: ReviewRequest, evidence: Evidence) -> Section:
    """The table of findings that count, in the order of their weight."""
    assessment = evidence.assessment
    commands = {one.command.entry: one.command for one in commands_seen(evidence)}
    found = assessment.findings
    shown = found[:MOST_FINDINGS]
    opening = f"### {count(len(found), 'finding')}, worst first\n\n| | what was seen | where |\n|---|---|---|"
    return Section(opening, (_row(request, one, commands) for one in shown), len(found))


def why_sections(assessment: Assessment) -> Iterator[str | Section]:
    """Folded: for each rule that found something, why it matters and what to look at."""
    rules = list(dict.fromkeys(finding.rule for finding in assessment.findings))
    if rules:
        yield from folded_list(
            "Why these matter, and what to check", map(_rule, rules), len(rules), most=_MOST_RULES
        )
    if assessment.silenced:
        yield from folded_list(
            f"{count(len(assessment.silenced), 'finding')} that the policy tells not to count",
            (
                f"- {inline(one.finding.rule.id, limit=_LONGEST_NAME)} "
                f"{prose(one.finding.words, limit=_LONGEST_WORDS)} "
                f"Reason given: {prose(one.reason, limit=_LONGEST_WORDS)}"
                for one in assessment.silenced
            ),
            len(assessment.silenced),
            most=MOST_FINDINGS,
        )


def place_words(place: Place, *, longest: int = _LONGEST_PATH) -> str:
    """`src/a.py:12`, `log at 14:03 UTC`, a commit, or a ref: what a place is called, not yet inert."""
    if place.path is not None:
        path = place.path if len(place.path) <= longest else f"\u2026{place.path[-longest:]}"
        return path if place.line is None else f"{path}:{place.line}"
    if place.entry is not None or place.at is not None:
        return f"log, {clock(place.at)}" if place.at else f"log, entry {place.entry}"
    if place.oid is not None:
        return f"commit {place.oid[:7]}"
    return place.ref or ""


def weight_words(finding: Finding) -> str:
    """`high`, and `medium, if it is so` where the rule is not sure of what it saw."""
    return f"{finding.weight}{', if it is so' if finding.confidence is Confidence.POSSIBLE else ''}"


def _row(request: ReviewRequest, finding: Finding, commands: Mapping[int | None, Command]) -> str:
    sign = f"{_SEVERITY_SIGN[finding.weight]} {weight_words(finding)}"
    words = f"{prose(finding.words, limit=_LONGEST_WORDS)} {inline(finding.rule.id, limit=_LONGEST_NAME)}"
    if finding.seen:
        words += f": {inline(first_line(finding.seen), limit=_LONGEST_SEEN)}"
    if finding.place.entry in commands and finding.place.entry is not None:
        words += f", {ended(commands[finding.place.entry])}"
    return row(sign, words, _where(request, finding.place))


def _where(request: ReviewRequest, place: Place) -> str:
    words = place_words(place)
    if not words:
        return ""
    is_ours = place.path is None and (place.entry is not None or place.at is not None)
    shown = (prose if is_ours else inline)(words, limit=2 * _LONGEST_PATH)
    url = place_url(request, place)
    return shown if url is None else link(shown, url)


def _rule(rule: Rule) -> str:
    name = f"{inline(rule.id, limit=_LONGEST_NAME)} {prose(rule.name, limit=_LONGEST_NAME)}"
    return f"- {name}: {prose(rule.why, limit=_LONGEST_WORDS)} {prose(rule.check, limit=_LONGEST_WORDS)}"
