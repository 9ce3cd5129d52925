"""Forget which account a login in a policy stands for."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.audit import Action, AuditEvent
from gate.domain.errors import NotFound
from gate.services.ports.outside import Clock
from gate.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class ForgetLogin:
    """A login in a policy stands for the account that had it when it was first seen, as logins change hands.

    Once forgotten, it stands for whoever has it when a policy is next evaluated.
    """

    store: Store
    clock: Clock

    def __call__(self, login: str, *, actor: str) -> None:
        """Raises NotFound where nothing is known of the login."""
        folded = login.casefold()
        with self.store.transaction() as tx:
            number = tx.logins.get(folded)
            if number is None:
                raise NotFound(f"No policy has named {login} yet, so there is nothing to forget.")
            tx.logins.forget(folded)
            known = {"login": folded, "account": str(number)}
            tx.audit.append(AuditEvent(self.clock(), actor, Action.LOGIN_FORGET, details=known))
