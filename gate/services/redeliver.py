"""Redeliver: ask GitHub for the deliveries that did not arrive, and see that those that did are looked at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from gate.domain.audit import Action, AuditEvent, Detail
from gate.domain.delivery import DeliveryOutcome, SentDelivery
from gate.domain.errors import GateError, NotFound
from gate.services.moves import GATE
from gate.services.ports.forge import ForgeAdmin
from gate.services.ports.outside import Clock, Queue
from gate.services.ports.store import Store, Transaction

_LAST_LOOK = "webhook:last_look"
# GitHub sends a delivery again for three days.
_ASKED_FOR = timedelta(days=3)
_MOST_AT_ONCE = 20
_MOST_ATTEMPTS = 5
_ON_ITS_WAY = timedelta(minutes=1)
_GIVEN_UP_AFTER = timedelta(days=1)
_KEPT = timedelta(days=30)
_MOST_SHOWN = 50
_MOST_ENQUEUED = 1000


@dataclass(frozen=True, slots=True)
class LookAtDeliveries:
    """What GitHub's own list said. `failed` are those that have not arrived since, newest first.

    `fault` says why the list could not be read, or a delivery not be asked for; the sweep finds what they
    were about.
    """

    at: datetime
    failed: tuple[SentDelivery, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Redeliver:
    """Safe to run at any time. A forge that does not answer, or refuses, is noted and never raises."""

    store: Store
    forge_admin: ForgeAdmin
    queue: Queue
    clock: Clock

    def __call__(self) -> None:
        self._take_up()
        look, asked = self._ask(self._look())
        with self.store.transaction() as tx:
            tx.settings.put(_LAST_LOOK, _text_of(look))
            if asked:
                self._record(tx, [sent.guid for sent in asked], GATE)
            tx.deliveries.drop_older(look.at - _KEPT)

    def by_hand(self, number: int, *, actor: str) -> SentDelivery:
        """Ask for one delivery of the last look again. Raises NotFound, and what the forge raises."""
        with self.store.snapshot() as tx:
            look = last_look(tx)
        sent = next((one for one in look.failed if one.number == number), None) if look else None
        if sent is None:
            raise NotFound("This delivery is no longer among the failed ones: it came, or is too old.")
        self.forge_admin.redeliver(number)
        with self.store.transaction() as tx:
            self._record(tx, [sent.guid], actor)
        return sent

    def _take_up(self) -> None:
        """Enqueue what nobody has looked at; what could not be looked at for a day is given up."""
        now = self.clock()
        with self.store.snapshot() as tx:
            lost = tx.deliveries.unfinished(now - _GIVEN_UP_AFTER)
            waiting = tx.deliveries.unfinished(now - _ON_ITS_WAY)
        if lost:
            words = "It could not be looked at for a day. The sweep has found what it was about."
            with self.store.transaction() as tx:
                for delivery_id in lost:
                    tx.deliveries.finish(delivery_id, DeliveryOutcome.FAILED, words, now)
        for delivery_id in waiting[len(lost) :][:_MOST_ENQUEUED]:
            self.queue.take_delivery(delivery_id)

    def _look(self) -> LookAtDeliveries:
        now = self.clock()
        try:
            sent = self.forge_admin.deliveries()
        except GateError as fault:
            return LookAtDeliveries(now, (), str(fault))
        failed = [one for one in sent if one.has_failed and one.delivered_at > now - _ASKED_FOR]
        arrived = {one.guid for one in sent if not one.has_failed}
        with self.store.snapshot() as tx:
            missing = [one for one in failed if one.guid not in arrived and not _has(tx, one.guid)]
        return LookAtDeliveries(now, tuple(missing))

    def _ask(self, look: LookAtDeliveries) -> tuple[LookAtDeliveries, list[SentDelivery]]:
        """Ask for the oldest of them, as many as one run may."""
        asked: list[SentDelivery] = []
        fault = look.fault
        for sent in _due(look.failed)[:_MOST_AT_ONCE]:
            try:
                self.forge_admin.redeliver(sent.number)
            except GateError as refusal:
                fault = str(refusal)
                break
            asked.append(sent)
        latest = {one.guid: one for one in reversed(look.failed)}
        shown = tuple(reversed(latest.values()))[:_MOST_SHOWN]
        return LookAtDeliveries(look.at, shown, fault), asked

    def _record(self, tx: Transaction, guids: Sequence[str], actor: str) -> None:
        details: dict[str, Detail] = {"deliveries": list(guids)}
        tx.audit.append(
            AuditEvent(at=self.clock(), actor=actor, action=Action.WEBHOOK_REDELIVER, details=details)
        )


def last_look(tx: Transaction) -> LookAtDeliveries | None:
    """What GitHub's list said when it was last looked at; None where it never was."""
    text = tx.settings.get(_LAST_LOOK)
    if text is None:
        return None
    content = json.loads(text)
    failed = tuple(_sent(one) for one in content["failed"])
    return LookAtDeliveries(datetime.fromisoformat(content["at"]), failed, content["fault"])


def _due(failed: Sequence[SentDelivery]) -> list[SentDelivery]:
    """The latest attempt of each delivery that was not tried too often yet, oldest first."""
    attempts: dict[str, list[SentDelivery]] = {}
    for sent in failed:
        attempts.setdefault(sent.guid, []).append(sent)
    return [tries[0] for tries in reversed(attempts.values()) if len(tries) < _MOST_ATTEMPTS]


def _has(tx: Transaction, guid: str) -> bool:
    try:
        tx.deliveries.get(guid)
    except NotFound:
        return False
    return True


def _text_of(look: LookAtDeliveries) -> str:
    failed = [{**asdict(one), "delivered_at": one.delivered_at.isoformat()} for one in look.failed]
    return json.dumps({"at": look.at.isoformat(), "failed": failed, "fault": look.fault})


def _sent(content: dict[str, Any]) -> SentDelivery:
    return SentDelivery(**{**content, "delivered_at": datetime.fromisoformat(content["delivered_at"])})
