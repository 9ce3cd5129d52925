"""Expire: let go of evidence whose time is over, and of contents that no evidence needs any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from gate.domain.audit import Action, AuditEvent
from gate.services.moves import GATE
from gate.services.ports.evidence import EvidenceStore
from gate.services.ports.outside import Clock
from gate.services.ports.store import Store

# Contents are kept before the evidence that needs them is written down.
_GRACE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long after a hold's end everything, and raw contents, are kept; nothing ends where it is 0."""

    evidence: timedelta
    raw: timedelta


@dataclass(frozen=True, slots=True)
class ExpireEvidence:
    """Safe to run at any time. A hold that waits keeps everything."""

    store: Store
    evidence_store: EvidenceStore
    clock: Clock
    retention: Retention

    def __call__(self) -> int:
        """How many contents were dropped. Raises Unavailable; then nothing more is dropped."""
        self._forget(self.retention.raw, is_raw=True)
        self._forget(self.retention.evidence, is_raw=False)
        with self.store.snapshot() as tx:
            needed = tx.evidence.contents()
        old = self.clock() - _GRACE
        unneeded = [sha256 for sha256, at in self.evidence_store.all() if sha256 not in needed and at < old]
        for sha256 in unneeded:
            self.evidence_store.drop(sha256, kept_before=old)
        return len(unneeded)

    def _forget(self, after: timedelta, *, is_raw: bool) -> None:
        if not after:
            return
        with self.store.transaction() as tx:
            count = tx.evidence.forget_contents(closed_before=self.clock() - after, is_raw=is_raw)
            if count:
                details = {"revisions": count, "raw_only": is_raw}
                event = AuditEvent(self.clock(), GATE, Action.EVIDENCE_EXPIRE, details=details)
                tx.audit.append(event)
