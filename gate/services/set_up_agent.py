"""Set an agent's host up: git's way to the gate in the agent's home, and where its work is read from."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.agent_place import AgentPlace
from gate.domain.audit import Action, AuditEvent, Detail
from gate.domain.errors import Invalid, Refused
from gate.services.agent_token import hash_of, is_token_of, new_token
from gate.services.ports.agent_home import AgentHomes, HomeSetup
from gate.services.ports.outside import Clock, NewSecret
from gate.services.ports.store import Store

_HIDDEN_TOKEN = "<the agent's token>"  # noqa: S105 - what is shown in its place


@dataclass(frozen=True, slots=True)
class SetUpAgent:
    """Write the credential helper, the token and git's configuration, and note the agent's folders.

    Raises Invalid with everything that is wrong with the paths, NotFound, and Refused where a given token is
    not the agent's. Where it raises Failed, the token has been replaced already: run it again.
    """

    store: Store
    homes: AgentHomes
    clock: Clock
    new_secret: NewSecret
    url: str

    def __call__(self, place: AgentPlace, home: str, *, token: str | None = None, actor: str) -> None:
        self._check(place, home)
        is_new = token is None
        token = token if token is not None else new_token(self.new_secret)
        details: dict[str, Detail] = {
            "agent": place.agent,
            "codex_home": place.codex_home,
            "work": list(place.work),
            "recordings": list(place.recordings),
            "new_token": is_new,
        }
        with self.store.transaction() as tx:
            tx.agents.get(place.agent)
            if is_new:
                tx.agents.set_token_hash(place.agent, hash_of(token))
            elif not is_token_of(token, tx.agents.token_hash(place.agent)):
                raise Refused(
                    f"agent {place.agent}: this is not its token. Leave --token-file out for a new one."
                )
            tx.places.put(place)
            tx.audit.append(AuditEvent(self.clock(), actor, Action.AGENT_SET_UP, details=details))
        self.homes.install(HomeSetup(place.agent, home, self.url, token))

    def script(self, place: AgentPlace, home: str) -> str:
        """What it would run, without the token, and without changing anything."""
        with self.store.snapshot() as tx:
            tx.agents.get(place.agent)
        return self.homes.script(HomeSetup(place.agent, home, self.url, _HIDDEN_TOKEN))

    def _check(self, place: AgentPlace, home: str) -> None:
        faults = self.homes.faults(home, (place.codex_home, *place.work, *place.recordings))
        if faults:
            raise Invalid(f"setup of {place.agent}", faults)
