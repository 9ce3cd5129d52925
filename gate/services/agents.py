"""Agents' accounts: add one, replace its token, switch it off and on, say where it may push."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gate.domain.audit import Action, AuditEvent, Detail
from gate.domain.errors import Invalid
from gate.domain.review import Account
from gate.services.agent_token import hash_of, new_token
from gate.services.github_account import account_details, find_account
from gate.services.ports.forge import ForgeAdmin
from gate.services.ports.outside import Clock, NewSecret
from gate.services.ports.store import Store, Transaction

# No dot: the name is a section of git's configuration, where dots separate. No `+`: a claim follows it.
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_UNSAFE_IN_PATTERN = re.compile(r"[\x00-\x20\x7f~^:?\[\\]|\.\.|//|@\{")


@dataclass(frozen=True, slots=True)
class AgentAccounts:
    """Change agents' accounts, each change with its audit event in the same transaction.

    `write_rules` writes a repository's rules anew for the hooks. It runs after the commit; the transport asks
    the store at every request, so a disabled agent is out even where that fails.
    """

    store: Store
    clock: Clock
    new_secret: NewSecret
    write_rules: Callable[[str], None]
    forge_admin: ForgeAdmin | None = None

    def add(self, name: str, *, operator: str | None = None, actor: str) -> str:
        """Make an account and return its token, which is shown this once. Raises Invalid or Refused."""
        if not _NAME.fullmatch(name):
            raise Invalid(
                f"agent {name!r}",
                ["a name is 1 to 63 lower-case letters, digits, - and _, and starts with a letter or digit"],
            )
        token = new_token(self.new_secret)
        at = self.clock()
        with self.store.transaction() as tx:
            operator_id = None if operator is None else tx.users.get(operator).id
            tx.agents.add(name, operator_id, hash_of(token), at)
            _record(tx, Action.AGENT_ADD, name, at=at, actor=actor, details={"operator": operator})
        return token

    def rotate(self, name: str, *, actor: str) -> str:
        """Replace the token and return the new one; the old one is void at once. Raises NotFound."""
        token = new_token(self.new_secret)
        with self.store.transaction() as tx:
            tx.agents.set_token_hash(name, hash_of(token))
            _record(tx, Action.AGENT_ROTATE, name, at=self.clock(), actor=actor)
        return token

    def disable(self, name: str, *, actor: str) -> None:
        """Stop the agent at its next request. Raises NotFound."""
        self._set_disabled(name, True, Action.AGENT_DISABLE, actor)

    def enable(self, name: str, *, actor: str) -> None:
        """Let a disabled agent in again, with the token it had. Raises NotFound."""
        self._set_disabled(name, False, Action.AGENT_ENABLE, actor)

    def change_operator(self, name: str, operator: str | None, *, actor: str) -> None:
        """Say who runs the agent, and so can't approve its work; None for nobody known. Raises NotFound."""
        with self.store.transaction() as tx:
            operator_id = None if operator is None else tx.users.get(operator).id
            tx.agents.set_operator(name, operator_id)
            details: dict[str, Detail] = {"operator": operator}
            _record(tx, Action.AGENT_CHANGE_OPERATOR, name, at=self.clock(), actor=actor, details=details)

    def map_github(self, name: str, github: str | None, *, actor: str) -> Account | None:
        """Say which account at GitHub the agent works with, whose reviews never count; None for none.

        Several agents may share one. Raises NotFound, and what `find_account` raises.
        """
        account = find_account(self.forge_admin, github)
        with self.store.transaction() as tx:
            if tx.agents.get(name).github != account:
                tx.agents.set_github(name, account)
                details = account_details(account)
                _record(tx, Action.AGENT_MAP, name, at=self.clock(), actor=actor, details=details)
        return account

    def grant(self, name: str, repository: str, allow_refs: Sequence[str] = (), *, actor: str) -> None:
        """Let the agent fetch from and push to a repository; replaces an earlier grant.

        Raises Invalid with every pattern that matches no branch or tag, and NotFound.
        """
        faults = [fault for pattern in allow_refs for fault in _pattern_faults(pattern)]
        if faults:
            raise Invalid(f"grant of {repository} to {name}", faults)
        with self.store.transaction() as tx:
            tx.agents.get(name)
            tx.repositories.get(repository)
            tx.agents.grant(name, repository, allow_refs)
            details: dict[str, Detail] = {"allow_refs": list(allow_refs)}
            _record(
                tx,
                Action.AGENT_GRANT,
                name,
                at=self.clock(),
                actor=actor,
                repository=repository,
                details=details,
            )
        self.write_rules(repository)

    def _set_disabled(self, name: str, disabled: bool, action: Action, actor: str) -> None:
        with self.store.transaction() as tx:
            if tx.agents.get(name).is_disabled != disabled:
                tx.agents.set_disabled(name, disabled)
                _record(tx, action, name, at=self.clock(), actor=actor)
            grants = tx.agents.grants(agent=name)
        for grant in grants:
            self.write_rules(grant.repository)


def _pattern_faults(pattern: str) -> list[str]:
    if not pattern.startswith(("refs/heads/", "refs/tags/")):
        return [f"{pattern!r} has to start with refs/heads/ or refs/tags/, such as refs/heads/codex/**"]
    if _UNSAFE_IN_PATTERN.search(pattern):
        return [f"{pattern!r} has characters that no ref name can have"]
    return []


def _record(
    tx: Transaction,
    action: Action,
    agent: str,
    *,
    at: datetime,
    actor: str,
    repository: str | None = None,
    details: dict[str, Detail] | None = None,
) -> None:
    tx.audit.append(
        AuditEvent(
            at=at,
            actor=actor,
            action=action,
            repository=repository,
            details={"agent": agent, **(details or {})},
        )
    )
