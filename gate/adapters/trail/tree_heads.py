"""Signed tree heads of the trail: made from the store, kept in the witness file."""

from __future__ import annotations

from dataclasses import dataclass

from gate.adapters.audit.signer import TreeHeadSigner
from gate.adapters.audit.witness_file import WitnessFile
from gate.adapters.sql.store import SqlStore
from gate.domain.audit import Action, AuditEvent
from gate.services.ports.outside import Clock


@dataclass(frozen=True, slots=True)
class StoredTreeHeads:
    """Implements `ports.tree_heads.TreeHeads`."""

    store: SqlStore
    signer: TreeHeadSigner
    file: WitnessFile
    clock: Clock

    def witness(self) -> str:
        with self.store.transaction() as tx:
            last = tx.audit.last_tree_head()
            size = tx.audit.tree_head().size
            if last is None or last.size != size:
                # The event comes first, so that the head covers it and a quiet trail is signed only once.
                tx.audit.append(AuditEvent(at=self.clock(), actor="gate", action=Action.TREE_HEAD_SIGN))
                head = tx.audit.tree_head()
                tx.audit.save_tree_head(self.signer.sign(head.size, head.root), self.clock())
                last = tx.audit.last_tree_head()
        assert last is not None, "a tree head was saved in this transaction"
        if last.witnessed_at is None:
            self.file.append(last.note, self.clock())
            with self.store.transaction() as tx:
                tx.audit.mark_witnessed(last.size, self.clock())
        return last.note
