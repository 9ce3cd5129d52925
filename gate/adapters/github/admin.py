"""What admins need of GitHub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gate.adapters.github.address import Address
from gate.adapters.github.client import GitHub
from gate.adapters.github.deliveries import GitHubDeliveries
from gate.adapters.github.errors import told
from gate.adapters.github.setup import SetupCheck
from gate.domain.delivery import SentDelivery
from gate.domain.errors import Failed, Invalid, Refused
from gate.domain.repository import Repository
from gate.domain.review import Account
from gate.services.ports.git import Finding


def _never(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class GitHubAdmin:
    """Implements `ports.forge.ForgeAdmin`.

    `is_merged` says of a repository, by name, that its policy releases by GitHub's own merge: branch
    protection that refuses pushes is nothing to it.
    """

    github: GitHub
    sent: GitHubDeliveries
    is_fork_mode: bool = False
    is_merged: Callable[[str], bool] = _never

    def account(self, login: str) -> Account:
        with told(f"look the account {login} up"):
            found = self.github.api(self._any_repository()).get_user(login)
            return Account(found.id, found.login)

    def repository_id(self, upstream: str) -> int:
        name = self.full_name(upstream)
        with told(f"look {name} up"):
            return self.github.repository(name).id

    def check(self, repository: Repository) -> list[Finding]:
        try:
            name = self.full_name(repository.upstream)
        except Invalid as fault:
            return [
                Finding("upstream", "; ".join(fault.faults), "add the repository with its address at GitHub")
            ]
        merges, url = self.is_merged(repository.name), self.sent.webhook_url
        return list(SetupCheck(self.github, name, url, merges, self.is_fork_mode).findings())

    def deliveries(self) -> Sequence[SentDelivery]:
        return self.sent.deliveries()

    def redeliver(self, number: int) -> None:
        self.sent.redeliver(number)

    def full_name(self, upstream: str) -> str:
        """OWNER/REPO of an upstream at this GitHub. Raises Invalid for any other."""
        address = Address.of(upstream)
        if not address.belongs_to(self.github.access.url):
            wrong = f"it is not at {self.github.access.url}, the GitHub that the gate works with"
            raise Invalid(f"upstream {upstream}", [wrong])
        return address.full_name

    def _any_repository(self) -> str:
        """An App only has tokens for repositories, and any of them may look accounts up."""
        if self.github.app() is None:
            return ""
        fault: Failed | None = None
        for upstream in self.sent.upstreams():
            name = self.full_name(upstream)
            try:
                self.github.token(name)
            except Failed as found:
                fault = found
            else:
                return name
        raise fault or Refused(
            "No repository at GitHub is behind the gate yet, and its App can look accounts up only then. "
            "Add one first: python -m gate repo add NAME --upstream URL --forge github"
        )
