"""The repositories behind the gate: where they point, how they do, who pushes to them."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.errors import Invalid
from gate.domain.policy import parse_policy
from gate.domain.repository import Agent, Grant, Repository
from gate.services.forge_health import ForgeHealth, forge_health
from gate.services.ports.outside import PolicySource
from gate.services.ports.store import Store, Transaction


@dataclass(frozen=True, slots=True)
class PolicyStanding:
    """The policy as it is now. With faults nothing is released; `hash` is None where there is no policy."""

    hash: str | None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RepositoryRow:
    """One repository with its policy and what agents may push to it."""

    repository: Repository
    policy: PolicyStanding
    grants: tuple[Grant, ...]
    forge_health: ForgeHealth | None = None


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent, who runs it, and where it may push."""

    agent: Agent
    operator: str | None
    grants: tuple[Grant, ...]


@dataclass(frozen=True)
class ListRepositories:
    store: Store
    policies: PolicySource

    def __call__(self) -> tuple[RepositoryRow, ...]:
        with self.store.snapshot() as tx:
            return tuple(self._row(tx, repository) for repository in tx.repositories.all())

    def _row(self, tx: Transaction, repository: Repository) -> RepositoryRow:
        name = repository.name
        grants = tuple(tx.agents.grants(repository=name))
        return RepositoryRow(repository, self._policy(name), grants, forge_health(tx, name))

    def _policy(self, name: str) -> PolicyStanding:
        text = self.policies.text(name)
        if text is None:
            return PolicyStanding(None, ("there is no policy, so nothing can be released",))
        try:
            return PolicyStanding(parse_policy(text).hash)
        except Invalid as invalid:
            return PolicyStanding(None, invalid.faults)


@dataclass(frozen=True)
class ListAgents:
    store: Store

    def __call__(self) -> tuple[AgentRow, ...]:
        with self.store.snapshot() as tx:
            logins = {user.id: user.login for user in tx.users.all()}
            return tuple(
                AgentRow(agent, logins.get(agent.operator_id or 0), tuple(tx.agents.grants(agent=agent.name)))
                for agent in tx.agents.all()
            )
