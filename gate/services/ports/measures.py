"""The ports to what the gate tells about itself: counts, the queue, and the disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gate.domain.hold import HoldState
from gate.domain.release import ReleaseOutcome


@dataclass(frozen=True, slots=True)
class Census:
    """What the store counts, over all time."""

    pushes: int
    holds: Mapping[HoldState, int]
    releases: Mapping[ReleaseOutcome, int]


class TakeCensus(Protocol):
    def __call__(self) -> Census: ...


@dataclass(frozen=True, slots=True)
class Tallied:
    """One running total: a Prometheus counter's name, its labels in order, and its value."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float


class Tally(Protocol):
    """Running totals that every process adds to and that outlive each of them.

    Adding never raises and never waits long: a lost count is better than a slow or failed request.
    """

    def add(self, name: str, labels: Mapping[str, str], amount: float = 1) -> None: ...

    def read(self) -> Iterable[Tallied]:
        """Every total; empty where they cannot be reached."""


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that ran out of attempts. `fault` is its last line of error."""

    id: str
    name: str
    fault: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueueStanding:
    """How the queue is doing. `workers` counts those that reported in lately."""

    waiting: int
    running: int
    workers: int
    failed: tuple[FailedJob, ...] = ()


class QueueProbe(Protocol):
    """Questions about the queue."""

    def standing(self) -> QueueStanding:
        """Raises Unavailable where the queue cannot be reached."""


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """Bytes on the file system that holds the gate's folder."""

    total: int
    free: int


class MeasureDisk(Protocol):
    def __call__(self) -> DiskSpace: ...
