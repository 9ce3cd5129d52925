"""A policy as read: what is held, what an approval needs, and how a release is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from gate.domain.hold import Likeness, UpdateKind
from gate.domain.policy.asking import Asked, Asking, joined
from gate.domain.policy.condition import CannotTell, Condition, Sight
from gate.domain.policy.conditions import KindIs
from gate.domain.policy.pattern import Pattern
from gate.domain.policy.ref_pattern import RefPattern, any_matches
from gate.domain.policy.review_conditions import HasStatus, HasValidSignatures
from gate.domain.policy.risk_conditions import Silence
from gate.domain.policy.subject import Subject
from gate.domain.policy.who import Who
from gate.domain.review import Observation, Wants


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


class CopyCondition(StrEnum):
    """How alike an earlier revision must be for its approvals to count for the current one."""

    NONE = "none"
    NO_CHANGE = "no_change"
    NO_CODE_CHANGE = "no_code_change"
    TRIVIAL_REBASE = "trivial_rebase"

    def covers(self, likeness: Likeness | None) -> bool:
        """Whether revisions so alike are alike enough; each condition includes the ones before it."""
        order = list(Likeness)
        if self is CopyCondition.NONE or likeness is None:
            return False
        return order.index(likeness) <= order.index(Likeness(self.value))


class Method(StrEnum):
    """How an approved commit goes upstream: itself, by a push, or as the forge's own merge makes it."""

    FAST_FORWARD = "fast_forward"
    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


@dataclass(frozen=True, slots=True)
class HoldSettings:
    """Which refs are held, and for how long."""

    refs: tuple[RefPattern, ...]
    allow_refs: tuple[RefPattern, ...]
    on_push: OnPush
    settle: timedelta
    expires_after: timedelta
    max_changed_files: int | None = None
    copy: CopyCondition = CopyCondition.NONE

    def passes_through(self, ref: str) -> bool:
        """Say whether `ref` needs no review: it lies in a space that the policy leaves to the agents."""
        return any_matches(self.allow_refs, ref)

    def takes(self, ref: str) -> bool:
        """Say whether this policy takes pushes to `ref` at all."""
        return self.passes_through(ref) or any_matches(self.refs, ref)


@dataclass(frozen=True, slots=True)
class ReleaseSettings:
    """How an approved commit goes upstream, and what makes it wait."""

    base_moved: BaseMoved
    blocking_labels: tuple[str, ...]
    blocking_title: Pattern | None
    witness_notes: bool
    timeout: timedelta
    method: Method = Method.FAST_FORWARD
    needs_resolved_threads: bool = False
    delete_branch: bool = True


@dataclass(frozen=True, slots=True)
class Options:
    """Whose approvals count although they have a part in the push, what is one, and who is asked.

    `github_review` says that the forge's approve button is one; `comment_patterns` that a comment is, whose
    first group is the commit.
    """

    allow_author: bool = False
    allow_operator: bool = False
    allow_contributor: bool = False
    allow_coauthor: bool = False
    allow_bot: bool = False
    github_review: bool = True
    comment_patterns: tuple[Pattern, ...] = ()
    request_review: Asking | None = None


