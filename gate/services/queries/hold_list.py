"""The list of holds: what waits for a review, and what became of the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gate.domain.hold import REVIEWABLE_STATES, Hold, HoldState
from gate.domain.risk.model import RiskLevel
from gate.services.judge import Judgement
from gate.services.ports.store import HoldFilter, Store

PAGE_SIZE = 25
# A blocked hold waits for what its note says, whatever the policy would say.
_UNDECIDED = REVIEWABLE_STATES - {HoldState.BLOCKED}


@dataclass(frozen=True, slots=True)
class HoldRow:
    """One hold, in a few words what it waits for, and its risk once that was assessed."""

    hold: Hold
    summary: str
    risk: RiskLevel | None = None


@dataclass(frozen=True, slots=True)
class HoldList:
    """One page of holds, newest first; `next_before` is the key of the page after it, if there is one."""

    rows: tuple[HoldRow, ...]
    next_before: int | None
    repositories: tuple[str, ...]
    agents: tuple[str, ...]


@dataclass(frozen=True)
class ListHolds:
    """`judge` evaluates the policy for a hold as it stands now."""

    store: Store
    judge: Callable[[Hold], Judgement]

    def __call__(self, wanted: HoldFilter, *, before: int | None = None) -> HoldList:
        with self.store.snapshot() as tx:
            holds = tx.holds.page(wanted, before=before, limit=PAGE_SIZE + 1)
            repositories = tuple(repository.name for repository in tx.repositories.all())
            agents = tuple(agent.name for agent in tx.agents.all())
            shown = holds[:PAGE_SIZE]
            risks = tx.evidence.levels([hold.id for hold in shown])
        rows = tuple(HoldRow(hold, self._summary(hold), risks.get(hold.id)) for hold in shown)
        next_before = shown[-1].id if len(holds) > PAGE_SIZE else None
        return HoldList(rows, next_before, repositories, agents)

    def _summary(self, hold: Hold) -> str:
        if hold.state in _UNDECIDED and hold.revision.kind is not None:
            judgement = self.judge(hold)
            return judgement.fault or _first_reason(judgement)
        return hold.note


def _first_reason(judgement: Judgement) -> str:
    return judgement.verdict.reasons[0] if judgement.verdict and judgement.verdict.reasons else ""
