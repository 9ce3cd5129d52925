"""What the store counts, for the figures."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from gate.adapters.sql.holds import SqlHolds
from gate.adapters.sql.schema import pushes, releases
from gate.adapters.sql.store import SqlStore
from gate.domain.release import ReleaseOutcome
from gate.services.ports.measures import Census


@dataclass(frozen=True, slots=True)
class SqlCensus:
    """Implements `ports.measures.TakeCensus`."""

    store: SqlStore

    def __call__(self) -> Census:
        by_outcome = select(releases.c.outcome, func.count()).group_by(releases.c.outcome)
        with self.store.engine.connect().execution_options(pushgate_reading=True) as connection:
            counted = {outcome: int(count) for outcome, count in connection.execute(by_outcome)}
            return Census(
                pushes=connection.scalar(select(func.count()).select_from(pushes)) or 0,
                holds=SqlHolds(connection).counts(),
                releases={outcome: counted.get(outcome, 0) for outcome in ReleaseOutcome},
            )
