"""Overrides: named people who let a commit go upstream although the rules are not satisfied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gate.domain.policy.duration import in_words
from gate.domain.policy.model import OverrideRule
from gate.domain.policy.subject import Override, Subject
from gate.domain.policy.verdict import CountedOverride, Node, Status
from gate.domain.policy.words import number, plural, short, shown

SHORTEST_REASON = 10


@dataclass(frozen=True, slots=True)
class Overridden:
    """How the overrides stand: the node for the tree, and those that counted, one for each person."""

    node: Node
    counted: tuple[CountedOverride, ...]

    @property
    def is_satisfied(self) -> bool:
        return self.node.status is Status.APPROVED


def judge_overrides(
    rule: OverrideRule | None, overrides: Iterable[Override], subject: Subject, now: datetime
) -> Overridden:
    """Judge overrides; with no rule for them in the policy none counts."""
    told = [(override, _refusal(rule, override, subject, now)) for override in overrides]
    counted = {o.reviewer.id: _counted(o) for o, refusal in told if refusal is None}
    parts = tuple(_node(override, refusal) for override, refusal in told)
    if rule is None:
        return Overridden(Node("override", Status.SKIPPED, "the policy has no override", parts), ())
    if len(counted) >= rule.count:
        words = f"{plural(len(counted), 'override')}, {number(rule.count)} needed"
        return Overridden(Node("override", Status.APPROVED, words, parts), tuple(counted.values()))
    words = f"{plural(len(counted), 'override')}, {number(rule.count)} needed, by {rule.who.words()}"
    return Overridden(Node("override", Status.SKIPPED, words, parts), ())


def _refusal(rule: OverrideRule | None, override: Override, subject: Subject, now: datetime) -> str | None:
    reviewer, name = override.reviewer, shown(override.reviewer.login)
    if rule is None:
        return "the policy has no override"
    if override.oid != subject.head:
        return f"it is for another commit, {short(subject.head)} is waiting"
    if override.at < subject.received_at:
        return "it was given before this revision was received"
    if not timedelta(0) <= now - override.at <= rule.expires_after:
        return f"it was good for {in_words(rule.expires_after)}"
    if len(override.reason.strip()) < SHORTEST_REASON:
        return f"its reason has fewer than {SHORTEST_REASON} characters"
    if reviewer.is_bot:
        return f"{name} is a bot"
    if reviewer.id == subject.operator_id:
        return f"{name} is the operator of {shown(subject.agent)}"
    return rule.who.refusal(reviewer, subject.roles.get(reviewer.id))


def _node(override: Override, refusal: str | None) -> Node:
    said = f"{shown(override.reviewer.login)} overrode {short(override.oid)}"
    if refusal is None:
        return Node("", Status.APPROVED, f"{said}: counts")
    return Node("", Status.SKIPPED, f"{said}: does not count, {refusal}")


def _counted(override: Override) -> CountedOverride:
    reviewer = override.reviewer
    return CountedOverride(reviewer.id, reviewer.login, override.oid, override.reason)
