"""Answers from the push itself: paths, numbers of files and lines, refs. They need no session."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.domain.brief.model import Answer, Brief, BriefRule, Kept, Part, RuleKind
from gate.domain.brief.pushed import Pushed
from gate.domain.brief.refs import matches, pattern_fault
from gate.domain.words import count

_MOST_PATHS = 20
_ONLY = re.compile(
    r"\b(?:only|nothing|nowhere|solely|exclusively|outside|except|other than)\b", re.IGNORECASE
)


def limit_answer(rule: BriefRule, pushed: Pushed) -> Answer:
    """`11 files, limit 8`."""
    facts, most = pushed.facts, rule.limit
    is_files = rule.kind is RuleKind.FILE_LIMIT
    number = len(facts.files) if is_files else facts.additions + facts.deletions
    seen = count(number, "file" if is_files else "line", is_least=facts.truncated)
    if most is None:
        return Answer(rule, Kept.UNKNOWN, seen)
    if number > most:
        return Answer(rule, Kept.BROKEN, f"{seen}, limit {most} broken")
    if facts.truncated:
        return Answer(
            rule, Kept.UNKNOWN, f"{seen}: there are too many to count them all; the limit is {most}"
        )
    return Answer(rule, Kept.YES, f"{seen} of at most {most}")


def path_answer(rule: BriefRule, brief: Brief, pushed: Pushed) -> Answer:
    """Whether what was changed is allowed, forbidden, or was to be changed."""
    if rule.part is Part.ALLOWED:
        return _allowed(rule, brief, pushed)
    matched = pushed.match(rule.values, pushed.paths)
    if rule.part is Part.BEFORE_FINISHING:
        return _wanted(rule, matched, pushed)
    if matched:
        first = f"{count(len(matched), 'file')} changed: {_named(matched)}"
        return Answer(rule, Kept.BROKEN, first, matched[:_MOST_PATHS])
    if pushed.facts.truncated:
        return Answer(rule, Kept.UNKNOWN, "none among the files that were read; there are more")
    return Answer(rule, Kept.YES, "none of them changed")


def ref_answer(rule: BriefRule, brief: Brief, pushed: Pushed) -> Answer:
    """Whether the pushed ref is one of those named."""
    rules = _refs_allowed(brief) if rule.part is Part.ALLOWED else (rule,)
    patterns = [value for one in rules for value in one.values]
    fault = next((fault for pattern in patterns if (fault := pattern_fault(pattern))), None)
    if fault is not None:
        return Answer(rule, Kept.UNKNOWN, fault)
    is_named = any(matches(pattern, pushed.ref) for pattern in patterns)
    is_kept = is_named is (rule.part in (Part.ALLOWED, Part.BEFORE_FINISHING))
    return Answer(rule, Kept.YES if is_kept else Kept.BROKEN, f"pushed to {pushed.ref}")


def allowed_paths(brief: Brief) -> tuple[BriefRule, ...]:
    """The rules that name what may be changed; together they rule out the rest."""
    return tuple(rule for rule in brief.of(Part.ALLOWED) if rule.kind is RuleKind.PATHS)


def is_exhaustive(brief: Brief) -> bool:
    """Whether the allowed paths are all that may be changed: some say `only`, or nothing else is allowed
    in words that may mean further files.
    """
    others = [rule for rule in brief.of(Part.ALLOWED) if rule.kind is RuleKind.WORDS]
    return not others or any(_ONLY.search(rule.words) for rule in allowed_paths(brief))


def _allowed(rule: BriefRule, brief: Brief, pushed: Pushed) -> Answer:
    """The first such rule answers for all of them, as each allows what another leaves out."""
    rules, paths = allowed_paths(brief), pushed.paths
    inside = set(pushed.match(rule.values, paths))
    if rule is not rules[0]:
        return Answer(rule, Kept.YES, f"{count(len(inside), 'file')} of {len(paths)}")
    for other in rules[1:]:
        inside |= set(pushed.match(other.values, paths))
    outside = tuple(path for path in paths if path not in inside)
    if outside and not is_exhaustive(brief):
        words = f"{count(len(outside), 'file')} elsewhere, which other words may allow: {_named(outside)}"
        return Answer(rule, Kept.UNKNOWN, words, outside[:_MOST_PATHS])
    if outside:
        words = f"{count(len(outside), 'file')} outside: {_named(outside)}"
        return Answer(rule, Kept.BROKEN, words, outside[:_MOST_PATHS])
    if pushed.facts.truncated:
        return Answer(rule, Kept.UNKNOWN, "no other among the files that were read; there are more")
    return Answer(rule, Kept.YES, f"all of {count(len(paths), 'file')}")


def _wanted(rule: BriefRule, matched: tuple[str, ...], pushed: Pushed) -> Answer:
    if matched:
        return Answer(rule, Kept.YES, f"changed: {_named(matched)}", matched[:_MOST_PATHS])
    if pushed.facts.truncated:
        return Answer(rule, Kept.UNKNOWN, "not among the files that were read; there are more")
    return Answer(rule, Kept.BROKEN, "not changed in this push")


def _refs_allowed(brief: Brief) -> tuple[BriefRule, ...]:
    return tuple(rule for rule in brief.of(Part.ALLOWED) if rule.kind is RuleKind.REFS)


def _named(paths: Sequence[str]) -> str:
    first = ", ".join(paths[:3])
    return first if len(paths) <= 3 else f"{first} and {len(paths) - 3} more"
