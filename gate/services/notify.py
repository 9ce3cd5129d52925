"""Notify: tell people which holds wait for a review, in one message for all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gate.domain.audit import Action, AuditEvent, Detail, Outcome
from gate.domain.errors import GateError, NotFound
from gate.domain.hold import Hold, HoldState
from gate.domain.notification import waiting_message
from gate.services.moves import GATE
from gate.services.ports.notify import Notifier
from gate.services.ports.outside import Clock, ReportFault
from gate.services.ports.store import Store, Transaction

# Names on the trail; the message itself has a bound of its own.
_MOST_NAMES = 100
_TURN = "notified"

Owed = tuple[int, int]
"""A hold's id and the revision that people have still to be told of."""


@dataclass(frozen=True, slots=True)
class _Ledger:
    """What one notifier has told and has still to tell. `is_failing` since its last attempt failed."""

    told_at: datetime | None = None
    owed: tuple[Owed, ...] = ()
    is_failing: bool = False


@dataclass(frozen=True, slots=True)
class _Due:
    """One message to be sent now; `before` is the ledger as it was before it was claimed."""

    notifier: Notifier
    holds: tuple[Hold, ...]
    before: _Ledger


@dataclass(frozen=True, slots=True)
class Notify:
    """Send one message for all holds that came into review since the last, at most one each `every`.

    Run it each minute. A notifier that fails is reported and tried again next time, and keeps no other one
    from its message. Two runs at once send one message; after a crash it may be sent twice. `url` is the
    gate's own. Without notifiers nothing happens.
    """

    store: Store
    notifiers: Sequence[Notifier]
    every: timedelta
    url: str
    clock: Clock
    report_fault: ReportFault = field(repr=False)

    def __call__(self) -> None:
        if not self.notifiers:
            return
        self._take_down()
        for notifier in self.notifiers:
            # One by one: where one ends this run in a way that nobody foresaw, the next is still due.
            due = self._claim(notifier, self.clock())
            if due is not None:
                self._send(due)

    @contextmanager
    def _alone(self) -> Iterator[Transaction]:
        """A transaction that no other run has at the same time.

        Writers queue up by themselves on SQLite. On PostgreSQL they do so for a row that all of them write
        first, and then each reads what the one before has written.
        """
        with self.store.transaction() as tx:
            tx.settings.put(_TURN, self.clock().isoformat())
            yield tx

    def _take_down(self) -> None:
        """Write down for each notifier what came into review since the last run."""
        with self._alone() as tx:
            fresh = [(hold.id, hold.revision.n) for hold in tx.holds.unnotified()]
            for hold_id, revision in fresh:
                tx.holds.set_notified(hold_id, revision)
            for notifier in self.notifiers:
                ledger = _read(tx, notifier)
                _write(tx, notifier, replace(ledger, owed=(*ledger.owed, *fresh)), was=ledger)

    def _claim(self, notifier: Notifier, now: datetime) -> _Due | None:
        with self._alone() as tx:
            ledger = _read(tx, notifier)
            waiting = tuple(_still_waiting(tx, ledger.owed))
            owing = replace(ledger, owed=tuple((hold.id, hold.revision.n) for hold in waiting))
            is_due = bool(waiting) and (ledger.told_at is None or now - ledger.told_at >= self.every)
            # Told as of now: another run at this moment leaves it alone.
            _write(tx, notifier, replace(owing, told_at=now) if is_due else owing, was=ledger)
        return _Due(notifier, waiting, owing) if is_due else None

    def _send(self, due: _Due) -> None:
        message = waiting_message(due.holds, self.url, self.clock())
        try:
            due.notifier.send(message.subject, message.text)
        except GateError as fault:
            self.report_fault("notify:failed", fault)
            self._give_back(due, fault)
        else:
            self._note(due)

    def _give_back(self, due: _Due, fault: GateError) -> None:
        """Have it tried again next time; the trail says once that it fails."""
        with self._alone() as tx:
            ledger = _read(tx, due.notifier)
            failing = replace(ledger, told_at=due.before.told_at, is_failing=True)
            _write(tx, due.notifier, failing, was=ledger)
            if not ledger.is_failing:
                self._record(tx, due, Outcome.FAILED, fault=str(fault))

    def _note(self, due: _Due) -> None:
        with self._alone() as tx:
            ledger = _read(tx, due.notifier)
            owed = tuple(one for one in ledger.owed if one not in due.before.owed)
            _write(tx, due.notifier, replace(ledger, owed=owed, is_failing=False), was=ledger)
            self._record(tx, due, Outcome.OK)

    def _record(self, tx: Transaction, due: _Due, outcome: Outcome, **details: Detail) -> None:
        names = [hold.name for hold in due.holds[:_MOST_NAMES]]
        about: dict[str, Detail] = {"by": due.notifier.name, "count": len(due.holds), "holds": names}
        event = AuditEvent(
            at=self.clock(),
            actor=GATE,
            action=Action.NOTIFICATION_SEND,
            details={**about, **details},
            outcome=outcome,
        )
        tx.audit.append(event)


def _still_waiting(tx: Transaction, owed: Sequence[Owed]) -> list[Hold]:
    """Those of the holds that are in review with the same revision as before."""
    waiting = []
    for hold_id, revision in owed:
        try:
            hold = tx.holds.get(hold_id)
        except NotFound:
            continue
        if hold.state is HoldState.IN_REVIEW and hold.revision.n == revision:
            waiting.append(hold)
    return waiting


def _read(tx: Transaction, notifier: Notifier) -> _Ledger:
    text = tx.settings.get(_key(notifier))
    if text is None:
        return _Ledger()
    found = json.loads(text)
    told_at = found["told_at"]
    return _Ledger(
        told_at=None if told_at is None else datetime.fromisoformat(told_at),
        owed=tuple((hold_id, revision) for hold_id, revision in found["owed"]),
        is_failing=found["is_failing"],
    )


def _write(tx: Transaction, notifier: Notifier, ledger: _Ledger, *, was: _Ledger) -> None:
    if ledger == was:
        return
    told_at = None if ledger.told_at is None else ledger.told_at.isoformat()
    found = {"told_at": told_at, "owed": ledger.owed, "is_failing": ledger.is_failing}
    tx.settings.put(_key(notifier), json.dumps(found))


def _key(notifier: Notifier) -> str:
    return f"notified:{notifier.name}"
