"""The operator's briefs: what an agent may do, given where no agent can write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gate.domain.audit import Action, AuditEvent, Detail
from gate.domain.brief.enforce import PushLimits, enforcement_faults, is_enforced, push_limits
from gate.domain.brief.model import Brief, BriefRule, BriefSource, RuleKind
from gate.domain.brief.parse import parse_brief
from gate.domain.errors import GateError, Invalid, NotFound
from gate.services.ports.evidence import PathMatcher
from gate.services.ports.outside import Clock
from gate.services.ports.store import Store, Transaction


@dataclass(frozen=True, slots=True)
class CheckedBrief:
    """A brief as it was read. `enforced` are the rules that a push is refused for, `faults` what is amiss."""

    brief: Brief
    enforced: tuple[BriefRule, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OperatorBriefs:
    """Set, show and clear them, each change with its audit event in the same transaction.

    `write_rules` writes a repository's rules anew for the hooks, after the commit.
    """

    store: Store
    clock: Clock
    match: PathMatcher
    write_rules: Callable[[str], None]

    def check(self, text: str, where: str = "the brief") -> CheckedBrief:
        """Read a brief without setting it."""
        brief = parse_brief(text, BriefSource.OPERATOR, where)
        faults = (*brief.faults, *enforcement_faults(brief), *self._pattern_faults(brief))
        enforced = tuple(rule for rule in brief.rules if is_enforced(rule, brief))
        return CheckedBrief(brief, enforced, tuple(dict.fromkeys(faults)))

    def set(self, agent: str, repository: str | None, text: str, *, actor: str) -> CheckedBrief:
        """Give an agent this brief: for one repository, or for all that have none of their own.

        Raises Invalid with every fault: what the hooks cannot hold a push against exactly is not taken, so
        that nobody relies on it. Raises NotFound.
        """
        checked = self.check(text)
        if checked.faults:
            raise Invalid(f"brief of {agent}", checked.faults)
        details: dict[str, Detail] = {"agent": agent, "text": checked.brief.text}
        self._put(agent, repository, checked.brief.text, Action.BRIEF_SET, details, actor)
        return checked

    def clear(self, agent: str, repository: str | None, *, actor: str) -> None:
        """Take a brief away. Raises NotFound where there is none."""
        with self.store.snapshot() as tx:
            if tx.settings.get(_key(agent, repository)) is None:
                raise NotFound(f"agent {agent}: it has no brief{_of(repository)}.")
        self._put(agent, repository, None, Action.BRIEF_CLEAR, {"agent": agent}, actor)

    def show(self, agent: str, repository: str | None) -> Brief | None:
        """The brief that stands for this agent there: the repository's own, else the one for all."""
        with self.store.snapshot() as tx:
            tx.agents.get(agent)
            return brief_in(tx, agent, repository)

    def _put(
        self,
        agent: str,
        repository: str | None,
        text: str | None,
        action: Action,
        details: dict[str, Detail],
        actor: str,
    ) -> None:
        with self.store.transaction() as tx:
            tx.agents.get(agent)
            if repository is not None:
                tx.repositories.get(repository)
            granted = [grant.repository for grant in tx.agents.grants(agent=agent)]
            tx.settings.put(_key(agent, repository), text)
            event = AuditEvent(self.clock(), actor, action, repository=repository, details=details)
            tx.audit.append(event)
        for name in granted:
            if repository is None or name == repository:
                self.write_rules(name)

    def _pattern_faults(self, brief: Brief) -> list[str]:
        faults = []
        for rule in brief.rules:
            if rule.kind is not RuleKind.PATHS:
                continue
            try:
                self.match(rule.values, ())
            except GateError as fault:
                faults.append(f"line {rule.line}: {fault}")
        return faults


def brief_in(tx: Transaction, agent: str, repository: str | None) -> Brief | None:
    """The operator's brief for an agent in a repository, as the store has it."""
    for name in (repository, None) if repository is not None else (None,):
        text = tx.settings.get(_key(agent, name))
        if text is not None:
            return parse_brief(text, BriefSource.OPERATOR, f"the operator's brief{_of(name)}")
    return None


def limits_in(tx: Transaction, agent: str, repository: str) -> PushLimits | None:
    """What the hooks of a repository refuse this agent's pushes for."""
    brief = brief_in(tx, agent, repository)
    return None if brief is None else push_limits(agent, brief)


def _of(repository: str | None) -> str:
    return "" if repository is None else f" for {repository}"


def _key(agent: str, repository: str | None) -> str:
    # No agent's name has a colon in it.
    return f"brief:{agent}" if repository is None else f"brief:{agent}:{repository}"
