"""The rules that the hooks enforce, written into a gate repository's configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gate.domain.errors import Invalid
from gate.domain.policy import parse_policy
from gate.domain.repository import Limits, RepositoryRules
from gate.services.judge import LOCKDOWN
from gate.services.ports.git import GateRepositories
from gate.services.ports.outside import PolicySource
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class HookSettings:
    """What the hooks are told that is the same for every repository of the installation."""

    url: str
    reply: str
    limits: Limits
    fail_point: str | None = None


@dataclass(frozen=True, slots=True)
class TellHooks:
    """Write agents, lock-down, limits and policy to where the hooks read them. Safe to run at any time."""

    store: Store
    repositories: GateRepositories
    policies: PolicySource
    settings: HookSettings

    def __call__(self, repository_name: str) -> None:
        with self.store.snapshot() as tx:
            repository = tx.repositories.get(repository_name)
            grants = tx.agents.grants(repository=repository_name)
            lockdown = tx.settings.get(LOCKDOWN)
        refs, limits = self._from_policy(repository_name)
        rules = RepositoryRules(
            repository=repository_name,
            url=self.settings.url,
            reply=self.settings.reply,
            limits=limits,
            refs=refs,
            grants=tuple(grants),
            lockdown=lockdown,
            fail_point=self.settings.fail_point,
        )
        self.repositories.open(repository.name, repository.upstream).held.write_rules(rules)

    def all(self) -> None:
        """Tell the hooks of every repository."""
        with self.store.snapshot() as tx:
            names = [repository.name for repository in tx.repositories.all()]
        for name in names:
            self(name)

    def _from_policy(self, repository: str) -> tuple[tuple[str, ...], Limits]:
        """The policy may only add to what the installation refuses; a broken one adds nothing here, as it
        releases nothing."""
        text = self.policies.text(repository)
        try:
            hold = None if text is None else parse_policy(text).hold
        except Invalid:
            hold = None
        if hold is None:
            return (), self.settings.limits
        refs = tuple(pattern.text for pattern in (*hold.refs, *hold.allow_refs))
        if hold.max_changed_files is None:
            return refs, self.settings.limits
        return refs, replace(self.settings.limits, max_changed_files=hold.max_changed_files)
