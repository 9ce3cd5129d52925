"""A hold's move from state to state, and its audit event, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gate.domain.audit import Action, AuditEvent, Detail
from gate.domain.hold import BlockReason, Hold, HoldState
from gate.services.ports.store import Transaction

GATE = "gate"
"""The actor of what the gate does by itself."""


def move(
    tx: Transaction,
    hold: Hold,
    to: HoldState,
    action: Action,
    *,
    at: datetime,
    actor: str = GATE,
    reason: BlockReason | None = None,
    note: str = "",
    details: Mapping[str, Detail] | None = None,
) -> Hold:
    """Move a hold and record it. Raises IllegalMove where the table or another actor forbids it."""
    hold.check_move(to)
    moved = tx.holds.move(hold, to, at, reason, note)
    record(tx, moved, action, at=at, actor=actor, details={"from": str(hold.state), **(details or {})})
    return moved


def record(
    tx: Transaction,
    hold: Hold,
    action: Action,
    *,
    at: datetime,
    actor: str = GATE,
    outcome: str = "ok",
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Append an audit event about a hold's current revision."""
    about: dict[str, Detail] = {
        "state": str(hold.state),
        "revision": hold.revision.n,
        "old": hold.revision.old,
        "new": hold.revision.new,
    }
    if hold.reason is not None:
        about["reason"] = str(hold.reason)
    if hold.note:
        about["note"] = hold.note
    tx.audit.append(
        AuditEvent(
            at=at,
            actor=actor,
            action=action,
            repository=hold.repository,
            ref=hold.ref,
            hold=hold.name,
            push=hold.revision.push_id,
            details={**about, **(details or {})},
            outcome=outcome,
        )
    )
