"""Who an agent is, by its token, and whether it may reach a repository at all."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gate.domain.audit import Action, AuditEvent
from gate.domain.errors import NotAllowed, NotFound
from gate.domain.repository import Agent, Repository
from gate.services.agent_token import is_token_of
from gate.services.ports.outside import Clock
from gate.services.ports.store import Store

_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class AgentAccess:
    """An agent that proved who it is, and a repository that it has a grant for."""

    agent: Agent
    repository: Repository


class FailureLog:
    """Counts failed attempts, and says when one is due on the trail: one a minute for each kind.

    It lives in the process, so several web processes write one each. Without it anyone could fill the audit
    trail by asking often.
    """

    def __init__(self, every: timedelta = timedelta(minutes=1)) -> None:
        self._every = every
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str], tuple[datetime, int]] = OrderedDict()

    def attempts_due(self, key: tuple[str, str], at: datetime) -> int:
        """How many attempts to write down now, this one included; 0 for none yet."""
        with self._lock:
            last, silent = self._seen.pop(key, (None, 0))
            is_due = last is None or at - last >= self._every
            self._seen[key] = (at, 0) if is_due or last is None else (last, silent + 1)
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            return silent + 1 if is_due else 0


@dataclass(frozen=True, slots=True)
class AuthenticateAgent:
    """Check an agent's name and token against the store.

    Returns None where they are wrong. Raises NotAllowed for a disabled agent that has the right token, and
    NotFound where the agent has no grant, in the same words whether or not there is such a repository.
    """

    store: Store
    clock: Clock
    failures: FailureLog = field(default_factory=FailureLog)

    def __call__(self, name: str, token: str, *, repository: str, address: str) -> AgentAccess | None:
        with self.store.snapshot() as tx:
            stored = tx.agents.token_hash(name)
            is_right = is_token_of(token, stored)
            agent = tx.agents.get(name) if is_right else None
            grants = tx.agents.grants(agent=name) if agent is not None else []
            is_granted = any(grant.repository == repository for grant in grants)
            found = tx.repositories.get(repository) if is_granted else None
        if agent is None:
            self._record(name if stored else None, address, "wrong token" if stored else "no such agent")
            return None
        return self._let_in(agent, found, repository, address)

    def known(self, name: str, *, repository: str, address: str) -> AgentAccess:
        """The same for an agent that another has proved: sshd, by the key of its forced command.

        Raises NotAllowed and NotFound.
        """
        with self.store.snapshot() as tx:
            agent = tx.agents.get(name)
            grants = tx.agents.grants(agent=name)
            is_granted = any(grant.repository == repository for grant in grants)
            found = tx.repositories.get(repository) if is_granted else None
        return self._let_in(agent, found, repository, address)

    def _let_in(self, agent: Agent, found: Repository | None, repository: str, address: str) -> AgentAccess:
        name = agent.name
        if agent.is_disabled:
            self._record(name, address, "disabled")
            raise NotAllowed(f"agent {name}: it is disabled. Ask the person who runs the gate to enable it.")
        if found is None:
            raise NotFound(
                f"repository {repository}: agent {name} has no access to a repository of this name. "
                "Check the URL, or ask the person who runs the gate for access."
            )
        return AgentAccess(agent, found)

    def _record(self, name: str | None, address: str, why: str) -> None:
        # A name that is no agent's is not kept: people paste tokens into the wrong field.
        at = self.clock()
        attempts = self.failures.attempts_due((name or "", address), at)
        if not attempts:
            return
        with self.store.transaction() as tx:
            tx.audit.append(
                AuditEvent(
                    at=at,
                    actor="gate",
                    action=Action.AGENT_AUTHENTICATE_FAIL,
                    outcome="refused",
                    details={"agent": name, "address": address, "why": why, "attempts": attempts},
                )
            )
