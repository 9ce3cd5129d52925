"""The rules that the hooks enforce, written into a gate repository's configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gate.domain.errors import Failed
from gate.domain.policy import OnPush
from gate.domain.policy.model import HoldSettings
from gate.domain.repository import Limits, RepositoryRules
from gate.services.judge import LOCKDOWN
from gate.services.operator_briefs import limits_in
from gate.services.ports.git import GateRepositories
from gate.services.ports.outside import PolicySource
from gate.services.ports.store import Store
from gate.services.valid_policy import valid_policy


@dataclass(frozen=True, slots=True)
class HookSettings:
    """What the hooks are told that is the same for every repository of the installation."""

    url: str
    reply: str
    limits: Limits
    scan_socket: str | None = None
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
            briefs = [limits_in(tx, grant.agent, repository_name) for grant in grants]
        hold = self._hold_settings(repository_name)
        rules = RepositoryRules(
            repository=repository_name,
            url=self.settings.url,
            reply=self.settings.reply,
            limits=_limits(self.settings.limits, hold),
            refs=() if hold is None else tuple(one.text for one in (*hold.refs, *hold.allow_refs)),
            on_push=OnPush.APPEND if hold is None else hold.on_push,
            grants=tuple(grants),
            briefs=tuple(limits for limits in briefs if limits is not None),
            lockdown=lockdown,
            scan_socket=self.settings.scan_socket,
            fail_point=self.settings.fail_point,
        )
        self.repositories.open(repository.name, repository.upstream).held.write_rules(rules)

    def all(self) -> None:
        """Tell the hooks of every repository. Raises Failed at the end for those that could not be told."""
        with self.store.snapshot() as tx:
            names = [repository.name for repository in tx.repositories.all()]
        faults = [fault for name in names if (fault := self._fault(name))]
        if faults:
            raise Failed("; ".join(faults))

    def _fault(self, name: str) -> str | None:
        try:
            self(name)
        except Failed as fault:
            return f"{name}: {fault}"
        return None

    def _hold_settings(self, repository: str) -> HoldSettings | None:
        """A broken policy adds nothing to what the installation refuses, as it releases nothing either."""
        policy = valid_policy(self.policies, repository)
        return None if policy is None else policy.hold


def _limits(limits: Limits, hold: HoldSettings | None) -> Limits:
    if hold is None or hold.max_changed_files is None:
        return limits
    return replace(limits, max_changed_files=hold.max_changed_files)
