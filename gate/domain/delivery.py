"""A delivery: what GitHub sent to the webhook, stored once and looked at afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DeliveryOutcome(StrEnum):
    """What became of a delivery.

    `stored`: not looked at yet. `taken`: it named holds, which were reconciled. `ignored`: it is about
    nothing here. `failed`: it could not be read, or looking at it failed; `note` says why.
    """

    STORED = "stored"
    TAKEN = "taken"
    IGNORED = "ignored"
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        """Whether it may be looked at: a failed one is once more when somebody has GitHub send it again."""
        return self in (DeliveryOutcome.STORED, DeliveryOutcome.FAILED)


class Stored(StrEnum):
    """What storing a delivery found: a new one, the same once more, or the id with another body."""

    NEW = "new"
    SAME = "same"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook delivery. `id` is GitHub's `X-GitHub-Delivery`, the same when it is delivered again.

    `action` is the payload's, empty where it has none. `body_hash` is the SHA-256 of the raw bytes.
    """

    id: str
    event: str
    action: str
    body_hash: str
    received_at: datetime
    outcome: DeliveryOutcome = DeliveryOutcome.STORED
    note: str = ""
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SentDelivery:
    """A delivery as GitHub's own list has it. `number` is what its API names it by, `guid` is our id.

    `status_code` is the HTTP status that the gate answered with, 0 where nothing answered.
    """

    number: int
    guid: str
    event: str
    action: str
    delivered_at: datetime
    status_code: int
    is_redelivery: bool

    @property
    def has_failed(self) -> bool:
        return not 200 <= self.status_code < 300
