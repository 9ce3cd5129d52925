"""Accept a webhook delivery: check that it is GitHub's, store it once, and have it looked at later."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gate.domain.audit import Action, AuditEvent, Detail, Outcome
from gate.domain.delivery import Delivery, Stored
from gate.domain.errors import Invalid, NotAllowed
from gate.domain.notice import action_of
from gate.domain.payload import payload_in
from gate.services.authenticate_agent import FailureLog
from gate.services.moves import GATE
from gate.services.ports.outside import Clock, Queue
from gate.services.ports.store import Store

LARGEST_BODY = 25_000_000
"""In bytes; GitHub sends nothing larger."""

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_DELIVERY_ID = re.compile(r"[A-Za-z0-9-]{1,100}")
_EVENT = re.compile(r"[a-z_]{1,64}")
# The action is only for people to read; a larger body is not parsed while its sender waits.
_PARSED_AT_ONCE = 1_000_000
_ONCE_IN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SentHeaders:
    """What a delivery says of itself, as it came: an absent header is empty."""

    delivery_id: str
    event: str
    signature: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """`is_due` says that the delivery has still to be looked at: enqueue it once it is answered."""

    stored: Stored
    is_due: bool


@dataclass(frozen=True, slots=True)
class AcceptDelivery:
    """Store a delivery whose signature one of the secrets made. The body is its raw bytes.

    Raises NotAllowed for a wrong signature, Invalid for headers that GitHub does not send: then nothing is
    stored but one event a minute. Raises Unavailable where the store is away.
    """

    store: Store
    queue: Queue
    clock: Clock
    secrets: tuple[str, ...] = field(repr=False)
    failures: FailureLog = field(default_factory=FailureLog, repr=False)

    def __post_init__(self) -> None:
        if not self.secrets or not all(self.secrets):
            raise Invalid("webhook", ["it has no secret, so anybody could send deliveries"])

    def __call__(self, headers: SentHeaders, body: bytes, *, address: str) -> Accepted:
        if not is_signed(headers.signature, body, self.secrets):
            self.refuse("signature", address)
            raise NotAllowed("The signature X-Hub-Signature-256 is missing, or none of the secrets made it.")
        if not _DELIVERY_ID.fullmatch(headers.delivery_id) or not _EVENT.fullmatch(headers.event):
            self.refuse("headers", address)
            raise Invalid("delivery", ["X-GitHub-Delivery or X-GitHub-Event is not as GitHub sends it"])
        return self._store(_delivery(headers, body, self.clock()), body)

    def enqueue(self, delivery_id: str) -> None:
        """Have a delivery looked at. After the answer: a queue that is away takes its time to say so."""
        self.queue.take_delivery(delivery_id)

    def refuse(self, why: str, address: str) -> None:
        """Put it on the trail that something was turned away, once a minute for each `why`."""
        at = self.clock()
        attempts = self.failures.attempts_due((why, ""), at)
        if not attempts:
            return
        key = f"webhook_refused:{why}"
        with self.store.transaction() as tx:
            # Another process may have told of it just now: noise must not fill the trail.
            if _is_recent(tx.settings.get(key), at):
                return
            tx.settings.put(key, at.isoformat())
            details: dict[str, Detail] = {"why": why, "address": address, "attempts": attempts}
            tx.audit.append(
                AuditEvent(
                    at=at, actor=GATE, action=Action.WEBHOOK_REFUSE, details=details, outcome=Outcome.REFUSED
                )
            )

    def _store(self, delivery: Delivery, body: bytes) -> Accepted:
        with self.store.transaction() as tx:
            stored = tx.deliveries.add(delivery, body)
            if stored is Stored.MISMATCH:
                details = {"delivery": delivery.id, "event": delivery.event, "body": delivery.body_hash}
                tx.audit.append(
                    AuditEvent(
                        at=delivery.received_at,
                        actor=GATE,
                        action=Action.WEBHOOK_MISMATCH,
                        details=details,
                        outcome=Outcome.REFUSED,
                    )
                )
            known = delivery if stored is Stored.NEW else tx.deliveries.get(delivery.id)[0]
        return Accepted(stored, known.outcome.is_open and stored is not Stored.MISMATCH)


def is_signed(signature: str, body: bytes, secrets: tuple[str, ...]) -> bool:
    """Whether one of the secrets signed exactly these bytes, in a time that tells nothing about them."""
    if not looks_signed(signature):
        return False
    digests = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets]
    # Every secret is compared, whichever fits.
    return sum(hmac.compare_digest(signature, f"sha256={digest}") for digest in digests) > 0


def looks_signed(signature: str) -> bool:
    """Whether this has the form of a signature; a body without one need not be read at all."""
    return _SIGNATURE.fullmatch(signature) is not None


def _delivery(headers: SentHeaders, body: bytes, at: datetime) -> Delivery:
    payload = payload_in(body) if len(body) <= _PARSED_AT_ONCE else None
    action = "" if payload is None else action_of(payload)
    return Delivery(headers.delivery_id, headers.event, action, hashlib.sha256(body).hexdigest(), at)


def _is_recent(stored: str | None, now: datetime) -> bool:
    return stored is not None and now - datetime.fromisoformat(stored) < _ONCE_IN
