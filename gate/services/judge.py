"""Judge: the policy's verdict on a hold, from everything read afresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from gate.domain.errors import Invalid
from gate.domain.hold import Hold, Revision
from gate.domain.likeness import weakest
from gate.domain.policy import (
    Override,
    OwnedPaths,
    Policy,
    Published,
    Subject,
    Verdict,
    evaluate,
    parse_policy,
)
from gate.domain.policy.risk_conditions import reason_to_silence
from gate.domain.review import Observation, Wants
from gate.domain.risk.level import weigh
from gate.domain.risk.model import Assessment
from gate.services.code_owners import ReadCodeOwners
from gate.services.directory import Directory
from gate.services.ports.forge import Forge
from gate.services.ports.outside import Clock, PolicySource
from gate.services.ports.store import Store

LOCKDOWN = "lockdown"
"""The setting that holds the lock-down's reason while it is on."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and the policy it rests on; without a valid policy there is neither, but `fault`.

    `observation` is what the forge said. `was_satisfied` says of a pull request that somebody merged whether
    the policy was satisfied when that happened.
    """

    policy: Policy | None
    verdict: Verdict | None
    fault: str = ""
    observation: Observation | None = None
    was_satisfied: bool = False

    @property
    def is_releasable(self) -> bool:
        return self.verdict is not None and self.verdict.is_releasable

    @property
    def is_merged(self) -> bool:
        return self.observation is not None and self.observation.is_merged


@dataclass(frozen=True, slots=True)
class Judge:
    """Evaluate a hold now. Writes nothing. Raises Unavailable where the forge cannot be read."""

    store: Store
    forge: Forge
    policies: PolicySource
    read_code_owners: ReadCodeOwners
    clock: Clock

    def __call__(self, hold: Hold) -> Judgement:
        policy, fault = self._policy(hold.repository)
        if policy is None:
            # What happened to a pull request must be seen whatever the policy's state is.
            return Judgement(None, None, fault, self.forge.observe(hold, Wants()))
        owned, owners_fault, wants = self._wants(policy, hold)
        observation = self.forge.observe(hold, wants)
        subject, overrides, observation = self._subject(hold, observation, wants)
        risk = _counted(subject.risk, policy)
        subject = replace(subject, owned=owned, owners_fault=owners_fault, risk=risk)
        now = self.clock()
        verdict = evaluate(policy, subject, observation, now, overrides=overrides)
        was_satisfied = observation.is_merged and (
            evaluate(policy, subject, _before_merge(observation), now, overrides=overrides).is_releasable
        )
        return Judgement(policy, verdict, observation=observation, was_satisfied=was_satisfied)

    def before_reviews(self, hold: Hold) -> Judgement:
        """The verdict as if nobody had said anything yet: its reasons are what the policy needs."""
        policy, fault = self._policy(hold.repository)
        if policy is None:
            return Judgement(None, None, fault)
        observation = Observation(True, False, hold.revision.head, self.clock(), (), checks=(), seals=())
        owned, owners_fault, wants = self._wants(policy, hold)
        subject, _, _ = self._subject(hold, observation, wants)
        risk = _counted(subject.risk, policy)
        subject = replace(subject, owned=owned, owners_fault=owners_fault, risk=risk)
        return Judgement(policy, evaluate(policy, subject, observation, self.clock()))

    def subject(self, hold: Hold) -> Subject:
        """What a verdict on this hold is about, with people by the gate's own accounts."""
        observation = Observation(True, False, hold.revision.head, self.clock(), ())
        return self._subject(hold, observation, Wants())[0]

    def policy(self, repository: str) -> Policy | None:
        """The policy of a repository; None where it has no valid one."""
        return self._policy(repository)[0]

    def _policy(self, repository: str) -> tuple[Policy | None, str]:
        text = self.policies.text(repository)
        if text is None:
            return None, (
                f"{repository} has no policy, so nothing of it can be released. An admin writes one; "
                "`python -m gate policy check FILE` tries it."
            )
        try:
            return parse_policy(text), ""
        except Invalid as invalid:
            return None, f"The policy of {repository} is invalid: {'; '.join(invalid.faults)}"

    def _wants(self, policy: Policy, hold: Hold) -> tuple[tuple[OwnedPaths, ...] | None, str, Wants]:
        """What to ask the forge for: with the owners of the changed files, if a rule asks for owners."""
        wants = policy.wants
        if not wants.code_owners:
            return None, "", wants
        try:
            owned = self.read_code_owners(hold)
        except Invalid as invalid:
            return None, f"CODEOWNERS has faults: {'; '.join(invalid.faults)}", wants
        owners = {owner for one in owned for owner in one.owners}
        teams = frozenset(owner for owner in owners if "/" in owner)
        users = frozenset(owner for owner in owners - teams if "@" not in owner)
        return owned, "", replace(wants, users=wants.users | users, teams=wants.teams | teams)

    def _subject(
        self, hold: Hold, observation: Observation, wants: Wants
    ) -> tuple[Subject, tuple[Override, ...], Observation]:
        with self.store.snapshot() as tx:
            forge = tx.repositories.get(hold.repository).forge
            agent = tx.agents.get(hold.agent)
            operator = None if agent.operator_id is None else tx.users.by_id(agent.operator_id)
            facts = tx.holds.facts(hold.id, hold.revision.n)
            revisions = tx.holds.revisions(hold.id)
            users = tx.users.all()
            numbers = {login: tx.logins.get(login) for login in wants.users}
            lockdown = tx.settings.get(LOCKDOWN)
            risk = tx.evidence.assessment(hold.id, hold.revision.n)
            overrides = tx.reviews.overrides(hold.id)
        assert facts is not None, "only collected holds are judged"
        assert hold.revision.kind is not None, "only collected holds are judged"
        known = {login: number for login, number in numbers.items() if number is not None}
        directory = Directory(forge, observation.realm, users, known)
        subject = Subject(
            repository=hold.repository,
            ref=hold.ref,
            kind=hold.revision.kind,
            agent=hold.agent,
            agent_id=hold.agent_id,
            head=hold.revision.head,
            files=facts.files,
            received_at=hold.revision.received_at,
            operator_id=None if operator is None else directory.id_of(operator),
            operator=None if operator is None else operator.login,
            operator_account=None if operator is None or operator.github is None else operator.github.login,
            author_id=observation.author_id,
            contributor_ids=observation.contributor_ids,
            coauthor_ids=observation.coauthor_ids,
            roles=directory.roles(),
            earlier=_earlier(hold, revisions),
            files_truncated=facts.truncated,
            commits=None if facts.truncated else tuple(commit.oid for commit in facts.commits),
            is_live=hold.state.is_live,
            lockdown=lockdown,
            risk=risk,
            doubts=directory.doubts(agent, operator),
        )
        return subject, directory.overrides(overrides), directory.observed(observation, agent)


