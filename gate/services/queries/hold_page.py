"""One hold with everything that a reviewer decides on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gate.domain.errors import NotFound
from gate.domain.facts import Commit, DiffFacts
from gate.domain.hold import REVIEWABLE_STATES, BlockReason, Hold, HoldState, Push, Revision
from gate.domain.policy import Outcome
from gate.domain.pull_request.model import PullRequest
from gate.domain.release import Release
from gate.domain.repository import Agent
from gate.domain.review import Review, Role
from gate.domain.user import User
from gate.services.judge import Judgement
from gate.services.ports.store import Store, Transaction

_OPINION_STATES = frozenset({HoldState.IN_REVIEW, HoldState.CHANGES_REQUESTED})
_TRY_AGAIN = {
    BlockReason.UPSTREAM_REFUSED: "Try upstream again",
    BlockReason.PUBLISH_REFUSED: "Publish it again",
    BlockReason.TAMPERED: "Publish it again",
}
_LATE = frozenset(
    {(Outcome.DISAPPROVED, HoldState.IN_REVIEW), (Outcome.PENDING, HoldState.CHANGES_REQUESTED)}
)


@dataclass(frozen=True, slots=True)
class HoldPage:
    """A hold as seen at one of its revisions. `facts` are None until they have been collected.

    `has_secret`: only admins are shown what was pushed.
    """

    hold: Hold
    revision: Revision
    revisions: tuple[Revision, ...]
    facts: DiffFacts | None
    judgement: Judgement | None
    reviews: tuple[Review, ...]
    releases: tuple[Release, ...]
    agent: Agent
    operator: User | None
    push: Push | None
    group: tuple[Hold, ...]
    pull_request: PullRequest | None = None
    has_secret: bool = False

    @property
    def is_current(self) -> bool:
        return self.revision.n == self.hold.revision.n

    @property
    def oid(self) -> str:
        """The commit under review; for a delete, the tip that would go."""
        return self.revision.head

    def commit(self, oid: str) -> Commit:
        """Raises NotFound for a commit that is no part of this revision."""
        facts = self.facts
        for commit in (*facts.commits, *facts.dropped) if facts else ():
            if commit.oid == oid:
                return commit
        raise NotFound(f"Revision {self.revision.n} of hold {self.hold.name} has no commit {oid[:12]}.")

    def why_not_decide(self, user: User) -> str | None:
        """Why this person can't review here at all; None where they can."""
        if user.role is Role.AUDITOR:
            return "You are signed in as an auditor: auditors read, reviewers and admins decide."
        if not self.is_current:
            return f"This is an earlier revision. Reviews are for revision {self.hold.revision.n}."
        if self.hold.state not in REVIEWABLE_STATES:
            return (
                "This hold is closed."
                if not self.hold.state.is_live
                else "It can't be reviewed at this moment."
            )
        return None

    @property
    def is_reviewed_here(self) -> bool:
        """Whether people approve and object on this page, and not in a pull request."""
        return self.pull_request is None

    @property
    def try_again(self) -> str | None:
        """What trying again would do here, in words for a button; None where there is nothing to try."""
        return None if self.hold.reason is None else _TRY_AGAIN.get(self.hold.reason)

    def why_not_approve(self, user: User) -> str | None:
        """Why an approval by this person would not count; None where it would."""
        if self.agent.operator_id == user.id and not self._operator_may_approve:
            return f"You run {self.agent.name}, so another reviewer has to approve. You can still object."
        return None

    @property
    def _operator_may_approve(self) -> bool:
        policy = None if self.judgement is None else self.judgement.policy
        return policy is not None and any(rule.options.allow_operator for rule in policy.rules)

    @property
    def can_override(self) -> bool:
        """Whether the policy knows overrides."""
        policy = None if self.judgement is None else self.judgement.policy
        return policy is not None and policy.override is not None

    @property
    def is_behind(self) -> bool:
        """Whether the verdict is already another than the state says, as reconcile has yet to run."""
        verdict = None if self.judgement is None else self.judgement.verdict
        if verdict is None or self.hold.state not in _OPINION_STATES:
            return False
        return verdict.is_releasable or (verdict.outcome, self.hold.state) in _LATE

    def has_range_diff(self, n: int) -> bool:
        """Whether the page can show what revision `n` changed against the one before it."""
        return n > 1 and self.revisions[n - 2].is_comparable_to(self.revisions[n - 1])

    def can_withdraw(self, user: User) -> bool:
        return user.role is Role.ADMIN or self.agent.operator_id == user.id


@dataclass(frozen=True)
class ShowHold:
    """`judge` evaluates the policy for a hold as it stands now."""

    store: Store
    judge: Callable[[Hold], Judgement]

    def __call__(self, repository: str, number: int, *, revision: int | None = None) -> HoldPage:
        """Raises NotFound for a hold or revision that is none."""
        with self.store.snapshot() as tx:
            page = _read(tx, tx.holds.by_number(repository, number), revision)
        if page.hold.state in REVIEWABLE_STATES and page.is_current and page.facts is not None:
            return replace(page, judgement=self.judge(page.hold))
        return page


def _read(tx: Transaction, hold: Hold, n: int | None) -> HoldPage:
    revisions = tuple(tx.holds.revisions(hold.id))
    shown = _revision(hold, revisions, n)
    agent = tx.agents.get(hold.agent)
    return HoldPage(
        hold=hold,
        revision=shown,
        revisions=revisions,
        facts=tx.holds.facts(hold.id, shown.n),
        judgement=None,
        reviews=_reviews(tx, hold),
        releases=tuple(tx.releases.of(hold.id)),
        agent=agent,
        operator=None if agent.operator_id is None else tx.users.by_id(agent.operator_id),
        push=tx.holds.push(shown.push_id),
        group=tuple(each for each in tx.holds.of_group(hold.group) if each.id != hold.id)
        if hold.group
        else (),
        pull_request=tx.pull_requests.get(hold.id),
        has_secret=_has_secret(tx, hold, shown),
    )


def _has_secret(tx: Transaction, hold: Hold, shown: Revision) -> bool:
    """Whether there is a secret in this revision that nobody has allowed."""
    if shown.n == hold.revision.n and hold.state.is_live:
        return hold.reason is BlockReason.SECRET_FOUND
    evidence = tx.evidence.get(hold.id, shown.n)
    return evidence is not None and bool(evidence.blocking)


def _reviews(tx: Transaction, hold: Hold) -> tuple[Review, ...]:
    """What was said here, and at the forge by the last look."""
    observation = tx.pull_requests.observation(hold.id)
    return (*tx.reviews.of(hold.id), *(() if observation is None else observation.reviews))


def _revision(hold: Hold, revisions: tuple[Revision, ...], n: int | None) -> Revision:
    for revision in revisions:
        if revision.n == (hold.revision.n if n is None else n):
            return revision
    raise NotFound(f"Hold {hold.name} has no revision {n}.")
