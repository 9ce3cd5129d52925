"""What a pull request is told when a revision is published: everything known of it, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.hold import Hold
from gate.domain.policy import Asked
from gate.domain.pull_request.model import ReviewRequest, Revised
from gate.domain.repository import LOCAL
from gate.services.judge import Judge
from gate.services.ports.git import GateRepositories
from gate.services.ports.store import Store
from gate.services.ports.tree_heads import TreeHeads

# GitHub takes 65,536 characters in a comment; the words around it need some.
_RANGE_DIFF_BYTES = 60_000


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """Put together what reviewers are asked. `url` is the gate's own address.

    Signs a tree head for those who review elsewhere. Without a valid policy the request says so.
    """

    store: Store
    repositories: GateRepositories
    judge: Judge
    tree_heads: TreeHeads
    url: str

    def __call__(self, hold: Hold) -> ReviewRequest:
        with self.store.snapshot() as tx:
            facts = tx.holds.facts(hold.id, hold.revision.n)
            agent = tx.agents.get(hold.agent)
            operator = None if agent.operator_id is None else tx.users.by_id(agent.operator_id)
            push = tx.holds.push(hold.revision.push_id)
            evidence = tx.evidence.get(hold.id, hold.revision.n)
            is_local = tx.repositories.get(hold.repository).forge == LOCAL
        assert facts is not None, "only collected holds are published"
        judgement = self.judge.before_reviews(hold)
        policy, verdict = judgement.policy, judgement.verdict
        return ReviewRequest(
            hold=hold,
            facts=facts,
            operator=None if operator is None else operator.login,
            transport="" if push is None else push.transport,
            hold_url=hold_url(self.url, hold),
            needs=(judgement.fault,) if verdict is None else verdict.reasons,
            asked=Asked() if policy is None else policy.asked(self.judge.subject(hold), seed=hold.name),
            # The gate's own page shows the trail itself.
            evidence=evidence,
            tree_head="" if is_local else self.tree_heads.witness(),
            takes_commands=policy is not None and policy.commands,
            revised=self._revised(hold),
        )

    def _revised(self, hold: Hold) -> Revised | None:
        with self.store.snapshot() as tx:
            upstream = tx.repositories.get(hold.repository).upstream
            revisions = {revision.n: revision for revision in tx.holds.revisions(hold.id)}
        now, before = hold.revision, revisions.get(hold.revision.n - 1)
        if before is None:
            return None
        text = ""
        if before.is_comparable_to(now):
            history = self.repositories.open(hold.repository, upstream).history
            sides = (str(before.base), before.new, str(now.base), now.new)
            text = history.range_diff(*sides, max_bytes=_RANGE_DIFF_BYTES)
        return Revised(now.n, before.head, now.head, now.likeness, text)


def hold_url(url: str, hold: Hold) -> str:
    """The page of a hold at the gate."""
    return f"{url}/holds/{hold.repository}/{hold.number}"
