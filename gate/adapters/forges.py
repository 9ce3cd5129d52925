"""Every forge of this gate, behind one port."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.domain.errors import Paused
from gate.domain.hold import Hold
from gate.domain.pull_request.model import Ending, ReviewRequest, ReviewStatus
from gate.domain.release import PushRefused
from gate.domain.review import Observation, Wants
from gate.services.ports.forge import Forge, MergeMethod
from gate.services.ports.store import Store

_GITHUB = "github"


@dataclass(frozen=True, slots=True)
class Forges:
    """Implements `ports.forge.Forge` by the forge of each hold's repository.

    `github` is None where the gate has no access to it. A hold that has no pull request there is reviewed on
    the gate's own page.
    """

    store: Store
    local: Forge
    github: Forge | None

    def publish(self, hold: Hold, request: ReviewRequest) -> datetime:
        return self._of_repository(hold).publish(hold, request)

    def observe(self, hold: Hold, wants: Wants) -> Observation:
        return self._of(hold).observe(hold, wants)

    def show(self, hold: Hold, status: ReviewStatus) -> None:
        self._of(hold).show(hold, status)

    def close(self, hold: Hold, ending: Ending) -> None:
        self._of(hold).close(hold, ending)

    def merge(self, hold: Hold, method: MergeMethod, *, timeout: float) -> PushRefused | None:
        return self._of(hold).merge(hold, method, timeout=timeout)

    def carries(self, hold: Hold) -> bool:
        return self._of(hold).carries(hold)

    def _of(self, hold: Hold) -> Forge:
        forge = self._of_repository(hold)
        return forge if forge.carries(hold) else self.local

    def _of_repository(self, hold: Hold) -> Forge:
        with self.store.snapshot() as tx:
            forge = tx.repositories.get(hold.repository).forge
        if forge != _GITHUB:
            return self.local
        if self.github is None:
            raise Paused(
                f"hold {hold.name}: its repository is at GitHub, and the gate has no access to it. "
                "Set an App or a token: docs/github.md."
            )
        return self.github
