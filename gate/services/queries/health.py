"""How the installation is doing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.domain.errors import GateError
from gate.domain.hold import HoldState
from gate.services.judge import LOCKDOWN
from gate.services.ports.measures import DiskSpace, MeasureDisk, QueueProbe, QueueStanding
from gate.services.ports.store import Store
from gate.services.sweep import LAST_SWEEP


@dataclass(frozen=True, slots=True)
class Health:
    """A look at every part. A part that could not be asked is None, with its words in `faults`."""

    holds: dict[HoldState, int]
    last_sweep: datetime | None
    queue: QueueStanding | None
    disk: DiskSpace
    faults: tuple[str, ...]


@dataclass(frozen=True)
class ReadHealth:
    store: Store
    queue: QueueProbe
    disk: MeasureDisk

    def __call__(self) -> Health:
        with self.store.snapshot() as tx:
            holds, swept = tx.holds.counts(), tx.settings.get(LAST_SWEEP)
        queue, faults = self._queue()
        return Health(holds, datetime.fromisoformat(swept) if swept else None, queue, self.disk(), faults)

    def _queue(self) -> tuple[QueueStanding | None, tuple[str, ...]]:
        try:
            return self.queue.standing(), ()
        except GateError as fault:
            return None, (str(fault),)


@dataclass(frozen=True)
class CheckReady:
    """Raises what the store raises, or Unavailable, where a request or a job could not be served."""

    store: Store
    queue: QueueProbe

    def __call__(self) -> None:
        with self.store.snapshot() as tx:
            tx.settings.get(LOCKDOWN)
        self.queue.standing()
