"""Assess: gather the evidence of a collected revision, weigh it, and stop what has a secret in it."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.audit import Action, Detail
from gate.domain.errors import Failed, IllegalMove
from gate.domain.evidence import Evidence
from gate.domain.hold import BlockReason, Hold, HoldState
from gate.domain.secret import ADVICE, FoundSecret, first_named
from gate.services.gather import Gather
from gate.services.moves import move, record
from gate.services.ports.outside import Clock, FailPoint, Queue, ReportFault
from gate.services.ports.store import Store, Transaction
from gate.services.standing import TellAgent

_AGAIN = "Push one more commit to try again."
_OWN_FAULT = "The evidence could not be gathered, by a fault of the gate's own, which its log names."
_TOO_LONG = "It took too long to gather the evidence. Push less at once, or ask an admin why."


@dataclass(frozen=True, slots=True)
class Assess:
    """Write down a revision's evidence, then have it published. Safe to run twice.

    Raises Unavailable where something that protects cannot do its part yet, such as the scan for secrets:
    nothing is published without it.
    """

    store: Store
    gather: Gather
    queue: Queue
    tell_agent: TellAgent
    clock: Clock
    fail_point: FailPoint
    report_fault: ReportFault

    def __call__(self, hold_id: int) -> None:
        with self.store.snapshot() as tx:
            hold = tx.holds.get(hold_id)
            known = tx.evidence.get(hold_id, hold.revision.n)
        if hold.state is not HoldState.COLLECTING:
            return
        if known is not None and not known.blocking:
            self.queue.publish(hold_id)
            return
        try:
            evidence = self.gather(hold)
        except Failed as fault:
            if fault.retryable:
                raise
            self._stop(hold, None, BlockReason.COLLECT_FAILED, f"{fault} {_AGAIN}")
            return
        except Exception as fault:  # whatever it is: a hold that nobody hears of again would be worse
            self.report_fault("assess:unexpected", fault)
            self._stop(hold, None, BlockReason.COLLECT_FAILED, f"{_OWN_FAULT} {_AGAIN}")
            return
        self.fail_point("assess:before-store")
        if evidence.blocking:
            self._stop(hold, evidence, BlockReason.SECRET_FOUND, _secret_words(evidence.blocking))
        elif self._keep(hold, evidence):
            self.fail_point("assess:stored")
            self.queue.publish(hold_id)

    def give_up(self, hold_id: int) -> None:
        """Stop a hold whose evidence takes longer to gather than a job may."""
        with self.store.snapshot() as tx:
            hold = tx.holds.get(hold_id)
        if hold.state is HoldState.COLLECTING:
            self._stop(hold, None, BlockReason.COLLECT_FAILED, f"{_TOO_LONG} {_AGAIN}")

    def _keep(self, hold: Hold, evidence: Evidence) -> bool:
        """Write the evidence down; whether the hold still waits for it."""
        with self.store.transaction() as tx:
            now = tx.holds.get(hold.id)
            if (now.state, now.revision.n) != (hold.state, hold.revision.n):
                return False
            self._record(tx, hold, evidence)
        return True

    def _stop(self, hold: Hold, evidence: Evidence | None, reason: BlockReason, note: str) -> None:
        try:
            with self.store.transaction() as tx:
                if evidence is not None:
                    self._record(tx, hold, evidence)
                to, at = HoldState.BLOCKED, self.clock()
                move(tx, hold, to, Action.HOLD_BLOCK, at=at, reason=reason, note=note)
        except IllegalMove:
            return  # A newer revision came in between; it is assessed by its own run.
        self.tell_agent(hold.id)
        self.queue.show(hold.id)

    def _record(self, tx: Transaction, hold: Hold, evidence: Evidence) -> None:
        """The evidence itself, and on the trail what it rests on: every content by its SHA-256."""
        tx.evidence.put(hold.id, hold.revision.n, evidence)
        record(tx, hold, Action.EVIDENCE_COLLECT, at=self.clock(), details=_details(evidence))


def _secret_words(secrets: tuple[FoundSecret, ...]) -> str:
    """What was found where, and what to do; nothing of the secret itself."""
    return (
        f"A secret is in what was pushed: {'; '.join(first_named(secrets))}. Nothing of it was published. "
        f"{ADVICE} If it is none, an admin can allow it on the hold's page."
    )


def _details(evidence: Evidence) -> dict[str, Detail]:
    files: list[Detail] = [
        {"kind": str(file.kind), "name": file.name, "sha256": file.sha256, "text_sha256": file.text_sha256}
        for file in evidence.files
    ]
    session = evidence.session
    secrets: list[Detail] = [
        {"rule": one.rule, "where": one.where, "commit": one.oid, "blocks": one.blocks, "id": one.identity}
        for one in evidence.secrets
    ]
    return {
        "level": str(evidence.assessment.level),
        "why": evidence.assessment.line,
        "rules": sorted(evidence.assessment.rules()),
        "session": None if session is None else session.id,
        "thread": None if session is None else session.thread_id,
        "found_by": None if session is None else str(session.found_by),
        "files": files,
        "secrets": secrets,
        "faults": list(evidence.faults),
    }
