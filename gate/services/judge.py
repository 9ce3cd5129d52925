"""Judge: the policy's verdict on a hold, from everything read afresh."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.errors import Invalid
from gate.domain.hold import Hold
from gate.domain.policy import Override, Policy, Published, Subject, Verdict, evaluate, parse_policy
from gate.services.ports.outside import Clock, Forge, PolicySource
from gate.services.ports.store import Store

LOCKDOWN = "lockdown"
"""The setting that holds the lock-down's reason while it is on."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and the policy it rests on; without a valid policy there is neither, but `fault`."""

    policy: Policy | None
    verdict: Verdict | None
    fault: str = ""

    @property
    def is_releasable(self) -> bool:
        return self.verdict is not None and self.verdict.is_releasable


@dataclass(frozen=True, slots=True)
class Judge:
    """Evaluate a hold now. Writes nothing. Raises Unavailable where the forge cannot be read."""

    store: Store
    forge: Forge
    policies: PolicySource
    clock: Clock

    def __call__(self, hold: Hold) -> Judgement:
        text = self.policies.text(hold.repository)
        if text is None:
            return Judgement(
                None,
                None,
                f"{hold.repository} has no policy, so nothing of it can be released. An admin writes one; "
                "`python -m gate policy check FILE` tries it.",
            )
        try:
            policy = parse_policy(text)
        except Invalid as invalid:
            return Judgement(
                None, None, f"The policy of {hold.repository} is invalid: {'; '.join(invalid.faults)}"
            )
        observation = self.forge.observe(hold)
        subject, overrides = self._subject(hold)
        return Judgement(policy, evaluate(policy, subject, observation, self.clock(), overrides=overrides))

    def _subject(self, hold: Hold) -> tuple[Subject, tuple[Override, ...]]:
        with self.store.snapshot() as tx:
            agent = tx.agents.get(hold.agent)
            operator = None if agent.operator_id is None else tx.users.by_id(agent.operator_id)
            facts = tx.holds.facts(hold.id, hold.revision.n)
            revisions = tx.holds.revisions(hold.id)
            roles = {user.id: user.role for user in tx.users.all() if not user.is_disabled}
            lockdown = tx.settings.get(LOCKDOWN)
            overrides = tx.reviews.overrides(hold.id)
        assert facts is not None, "only collected holds are judged"
        assert hold.revision.kind is not None, "only collected holds are judged"
        earlier = tuple(
            Published(revision.head, revision.published_at)
            for revision in revisions
            if revision.n < hold.revision.n and revision.published_at is not None
        )
        subject = Subject(
            repository=hold.repository,
            ref=hold.ref,
            kind=hold.revision.kind,
            agent=hold.agent,
            agent_id=hold.agent_id,
            head=hold.revision.head,
            files=facts.files,
            received_at=hold.revision.received_at,
            operator_id=agent.operator_id,
            operator=None if operator is None else operator.login,
            roles=roles,
            earlier=earlier,
            files_truncated=facts.truncated,
            is_live=hold.state.is_live,
            lockdown=lockdown,
        )
        return subject, overrides
