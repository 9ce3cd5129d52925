"""A policy as read: what is held, what an approval needs, and how a release is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from gate.domain.hold import UpdateKind
from gate.domain.policy.conditions import Condition, KindIs
from gate.domain.policy.pattern import Pattern
from gate.domain.policy.ref_pattern import RefPattern, any_matches
from gate.domain.policy.who import Who


class OnPush(StrEnum):
    """What a new tip for a held ref becomes: the next revision, a new hold, or a refusal."""

    APPEND = "append"
    SUPERSEDE = "supersede"
    REFUSE = "refuse"


class BaseMoved(StrEnum):
    """What happens to an approved hold when upstream's ref has moved since it was reviewed.

    `hold`: it stays, blocked, and the agent is asked to rebase. `reapprove`: it may go on if it still is a
    fast-forward, after a new approval. `allow_fast_forward`: it may go on if it still is a fast-forward.
    """

    HOLD = "hold"
    REAPPROVE = "reapprove"
    ALLOW_FAST_FORWARD = "allow_fast_forward"


@dataclass(frozen=True, slots=True)
class HoldSettings:
    """Which refs are held, and for how long."""

    refs: tuple[RefPattern, ...]
    allow_refs: tuple[RefPattern, ...]
    on_push: OnPush
    settle: timedelta
    expires_after: timedelta
    max_changed_files: int | None = None

    def passes_through(self, ref: str) -> bool:
        """Say whether `ref` needs no review: it lies in a space that the policy leaves to the agents."""
        return any_matches(self.allow_refs, ref)

    def takes(self, ref: str) -> bool:
        """Say whether this policy takes pushes to `ref` at all."""
        return self.passes_through(ref) or any_matches(self.refs, ref)


@dataclass(frozen=True, slots=True)
class ReleaseSettings:
    """How an approved commit goes upstream. The method is always a fast-forward of the very commit."""

    base_moved: BaseMoved
    blocking_labels: tuple[str, ...]
    blocking_title: Pattern | None
    witness_notes: bool
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class Options:
    """Whose approvals count although they have a part in the push, and whether reviewers are asked."""

    allow_author: bool = False
    allow_operator: bool = False
    allow_contributor: bool = False
    allow_coauthor: bool = False
    allow_bot: bool = False
    request_review: bool = False


@dataclass(frozen=True, slots=True)
class Requires:
    """What satisfies a rule: so many approvals by such people, and these conditions."""

    count: int
    who: Who
    conditions: tuple[tuple[str, Condition], ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rule. It is skipped unless every one of `conditions` (each with its key) holds."""

    name: str
    description: str
    conditions: tuple[tuple[str, Condition], ...]
    requires: Requires
    options: Options


@dataclass(frozen=True, slots=True)
class Named:
    """A rule, by its name, in the tree of `policy.approval`."""

    rule: str


@dataclass(frozen=True, slots=True)
class Group:
    """All (`and`) or one (`or`) of its parts must be satisfied; parts that are skipped do not matter."""

    word: str
    parts: tuple[Named | Group, ...]

    def names(self) -> Iterator[str]:
        """Every rule below, by its name."""
        for part in self.parts:
            yield from (part.rule,) if isinstance(part, Named) else part.names()


@dataclass(frozen=True, slots=True)
class Disapproval:
    """Whose objection blocks. If `sticky`, nobody else's dismissal lifts it."""

    who: Who
    sticky: bool


@dataclass(frozen=True, slots=True)
class OverrideRule:
    """Who may release without the rules, how many of them at once, and for how long their word is good."""

    count: int
    who: Who
    expires_after: timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy. `hash` is the SHA-256 of its text; `warnings` are for the person who wrote it."""

    hash: str
    hold: HoldSettings
    release: ReleaseSettings
    rules: tuple[Rule, ...]
    approval: Group
    disapproval: Disapproval
    override: OverrideRule | None
    warnings: tuple[str, ...] = ()

    def names_kind(self, kind: UpdateKind) -> bool:
        """Say whether a rule that approval rests on asks, among other things, for this kind of update."""
        rules = [self.rule(name) for name in self.approval.names()]
        conditions = [one for rule in rules for _, one in (*rule.conditions, *rule.requires.conditions)]
        return any(isinstance(one, KindIs) and kind in one.kinds for one in conditions)

    def rule(self, name: str) -> Rule:
        return next(rule for rule in self.rules if rule.name == name)
