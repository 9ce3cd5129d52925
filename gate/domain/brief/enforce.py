"""What of an operator's brief the hooks enforce: what git alone can tell at the push."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.domain.brief.model import Brief, BriefRule, Part, RuleKind
from gate.domain.brief.on_the_push import allowed_paths, is_exhaustive
from gate.domain.brief.pathspec import PatternFault, pathspecs
from gate.domain.brief.refs import pattern_fault


@dataclass(frozen=True, slots=True)
class PushLimits:
    """What one agent's pushes are refused for. Paths are git pathspecs, refs patterns of full names.

    None and empty mean no limit; an empty `only_paths` allows every path.
    """

    agent: str
    max_changed_files: int | None = None
    max_changed_lines: int | None = None
    forbid_paths: tuple[str, ...] = ()
    only_paths: tuple[str, ...] = ()
    forbid_refs: tuple[str, ...] = ()
    only_refs: tuple[str, ...] = ()


def push_limits(agent: str, brief: Brief) -> PushLimits:
    """The limits in a brief. Those of its rules that have faults are left out: see `enforcement_faults`."""
    only = allowed_paths(brief) if is_exhaustive(brief) else ()
    return PushLimits(
        agent,
        max_changed_files=_least(brief, RuleKind.FILE_LIMIT),
        max_changed_lines=_least(brief, RuleKind.LINE_LIMIT),
        forbid_paths=_specs(_forbidden(brief, RuleKind.PATHS)),
        only_paths=_specs(only),
        forbid_refs=_values(_forbidden(brief, RuleKind.REFS)),
        only_refs=_values(rule for rule in brief.of(Part.ALLOWED) if rule.kind is RuleKind.REFS),
    )


def enforcement_faults(brief: Brief) -> list[str]:
    """Every rule that a hook could not hold a push against exactly as it is written, with its line."""
    faults = []
    for rule in brief.rules:
        if rule.kind is RuleKind.PATHS and rule.part is not Part.BEFORE_FINISHING:
            faults += [f"line {rule.line}: {fault}" for fault in _path_faults(rule)]
        if rule.kind is RuleKind.REFS:
            faults += [f"line {rule.line}: {fault}" for fault in _ref_faults(rule)]
    return faults


def is_enforced(rule: BriefRule, brief: Brief) -> bool:
    """Whether a push is refused that breaks this rule; what is not is shown to the reviewers."""
    if rule.kind in (RuleKind.FILE_LIMIT, RuleKind.LINE_LIMIT):
        return True
    if rule.kind is RuleKind.PATHS and rule.part is Part.ALLOWED:
        return is_exhaustive(brief)
    return rule.kind in (RuleKind.PATHS, RuleKind.REFS) and rule.part is not Part.BEFORE_FINISHING


def _forbidden(brief: Brief, kind: RuleKind) -> list[BriefRule]:
    parts = (Part.NOT_ALLOWED, Part.STOP_IF)
    return [rule for rule in brief.rules if rule.kind is kind and rule.part in parts]


def _least(brief: Brief, kind: RuleKind) -> int | None:
    return min(
        (rule.limit for rule in brief.rules if rule.kind is kind and rule.limit is not None), default=None
    )


def _specs(rules: Iterable[BriefRule]) -> tuple[str, ...]:
    return tuple(
        spec for rule in rules for value in rule.values if not _fault_of(value) for spec in pathspecs(value)
    )


def _values(rules: Iterable[BriefRule]) -> tuple[str, ...]:
    return tuple(value for rule in rules if not _ref_faults(rule) for value in rule.values)


def _path_faults(rule: BriefRule) -> list[str]:
    return [fault for value in rule.values if (fault := _fault_of(value))]


def _fault_of(pattern: str) -> str | None:
    try:
        pathspecs(pattern)
    except PatternFault as fault:
        return str(fault)
    return None


def _ref_faults(rule: BriefRule) -> list[str]:
    return [fault for value in rule.values if (fault := pattern_fault(value))]
