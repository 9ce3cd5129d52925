"""Where a hold's pull request belongs."""

from __future__ import annotations

from dataclasses import dataclass

from github.Repository import Repository

from gate.adapters.github.address import Address
from gate.adapters.github.client import GitHub
from gate.adapters.github.forks import Forks
from gate.domain.hold import Hold
from gate.domain.pull_request.model import PullRequest
from gate.services.ports.git import GateRepositories, History, Upstream
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """The repository that a pull request is against, and the one that its review branch is in.

    `name` and `head_name` are `owner/name`; they differ where review branches are in a fork. `api` and
    `head_api` are PyGithub's, unread. `review` is git's way to the review branch.
    """

    name: str
    head_name: str
    forge_id: int | None
    api: Repository
    head_api: Repository
    history: History
    review: Upstream

    @property
    def owner(self) -> str:
        return self.name.partition("/")[0]

    @property
    def head_owner(self) -> str:
        return self.head_name.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Places:
    """Finds the place of a hold. `forks` is None where review branches are in the repository itself."""

    store: Store
    repositories: GateRepositories
    github: GitHub
    forks: Forks | None

    def of(self, hold: Hold, kept: PullRequest | None) -> Place:
        """The place of a hold, of whose pull request `kept` is what the gate wrote down.

        Raises Invalid where upstream is not at GitHub, and makes the fork where there is none yet.
        """
        with self.store.snapshot() as tx:
            repository = tx.repositories.get(hold.repository)
        address = Address.of(repository.upstream)
        name = address.full_name
        head_name = self._head_name(name, kept)
        url = repository.upstream if head_name == name else f"{address.root}/{head_name}.git"
        api = self.github.repository(name)
        return Place(
            name=name,
            head_name=head_name,
            forge_id=repository.forge_id,
            api=api,
            head_api=api if head_name == name else self.github.repository(head_name),
            history=self.repositories.open(repository.name, repository.upstream).history,
            review=self.repositories.open(repository.name, url).upstream,
        )

    def _head_name(self, name: str, kept: PullRequest | None) -> str:
        if kept is None:
            return name if self.forks is None else self.forks.of(name)
        # Not compared with `name`: the repository may have been renamed since.
        is_in_fork = f"/{kept.head_repository}/pull/" not in kept.url
        return kept.head_repository if is_in_fork else name
