"""What the transport is given: the use cases behind it, and its settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gate.domain.repository import Repository
from gate.services.authenticate_agent import AgentAccess


class Authenticate(Protocol):
    """`gate.services.authenticate_agent.AuthenticateAgent`."""

    def __call__(self, name: str, token: str, *, repository: str, address: str) -> AgentAccess | None: ...


@dataclass(frozen=True, slots=True)
class TransportServices:
    """The use cases that a git request needs.

    `refresh` looks at upstream if that is due. `noticed` is called with a repository's name and a push id
    after every push, whatever became of it; it enqueues the intake and never raises.
    """

    authenticate: Authenticate
    refresh: Callable[[Repository], str | None]
    noticed: Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """`repositories` is the folder of the bare repositories, `<name>.git` each.

    `path` is where git and the hooks find programs. `idle_seconds` ends a request whose client neither sends
    nor takes a byte for so long; it has to leave a client time to compute a large pack. `finish_seconds` is
    how long a push that has arrived may go on after its client left: better held unheard than cut short.
    """

    repositories: Path
    path: str = "/usr/local/bin:/usr/bin:/bin"
    idle_seconds: float = 600
    finish_seconds: float = 10