@dataclass(frozen=True, slots=True)
class Requires:
    """What satisfies a rule: so many approvals by such people, and these conditions.

    With `unique_teams` each approval stands for another of the teams; with `code_owners` an owner of every
    changed path that has owners must be among those who approve.
    """

    count: int
    who: Who
    conditions: tuple[tuple[str, Condition], ...] = ()
    unique_teams: bool = False
    code_owners: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rule. It is skipped unless every one of `conditions` (each with its key) holds."""

    name: str
    description: str
    conditions: tuple[tuple[str, Condition], ...]
    requires: Requires
    options: Options

    @property
    def all_conditions(self) -> tuple[Condition, ...]:
        """Those of when it applies, and those it asks for."""
        return tuple(one for _, one in (*self.conditions, *self.requires.conditions))

    def applies(self, sight: Sight) -> bool:
        """Whether it applies, for all that can be told."""
        return all(_may_hold(condition, sight) for _, condition in self.conditions)

    def asked(self, seed: str, never: tuple[str, ...]) -> Asked:
        """Whom it asks for a review."""
        asking, requires = self.options.request_review, self.requires
        if asking is None:
            return Asked()
        return asking.of(requires.who, needed=requires.count, never=never, seed=f"{seed}\0{self.name}")


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
    """Who may release without the rules, how many of them at once, and for how long their word is good.

    A comment that matches one of `comment_patterns` is such a word too, whose first group is the reason.
    """

    count: int
    who: Who
    expires_after: timedelta
    comment_patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy. `hash` is the SHA-256 of its text; `warnings` are for the person who wrote it.

    `commands` says whether comments such as `/hold` are commands; `silences` which findings of the risk rules
    do not count.
    """

    hash: str
    hold: HoldSettings
    release: ReleaseSettings
    rules: tuple[Rule, ...]
    approval: Group
    disapproval: Disapproval
    override: OverrideRule | None
    warnings: tuple[str, ...] = ()
    commands: bool = False
    silences: tuple[Silence, ...] = ()

    @property
    def used_rules(self) -> tuple[Rule, ...]:
        """The rules that approval rests on, each once."""
        return tuple(map(self.rule, dict.fromkeys(self.approval.names())))

    @property
    def comment_patterns(self) -> tuple[Pattern, ...]:
        """Every pattern by which a comment approves, under one rule or another."""
        return tuple(
            dict.fromkeys(pattern for rule in self.used_rules for pattern in rule.options.comment_patterns)
        )

    @property
    def wants(self) -> Wants:
        """What has to be known of a review to judge it."""
        rules, override = self.used_rules, self.override
        whos = [self.disapproval.who, *(rule.requires.who for rule in rules)]
        whos += [] if override is None else [override.who]
        conditions = [condition for rule in rules for condition in rule.all_conditions]
        signed = [one for one in conditions if isinstance(one, HasValidSignatures)]
        reads_overrides = override is not None and bool(override.comment_patterns)
        return Wants(
            users=frozenset(user for who in whos for user in who.users) | _signers(signed),
            teams=frozenset(team for who in whos for team in who.teams),
            checks=any(isinstance(one, HasStatus) for one in conditions),
            comments=self.commands or bool(self.comment_patterns) or reads_overrides,
            threads=self.release.needs_resolved_threads,
            seals=bool(signed),
            code_owners=any(rule.requires.code_owners for rule in rules),
        )

    def asked(self, subject: Subject, seed: str) -> Asked:
        """Whom the rules that apply ask for a review of this push; the operator never. Pure by the seed."""
        if self.hold.passes_through(subject.ref):
            return Asked()
        nothing_said = Observation(True, False, subject.head, subject.received_at, ())
        sight = Sight(subject, nothing_said, subject.received_at)
        never = tuple(name.casefold() for name in (subject.operator, subject.operator_account) if name)
        return joined(rule.asked(seed, never) for rule in self.used_rules if rule.applies(sight))

    def names_kind(self, kind: UpdateKind) -> bool:
        """Say whether a rule that approval rests on asks, among other things, for this kind of update."""
        conditions = [one for rule in self.used_rules for one in rule.all_conditions]
        return any(isinstance(one, KindIs) and kind in one.kinds for one in conditions)

    def rule(self, name: str) -> Rule:
        return next(rule for rule in self.rules if rule.name == name)


def _signers(conditions: Iterable[HasValidSignatures]) -> frozenset[str]:
    return frozenset(user for condition in conditions for user in condition.users)


def _may_hold(condition: Condition, sight: Sight) -> bool:
    try:
        return condition.tell(sight).holds
    except CannotTell:
        return True
