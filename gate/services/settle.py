"""Settle: carry out the end of a closed hold everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.audit import Action
from gate.domain.errors import Failed
from gate.domain.hold import ZERO_OID, Hold, HoldState
from gate.domain.pull_request.model import Ending
from gate.services.moves import record
from gate.services.ports.forge import Forge
from gate.services.ports.git import GateRepositories, GateRepository, HeldPushes
from gate.services.ports.outside import Clock, PolicySource, ReportFault
from gate.services.ports.store import Store
from gate.services.ports.tree_heads import TreeHeads
from gate.services.review_request import hold_url
from gate.services.standing import TellAgent
from gate.services.valid_policy import valid_policy


@dataclass(frozen=True, slots=True)
class Settle:
    """Tell agent and reviewers how a hold ended, witness a release, and drop the held refs.

    Safe to run twice: the hold counts as settled only once all of it is done. The objects stay: the
    repository is never pruned, so that a closed hold can still be read.
    """

    store: Store
    repositories: GateRepositories
    forge: Forge
    policies: PolicySource
    tree_heads: TreeHeads
    tell_agent: TellAgent
    clock: Clock
    report_fault: ReportFault
    url: str

    def __call__(self, hold_id: int) -> None:
        with self.store.snapshot() as tx:
            hold = tx.holds.get(hold_id)
            upstream = tx.repositories.get(hold.repository).upstream
            pushes = sorted({revision.push_id for revision in tx.holds.revisions(hold_id)})
            releases = tx.releases.of(hold_id)
        if hold.state.is_live:
            return
        repository = self.repositories.open(hold.repository, upstream)
        self.tell_agent(hold.id)
        if hold.state is HoldState.REJECTED and hold.revision.new != ZERO_OID:
            who, _, reason = hold.note.partition(": ")
            repository.held.write_rejected(hold.revision.new, hold.number, who, reason)
        if hold.state is HoldState.RELEASED:
            repository.upstream.mirror(releases[-1].move)
            self._note_release(repository, hold)
        self._close(repository, hold)
        for push_id in pushes:
            _drop(repository.held, push_id, hold.ref)
        with self.store.transaction() as tx:
            tx.holds.set_settled(hold_id)

    def _close(self, repository: GateRepository, hold: Hold) -> None:
        """Tell reviewers. What the forge refuses for good stays unsaid there, and everything else goes on."""
        try:
            self.forge.close(hold, self._ending(repository, hold))
        except Failed as fault:
            if fault.retryable:
                raise
            self.report_fault("settle:forge_refused", fault)

    def _ending(self, repository: GateRepository, hold: Hold) -> Ending:
        policy = valid_policy(self.policies, hold.repository)
        is_upstream = hold.state in (
            HoldState.RELEASED,
            HoldState.RELEASED_EXTERNALLY,
            HoldState.RELEASED_REWRITTEN,
        )
        tip = repository.history.tip(hold.ref) if is_upstream else ZERO_OID
        return Ending(
            hold=hold,
            words=hold.note,
            tree_head=self.tree_heads.witness() if _is_witnessed(hold, self.forge) else "",
            hold_url=hold_url(self.url, hold),
            landed=None if tip == ZERO_OID else tip,
            delete_branch=policy is None or policy.release.delete_branch,
        )

    def _note_release(self, repository: GateRepository, hold: Hold) -> None:
        if hold.revision.new != ZERO_OID and self._wants_note(hold.repository):
            refused = repository.upstream.write_note(hold.revision.new, self.tree_heads.witness())
            if refused is not None:
                self._record_refused_note(hold, refused.words)

    def _record_refused_note(self, hold: Hold, words: str) -> None:
        """The release stands; its note is missing upstream, and the trail says why."""
        with self.store.transaction() as tx:
            what = {"note": "refs/notes/pushgate", "words": words}
            record(tx, hold, Action.TREE_HEAD_SIGN, at=self.clock(), outcome="failed", details=what)

    def _wants_note(self, repository: str) -> bool:
        policy = valid_policy(self.policies, repository)
        return policy is not None and policy.release.witness_notes


def _is_witnessed(hold: Hold, forge: Forge) -> bool:
    """A release always is, and every end that people elsewhere are told of."""
    return hold.state is HoldState.RELEASED or forge.carries(hold)


def _drop(held: HeldPushes, push_id: str, ref: str) -> None:
    """Drop what the push held for this ref, by the hook's number, which the hold may not have."""
    receipt = held.receipt(push_id)
    if receipt is not None:
        held.drop(push_id, [update.number for update in receipt.updates if update.update.ref == ref])
