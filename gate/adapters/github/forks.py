"""The fork that review branches are in, so that workflows of unreviewed code get no secrets."""

from __future__ import annotations

from dataclasses import dataclass

from github.GithubObject import NotSet
from github.Repository import Repository

from gate.adapters.github.client import GitHub
from gate.adapters.github.errors import told
from gate.domain.errors import Failed, NotFound, Unavailable


@dataclass(frozen=True, slots=True)
class Forks:
    """Forks of one owner: an organization, or the account that the gate works with."""

    github: GitHub
    owner: str

    def of(self, name: str) -> str:
        """The owner's fork of a repository, as `owner/name`; made where there is none.

        Raises Unavailable while GitHub is still making it.
        """
        wanted = f"{self.owner}/{name.partition('/')[2]}"
        found = self._find(wanted)
        if found is None:
            self._make(name)
            found = self._find(wanted)
        if found is None:
            raise Unavailable(f"GitHub is making the fork {wanted}. It is looked for again later.")
        _check_origin(found, wanted, name)
        return wanted

    def _find(self, wanted: str) -> Repository | None:
        try:
            with told(f"look for the fork {wanted}"):
                return self.github.repository(wanted).complete()
        except NotFound:
            return None

    def _make(self, name: str) -> None:
        is_own = self.github.account(name).login.casefold() == self.owner.casefold()
        with told(f"fork {name} to {self.owner}"):
            self.github.repository(name).create_fork(NotSet if is_own else self.owner)


def _check_origin(found: Repository, wanted: str, name: str) -> None:
    """A repository that only has the name would show the held commits to other people."""
    parent = found.parent if found.fork else None
    if parent is None or parent.full_name.casefold() != name.casefold():
        raise Failed(
            f"{wanted} exists and is no fork of {name}, so no review branch goes there. Rename it, or name "
            "another owner in PUSHGATE_GITHUB_FORK_OWNER."
        )
