"""Intake: what the hook left in a gate repository becomes holds in the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile

from gate.domain.audit import Action, AuditEvent, Detail
from gate.domain.errors import NotFound, Taken, Unavailable
from gate.domain.hold import Hold, HoldState, Push, Revision
from gate.domain.policy import OnPush
from gate.domain.repository import HeldUpdate, Receipt, Refusal, Repository
from gate.services.moves import move, record
from gate.services.ports.git import GateRepositories, HeldPushes
from gate.services.ports.outside import Clock, FailPoint, PolicySource, Queue
from gate.services.ports.store import Store, Transaction
from gate.services.standing import TellAgent
from gate.services.valid_policy import valid_policy


@dataclass(frozen=True, slots=True)
class Intake:
    """Register a push by its id. Safe to run twice, and to run for a push that left nothing.

    Raises Unavailable while a hold of the same agent and ref is being released: its outcome decides
    whether this push is that hold's next revision or a new hold.
    """

    store: Store
    repositories: GateRepositories
    policies: PolicySource
    queue: Queue
    tell_agent: TellAgent
    clock: Clock
    fail_point: FailPoint

    def __call__(self, repository_name: str, push_id: str) -> None:
        with self.store.snapshot() as tx:
            repository = tx.repositories.get(repository_name)
        held = self.repositories.open(repository.name, repository.upstream).held
        receipt = held.receipt(push_id)
        if receipt is not None:
            self._register(repository, held, receipt)
        elif (refusal := held.refusal(push_id)) is not None:
            self._record_refusal(repository, refusal)
            held.forget_refusal(push_id)
        else:
            self._record_nothing(repository, push_id)

    def _register(self, repository: Repository, held: HeldPushes, receipt: Receipt) -> None:
        for earlier in self._overtaken(repository, held, receipt):
            self._register(repository, held, earlier)
        self.fail_point("intake:before-store")
        try:
            holds = self._store_receipt(repository, receipt, {})
        except Taken:
            # Another push has the number, after a restore: the terminal's number yields, the hold does not.
            fresh = {update.number: held.next_number() for update in receipt.updates}
            holds = self._store_receipt(repository, receipt, fresh)
        self.fail_point("intake:stored")
        for hold in holds:
            self.tell_agent(hold.id)
            self.queue.collect(hold.id)

    def _overtaken(self, repository: Repository, held: HeldPushes, receipt: Receipt) -> list[Receipt]:
        """Pushes of these refs before this one that intake has not seen, as their jobs were lost or slow."""
        with self.store.snapshot() as tx:
            if not any(_leaves_gap(tx, repository, receipt.agent, update) for update in receipt.updates):
                return []
        before = takewhile(lambda one: one.push_id != receipt.push_id, held.receipts())
        related = [one for one in before if _is_related(one, receipt)]
        with self.store.snapshot() as tx:
            return [one for one in related if tx.holds.push(one.push_id) is None]

    def _store_receipt(self, repository: Repository, receipt: Receipt, numbers: dict[int, int]) -> list[Hold]:
        with self.store.transaction() as tx:
            agent = tx.agents.get(receipt.agent)
            push = Push(
                id=receipt.push_id,
                repository_id=repository.id,
                agent_id=agent.id,
                received_at=receipt.received_at,
                transport=receipt.transport,
                atomic=receipt.atomic,
                options=receipt.options,
                claim=receipt.claim,
                claim_by=receipt.claim_by,
            )
            if not tx.holds.add_push(push):
                return [hold for hold in tx.holds.of_push(push.id) if hold.state is HoldState.RECEIVED]
            self._record_push(tx, repository, receipt)
            return [self._hold(tx, repository, receipt, update, numbers) for update in receipt.updates]

    def _hold(
        self,
        tx: Transaction,
        repository: Repository,
        receipt: Receipt,
        held: HeldUpdate,
        numbers: dict[int, int],
    ) -> Hold:
        update, at = held.update, self.clock()
        live = tx.holds.live_on(repository.name, receipt.agent, update.ref)
        revision = Revision(
            hold_id=0,
            n=1 if live is None else live.revision.n + 1,
            push_id=receipt.push_id,
            old=update.old,
            new=update.new,
            held_ref=held.held_ref,
            received_at=receipt.received_at,
        )
        group = receipt.push_id if receipt.atomic and len(receipt.updates) > 1 else None
        is_late = live is not None and _is_late(live, receipt, held)
        if live is not None and live.state is HoldState.RELEASING:
            raise Unavailable(
                f"hold {live.name}: it is being released; push {receipt.push_id} waits for that."
            )
        if live is not None and not is_late and held.revision == 1 and self._supersedes(repository.name):
            self._withdraw(tx, live, receipt)
            live = None
            revision = replace(revision, n=1)
        if live is None:
            number = numbers.get(held.number, held.number)
            hold = tx.holds.add(repository.name, receipt.agent, update.ref, number, revision, group)
            record(tx, hold, Action.HOLD_REGISTER, at=at, actor=f"agent:{receipt.agent}")
            return hold
        live.check_move(HoldState.RECEIVED)
        hold = tx.holds.add_revision(live, revision, group, at)
        record(tx, hold, Action.HOLD_REVISE, at=at, actor=f"agent:{receipt.agent}")
        return self._put_back(tx, live, hold) if is_late else hold

    def _put_back(self, tx: Transaction, newer: Hold, late: Hold) -> Hold:
        """An older push came in late: what the agent pushed after it stays the current revision."""
        again = replace(newer.revision.again(), n=late.revision.n + 1)
        hold = tx.holds.add_revision(late, again, newer.group, self.clock())
        why = f"push {late.revision.push_id} came in late: {again.push_id} is newer, and current again."
        record(tx, hold, Action.HOLD_REVISE, at=self.clock(), details={"why": why})
        return hold

    def _supersedes(self, repository: str) -> bool:
        policy = valid_policy(self.policies, repository)
        return policy is not None and policy.hold.on_push is OnPush.SUPERSEDE

    def _withdraw(self, tx: Transaction, live: Hold, receipt: Receipt) -> None:
        note = f"{receipt.agent}: a newer push took its place."
        actor = f"agent:{receipt.agent}"
        move(tx, live, HoldState.WITHDRAWN, Action.HOLD_WITHDRAW, at=self.clock(), actor=actor, note=note)

    def _record_push(self, tx: Transaction, repository: Repository, receipt: Receipt) -> None:
        updates: list[Detail] = [
            {"ref": held.update.ref, "old": held.update.old, "new": held.update.new, "number": held.number}
            for held in receipt.updates
        ]
        details: dict[str, Detail] = {
            "transport": receipt.transport,
            "atomic": receipt.atomic,
            "options": list(receipt.options),
            "claim": receipt.claim,
            "updates": updates,
        }
        tx.audit.append(
            AuditEvent(
                at=self.clock(),
                actor=f"agent:{receipt.agent}",
                action=Action.PUSH_HOLD,
                repository=repository.name,
                push=receipt.push_id,
                details=details,
            )
        )

    def _record_refusal(self, repository: Repository, refusal: Refusal) -> None:
        reasons: list[Detail] = [
            {"rule": reason.rule, "ref": reason.ref, "what": reason.what} for reason in refusal.reasons
        ]
        updates: list[Detail] = [
            {"ref": update.ref, "old": update.old, "new": update.new} for update in refusal.updates
        ]
        with self.store.transaction() as tx:
            if not _is_first_record(tx, repository, refusal):
                return
            tx.audit.append(
                AuditEvent(
                    at=self.clock(),
                    actor=f"agent:{refusal.agent}",
                    action=Action.PUSH_REFUSE,
                    repository=repository.name,
                    push=refusal.push_id,
                    outcome="refused",
                    details={"transport": refusal.transport, "updates": updates, "reasons": reasons},
                )
            )

    def _record_nothing(self, repository: Repository, push_id: str) -> None:
        with self.store.transaction() as tx:
            if tx.holds.push(push_id) is not None:
                return  # It was taken in before, and what it left has been carried out since.
            tx.audit.append(
                AuditEvent(
                    at=self.clock(),
                    actor="gate",
                    action=Action.PUSH_INCOMPLETE,
                    repository=repository.name,
                    push=push_id,
                    outcome="refused",
                    details={
                        "what": "The push left nothing to hold: all of it is held already, git refused its "
                        "objects, or the connection broke."
                    },
                )
            )


def _leaves_gap(tx: Transaction, repository: Repository, agent: str, held: HeldUpdate) -> bool:
    """Whether the hook counted more revisions than the store has."""
    live = tx.holds.live_on(repository.name, agent, held.update.ref)
    return held.revision > (1 if live is None else live.revision.n + 1)


def _is_related(one: Receipt, other: Receipt) -> bool:
    refs = {held.update.ref for held in other.updates}
    return one.agent == other.agent and any(held.update.ref in refs for held in one.updates)


def _is_late(live: Hold, receipt: Receipt, held: HeldUpdate) -> bool:
    """Whether the hook held this before the hold's current revision, by its numbers and by its clock."""
    current = live.revision
    is_numbered_before = (held.number, held.revision) <= (live.number, current.n)
    return is_numbered_before and (receipt.received_at, receipt.push_id) < (
        current.received_at,
        current.push_id,
    )


def _is_first_record(tx: Transaction, repository: Repository, refusal: Refusal) -> bool:
    """Keep a refused push once, so that a repeated intake does not tell it twice."""
    try:
        agent = tx.agents.get(refusal.agent)
    except NotFound:
        return True
    return tx.holds.add_push(
        Push(
            id=refusal.push_id,
            repository_id=repository.id,
            agent_id=agent.id,
            received_at=refusal.refused_at,
            transport=refusal.transport,
        )
    )
