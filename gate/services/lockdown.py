"""Lock-down: no push is taken and nothing is released until it is off again."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.audit import Action, AuditEvent
from gate.domain.errors import Refused
from gate.services.hook_rules import TellHooks
from gate.services.judge import LOCKDOWN
from gate.services.ports.outside import Clock, Queue
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class Lockdown:
    """Switch it on and off, and say whether it is on. Approvals are still recorded meanwhile."""

    store: Store
    tell_hooks: TellHooks
    queue: Queue
    clock: Clock

    def reason(self) -> str | None:
        """Why it is on; None while it is off."""
        with self.store.snapshot() as tx:
            return tx.settings.get(LOCKDOWN)

    def on(self, why: str, *, actor: str) -> None:
        """Raises Refused without a reason."""
        why = " ".join(why.replace("\0", "").split())
        if not why:
            raise Refused("lock-down: say why, as everyone who pushes or reviews will read it.")
        self._set(why, Action.LOCKDOWN_ON, actor)

    def off(self, *, actor: str) -> None:
        """Let pushes and releases go on; approved holds are released now."""
        self._set(None, Action.LOCKDOWN_OFF, actor)
        with self.store.snapshot() as tx:
            live = tx.holds.live_ids()
        for hold_id in live:
            self.queue.reconcile(hold_id)

    def _set(self, why: str | None, action: Action, actor: str) -> None:
        with self.store.transaction() as tx:
            details = {} if why is None else {"why": why}
            tx.settings.put(LOCKDOWN, why)
            tx.audit.append(AuditEvent(at=self.clock(), actor=actor, action=action, details=details))
        self.tell_hooks.all()
