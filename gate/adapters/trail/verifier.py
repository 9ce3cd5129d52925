"""Verify the whole trail, against every tree head that was signed for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from gate.adapters.audit.signer import TreeHeadSigner
from gate.adapters.audit.witness_file import WitnessFile
from gate.adapters.sql.store import SqlStore, SqlTransaction
from gate.domain.audit import Action, AuditEvent
from gate.domain.audit_chain import ChainReport
from gate.services.ports.outside import Clock

_KEY = "audit_verified"


@dataclass(frozen=True, slots=True)
class Verification:
    """How far the last verification came, and what it found wrong."""

    seq: int
    at: datetime
    fault: str | None


@dataclass(frozen=True, slots=True)
class TrailVerifier:
    """Reads the store as it is; the witness file says what it must at least contain."""

    store: SqlStore
    signer: TreeHeadSigner
    file: WitnessFile
    clock: Clock

    def __call__(self, *, actor: str, deep: bool = False, against: str | None = None) -> ChainReport:
        """Verify, and put the result on the trail. `against` is one more signed note, from anywhere.

        Raises Tampered where a tree head is not of this gate's key.
        """
        notes = [record.note for record in self.file.records()]
        heads = [self.signer.open(note) for note in ([*notes, against] if against else notes)]
        with self.store.snapshot() as tx:
            report = tx.audit.verify(heads, deep=deep)
        fault = None if report.fault is None else report.fault.message
        at = self.clock()
        with self.store.transaction() as tx:
            found = {"seq": report.size, "at": at.isoformat(), "fault": fault}
            tx.settings.put(_KEY, json.dumps(found))
            tx.audit.append(
                AuditEvent(
                    at=at,
                    actor=actor,
                    action=Action.AUDIT_VERIFY,
                    outcome="ok" if fault is None else "failed",
                    details={"events": report.size, "fault": fault, "heads": len(heads), "deep": deep},
                )
            )
        return report


def last_verification(tx: SqlTransaction) -> Verification | None:
    """What the last verification found, or None where there was none yet."""
    text = tx.settings.get(_KEY)
    if text is None:
        return None
    found = json.loads(text)
    return Verification(found["seq"], datetime.fromisoformat(found["at"]), found["fault"])
