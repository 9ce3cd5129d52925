"""Whether a brief was kept, by the push and the session's record; nothing the agent says is believed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gate.domain.brief.in_the_session import command_answer, list_answer
from gate.domain.brief.model import Answer, Brief, BriefReport, BriefRule, BriefSource, Kept, RuleKind
from gate.domain.brief.on_the_push import limit_answer, path_answer, ref_answer
from gate.domain.brief.pushed import Pushed
from gate.domain.errors import Invalid


def evaluate(brief: Brief, pushed: Pushed) -> BriefReport:
    """Answer every rule of one brief."""
    return BriefReport(brief, tuple(_answer(rule, brief, pushed) for rule in brief.rules))


def combine(reports: Iterable[BriefReport]) -> BriefReport | None:
    """One report of several briefs, the operator's first.

    Each was answered by itself, so that no brief loosens another: what one breaks stays broken.
    """
    order = tuple(BriefSource)
    ranked = sorted(reports, key=lambda report: order.index(report.brief.source))
    if not ranked:
        return None
    answers = [replace(answer, source=one.brief.source) for one in ranked for answer in one.answers]
    return BriefReport(ranked[0].brief, tuple(answers), tuple(one.brief for one in ranked[1:]))


def evaluate_all(briefs: Sequence[Brief], pushed: Pushed) -> BriefReport | None:
    """Answer every rule of every brief; None where there is no brief."""
    return combine(evaluate(brief, pushed) for brief in briefs)


def _answer(rule: BriefRule, brief: Brief, pushed: Pushed) -> Answer:
    try:
        match rule.kind:
            case RuleKind.PATHS:
                return path_answer(rule, brief, pushed)
            case RuleKind.FILE_LIMIT | RuleKind.LINE_LIMIT:
                return limit_answer(rule, pushed)
            case RuleKind.REFS:
                return ref_answer(rule, brief, pushed)
            case RuleKind.COMMAND:
                return command_answer(rule, pushed)
            case RuleKind.LIST:
                return list_answer(rule, pushed)
            case RuleKind.WORDS:
                return Answer(rule, Kept.UNKNOWN, "for a person to judge")
    except Invalid as fault:
        return Answer(rule, Kept.UNKNOWN, f"it cannot be checked: {'; '.join(fault.faults)}")