def _counted(risk: Assessment | None, policy: Policy) -> Assessment | None:
    """The assessment by the policy as it is now: what it silences may have changed since."""
    if risk is None or not (policy.silences or risk.silenced):
        return risk
    findings = (*risk.findings, *(one.finding for one in risk.silenced))
    return weigh(findings, silence=partial(reason_to_silence, policy.silences), version=risk.version)


def _earlier(hold: Hold, revisions: Sequence[Revision]) -> tuple[Published, ...]:
    """The revisions before the current one that reviewers saw, each with what changed since."""
    earlier = []
    since = None if not revisions else hold.revision.likeness
    for revision in sorted((one for one in revisions if one.n < hold.revision.n), key=lambda one: -one.n):
        if revision.published_at is not None:
            earlier.append(Published(revision.head, revision.published_at, since))
        since = weakest(since, revision.likeness)
    return tuple(reversed(earlier))


def _before_merge(observation: Observation) -> Observation:
    """What was to be seen at the moment of the merge: an open pull request, and nothing said since."""
    assert observation.closing is not None
    merged_at = observation.closing.at
    return replace(
        observation,
        is_open=True,
        closing=None,
        reviews=tuple(one for one in observation.reviews if one.submitted_at <= merged_at),
        comments=tuple(one for one in observation.comments if one.created_at <= merged_at),
    )
