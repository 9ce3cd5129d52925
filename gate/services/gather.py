"""Gather: everything about a revision beside what git says, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.evidence import Evidence
from gate.domain.hold import Hold
from gate.domain.risk.model import Assessment, RiskLevel
from gate.services.ports.outside import Clock
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class Gather:
    """Raises Failed where what protects cannot do its part; what only informs becomes a fault in words."""

    store: Store
    clock: Clock

    def __call__(self, hold: Hold) -> Evidence:
        return Evidence(self.clock(), Assessment(RiskLevel.NONE, 0, "", ()))
