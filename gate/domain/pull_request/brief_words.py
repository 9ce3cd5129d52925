"""What became of a brief, in words: kept or broken, rule by rule."""

from __future__ import annotations

from collections.abc import Iterator

from gate.domain.brief.model import Answer, Brief, BriefReport, BriefSource, Kept, Part
from gate.domain.pull_request.folded import CLOSE, opened
from gate.domain.pull_request.inert import code_block, inline, link, prose
from gate.domain.pull_request.links import entry_url
from gate.domain.pull_request.model import ReviewRequest
from gate.domain.pull_request.sections import Section

SIGN = {Kept.YES: "\u2705", Kept.BROKEN: "\u274c", Kept.UNKNOWN: "\u2754"}
SAID = {Kept.YES: "kept", Kept.BROKEN: "broken", Kept.UNKNOWN: "for a person to judge"}
PART = {
    Part.GOAL: "Goal",
    Part.ALLOWED: "Allowed",
    Part.NOT_ALLOWED: "Not allowed",
    Part.STOP_IF: "Stop if",
    Part.BEFORE_FINISHING: "Before finishing",
}
SOURCE = {
    BriefSource.OPERATOR: "the operator's",
    BriefSource.PUSH_OPTION: "from a push option",
    BriefSource.COMMITTED: "from the repository",
    BriefSource.PROMPT: "from the session's first prompt",
}
_MOST_ANSWERS, _MOST_PATHS, _LONGEST_WORDS, _LONGEST_TEXT = 40, 3, 300, 3000
_ORDER = (Kept.BROKEN, Kept.UNKNOWN, Kept.YES)


def verdict_words(report: BriefReport) -> str:
    """`broken, 1 of 5 rules`, `kept, all 5 rules`, or what a person has to judge; the gate's own words."""
    counts = {kept: sum(answer.kept is kept for answer in report.answers) for kept in Kept}
    total = len(report.answers)
    if not total:
        return "it has no rule that can be checked"
    if counts[Kept.BROKEN]:
        return f"broken, {counts[Kept.BROKEN]} of {total} rules"
    if counts[Kept.UNKNOWN]:
        return (
            f"kept as far as can be told, {counts[Kept.YES]} of {total} rules; the rest a person must judge"
        )
    return f"kept, all {total} rules" if total > 1 else "kept"


def worst_first(report: BriefReport) -> list[Answer]:
    """The answers: broken ones, then those that a person must judge, then the kept ones."""
    return sorted(report.answers, key=lambda answer: _ORDER.index(answer.kept))


def broken_lines(report: BriefReport, *, most: int) -> Iterator[str]:
    """What was broken, one line each, for below the verdict."""
    broken = [answer for answer in report.answers if answer.kept is Kept.BROKEN]
    for answer in broken[:most]:
        yield f"  - {_rule(answer)}: {prose(answer.words, limit=_LONGEST_WORDS)}"
    if len(broken) > most:
        yield f"  - and {len(broken) - most} more, below"


def brief_sections(request: ReviewRequest, report: BriefReport) -> Iterator[str | Section]:
    """Folded: every rule with its answer, then the brief as it was given."""
    answers = worst_first(report)
    opening = f"\n{_origin(report.brief)}\n"
    if report.others:
        opening += "".join(f"{_origin(other)}\n" for other in report.others)
    yield Section(
        opened(f"The brief, rule by rule: {verdict_words(report)}") + opening,
        (_line(request, answer) for answer in answers[:_MOST_ANSWERS]),
        len(answers),
    )
    for fault in report.brief.faults[:_MOST_PATHS]:
        yield f"It could not all be read: {prose(fault, limit=_LONGEST_WORDS)}"
    yield "As it was given:\n\n" + code_block(report.brief.text, limit=_LONGEST_TEXT)
    yield CLOSE


def _origin(brief: Brief) -> str:
    where = f" ({inline(brief.where, limit=_LONGEST_WORDS)})" if brief.where else ""
    is_peoples = brief.source is BriefSource.OPERATOR or brief.is_reviewed
    weight = "" if is_peoples else " The agent could write this one."
    return f"It is {SOURCE[brief.source]}{where}.{weight}"


def _line(request: ReviewRequest, answer: Answer) -> str:
    told = [path for path in answer.paths[:_MOST_PATHS] if path not in answer.words]
    paths = ", ".join(inline(path, limit=_LONGEST_WORDS) for path in told)
    parts = [f"- {SIGN[answer.kept]} {PART[answer.rule.part]}: {_rule(answer)}"]
    parts.append(f"  {SAID[answer.kept]}, {prose(answer.words, limit=_LONGEST_WORDS)}")
    if paths:
        parts[-1] += f": {paths}"
    if answer.entry is not None:
        parts[-1] += f" ({link('log', entry_url(request, answer.entry))})"
    return "\n".join(parts)


def _rule(answer: Answer) -> str:
    return prose(answer.rule.words, limit=_LONGEST_WORDS)
