"""The forge at GitHub: each hold has a pull request, and people review it there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from gate.adapters.github.client import GitHub
from gate.adapters.github.close import CloseThere
from gate.adapters.github.forks import Forks
from gate.adapters.github.merge import MergeThere
from gate.adapters.github.observe import ObserveThere
from gate.adapters.github.opening import Opening
from gate.adapters.github.place import Places
from gate.adapters.github.publish import PublishThere
from gate.adapters.github.show import ShowThere
from gate.domain.errors import Failed, Invalid, NotFound, Paused
from gate.domain.hold import Hold
from gate.domain.pull_request.model import Ending, PullRequest, ReviewRequest, ReviewStatus
from gate.domain.release import PushRefused
from gate.domain.review import Observation, Wants
from gate.services.ports.forge import Forge, MergeMethod
from gate.services.ports.git import GateRepositories
from gate.services.ports.outside import Clock, FailPoint
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class GitHubForgeSettings:
    """`review_branches`: in the repository itself, or in the fork of `fork_owner`.

    `draft`: pull requests are opened as drafts, and nothing is released before a person says they are ready.
    """

    review_branches: str = "same"
    fork_owner: str | None = None
    draft: bool = False


class GitHubForge:
    """Implements `ports.forge.Forge`. A push that no pull request can carry is left to `local`."""

    def __init__(
        self,
        store: Store,
        repositories: GateRepositories,
        github: GitHub,
        local: Forge,
        settings: GitHubForgeSettings,
        clock: Clock,
        fail_point: FailPoint,
    ) -> None:
        places = Places(store, repositories, github, _forks(github, settings))
        opening = Opening(store, settings.draft, fail_point)
        self._store = store
        self._publish = PublishThere(store, places, github, opening, local, fail_point)
        self._observe = ObserveThere(store, places, github)
        self._show = ShowThere(store, places, github)
        self._close = CloseThere(places, github, self._show, clock, fail_point)
        self._merge = MergeThere(places, fail_point)

    def publish(self, hold: Hold, request: ReviewRequest) -> datetime:
        with _failing(hold):
            return self._publish(hold, request)

    def observe(self, hold: Hold, wants: Wants) -> Observation:
        with _failing(hold):
            return self._observe(hold, self._row(hold), wants)

    def show(self, hold: Hold, status: ReviewStatus) -> None:
        with _failing(hold):
            self._show(self._row(hold), status)

    def close(self, hold: Hold, ending: Ending) -> None:
        with _failing(hold):
            self._close(self._row(hold), ending)

    def merge(self, hold: Hold, method: MergeMethod, *, timeout: float) -> PushRefused | None:
        """`timeout` is at most what the client waits for any answer, and so is not used."""
        with _failing(hold):
            return self._merge(hold, self._row(hold), method)

    def carries(self, hold: Hold) -> bool:
        return self._found(hold) is not None

    def _row(self, hold: Hold) -> PullRequest:
        found = self._found(hold)
        if found is None:
            raise Failed(f"hold {hold.name} has no pull request.")
        return found

    def _found(self, hold: Hold) -> PullRequest | None:
        with self._store.snapshot() as tx:
            return tx.pull_requests.get(hold.id)


def _forks(github: GitHub, settings: GitHubForgeSettings) -> Forks | None:
    if settings.review_branches != "fork":
        return None
    if settings.fork_owner is None:
        raise Invalid("GitHub", ["review branches in a fork need PUSHGATE_GITHUB_FORK_OWNER"])
    return Forks(github, settings.fork_owner)


@contextmanager
def _failing(hold: Hold) -> Iterator[None]:
    """What is missing at GitHub, or wrong in the gate's set-up, is no fault of whoever asked."""
    try:
        yield
    except NotFound as fault:
        raise Failed(f"hold {hold.name}: {fault}") from fault
    except Invalid as fault:
        raise Paused(f"hold {hold.name}: {fault}") from fault
